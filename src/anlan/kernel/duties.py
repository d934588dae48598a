"""Duty lists 履职事项清单: what each unit of a kind owes again and again, how far that is done, and how one is laid down."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, F, Q
from django.utils.translation import gettext_lazy as _

from anlan.kernel import escalation, rules
from anlan.kernel.act import act
from anlan.kernel.events import event
from anlan.kernel.models import Obligation, Rule
from anlan.kernel.obligation_lists import READ
from anlan.kernel.periods import local_date, period_of
from anlan.kernel.scope import visible
from anlan.kernel.terms import Every, ObligationState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anlan.kernel.context import Context

ENDED = (ObligationState.FULFILLED, ObligationState.WAIVED, ObligationState.WITHDRAWN)


@event("kernel.rule.added", _("新增履责规则"))
@dataclass(frozen=True)
class RuleAdded:
    code: str
    unit_kinds: tuple[str, ...]


@dataclass(frozen=True)
class Duty:
    """One recurring duty in its present period, as far as the reader sees who owes it.

    late    of those done; overdue of those open
    """

    rule: Rule
    period: str
    owed: int = 0
    done: int = 0
    late: int = 0
    open: int = 0
    overdue: int = 0


def list_duties(ctx: Context, *, unit_kind: str = "") -> list[Duty]:
    """The recurring duties in effect, of one kind of unit or of all, with how far they are done."""
    now = ctx.now()
    today = local_date(now)
    held = [
        rule
        for rule in Rule.objects.exclude(every="").order_by("every", "name", "pk")
        if rules.is_in_effect(rule, today) and (not unit_kind or unit_kind in rule.unit_kinds)
    ]
    periods = {every: period_of(every, today) for every in Every.values}
    this_period = Q(pk__in=[])
    for rule in held:
        this_period |= Q(rule=rule, period=periods[rule.every])
    done = Q(state__in=ENDED)
    counted = (
        visible(ctx, Obligation, READ)
        .filter(this_period)
        .order_by()
        .values("rule")
        .annotate(
            owed=Count("pk"),
            done=Count("pk", filter=done),
            late=Count("pk", filter=done & Q(ended_at__gt=F("due_at"))),
            open=Count("pk", filter=~done),
            overdue=Count("pk", filter=Q(state=ObligationState.OPEN, due_at__lt=now)),
        )
    )
    columns = ("owed", "done", "late", "open", "overdue")
    figures = {row["rule"]: [row[name] for name in columns] for row in counted.values("rule", *columns)}
    return [Duty(rule, periods[rule.every], *figures.get(rule.pk, ())) for rule in held]


@act("kernel.rule.edit")
def add_duty(
    ctx: Context, /, *, name: str, source: str, every: str, unit_kinds: Sequence[str], **figures: Any
) -> Rule:
    """Lay down a recurring duty of every unit of these kinds; it is owed from now on, and no upgrade touches it.

    figures  `region`, and those of `rules.FIGURES` that a recurring duty has
    """
    now = ctx.now()
    rule = Rule(
        code=f"own-{secrets.token_hex(4)}",
        name=name,
        source=source,
        every=every,
        unit_kinds=list(unit_kinds),
        from_on=local_date(now),
        edited_at=now,
        **figures,
    )
    rule.save(force_insert=True)
    ctx.journal(RuleAdded(rule.code, tuple(unit_kinds)), rule)
    escalation.wake_daily(ctx)
    return rule
