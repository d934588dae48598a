"""The least valid rules and obligations, for tests of lists and pages; what acts do is tested with the acts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from anlan.kernel.models import Obligation, Rule

if TYPE_CHECKING:
    from anlan.kernel.models import Unit

NOW = datetime(2026, 7, 20, 5, 53, tzinfo=UTC)  # 13:53 in the node's zone
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def make_rule(code: str = "report", **fields: Any) -> Rule:
    """A duty to be done within two hours, unless other fields say otherwise."""
    given: dict[str, Any] = {
        "code": code,
        "name": "报送首报",
        "source": "某条例第 20 条",
        "from_on": date(2020, 1, 1),
    } | fields
    if not given.get("every") and given.get("working_days") is None:
        given.setdefault("limit", 2 * HOUR)
    return Rule.objects.create(**given)


def make_duty(rule: Rule, unit: Unit, due_at: datetime, **fields: Any) -> Obligation:
    """An open obligation about the unit itself; each of a number of its own."""
    given: dict[str, Any] = {
        "subject_kind": "kernel.unit",
        "subject": str(unit.pk),
        "period": str(Obligation.unscoped.count()),
        "opened_at": due_at - 2 * HOUR,
    } | fields
    return Obligation.unscoped.create(rule=rule, unit=unit, due_at=due_at, **given)
