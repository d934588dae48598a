"""Open, extend and stop a callout."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection

from anlan.kernel import arrays, timers
from anlan.kernel.act import act
from anlan.kernel.errors import DomainError
from anlan.kernel.events import PrivateText
from anlan.kernel.ids import uuid7
from anlan.kernel.scope import require
from anlan.message.callout import selectors
from anlan.message.callout.events import CalloutExtended, CalloutOpened, CalloutStopped, ReachTested
from anlan.message.callout.models import Callout, Recipient
from anlan.message.callout.services.climbing import Climber, begin_rung, take_rung
from anlan.message.callout.states import LIFE
from anlan.message.callout.terms import (
    CLIMBS,
    DUTY_LINE,
    FOR_STAND_IN,
    KIND,
    UPPER,
    USE,
    Purpose,
    RecipientState,
)
from anlan.message.channel.services import Channel, keep_wording, withdraw_deliveries
from anlan.message.errand.services import withdraw_errands
from anlan.message.ladder.selectors import list_chosen, list_told

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from uuid import UUID

    from django.db.models import Model

    from anlan.kernel.context import Context
    from anlan.kernel.models import Unit
    from anlan.message.callout.selectors import Member, Ways

STEP = "message.callout.step"  # the timer of a rung
SETTLE = "message.callout.settle"  # the timer that looks whom a text has reached, where that is enough
SETTLED_EVERY = timedelta(minutes=1)
OPEN, STOP = "message.callout.open", "message.callout.stop"
LINE_CLIMBS_AS = "duty_contact"
NOT_IN_TESTS = ("upper_duty", "errand")
# One statement for all, who stand on the first rung at once, if it is taken at once. Whom the callout calls already keeps his
# place; at first that is nobody, and not asking saves a fifth.
CALL = """
INSERT INTO callout_recipient (callout_id, unit_id, exercise_id, person_id, holder_id, stand_in_id, post, ladder, wave,
                               rung, rung_at, state, how)
SELECT %(callout)s, m.unit, %(exercise)s, m.person, m.holder, m.stand_in, m.post, m.ladder, %(wave)s,
  CASE WHEN m.ladder = ANY (%(at_once)s::smallint[]) THEN 0 ELSE -1 END, %(now)s, 0, ''
FROM unnest(%(units)s::bigint[], %(people)s::uuid[], %(holders)s::uuid[], %(stand_ins)s::uuid[], %(posts)s::text[],
            %(ladders)s::smallint[]) AS m (unit, person, holder, stand_in, post, ladder)
{again}
RETURNING ladder, id, unit_id, person_id, stand_in_id, taken_at
"""


@act("message.callout.open")
def open_callout(
    ctx: Context,
    *,
    unit: Unit,
    purpose: str,
    title: str,
    unit_ids: Collection[int],
    texts: Mapping[str, tuple[str, str]],
    colour: str = "",
    subject: Model | None = None,
    matter: UUID | None = None,
    alone: Collection[int] = (),
) -> Callout:
    """Call all who must answer for these units, and go on calling by the ladder until each has answered or was visited.

    unit      who calls
    texts     channel → (subject, body), with {name}, {link} and {reply}; a way without a text is not used
    subject   what it is about
    matter    what it is part of; None: the subject's, else itself. A callout of the same purpose that still runs about it ends
    alone     further units, without those below them
    raises    NotAllowed; DomainError `callout_nobody` where there is nobody to call
    """
    require(ctx, OPEN, unit)
    key, node, now = uuid7(), replace(ctx, powers=CLIMBS), ctx.now()
    matter = matter or getattr(subject, "matter", None) or key
    before = selectors.lock_running(ctx, matter, purpose)
    audience = selectors.list_audience(ctx, unit, unit_ids, alone=alone)
    if not audience.members:
        raise DomainError("callout_nobody")
    callout: Callout = Callout.objects.create(
        id=key,
        unit=unit,
        exercise=ctx.exercise,
        matter=matter,
        subject_kind=subject._meta.label_lower if subject else "",
        subject=str(subject.pk) if subject else "",
        purpose=purpose,
        title=title,
        colour=colour,
        texts={channel: list(text) for channel, text in texts.items()},
        wordings={
            channel: keep_wording(
                node, Channel(channel), heading, body, is_test=purpose == Purpose.REACH_TEST
            ).pk
            for channel, (heading, body) in texts.items()
        },
        started_at=now,
        begun_at=[now],
        follows=before[0] if before else None,
    )
    for one in before:
        _stop(node, one, reason="", followed_by=str(key))
    _lay_ladders(ctx, callout, audience.members)
    called = _call(ctx, callout, audience.members, wave=1)
    people = sum(map(len, called.values()))
    ctx.journal(CalloutOpened(purpose, colour, people, len(audience.gaps), audience.units), callout)
    if purpose == Purpose.REACH_TEST:
        ctx.journal(ReachTested(people), unit)
    _begin(node, callout, called, wave=1, ways=audience.ways)
    return callout


@act("message.callout.open")
def extend_callout(ctx: Context, callout_id: UUID, unit_ids: Collection[int]) -> int:
    """Call those of further units as well, from the first rung; who is called already goes on as he is.

    returns  how many are new
    raises   NotFound; StateConflict where it was stopped; DomainError `callout_nobody` where nobody is new
    """
    callout = selectors.lock_callout(ctx, callout_id, OPEN)
    audience = selectors.list_audience(ctx, callout.unit, unit_ids)
    LIFE.move(ctx, callout, "extend")
    callout.begun_at = [*callout.begun_at, ctx.now()]
    callout.ended_at = None
    _lay_ladders(ctx, callout, audience.members)
    callout.save(update_fields=("begun_at", "ended_at", "ladders"))
    called = _call(ctx, callout, audience.members, wave=callout.waves)
    if not called:
        raise DomainError("callout_nobody")
    people = sum(map(len, called.values()))
    new = {one.unit_id for several in called.values() for one in several}
    units = tuple(unit for unit in audience.units if unit in new)
    ctx.journal(CalloutExtended(callout.purpose, callout.colour, callout.waves, people, units), callout)
    _begin(replace(ctx, powers=CLIMBS), callout, called, wave=callout.waves, ways=audience.ways)
    return people


@act("message.callout.stop")
def stop_callout(ctx: Context, callout_id: UUID, *, reason: str) -> Callout:
    """Nobody need answer any more: what waits is withdrawn, nobody goes to a door. raises NotFound; StateConflict"""
    callout = selectors.lock_callout(ctx, callout_id, STOP)
    _stop(replace(ctx, powers=CLIMBS | {STOP}), callout, reason=reason, followed_by="")
    return callout


def _stop(ctx: Context, callout: Callout, *, reason: str, followed_by: str) -> None:
    LIFE.move(ctx, callout, "stop", ended_at=ctx.now())
    rows = Recipient.unscoped.filter(callout=callout, state__lt=RecipientState.CONFIRMED)
    ids = list(rows.values_list("pk", flat=True))
    close_deliveries(ctx, ids)
    notices = callout.upper_notices.values_list("pk", flat=True)
    withdraw_deliveries(ctx, UPPER, [str(pk) for pk in notices])
    withdraw_errands(ctx, KIND, [str(pk) for pk in ids])
    timers.disarm(STEP, callout.step_keys())
    ctx.journal(CalloutStopped(followed_by, PrivateText(reason)), callout)


@act("message.callout.confirm")
def close_deliveries(ctx: Context, recipient_ids: Collection[int]) -> None:
    """What these were sent is over: its digits are free, no reply is taken for an answer to it any more."""
    keys = [f"{pk}{ending}" for pk in recipient_ids for ending in ("", FOR_STAND_IN)]
    withdraw_deliveries(ctx, USE, keys)


# --- ladders ------------------------------------------------------------------------------------------------------


def _lay_ladders(ctx: Context, callout: Callout, members: Sequence[Member]) -> None:
    """Keep the ladders of these people's posts with the callout, as they are now; those it has stay as they are."""
    posts = {LINE_CLIMBS_AS if one.post == DUTY_LINE else one.post for one in members}
    known = _ladder_numbers(callout)
    missing = posts - known.keys()
    if not missing:
        return
    laid = list(callout.ladders)
    found = (
        list_told(missing)
        if callout.only_tells
        else list_chosen(callout.unit, callout.colour, missing, ctx.now())
    )
    for post, chosen in sorted(found.items()):
        rungs = [
            rung.as_data()
            for rung in chosen.rungs
            if callout.purpose != Purpose.REACH_TEST or rung.target not in NOT_IN_TESTS
        ]
        same = next((one for one in laid if one["name"] == chosen.name and one["rungs"] == rungs), None)
        if same is None:
            same = {"name": chosen.name, "certain": chosen.certain, "rungs": rungs, "posts": []}
            laid.append(same)
        same["posts"] = [*same["posts"], post]
    callout.ladders = laid
    callout.save(update_fields=("ladders",))


def _ladder_numbers(callout: Callout) -> dict[str, int]:
    return {post: number for number, ladder in enumerate(callout.ladders) for post in ladder["posts"]}


def _call(
    ctx: Context, callout: Callout, members: Sequence[Member], *, wave: int
) -> dict[int, list[Climber]]:
    """Put people on the list; by ladder, those who are new on it."""
    ladder_of = _ladder_numbers(callout)
    values: dict[str, Any] = {
        "callout": callout.pk,
        "exercise": callout.exercise_id,
        "wave": wave,
        "now": ctx.now(),
        "at_once": [number for number in range(len(callout.ladders)) if _begins_at_once(callout, number)],
        "units": arrays.of_plain([one.unit_id for one in members]),
        "people": arrays.of_plain([one.person_id for one in members]),
        "holders": arrays.of_plain([one.holder_id for one in members]),
        "stand_ins": arrays.of_plain([one.stand_in_id for one in members]),
        "posts": arrays.of_texts([one.post for one in members]),
        "ladders": arrays.of_plain(
            [ladder_of[LINE_CLIMBS_AS if one.post == DUTY_LINE else one.post] for one in members]
        ),
    }
    called: dict[int, list[Climber]] = {}
    with connection.cursor() as cursor:
        cursor.execute(CALL.format(again="ON CONFLICT DO NOTHING" if wave > 1 else ""), values)
        for ladder, *climber in cursor.fetchall():
            called.setdefault(ladder, []).append(Climber(*climber))
    return called


def _begins_at_once(callout: Callout, ladder: int) -> bool:
    """Every ladder does; in a test, what it does at once may be left out."""
    rungs = callout.ladders[ladder]["rungs"]
    return bool(rungs) and rungs[0]["at_s"] == 0


def _begin(
    ctx: Context, callout: Callout, called: Mapping[int, list[Climber]], *, wave: int, ways: Ways
) -> None:
    """Take what each ladder does at once, and set the timers of its other rungs."""
    rows = []
    for ladder, climbers in sorted(called.items()):
        for number, rung in enumerate(callout.ladders[ladder]["rungs"]):
            if number == 0 and _begins_at_once(callout, ladder):
                begin_rung(ctx, callout, climbers, ladder=ladder, ways=ways)
            elif rung["at_s"] == 0:
                take_rung(ctx, callout, ladder=ladder, rung=number, wave=wave, ways=ways)
            else:
                rows.append((callout.step_key(wave, ladder, number), callout.due_at(wave, rung["at_s"])))
    if rows:
        timers.arm_many(ctx, STEP, rows)
    if callout.only_tells:
        timers.arm(ctx, SETTLE, str(callout.pk), ctx.now() + SETTLED_EVERY)
