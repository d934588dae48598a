"""Errands: acts. Who orders one stands in a higher room; what came of it is told by the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID  # noqa: TC003 - fields of a named tuple

from django.db.models import F

from anlan.kernel.act import act
from anlan.kernel.events import PrivateText
from anlan.message.errand import selectors
from anlan.message.errand.events import ErrandsOrdered, ErrandsWithdrawn, VisitFailed, VisitMade
from anlan.message.errand.models import Errand
from anlan.message.errand.states import LIFE
from anlan.message.errand.terms import TOLD, ErrandState

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from anlan.kernel.context import Context

AT_A_TIME = 1000


class Order(NamedTuple):
    """A door to knock at: by whose people, about what, whom to tell (None: anybody), where."""

    unit_id: int
    about: str
    person_id: UUID | None
    at_unit_id: int


@act("message.errand.order")
def order_errands(ctx: Context, about_kind: str, title: str, orders: Sequence[Order]) -> list[Errand]:
    """Send people to these doors; one errand at a time about a record."""
    there = {errand.about for errand in selectors.lock_open(about_kind, [order.about for order in orders])}
    now = ctx.now()
    made = Errand.unscoped.bulk_create(
        (
            Errand(
                unit_id=order.unit_id,
                exercise=ctx.exercise,
                about_kind=about_kind,
                about=order.about,
                person_id=order.person_id,
                at_unit_id=order.at_unit_id,
                title=title[:200],
                ordered_at=now,
            )
            for order in orders
            if order.about not in there
        ),
        batch_size=AT_A_TIME,
    )
    if made:
        ctx.journal_bulk(ErrandsOrdered(about_kind, tuple(errand.about for errand in made)), made)
    return made


@act("message.errand.visit")
def record_visit(ctx: Context, errand_id: UUID, *, result: str, words: str) -> Errand:
    """Write down what came of a visit. raises NotFound; StateConflict where it was written down, or is not needed, any more"""
    errand = selectors.lock_errand(ctx, errand_id, "message.errand.visit")
    met = result in TOLD
    errand.result, errand.ended_at, errand.visited_by = result, ctx.now(), ctx.actor
    errand.save(update_fields=("result", "ended_at", "visited_by"))
    LIFE.move(ctx, errand, "meet" if met else "fail")
    happened = VisitMade if met else VisitFailed
    ctx.journal(happened(errand.about_kind, errand.about, result, PrivateText(words)), errand)
    return errand


@act("message.errand.order")
def withdraw_errands(ctx: Context, about_kind: str, keys: Collection[str]) -> int:
    """Nobody need go any more: what it was about has been answered or ended. returns how many were open"""
    found = selectors.lock_open(about_kind, keys)
    if found:
        ids = [errand.pk for errand in found]
        Errand.unscoped.filter(pk__in=ids).update(
            state=ErrandState.WITHDRAWN, ended_at=ctx.now(), version=F("version") + 1
        )
        ctx.journal_bulk(ErrandsWithdrawn(about_kind, tuple(errand.about for errand in found)), found)
    return len(found)
