"""Answers: however they come, one statement for a batch, once for each, and nothing bothers him any more."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from django.db import connection

from anlan.kernel import arrays, timers
from anlan.kernel.act import act
from anlan.kernel.errors import StateConflict
from anlan.kernel.events import PrivateText
from anlan.message.callout import selectors
from anlan.message.callout.events import (
    CalloutCompleted,
    ConfirmedOnBehalf,
    RecipientsConfirmed,
    UnitsCompleted,
    VisitRecorded,
)
from anlan.message.callout.services.climbing import mark_unreachable
from anlan.message.callout.services.opening import STEP
from anlan.message.callout.states import LIFE
from anlan.message.callout.terms import CLIMBS, FOR_STAND_IN, KIND, LISTENS, USE, How, RecipientState
from anlan.message.channel.services import withdraw_deliveries
from anlan.message.errand.services import withdraw_errands

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime
    from uuid import UUID

    from anlan.kernel.context import Context
    from anlan.message.callout.models import Callout, Recipient

HANDLE = "message.callout.handle"
# The state stands in the WHERE: whoever was first counts, and what comes later or twice changes nothing.
# What comes back is gathered by callout, in one order: a row for each of a thousand takes longer to read than to make.
END = """
WITH ended AS (
  UPDATE callout_recipient r
  SET state = %(state)s, how = a.how, ended_at = least(coalesce(a.at, %(now)s), %(now)s), ended_by_id = %(by)s
  FROM unnest(%(ids)s::bigint[], %(hows)s::text[], %(ats)s::timestamptz[]) AS a (id, how, at)
  WHERE r.id = a.id AND r.callout_id = ANY (%(callouts)s::uuid[]) AND r.state < 2
  RETURNING r.id, r.callout_id, r.unit_id, r.rung, r.ladder
)
SELECT callout_id, array_agg(ARRAY[id, unit_id, rung, ladder]) FROM ended GROUP BY callout_id ORDER BY callout_id
"""
# Which of these units are through, and somebody of the callout who has not answered: of the same units, else the one we
# know, else anybody. He is looked for page by page of the table (so the sum says), for by index it were each of ten
# thousand on its own.
LEFT = """
WITH touched AS MATERIALIZED (
  SELECT t.unit, (SELECT id FROM callout_recipient r
                  WHERE r.callout_id = %(callout)s AND r.unit_id = t.unit AND r.state < 2 LIMIT 1) AS open
  FROM unnest(%(units)s::bigint[]) AS t (unit)
)
SELECT ARRAY(SELECT unit FROM touched WHERE open IS NULL ORDER BY 1),
       coalesce((SELECT max(open) FROM touched),
                (SELECT id FROM callout_recipient WHERE id = %(known)s AND state < 2),
                (SELECT max(id + 0) FROM callout_recipient WHERE callout_id = %(callout)s AND state < 2))
"""
# One of each running callout who had not answered when we last looked: while that is still so, it is not complete, and
# nobody need be searched for among ten thousand who have.
_open: dict[UUID, int] = {}
MOST_KNOWN = 1000


class Answer(NamedTuple):
    """Somebody answered. at: when, in domain time; None: now"""

    recipient_id: int
    how: str
    at: datetime | None = None


class Ended(NamedTuple):
    """One recipient for whom it is over, by this."""

    id: int
    unit_id: int
    rung: int
    ladder: int


@act("message.callout.confirm")
def confirm_recipients(ctx: Context, answers: Sequence[Answer]) -> set[int]:
    """Take a batch of answers of one exercise, or of real life; of those whose callout runs and who are not through yet.

    returns  whom it was new of
    """
    return _end(ctx, answers, RecipientState.CONFIRMED)


@act("message.callout.confirm")
def record_visits(ctx: Context, recipient_ids: Collection[int]) -> set[int]:
    """They were told at their doors. returns whom it was new of"""
    return _end(ctx, [Answer(pk, How.VISIT) for pk in recipient_ids], RecipientState.VISITED)


@act("message.callout.confirm")
def note_failed_visits(ctx: Context, recipient_ids: Collection[int]) -> None:
    """Nobody was met at their doors: no program can do more."""
    callouts = selectors.lock_of(ctx, recipient_ids)
    for callout in callouts.values():
        mark_unreachable(replace(ctx, powers=CLIMBS), callout, recipient_ids)


@act("message.callout.answer")
def answer_own(ctx: Context, recipient_id: int) -> bool:
    """The actor himself confirms, as called or as stand-in; False where he had, or the callout is over. raises NotFound"""
    own = selectors.get_own(ctx, recipient_id)
    answer = Answer(recipient_id, How.APP if own.is_person else How.STAND_IN)
    return bool(_end(ctx, [answer], RecipientState.CONFIRMED))


@act("message.callout.handle")
def confirm_on_behalf(ctx: Context, recipient_id: int, *, reason: str) -> Recipient:
    """Confirm for somebody who said so by telephone or otherwise. raises NotFound; StateConflict where it is over"""
    recipient = selectors.get_recipient(ctx, recipient_id, HANDLE)
    if not _end(ctx, [Answer(recipient.pk, How.ON_BEHALF)], RecipientState.CONFIRMED):
        raise StateConflict
    ctx.journal(ConfirmedOnBehalf(recipient.pk, PrivateText(reason)), recipient.callout)
    return recipient


@act("message.callout.handle")
def record_visit(ctx: Context, recipient_id: int, *, words: str) -> Recipient:
    """Write down that somebody was told face to face, without an errand or before it was. raises NotFound; StateConflict"""
    recipient = selectors.get_recipient(ctx, recipient_id, HANDLE)
    if not _end(ctx, [Answer(recipient.pk, How.VISIT)], RecipientState.VISITED):
        raise StateConflict
    ctx.journal(VisitRecorded(recipient.pk, PrivateText(words)), recipient.callout)
    return recipient


def _end(ctx: Context, answers: Sequence[Answer], state: RecipientState) -> set[int]:
    """The one way in which it ends for anybody: change, withdraw what waits, tell the journal, complete what is complete."""
    callouts = selectors.lock_of(ctx, [one.recipient_id for one in answers])
    if not callouts:
        return set()
    first = list({one.recipient_id: one for one in reversed(answers)}.values())
    with connection.cursor() as cursor:
        cursor.execute(
            END,
            {
                "state": state,
                "by": ctx.actor.pk if ctx.actor else None,
                "ids": arrays.of_plain([one.recipient_id for one in first]),
                "hows": arrays.of_texts([str(one.how) for one in first]),
                "ats": arrays.of_plain([one.at for one in first]),
                "now": ctx.now(),
                "callouts": arrays.of_plain(callouts),
            },
        )
        found = {key: [Ended(*one) for one in several] for key, several in cursor.fetchall()}
    how_of = {one.recipient_id: str(one.how) for one in first}
    for key, ended in found.items():
        callout = callouts[key]
        _call_off(replace(ctx, powers=LISTENS), callout, ended)
        recipients = tuple([one.id for one in ended])
        ctx.journal(RecipientsConfirmed(recipients, tuple([how_of[pk] for pk in recipients])), callout)
        _complete(replace(ctx, powers=LISTENS), callout, {one.unit_id for one in ended})
    return {one.id for ended in found.values() for one in ended}


def _call_off(ctx: Context, callout: Callout, ended: Sequence[Ended]) -> None:
    asked = _from_rung(callout, "stand_in")
    visited = _from_rung(callout, "errand")
    keys = [str(one.id) for one in ended]
    keys += [f"{one.id}{FOR_STAND_IN}" for one in ended if one.rung >= asked[one.ladder]]
    # What has arrived bothers nobody; it is closed when the journal is read (close_deliveries), off this path.
    withdraw_deliveries(ctx, USE, keys, only_coming=True)
    if sent := [str(one.id) for one in ended if one.rung >= visited[one.ladder]]:
        withdraw_errands(ctx, KIND, sent)


def _from_rung(callout: Callout, target: str) -> list[float]:
    """From which rung on his stand-in was asked, or somebody sent to his door, by ladder."""
    return [
        next((place for place, rung in enumerate(laid["rungs"]) if rung["target"] == target), inf)
        for laid in callout.ladders
    ]


def _complete(ctx: Context, callout: Callout, touched: Collection[int]) -> None:
    """Units of which nobody is left, and the callout; whoever changes it holds it, so each comes through once."""
    key = callout.pk
    with connection.cursor() as cursor:
        units_told = arrays.of_plain(touched)
        cursor.execute(LEFT, {"callout": key, "units": units_told, "known": _open.pop(key, None)})
        units, left = cursor.fetchone()
    if left is not None:
        if len(_open) >= MOST_KNOWN:
            _open.clear()
        _open[key] = left
    if units:
        ctx.journal(UnitsCompleted(tuple(units)), callout)
    if left is None:
        _close(ctx, callout)


def _close(ctx: Context, callout: Callout) -> None:
    LIFE.move(ctx, callout, "complete", ended_at=ctx.now())
    timers.disarm(STEP, callout.step_keys())
    ctx.journal(CalloutCompleted(), callout)
