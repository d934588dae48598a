"""Reads of carriers and deliveries, and the one place that says which carrier may have which delivery."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.db import connection
from django.db.models import Count, Max, Min, Q

from anlan.kernel.context import Context
from anlan.kernel.errors import NotFound
from anlan.kernel.models import Exercise
from anlan.kernel.scope import require, visible
from anlan.kernel.values import in_words
from anlan.message.channel.models import Carrier, CarrierPermit, Delivery, Reply
from anlan.message.channel.terms import DeliveryState

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime
    from uuid import UUID

    from django.db.models import QuerySet

READ = "message.channel.read"

# What stands in a text for {name} and {link}, by the key of the order. A room that orders deliveries puts its own here,
# under its `use`; a link is reckoned when it is sent and kept nowhere.
Fill = Callable[[Sequence[str]], Mapping[str, Mapping[str, str]]]
FILLS: dict[str, Fill] = {}

# A real delivery never reaches a simulation (but in a demo, where nothing is real), an exercise's or a test's never a
# real carrier, unless that was opened to it; a carrier of an exercise serves no other.
MAY = """
(c.exercise_id IS NULL OR c.exercise_id = side.n) AND CASE
  WHEN side.n = 0 THEN NOT c.simulated OR %(demo)s
  ELSE c.simulated OR EXISTS (
    SELECT FROM channel_carrierpermit p
    WHERE p.carrier_id = c.id AND p.closed_at IS NULL AND coalesce(p.exercise_id, -1) = side.n)
END"""
# Nobody before it in rank who is up may have it.
FIRST = f"""
NOT EXISTS (
  SELECT FROM channel_carrier c JOIN channel_carrierstate s ON s.carrier_id = c.id
  WHERE c.channel = me.channel AND c.rank < me.rank AND c.retired_at IS NULL AND s.down_since IS NULL AND {MAY})
AND EXISTS (SELECT FROM channel_carrier c WHERE c.id = me.id AND {MAY})"""  # noqa: S608 - our own words
NOT_HELD = "NOT EXISTS (SELECT FROM kernel_nodestate WHERE held_since IS NOT NULL)"
# The channels and sides in which something waits, found by jumping from one to the next through the index.
SIDES = """
side (channel, n) AS (
  (SELECT d.channel, d.side FROM channel_delivery d WHERE d.state <= 1 ORDER BY d.channel, d.side LIMIT 1)
  UNION ALL
  (SELECT next.channel, next.side FROM side CROSS JOIN LATERAL (
     SELECT d.channel, d.side FROM channel_delivery d
     WHERE d.state <= 1 AND (d.channel, d.side) > (side.channel, side.n) ORDER BY d.channel, d.side LIMIT 1) AS next)
)"""
# What was in another's hands may have been sent: it stays his until he is away for good.
FREE = """
(d.carrier_id IS NULL OR d.carrier_id = me.id OR d.use NOT IN ('test', 'ask') AND EXISTS (
  SELECT FROM channel_carrier o JOIN channel_carrierstate os ON os.carrier_id = o.id
  WHERE o.id = d.carrier_id AND (o.retired_at IS NOT NULL OR os.down_since < %(given_up)s)))"""

READY = f"""
WITH RECURSIVE {SIDES}
SELECT me.id FROM channel_carrier me JOIN channel_carrierstate s ON s.carrier_id = me.id
WHERE me.retired_at IS NULL AND coalesce(s.next_at <= %(now)s, true) AND {NOT_HELD} AND (
  EXISTS (
    SELECT FROM side CROSS JOIN generate_series(0, 3) AS level (n) CROSS JOIN LATERAL (
      SELECT FROM channel_delivery d
      WHERE d.state <= 1 AND d.channel = side.channel AND d.side = side.n AND d.priority = level.n
        AND d.due_at <= %(now)s AND {FREE} LIMIT 1) AS waiting
    WHERE side.channel = me.channel AND {FIRST})
  OR EXISTS (
    SELECT FROM channel_delivery d WHERE d.carrier_id = me.id AND d.state = 3 AND d.ended_at IS NULL
      AND (d.handed_at IS NOT NULL OR d.due_at <= %(now)s)))
"""  # noqa: S608 - our own words

# What waits, by the carrier that would take it now; without one where none may have it.
WAITING = f"""
WITH RECURSIVE {SIDES}, waiting AS (
  SELECT d.channel, d.side, count(*) AS number, min(d.queued_at) AS oldest
  FROM channel_delivery d WHERE d.state <= 1 GROUP BY 1, 2)
SELECT me.id, waiting.channel, sum(waiting.number), min(waiting.oldest)
FROM waiting JOIN side ON side.channel = waiting.channel AND side.n = waiting.side
LEFT JOIN channel_carrier me ON me.channel = side.channel AND me.retired_at IS NULL AND {FIRST}
GROUP BY 1, 2
"""  # noqa: S608 - our own words
DONE = """
SELECT carrier_id, count(handed_at), count(*) FILTER (WHERE state = 4), coalesce(sum(cost_cny), 0)
FROM channel_delivery WHERE queued_at >= %s AND carrier_id IS NOT NULL GROUP BY 1
"""

# What may have become of deliveries, as lists are narrowed to it.
OUTCOMES = {
    "handed": Q(handed_at__isnull=False),
    "reached": Q(state__gte=DeliveryState.DELIVERED),
    "heard": Q(heard_at__isnull=False),
    "failed": Q(state=DeliveryState.FAILED),
    "withdrawn": Q(state=DeliveryState.WITHDRAWN),
    "waiting": Q(state__lte=DeliveryState.LEASED),
    "again": Q(attempts__gt=1),
    "charged": Q(cost_cny__gt=0),
}


class Doing(NamedTuple):
    """What a carrier has to do, and what it has done of what was ordered today."""

    carrier: Carrier
    waiting: int
    handed: int
    failed: int
    cost_cny: Decimal

    @property
    def pace(self) -> str:
        return f"{self.carrier.pace_per_s:g}"

    @property
    def lasts(self) -> timedelta | None:
        """How long what waits will take at its pace; None where it has none."""
        pace = self.carrier.pace_per_s
        return timedelta(seconds=self.waiting / pace) if pace else None

    @property
    def lasts_shown(self) -> str:
        return in_words(self.lasts) if self.lasts else ""


class Step(NamedTuple):
    """What has become of all that was ordered for one key by one channel."""

    key: str
    channel: str
    state: DeliveryState
    queued_at: datetime
    handed_at: datetime | None
    delivered_at: datetime | None
    heard_at: datetime | None
    answered_at: datetime | None


def get_carrier(ctx: Context, carrier_id: UUID, capability: str = READ) -> Carrier:
    found = visible(ctx, Carrier, capability).select_related("state", "unit").filter(pk=carrier_id).first()
    if found is None:
        raise NotFound
    return found


def lock_carrier(ctx: Context, carrier_id: UUID, capability: str) -> Carrier:
    """Its key is left alone: deliveries that refer to it go on being written."""
    locked = visible(ctx, Carrier, capability).select_for_update(of=("self",), no_key=True)
    found = locked.filter(pk=carrier_id).first()
    if found is None:
        raise NotFound
    return found


def find_carrier(code: str) -> Carrier | None:
    """The carrier of this code, for what comes from outside under its name and seal."""
    found: Carrier | None = Carrier.unscoped.filter(code=code, retired_at=None).first()
    return found


def list_ready(now: datetime, given_up: datetime) -> list[Carrier]:
    """The carriers that may be given something now, or told to call something off; for the sender."""
    values: dict[str, Any] = {"now": now, "given_up": given_up, "demo": settings.ANLAN.mode == "demo"}
    with connection.cursor() as cursor:
        cursor.execute(READY, values)
        ids = [row[0] for row in cursor.fetchall()]
    return list(Carrier.unscoped.filter(pk__in=ids)) if ids else []


def list_carriers(ctx: Context) -> QuerySet[Carrier]:
    """Those in use, the first of each channel first."""
    found = visible(ctx, Carrier, READ).filter(retired_at=None).select_related("state", "unit", "exercise")
    return found.order_by("channel", "rank", "name", "pk")


def list_doing(ctx: Context, since: datetime) -> list[Doing]:
    """What each carrier in use has to do, and has done of what was ordered since then; their whole work, for all units."""
    carriers = list(list_carriers(ctx))
    waiting: dict[UUID | None, int] = {}
    with connection.cursor() as cursor:
        cursor.execute(WAITING, {"demo": settings.ANLAN.mode == "demo"})
        for carrier_id, _channel, number, _oldest in cursor.fetchall():
            waiting[carrier_id] = waiting.get(carrier_id, 0) + int(number)
        cursor.execute(DONE, [since])
        done = {row[0]: row[1:] for row in cursor.fetchall()}
    nothing = (0, 0, Decimal(0))
    return [Doing(one, waiting.get(one.pk, 0), *done.get(one.pk, nothing)) for one in carriers]


def list_unserved(ctx: Context) -> list[tuple[str, int, datetime]]:
    """What waits and no carrier may have: channel, number, since when."""
    require(ctx, READ)
    with connection.cursor() as cursor:
        cursor.execute(WAITING, {"demo": settings.ANLAN.mode == "demo"})
        return [(row[1], int(row[2]), row[3]) for row in cursor.fetchall() if row[0] is None]


def count_to_go_out() -> dict[str, int]:
    """What a held node would send on its release, by channel."""
    found = Delivery.unscoped.filter(state__lte=DeliveryState.LEASED).values_list("channel")
    return dict(found.annotate(number=Count("pk")).order_by("channel"))


def list_permits(ctx: Context, carrier: Carrier) -> QuerySet[CarrierPermit]:
    """To whom a real carrier is open now; whoever may read the carrier."""
    get_carrier(ctx, carrier.pk)
    return carrier.permits.filter(closed_at=None).select_related("exercise", "opened_by").order_by("pk")


def list_deliveries(ctx: Context, *, before: tuple[datetime, UUID] | None = None) -> QuerySet[Delivery]:
    """The latest first; those before one of that time and id."""
    found = visible(ctx, Delivery, READ).select_related("unit", "person", "carrier", "wording")
    if before:
        at, key = before
        found = found.filter(Q(queued_at__lt=at) | Q(queued_at=at, pk__lt=key), queued_at__lte=at)
    return found.order_by("-queued_at", "-id")


def get_delivery(ctx: Context, delivery_id: UUID) -> Delivery:
    found = list_deliveries(ctx).filter(pk=delivery_id).first()
    if found is None:
        raise NotFound
    return found


def list_replies(ctx: Context, delivery: Delivery) -> QuerySet[Reply]:
    """What came back to one delivery, the oldest first."""
    return visible(ctx, Reply, READ).filter(delivery=delivery).order_by("received_at", "pk")


def list_unmatched(ctx: Context, capability: str = READ) -> QuerySet[Reply]:
    """Replies that answer nothing we know of and that nobody has looked at yet, the oldest first."""
    found = visible(ctx, Reply, capability).filter(delivery=None, settled_at=None)
    return found.select_related("carrier", "unit").order_by("received_at", "pk")


def list_steps(use: str, keys: Collection[str]) -> list[Step]:
    """How far each key has come by each channel; whoever orders deliveries knows who may see that."""
    found = Delivery.unscoped.filter(use=use, key__in=keys).values("key", "channel")
    times = ("queued_at", "handed_at", "delivered_at", "heard_at", "answered_at")
    rows = found.annotate(Max("state"), *(Min(name) for name in times)).order_by("key", "channel")
    columns = ("key", "channel", "state__max", *(f"{name}__min" for name in times))
    return [
        Step(key, channel, DeliveryState(best), *moments)
        for key, channel, best, *moments in rows.values_list(*columns)
    ]


def list_ordered(
    use: str, keys: Collection[str] | QuerySet[Any, Any], *, channel: str = "", outcome: str = ""
) -> QuerySet[Delivery]:
    """All that was ordered for these keys, in order; whoever orders deliveries knows who may see that.

    outcome  of OUTCOMES; blank: any
    """
    found = Delivery.unscoped.filter(use=use, key__in=keys)
    if channel:
        found = found.filter(channel=channel)
    if outcome:
        found = found.filter(OUTCOMES[outcome])
    return found.select_related("carrier", "person", "unit").order_by("queued_at", "pk")


def list_open_to_reply(carrier: Carrier, numbers: Collection[str], since: datetime) -> list[Delivery]:
    """What these numbers were sent by a carrier to be answered by a digit, the latest first.

    What the carrier took without our hearing of it counts, too: it stays that carrier's, and waits to be handed over again.

    since  real time, and so it is asked of `due_at`: the other times of an exercise's deliveries are those of its clock
    """
    found = Delivery.unscoped.filter(carrier=carrier, number__in=numbers, reply__isnull=False)
    return list(found.filter(due_at__gte=since).select_related("wording").order_by("-due_at", "-id"))


def list_to_call_off(carrier_id: UUID, now: datetime, most: int) -> list[UUID]:
    """Calls that nobody needs any more and that the carrier may have."""
    found = Delivery.unscoped.filter(carrier=carrier_id, state=DeliveryState.WITHDRAWN, ended_at=None)
    may_be_there = found.filter(Q(handed_at__isnull=False) | Q(due_at__lte=now))
    return list(may_be_there.order_by("queued_at").values_list("pk", flat=True)[:most])


def get_context(ctx: Context, exercise_id: int | None, powers: Collection[str] = ()) -> Context:
    """The node's own, in an exercise or in real life, with these powers or the given context's.

    A batch from a carrier may tell of both.
    """
    exercise = Exercise.objects.select_related("clock").get(pk=exercise_id) if exercise_id else None
    return Context(None, exercise, cause_id=ctx.cause_id, powers=frozenset(powers) or ctx.powers)
