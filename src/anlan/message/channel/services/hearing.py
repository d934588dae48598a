"""What carriers tell: doubled, late and in whatever order it comes, a delivery only ever gets further."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils.translation import gettext as _

from anlan.kernel import reach
from anlan.kernel.act import act
from anlan.kernel.clock import real_now
from anlan.kernel.errors import NotFound
from anlan.message.channel import selectors
from anlan.message.channel.events import DeliveriesAnswered, DeliveriesFailed, RepliesSettled
from anlan.message.channel.models import CarrierState, Delivery, Reply
from anlan.message.channel.services.ordering import keep_wording, queue_deliveries
from anlan.message.channel.services.reporting import Change, report_changes
from anlan.message.channel.terms import (
    ASK,
    MOST_IN_A_BATCH,
    Answer,
    Channel,
    DeliveryState,
    Happened,
    Order,
    Priority,
)
from anlan.protocols import sms

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime
    from uuid import UUID

    from anlan.kernel.context import Context
    from anlan.message.channel.models import Carrier
    from anlan.message.channel.terms import Event

OPEN_FOR = timedelta(days=7)  # after that a digit means nothing any more
ASK_AGAIN_AFTER = timedelta(minutes=10)
MOST_NAMED = 5  # matters in one question back
NEXT_STATE = {
    Happened.DELIVERED: DeliveryState.DELIVERED,
    Happened.PICKED_UP: DeliveryState.DELIVERED,
    Happened.HEARD: DeliveryState.HEARD,
    Happened.KEY: DeliveryState.ANSWERED,
    Happened.UNDELIVERABLE: DeliveryState.FAILED,
    Happened.BUSY: DeliveryState.FAILED,
    Happened.NO_ANSWER: DeliveryState.FAILED,
    Happened.HUNG_UP: DeliveryState.FAILED,
}
# A moment of real time as that of the delivery's own exercise; none stays none, also where its clock stands.
_AT = """CASE WHEN {0} IS NOT NULL
  THEN coalesce(k.origin_at + (coalesce(k.paused_at, {0}) - k.started_at) * k.rate, {0}) END"""
# States only rise, but that somebody failed to be reached says nothing new about what was withdrawn. What changes
# nothing is not written: carriers tell things twice.
HEAR = f"""
WITH told AS (
  SELECT * FROM unnest(%(ids)s::uuid[], %(states)s::int[], %(delivered)s::timestamptz[], %(heard)s::timestamptz[],
    %(answered)s::timestamptz[], %(answers)s::text[], %(faults)s::text[], %(permanent)s::bool[], %(ended)s::timestamptz[])
    AS t (id, state, delivered_at, heard_at, answered_at, answer, fault, permanent, ended_at)
), was AS (
  SELECT d.id, d.state, d.answered_at FROM channel_delivery d JOIN told ON told.id = d.id
  WHERE d.channel = %(channel)s AND (d.carrier_id = %(carrier)s OR EXISTS (
    SELECT FROM channel_carrier c, (SELECT d.side AS n) AS side WHERE c.id = %(carrier)s AND {selectors.MAY}))
  ORDER BY d.id FOR UPDATE OF d
), due AS (
  SELECT was.id, was.answered_at AS answered_before, was.state < 3 AND told.state = 4 AS fails,
    CASE WHEN told.state = 4 AND was.state >= 3 THEN was.state ELSE greatest(was.state, told.state) END AS state
  FROM was JOIN told ON told.id = was.id)
UPDATE channel_delivery d SET
  state = due.state,
  handed_at = coalesce(d.handed_at, {_AT.format("least(told.delivered_at, told.heard_at, told.answered_at, told.ended_at)")}),
  delivered_at = least(d.delivered_at, {_AT.format("told.delivered_at")}),
  heard_at = least(d.heard_at, {_AT.format("told.heard_at")}),
  answered_at = coalesce(d.answered_at, {_AT.format("told.answered_at")}),
  answer = CASE WHEN d.answer = '' THEN told.answer ELSE d.answer END,
  fault = CASE WHEN due.fails OR told.state > 4 THEN told.fault ELSE d.fault END,
  permanent = CASE WHEN due.fails THEN told.permanent ELSE d.permanent END,
  ended_at = coalesce(d.ended_at, {_AT.format("told.ended_at")})
FROM told JOIN due ON due.id = told.id, channel_delivery same
  LEFT JOIN kernel_exercise x ON x.id = same.exercise_id LEFT JOIN kernel_clock k ON k.id = x.clock_id
WHERE d.id = told.id AND same.id = told.id AND (
  due.state <> d.state OR d.answered_at IS NULL AND told.answered_at IS NOT NULL
  OR d.delivered_at IS DISTINCT FROM least(d.delivered_at, {_AT.format("told.delivered_at")})
  OR d.heard_at IS DISTINCT FROM least(d.heard_at, {_AT.format("told.heard_at")})
  OR d.ended_at IS NULL AND told.ended_at IS NOT NULL)
RETURNING d.exercise_id, d.use, d.id, d.unit_id, d.key, d.answer, d.fault, d.answered_at, d.ended_at,
  due.answered_before IS NULL AND d.answered_at IS NOT NULL, due.fails AND told.permanent
"""  # noqa: S608 - our own words


class Told(NamedTuple):
    """All that a batch tells of one delivery."""

    state: DeliveryState
    delivered_at: datetime | None = None
    heard_at: datetime | None = None
    answered_at: datetime | None = None
    answer: str = ""
    fault: str = ""
    permanent: bool = False
    ended_at: datetime | None = None


@act("message.channel.take")
def take_events(ctx: Context, carrier: Carrier, events: Sequence[Event]) -> int:
    """Take what a carrier tells, at most MOST_IN_A_BATCH at once: in any order, twice, or long after.

    Keys count once the full text was heard. Answers and lasting failures are journalled, the rest stands in the
    deliveries. What tells of deliveries that were never this carrier's to have is passed over.

    returns  of how many deliveries it told something new
    raises   ValueError for more than a batch
    """
    if len(events) > MOST_IN_A_BATCH:
        raise ValueError("too many events")
    now = real_now()
    told: dict[UUID, Told] = {}
    for event in events:
        if event.delivery is not None:
            told[event.delivery] = _joined(told.get(event.delivery), event, min(event.at, now))
    for delivery_id, at in _answers(ctx, carrier, [one for one in events if one.what == Happened.REPLY], now):
        answered = Told(DeliveryState.ANSWERED, at, None, at, Answer.REPLY, "", permanent=False, ended_at=at)
        told[delivery_id] = _both(told.get(delivery_id), answered)
    return _write(ctx, carrier, told) if told else 0


@act("message.channel.settle")
def settle_replies(ctx: Context, reply_ids: Collection[int]) -> int:
    """Somebody has looked at replies that nobody could match. raises NotFound where one is out of reach or settled"""
    found = selectors.list_unmatched(ctx, "message.channel.settle").filter(pk__in=reply_ids)
    replies = list(found.select_for_update(of=("self",)).order_by("pk"))
    if not replies or len(replies) != len(set(reply_ids)):
        raise NotFound
    Reply.unscoped.filter(pk__in=[one.pk for one in replies]).update(
        settled_at=ctx.now(), settled_by=ctx.actor
    )
    ctx.journal_bulk(RepliesSettled(tuple(one.pk for one in replies)), replies)
    return len(replies)


def _joined(before: Told | None, event: Event, at: datetime) -> Told:
    is_answer = event.what == Happened.KEY and event.full
    state = NEXT_STATE[event.what] if event.what != Happened.KEY or is_answer else DeliveryState.DELIVERED
    failed = state == DeliveryState.FAILED
    return _both(
        before,
        Told(
            state,
            delivered_at=None if failed else at,
            heard_at=at if is_answer or event.what == Happened.HEARD else None,
            answered_at=at if is_answer else None,
            answer=Answer.KEY if is_answer else "",
            fault=(event.fault or event.what) if failed else "",
            permanent=failed and event.permanent,
            ended_at=at if failed or is_answer else None,
        ),
    )


def _both(before: Told | None, then: Told) -> Told:
    """What two tellings come to, whichever was first."""
    if before is None:
        return then
    further, other = (before, then) if before.state >= then.state else (then, before)
    return further._replace(
        delivered_at=_earliest(before.delivered_at, then.delivered_at),
        heard_at=_earliest(before.heard_at, then.heard_at),
        answered_at=_earliest(before.answered_at, then.answered_at),
        answer=further.answer or other.answer,
        ended_at=_earliest(before.ended_at, then.ended_at),
    )


def _earliest(*moments: datetime | None) -> datetime | None:
    return min((one for one in moments if one is not None), default=None)


def _write(ctx: Context, carrier: Carrier, told: dict[UUID, Told]) -> int:
    rows = list(told.values())
    values: dict[str, Any] = {
        "carrier": carrier.pk,
        "channel": carrier.channel,
        "demo": settings.ANLAN.mode == "demo",
        "ids": list(told),
        "states": [one.state for one in rows],
        "delivered": [one.delivered_at for one in rows],
        "heard": [one.heard_at for one in rows],
        "answered": [one.answered_at for one in rows],
        "answers": [one.answer for one in rows],
        "faults": [one.fault[:120] for one in rows],
        "permanent": [one.permanent for one in rows],
        "ended": [one.ended_at for one in rows],
    }
    with connection.cursor() as cursor:
        cursor.execute(HEAR, values)
        changed = cursor.fetchall()
    answered, failed = [], []
    for exercise, use, pk, unit, key, answer, fault, answered_at, ended_at, is_new, is_lost in changed:
        if is_new:
            answered.append(Change(exercise, use, pk, unit, key, answer, answered_at))
        if is_lost:
            failed.append(Change(exercise, use, pk, unit, key, fault, ended_at))
    report_changes(ctx, DeliveriesAnswered, answered)
    report_changes(ctx, DeliveriesFailed, failed)
    return len(changed)


# --- replies ------------------------------------------------------------------------------------------------------


def _answers(
    ctx: Context, carrier: Carrier, events: Sequence[Event], now: datetime
) -> list[tuple[UUID, datetime]]:
    """Keep the replies that are new, each with what it answers; those that answer something, with when."""
    if not events:
        return []
    # One batch of a carrier's replies after the other: two copies that come at once are still one reply, asked about once.
    CarrierState.objects.select_for_update().get(pk=carrier.pk)
    known = Reply.unscoped.filter(carrier=carrier, ref__in=[one.ref for one in events])
    refs = set(known.values_list("ref", flat=True))
    new = {
        one.ref: one for one in sorted(events, key=lambda one: one.at, reverse=True) if one.ref not in refs
    }
    numbers = {ref: _number(one.number) for ref, one in new.items()}
    asked: dict[str, list[Delivery]] = {}
    for delivery in selectors.list_open_to_reply(carrier, set(numbers.values()), now - OPEN_FOR):
        asked.setdefault(delivery.number, []).append(delivery)
    kept = [_reply(carrier, one, numbers[one.ref], asked, now) for one in reversed(new.values())]
    Reply.unscoped.bulk_create(kept)
    _ask_back(ctx, carrier, [one for one in kept if one.delivery_id is None], asked, now)
    return [(one.delivery_id, one.received_at) for one in kept if one.delivery_id is not None]


def _reply(
    carrier: Carrier, event: Event, number: str, asked: dict[str, list[Delivery]], now: datetime
) -> Reply:
    sent = asked.get(number, [])
    about = _matched(event.text, sent)
    nearest = about or next(iter(sent), None)  # whom it concerns, even where nobody knows what
    return Reply(
        unit_id=nearest.unit_id if nearest else carrier.unit_id,
        exercise_id=nearest.exercise_id if nearest else carrier.exercise_id,
        carrier=carrier,
        ref=event.ref,
        sender=number,
        text=event.text,
        received_at=min(event.at, now),
        delivery=about,
    )


def _matched(text: str, sent: Sequence[Delivery]) -> Delivery | None:
    """What a reply answers: by its digit, or without one the only thing that is open.

    sent  the latest first; where nothing is open any more, a late reply belongs to what it names or to the latest
    """
    understood = sms.read_reply(text)
    if understood is None:
        return None
    open_ = [one for one in sent if one.ended_at is None]
    if understood.digit is None:
        return next(iter(open_ or sent), None) if len(open_) <= 1 else None
    named = [one for one in sent if one.reply == understood.digit]
    return next((one for one in named if one.ended_at is None), next(iter(named), None))


def _ask_back(
    ctx: Context,
    carrier: Carrier,
    unmatched: Sequence[Reply],
    asked: dict[str, list[Delivery]],
    now: datetime,
) -> None:
    """Ask who says yes without saying to what; nobody more than once in a while, for programs answer programs."""
    open_ = {
        one.sender: [sent for sent in asked.get(one.sender, ()) if sent.ended_at is None]
        for one in unmatched
        if sms.read_reply(one.text)
    }
    lately = Reply.unscoped.filter(carrier=carrier, sender__in=open_, asked_at__gt=now - ASK_AGAIN_AFTER)
    rest = set(lately.values_list("sender", flat=True))
    for one in unmatched:
        matters = open_.get(one.sender, [])
        if one.sender in rest or len(matters) < 2:
            continue
        rest.add(one.sender)
        inside = selectors.get_context(ctx, matters[0].exercise_id)
        named = sorted(matters, key=lambda sent: sent.reply or 0)[:MOST_NAMED]
        listed = _("；").join(f"{sent.reply} {sent.wording.subject}" for sent in named)
        body = _("您有 %(count)s 件事待答复：%(matters)s。请回复前面的数字。") % {
            "count": len(matters),
            "matters": listed,
        }
        wording = keep_wording(inside, Channel.SMS, _("请写明答复哪一件"), body, is_test=matters[0].is_test)
        order = Order(wording.pk, str(one.pk), one.sender, one.unit_id, matters[0].person_id)
        queue_deliveries(inside, ASK, [order], priority=Priority.FLASH, only_by=carrier.pk)
        Reply.unscoped.filter(pk=one.pk).update(asked_at=now)


def _number(raw: str) -> str:
    """A number as contact points keep it; what is none, as it came."""
    try:
        return reach.normalised(reach.ReachKind.MOBILE, raw)
    except ValidationError:
        return raw.strip()
