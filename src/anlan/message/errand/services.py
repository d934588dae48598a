"""Errands: acts. Who orders one stands in a higher room; what came of it is told by the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID  # noqa: TC003 - fields of a named tuple

from django.conf import settings
from django.db.models import F
from django.utils import translation
from django.utils.translation import gettext as _

from anlan.kernel.act import act
from anlan.kernel.events import PrivateText
from anlan.message.channel.services import (
    Channel,
    Order,
    Priority,
    keep_wording,
    queue_deliveries,
    withdraw_deliveries,
)
from anlan.message.errand import selectors
from anlan.message.errand.events import ErrandsOrdered, ErrandsWithdrawn, VisitFailed, VisitMade
from anlan.message.errand.models import Errand
from anlan.message.errand.states import LIFE
from anlan.message.errand.terms import TOLD, ErrandState

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from anlan.kernel.context import Context

AT_A_TIME = 1000


class Door(NamedTuple):
    """A door to knock at: by whose people, about what, whom to tell (None: anybody), where."""

    unit_id: int
    about: str
    person_id: UUID | None
    at_unit_id: int


@act("message.errand.order")
def order_errands(
    ctx: Context,
    about_kind: str,
    title: str,
    doors: Sequence[Door],
    *,
    priority: Priority = Priority.FLASH,
) -> list[Errand]:
    """Send people to these doors, and tell their units by SMS and telephone; one errand at a time about a record.

    priority  of what they are told by
    """
    there = {errand.about for errand in selectors.lock_open(about_kind, [door.about for door in doors])}
    now = ctx.now()
    made = Errand.unscoped.bulk_create(
        (
            Errand(
                unit_id=door.unit_id,
                exercise=ctx.exercise,
                about_kind=about_kind,
                about=door.about,
                person_id=door.person_id,
                at_unit_id=door.at_unit_id,
                title=title[:200],
                ordered_at=now,
            )
            for door in doors
            if door.about not in there
        ),
        batch_size=AT_A_TIME,
    )
    if made:
        ctx.journal_bulk(ErrandsOrdered(about_kind, tuple(errand.about for errand in made)), made)
        _tell_goers(ctx, title, made, priority)
    return made


def _tell_goers(ctx: Context, title: str, errands: Sequence[Errand], priority: Priority) -> None:
    """Whoever answers the unit's line, else who is on its posts, hears of each door."""
    numbers = selectors.list_numbers(ctx, {errand.unit_id for errand in errands})
    with translation.override(settings.LANGUAGE_CODE):
        told = {"title": title}
        bodies = {
            "sms": _("请立即派人上门：{name}。告知“%(title)s”，到后登记结果：{link}") % told,
            "voice": _("请立即派人上门，找{name}，告知“%(title)s”。到后请在平台登记结果。") % told,
        }
    wordings = {way: keep_wording(ctx, Channel(way), title, body).pk for way, body in bodies.items()}
    orders = [
        Order(wordings[way], str(errand.pk), number, errand.unit_id)
        for errand in errands
        for way, number in numbers.get(errand.unit_id, {}).items()
    ]
    queue_deliveries(ctx, selectors.USE, orders, priority=priority)


@act("message.errand.visit")
def record_visit(ctx: Context, errand_id: UUID, *, result: str, words: str) -> Errand:
    """Write down what came of a visit. raises NotFound; StateConflict where it was written down, or is not needed, any more"""
    errand = selectors.lock_errand(ctx, errand_id, "message.errand.visit")
    met = result in TOLD
    how = "meet" if met else "fail"
    LIFE.move(ctx, errand, how, result=result, ended_at=ctx.now(), visited_by=ctx.actor)
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
        withdraw_deliveries(ctx, selectors.USE, [str(pk) for pk in ids])
        ctx.journal_bulk(ErrandsWithdrawn(about_kind, tuple(errand.about for errand in found)), found)
    return len(found)
