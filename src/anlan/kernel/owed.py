"""What is owed about one record, for that record's own page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Case, IntegerField, When

from anlan.kernel.journal import list_owed
from anlan.kernel.terms import ObligationState

if TYPE_CHECKING:
    from django.db.models import Model

    from anlan.kernel.context import Context
    from anlan.kernel.models import Obligation

MOST = 50  # on a record's page; all of them stand on the pages of obligations
RUNNING_FIRST = Case(
    When(state=ObligationState.OPEN, then=0),
    When(state=ObligationState.PAUSED, then=1),
    default=2,
    output_field=IntegerField(),
)


def of(ctx: Context, record: Model, capability: str) -> list[Obligation]:
    """The record's obligations as far as they are the reader's to see, what is open and due soonest first."""
    rows = list_owed(ctx, record, capability).filter(exercise=ctx.exercise)
    return list(rows.select_related("rule", "unit").order_by(RUNNING_FIRST, "due_at", "pk")[:MOST])
