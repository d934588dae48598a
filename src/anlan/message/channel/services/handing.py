"""The sender's acts: take what is due for a carrier under a lease, and note what became of it.

Whoever takes holds the row of the carrier's state, so that its pace is kept by all senders together and survives each of
them. Between the two acts the sender talks to the carrier; if it dies there, the lease runs out and the same deliveries
go to the same carrier once more, under the same ids.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction

from anlan.kernel.act import act
from anlan.kernel.clock import real_now
from anlan.message.channel import selectors
from anlan.message.channel.events import CarrierCameBack, CarrierWentDown, DeliveriesFailed
from anlan.message.channel.models import Carrier, CarrierState, Delivery, Wording
from anlan.message.channel.services.reporting import Change, report_changes
from anlan.message.channel.terms import Item

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from anlan.kernel.context import Context
    from anlan.message.channel.terms import Outcome

log = logging.getLogger("anlan.sender")

LEASE = timedelta(seconds=12)
GIVEN_UP = timedelta(seconds=20)  # down for so long, what may be in its hands goes to another
CREDIT = timedelta(seconds=0.1)  # of pace that is not lost when a look comes late
DOWN_AFTER = 2  # requests in a row that came to nothing
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(seconds=60)
MOST_ATTEMPTS = 8  # of one that the carrier does not want just now

CLAIM = f"""
WITH RECURSIVE {selectors.SIDES}, me AS (
  SELECT * FROM channel_carrier WHERE id = %(carrier)s AND retired_at IS NULL AND {selectors.NOT_HELD}
), mine AS (
  SELECT side.n FROM side CROSS JOIN me WHERE side.channel = me.channel AND {selectors.FIRST}
), picked AS (
  SELECT waiting.id, waiting.place, waiting.due_at
  FROM me CROSS JOIN mine CROSS JOIN generate_series(0, 3) AS level (n) CROSS JOIN LATERAL (
    SELECT d.id, d.due_at, d.priority AS place FROM channel_delivery d
    WHERE d.state <= 1 AND d.channel = me.channel AND d.side = mine.n AND d.priority = level.n
      AND d.due_at <= %(now)s AND {selectors.FREE}
    ORDER BY d.due_at LIMIT %(most)s FOR UPDATE OF d SKIP LOCKED) AS waiting
  ORDER BY waiting.place, waiting.due_at LIMIT %(most)s)
UPDATE channel_delivery d SET
  state = 1, attempts = d.attempts + 1, due_at = %(until)s, carrier_id = %(carrier)s,
  reply = CASE WHEN w.asks AND w.channel = 'sms' THEN CASE WHEN d.carrier_id = %(carrier)s THEN coalesce(d.reply, 1) ELSE 1 END END
FROM picked JOIN channel_wording w ON true
WHERE d.id = picked.id AND w.id = d.wording_id
RETURNING d.id, d.use, d.key, d.number, d.wording_id, d.attempts, d.reply, picked.place, picked.due_at
"""  # noqa: S608 - our own words
DIGITS = """
UPDATE channel_delivery d SET reply = given.digit
FROM unnest(%(ids)s::uuid[], %(digits)s::int[]) AS given (id, digit) WHERE d.id = given.id
"""
# Domain time of each delivery's own exercise.
AT = """CASE WHEN d.exercise_id IS NULL THEN %(now)s::timestamptz
  ELSE (SELECT domain_now(x.clock_id) FROM kernel_exercise x WHERE x.id = d.exercise_id) END"""
# What came back from elsewhere meanwhile (it was heard already, or called off) stands.
NOTE = f"""
WITH told AS (
  SELECT * FROM unnest(%(ids)s::uuid[], %(refs)s::text[], %(parts)s::int[], %(faults)s::text[], %(permanent)s::bool[])
    AS t (id, ref, parts, fault, permanent)
), was AS (
  SELECT d.id, d.state, told.fault = '' AS taken,
         d.state = 1 AND (told.permanent OR d.attempts >= %(most)s) AS over
  FROM channel_delivery d JOIN told ON told.id = d.id ORDER BY d.id FOR UPDATE OF d)
UPDATE channel_delivery d SET
  state = CASE WHEN was.taken THEN greatest(d.state, 2) WHEN was.over THEN 4 WHEN d.state = 1 THEN 0 ELSE d.state END,
  handed_at = CASE WHEN was.taken THEN coalesce(d.handed_at, {AT}) ELSE d.handed_at END,
  carrier_ref = CASE WHEN was.taken THEN told.ref ELSE d.carrier_ref END,
  carrier_id = CASE WHEN was.taken OR was.over OR d.state <> 1 OR d.use IN ('test', 'ask') THEN d.carrier_id END,
  parts = CASE WHEN was.taken THEN told.parts ELSE d.parts END,
  cost_cny = CASE WHEN was.taken THEN told.parts * %(price)s ELSE d.cost_cny END,
  fault = told.fault,
  permanent = was.over AND told.permanent,
  due_at = %(now)s + least(power(2, d.attempts - 1), 60) * interval '1 second',
  ended_at = CASE WHEN was.over THEN {AT} ELSE d.ended_at END
FROM told JOIN was ON was.id = told.id
WHERE d.id = told.id
RETURNING d.exercise_id, d.use, d.id, d.unit_id, d.key, d.fault, d.ended_at, was.over AND told.permanent
"""  # noqa: S608 - our own words
RETURN = """
WITH found AS (
  SELECT id FROM channel_delivery WHERE id = ANY (%(ids)s) AND state = 1 AND carrier_id = %(carrier)s
  ORDER BY id FOR UPDATE)
UPDATE channel_delivery d SET
  state = 0, due_at = %(now)s, fault = %(fault)s,
  carrier_id = CASE WHEN %(may_be_there)s OR d.use IN ('test', 'ask') THEN d.carrier_id END
FROM found WHERE d.id = found.id
"""
CALLED_OFF = f"""
WITH found AS (
  SELECT id FROM channel_delivery WHERE id = ANY (%(ids)s) AND state = 3 AND ended_at IS NULL ORDER BY id FOR UPDATE)
UPDATE channel_delivery d SET ended_at = {AT} FROM found WHERE d.id = found.id
"""  # noqa: S608 - our own words


class Taken(NamedTuple):
    """One leased delivery, as the statement returns it."""

    id: UUID
    use: str
    key: str
    number: str
    wording_id: int
    attempts: int
    reply: int | None
    priority: int
    due_at: datetime


@act("message.channel.hand_over")
def claim_deliveries(ctx: Context, carrier_id: UUID) -> list[Item]:  # noqa: ARG001 - an act
    """Take what the carrier may be given now: as much as its batch and its pace allow, the most urgent and oldest first.

    returns  nothing, too, where it is not its turn, the node is held, or another that goes before it is up
    """
    now = real_now()
    state = CarrierState.objects.select_for_update(of=("self",)).select_related("carrier").get(pk=carrier_id)
    carrier = state.carrier
    if not (most := _allowance(state, now)):
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            CLAIM,
            {
                "carrier": carrier.pk,
                "most": most,
                "now": now,
                "until": now + LEASE,
                "given_up": now - GIVEN_UP,
                "demo": settings.ANLAN.mode == "demo",
            },
        )
        taken = [Taken(*row) for row in cursor.fetchall()]
    if taken and carrier.pace_per_s:
        begun = max(state.next_at or now - CREDIT, now - CREDIT)
        state.next_at = begun + timedelta(seconds=len(taken) / carrier.pace_per_s)
        state.save(update_fields=("next_at",))
    taken.sort(key=lambda one: (one.priority, one.due_at))
    return _items(_with_digits(carrier, taken))


@act("message.channel.hand_over")
def note_outcomes(ctx: Context, carrier_id: UUID, outcomes: Sequence[Outcome]) -> None:
    """What the carrier said to each of a batch: taken, not now (tried again with growing pauses), or never."""
    state = CarrierState.objects.select_related("carrier").get(pk=carrier_id)
    if state.failures:  # before the deliveries, as everybody who locks both
        _came_back(ctx, carrier_id)
    with connection.cursor() as cursor:
        cursor.execute(
            NOTE,
            {
                "ids": [one.id for one in outcomes],
                "refs": [one.ref for one in outcomes],
                "parts": [one.parts for one in outcomes],
                "faults": [one.fault for one in outcomes],
                "permanent": [one.permanent for one in outcomes],
                "price": state.carrier.price_cny,
                "most": MOST_ATTEMPTS,
                "now": real_now(),
            },
        )
        ended = [Change(*row[:-1]) for row in cursor.fetchall() if row[-1]]
    report_changes(ctx, DeliveriesFailed, ended)


@act("message.channel.hand_over")
def note_fault(
    ctx: Context,
    carrier_id: UUID,
    ids: Collection[UUID],
    fault: str,
    *,
    may_be_there: bool = False,
    pause: timedelta | None = None,
) -> None:
    """A request came to nothing as a whole: its deliveries wait again, and the carrier is left alone for a while.

    may_be_there  it may have taken them all the same: they stay with it, under the same ids, so that nobody is told twice
    pause         the carrier itself asks for it; it is not down
    """
    now = real_now()
    state = CarrierState.objects.select_for_update(of=("self",)).select_related("carrier").get(pk=carrier_id)
    if ids:
        values: dict[str, Any] = {
            "ids": list(ids),
            "carrier": carrier_id,
            "now": now,
            "fault": fault[:120],
            "may_be_there": may_be_there,
        }
        with connection.cursor() as cursor:
            cursor.execute(RETURN, values)
    if pause is None:
        state.failures += 1
        pause = min(FIRST_PAUSE * 2 ** min(state.failures - 1, 10), LONGEST_PAUSE)
    if state.failures >= DOWN_AFTER and state.down_since is None:
        state.down_since = now
        ctx.journal(CarrierWentDown(fault), state.carrier)
    state.next_at = max(state.next_at or now, now + pause)
    state.fault, state.fault_at = fault[:200], now
    state.save()


@act("message.channel.hand_over")
def note_called_off(ctx: Context, ids: Collection[UUID]) -> None:  # noqa: ARG001 - an act
    """The carrier knows that these calls are not needed any more."""
    with connection.cursor() as cursor:
        cursor.execute(CALLED_OFF, {"ids": list(ids), "now": real_now()})


def _allowance(state: CarrierState, now: datetime) -> int:
    """How many the carrier may be given now."""
    if state.next_at and state.next_at > now:
        return 0
    if state.failures:  # one is risked on it, for what it does not answer to stays with it for a while
        return 1
    batch, pace = state.carrier.batch, state.carrier.pace_per_s
    if pace is None:
        return int(batch)
    begun = max(state.next_at or now - CREDIT, now - CREDIT)
    return min(batch, int((now - begun).total_seconds() * pace) + 1)


def _with_digits(carrier: Carrier, taken: list[Taken]) -> list[Taken]:
    """Give those that are answered by a digit the smallest that the same number does not have open from this carrier.

    The statement gave each a 1; the carrier's state is locked, so nobody else gives digits meanwhile.
    """
    asking = [one for one in taken if one.reply]
    ids = [one.id for one in asking]
    others = Delivery.unscoped.filter(
        carrier=carrier, number__in={one.number for one in asking}, reply__isnull=False, ended_at=None
    )
    used: dict[str, set[int]] = {}
    for number, digit in others.exclude(pk__in=ids).values_list("number", "reply") if asking else ():
        used.setdefault(number, set()).add(digit)  # type: ignore[arg-type]  # it is not null, see above
    changed: dict[UUID, int] = {}
    for one in asking:
        wanted = one.reply or 1
        digits = used.setdefault(one.number, set())
        digit = next(n for n in (wanted, *range(1, len(digits) + 2)) if n not in digits)
        digits.add(digit)
        if digit != wanted:
            changed[one.id] = digit
    if changed:
        with connection.cursor() as cursor:
            cursor.execute(DIGITS, {"ids": list(changed), "digits": list(changed.values())})
    return [one._replace(reply=changed.get(one.id, one.reply)) for one in taken]


def _items(taken: Sequence[Taken]) -> list[Item]:
    """What each is told, with what stands in for the places."""
    wordings = Wording.objects.in_bulk({one.wording_id for one in taken})
    fills = {
        use: _places(use, [one.key for one in taken if one.use == use])
        for use in {one.use for one in taken} & selectors.FILLS.keys()
    }
    return [_item(one, wordings[one.wording_id], fills.get(one.use, {}).get(one.key, {})) for one in taken]


def _places(use: str, keys: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
    """What stands in for the places of these keys."""
    try:
        with transaction.atomic():
            return selectors.FILLS[use](keys)
    # A warning without a name or a link is better than none, and than all that waits behind it.
    except Exception:
        log.exception("the places of %s could not be filled", use)
        return {}


def _item(one: Taken, wording: Wording, places: Mapping[str, str]) -> Item:
    subject, text = wording.filled({**places, "reply": str(one.reply or "")})
    return Item(one.id, one.number, subject, text, one.attempts)


def _came_back(ctx: Context, carrier_id: UUID) -> None:
    state = CarrierState.objects.select_for_update(of=("self",)).select_related("carrier").get(pk=carrier_id)
    if state.down_since:
        seconds = round((real_now() - state.down_since).total_seconds())
        ctx.journal(CarrierCameBack(seconds), state.carrier)
    state.failures, state.down_since = 0, None
    state.save(update_fields=("failures", "down_since"))
