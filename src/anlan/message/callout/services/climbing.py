"""The node's own acts: take a rung of the ladder for all who have not answered, and the next one at once where a way is barred."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils import translation
from django.utils.translation import gettext as _

from anlan.kernel import arrays
from anlan.kernel.act import act
from anlan.message.callout import selectors
from anlan.message.callout.events import RecipientsUnreachable, RungTaken
from anlan.message.callout.models import Recipient, UpperNotice
from anlan.message.callout.terms import (
    FOR_STAND_IN,
    HANDS_OFF,
    KIND,
    PRIORITIES,
    UPPER,
    USE,
    RecipientState,
)
from anlan.message.channel.services import Channel, Order, Priority, keep_wording, queue_deliveries
from anlan.message.errand.services import Door, order_errands

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from anlan.kernel.context import Context
    from anlan.message.callout.models import Callout
    from anlan.message.callout.selectors import Ways

LAST_PRIORITY = 3
# All of a wave and ladder, or just some; the guard is the rung itself: whoever is there or beyond, stays.
CLIMB = """
UPDATE callout_recipient r SET rung = %(rung)s, rung_at = %(now)s
WHERE r.callout_id = %(callout)s AND r.ladder = %(ladder)s AND r.rung < %(rung)s AND r.state < 2
  AND CASE WHEN %(ids)s::bigint[] IS NULL THEN r.wave = %(wave)s ELSE r.id = ANY (%(ids)s::bigint[]) END
RETURNING r.id, r.unit_id, r.person_id, r.stand_in_id, r.taken_at
"""
ABOVE = """
SELECT u.id, u.path FROM kernel_unit u WHERE u.id = ANY (%(units)s::bigint[])
"""


class Step(NamedTuple):
    """What a timer's key says: which rung of which ladder, for those who were called together."""

    callout_id: UUID
    wave: int
    ladder: int
    rung: int


class Climber(NamedTuple):
    """One for whom a rung is taken."""

    id: int
    unit_id: int
    person_id: UUID | None
    stand_in_id: UUID | None
    taken_at: datetime | None


@dataclass(frozen=True)
class Taken:
    """What a rung came to. barred: recipients for whom it was nothing: no number, no stand-in, nobody to send."""

    deliveries: int
    errands: int
    barred: list[int]


@act("message.callout.climb")
def take_rung(
    ctx: Context,
    callout: Callout,
    *,
    ladder: int,
    rung: int,
    wave: int = 0,
    ids: Collection[int] | None = None,
    ways: Ways | None = None,
) -> int:
    """Take a rung for all of a wave, or for these only; whoever has no way on it climbs to the next one at once.

    The caller holds the callout.

    ways     how they are reached, where the caller has just asked that
    returns  how many were below it
    """
    climbers = _climb(ctx, callout, ladder, rung, wave=wave, ids=ids)
    _go_on(ctx, callout, climbers, ladder=ladder, rung=rung, ways=ways)
    return len(climbers)


@act("message.callout.climb")
def begin_rung(
    ctx: Context, callout: Callout, climbers: Sequence[Climber], *, ladder: int, ways: Ways
) -> None:
    """Take the first rung for those who have just been put on the list, and stand on it."""
    _go_on(ctx, callout, climbers, ladder=ladder, rung=0, ways=ways)


def _climb(
    ctx: Context, callout: Callout, ladder: int, rung: int, *, wave: int = 0, ids: Collection[int] | None
) -> list[Climber]:
    told: dict[str, Any] = {"callout": callout.pk, "ladder": ladder, "wave": wave, "rung": rung}
    told |= {"now": ctx.now(), "ids": None if ids is None else arrays.of_plain(ids)}
    with connection.cursor() as cursor:
        cursor.execute(CLIMB, told)
        return [Climber(*row) for row in cursor.fetchall()]


def _go_on(
    ctx: Context,
    callout: Callout,
    climbers: Sequence[Climber],
    *,
    ladder: int,
    rung: int,
    ways: Ways | None,
) -> None:
    """Do what the rung says for those who have reached it, and go on with those for whom it is none."""
    rungs = callout.ladders[ladder]["rungs"]
    while climbers:
        taken = _reach(ctx, callout, rungs[rung], climbers, ways)
        ctx.journal(
            RungTaken(ladder, rung, rungs[rung]["target"], len(climbers), taken.deliveries, taken.errands),
            callout,
        )
        rung += 1
        if taken.barred and rung == len(rungs):
            mark_unreachable(ctx, callout, taken.barred)
        if not taken.barred or rung == len(rungs):
            return
        climbers = _climb(ctx, callout, ladder, rung, ids=taken.barred)


@act("message.callout.climb")
def take_due_rungs(ctx: Context, keys: Sequence[str]) -> int:
    """Take the rungs of these timers (`Callout.step_key`) of callouts that still run. returns for how many people"""
    steps = sorted(_step(key) for key in keys)
    callouts = selectors.lock_by_key(ctx, {step.callout_id for step in steps})
    return sum(
        take_rung(ctx, callouts[one.callout_id], ladder=one.ladder, rung=one.rung, wave=one.wave)
        for one in steps
        if one.callout_id in callouts
    )


@act("message.callout.climb")
def climb_recipients(ctx: Context, recipient_ids: Collection[int]) -> int:
    """Take the next rung at once for those of these for whom nothing is on its way any more. returns how many they were"""
    callouts = selectors.lock_of(ctx, recipient_ids)
    silent = selectors.list_silent(recipient_ids)
    rows = Recipient.unscoped.filter(pk__in=silent, callout__in=callouts).order_by("pk")
    together: dict[tuple[UUID, int, int], list[int]] = {}
    for number, key, ladder, rung in rows.values_list("pk", "callout_id", "ladder", "rung"):
        together.setdefault((key, ladder, rung), []).append(number)
    for (key, ladder, rung), ids in together.items():
        callout = callouts[key]
        if rung + 1 < len(callout.ladders[ladder]["rungs"]):
            take_rung(ctx, callout, ladder=ladder, rung=rung + 1, ids=ids)
        else:
            mark_unreachable(ctx, callout, ids)
    return len(silent)


@act("message.callout.climb")
def mark_unreachable(ctx: Context, callout: Callout, recipient_ids: Collection[int]) -> None:
    """Nothing is left that a program could try: people must. They can still answer, or be visited."""
    rows = Recipient.unscoped.filter(
        pk__in=list(recipient_ids), callout=callout, state=RecipientState.PENDING
    )
    ids = sorted(rows.values_list("pk", flat=True))
    if ids:
        rows.update(state=RecipientState.UNREACHABLE)
        ctx.journal(RecipientsUnreachable(tuple(ids)), callout)


def _step(key: str) -> Step:
    callout, *rest = key.split(".")
    return Step(UUID(callout), *map(int, rest))


# --- what a rung does ---------------------------------------------------------------------------------------------


def _reach(
    ctx: Context, callout: Callout, rung: Mapping[str, Any], climbers: Sequence[Climber], ways: Ways | None
) -> Taken:
    if rung["target"] == "errand":
        return _send_people(ctx, callout, climbers)
    if rung["target"] == "upper_duty":
        return _tell_above(ctx, callout, climbers)
    return _send(ctx, callout, rung, climbers, ways)


def _send(
    ctx: Context, callout: Callout, rung: Mapping[str, Any], climbers: Sequence[Climber], known: Ways | None
) -> Taken:
    """By each way of the rung, to himself or to his stand-in. A machine does not call whom somebody is phoning."""
    for_stand_in = rung["target"] == "stand_in"
    ending = FOR_STAND_IN if for_stand_in else ""
    whom = {one.id: one.stand_in_id if for_stand_in else one.person_id for one in climbers}
    lines = {one.unit_id for one in climbers if one.person_id is None and not for_stand_in}
    people = {person for person in whom.values() if person}
    of_people, of_units = known or selectors.list_ways(ctx, people, lines)
    busy_until = ctx.now() - HANDS_OFF
    # Who is called for the first time has nothing that waits.
    there = set() if known else selectors.list_waiting([f"{one.id}{ending}" for one in climbers])
    orders, barred = [], []
    for one in climbers:
        person, key = whom[one.id], f"{one.id}{ending}"
        line = {} if for_stand_in else of_units.get(one.unit_id, {})
        ways = of_people.get(person, {}) if person else line
        open_ways = [way for way in rung["ways"] if way in ways and way in callout.wordings]
        if not open_ways:
            barred.append(one.id)
        hands_off = one.taken_at is not None and one.taken_at > busy_until
        orders += [
            Order(callout.wordings[way], key, ways[way], one.unit_id, person)
            for way in open_ways
            if (key, way) not in there and not (hands_off and way == "voice")
        ]
    return Taken(queue_deliveries(ctx, USE, orders, priority=_priority(callout)), 0, barred)


def _tell_above(ctx: Context, callout: Callout, climbers: Sequence[Climber]) -> Taken:
    """Tell the closest duty desk above each, once for all of its people. Where no desk is known, the rung is none."""
    with connection.cursor() as cursor:
        cursor.execute(ABOVE, {"units": [one.unit_id for one in climbers]})
        above = {unit: [int(part) for part in path.split(".")[-3::-1]] for unit, path in cursor.fetchall()}
    _people, desks = selectors.list_ways(ctx, (), {unit for several in above.values() for unit in several})
    desk_of = {
        unit: next((one for one in several if {"sms", "voice"} & desks.get(one, {}).keys()), None)
        for unit, several in above.items()
    }
    people: dict[int, int] = {}
    barred = []
    for one in climbers:
        desk = desk_of.get(one.unit_id)
        if desk is None:
            barred.append(one.id)
        else:
            people[desk] = people.get(desk, 0) + 1
    notices = UpperNotice.objects.bulk_create(
        UpperNotice(callout=callout, unit_id=desk, told_at=ctx.now(), people=count)
        for desk, count in people.items()
    )
    wordings = _upper_wordings(ctx, callout) if notices else {}
    orders = [
        Order(wordings[way], str(notice.pk), desks[notice.unit_id][way], notice.unit_id)
        for notice in notices
        for way in ("sms", "voice")
        if way in desks[notice.unit_id]
    ]
    return Taken(queue_deliveries(ctx, UPPER, orders, priority=_priority(callout)), 0, barred)


def _priority(callout: Callout) -> Priority:
    return Priority(PRIORITIES.get(callout.colour, LAST_PRIORITY))


def _upper_wordings(ctx: Context, callout: Callout) -> dict[str, int]:
    with translation.override(settings.LANGUAGE_CODE):
        told = {"title": callout.title}
        bodies = {
            "sms": _("叫应“%(title)s”：{name}尚未确认，请逐一电话催办。叫应台：{link}") % told,
            "voice": _("值班室请注意，叫应“%(title)s”，{name}尚未确认，请打开叫应台逐一电话催办。") % told,
        }
    return {way: keep_wording(ctx, Channel(way), callout.title, body).pk for way, body in bodies.items()}


def _send_people(ctx: Context, callout: Callout, climbers: Sequence[Climber]) -> Taken:
    """People of the neighbour go and knock."""
    goers = selectors.list_goers(ctx, {one.unit_id for one in climbers})
    doors = [
        Door(goers[one.unit_id], str(one.id), one.person_id, one.unit_id)
        for one in climbers
        if one.unit_id in goers
    ]
    made = order_errands(ctx, KIND, callout.title, doors, priority=_priority(callout))
    return Taken(0, len(made), [one.id for one in climbers if one.unit_id not in goers])
