"""What came of callouts, for the account of what they were about: a few queries for any number of people and attempts.

All is reckoned within the reader's scope, so that each figure is as many as the lists behind it show him.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta  # noqa: TC003 - fields of named tuples
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import CharField, Q, Value
from django.db.models.functions import Cast, Concat

from anlan.kernel.models import Entry
from anlan.kernel.scope import can, require, visible
from anlan.message.callout.models import Callout, Recipient, UpperNotice
from anlan.message.callout.selectors.reading import READ
from anlan.message.callout.terms import (
    FOR_STAND_IN,
    GOING,
    KIND,
    UPPER,
    USE,
    WHOM,
    How,
    RecipientState,
    Way,
    in_a_word,
    in_words,
)
from anlan.message.channel.selectors import list_ordered
from anlan.message.errand.selectors import list_about

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from django.db.models import QuerySet

    from anlan.kernel.context import Context

POINTS = 100  # of a curve
TEXT = Cast("pk", CharField())
TURNS = ("opened", "extended", "completed", "stopped")  # the events that change what a callout is
CALLED = """
called AS (
  SELECT r.* FROM callout_recipient r JOIN kernel_unit u ON u.id = r.unit_id
  WHERE r.callout_id = ANY (%(callouts)s::uuid[]) AND u.path LIKE ANY (%(scope)s))"""
ENDS = f"""
WITH {CALLED}
SELECT callout_id, state, how, count(*)::int FROM called GROUP BY 1, 2, 3
"""  # noqa: S608 - our own words
# When the first, half, nine in ten and the last of all who were called were through, and what a curve needs between.
CURVES = f"""
WITH {CALLED}, placed AS (
  SELECT callout_id, ended_at, count(*) OVER one AS people, count(ended_at) OVER one AS done,
    row_number() OVER (PARTITION BY callout_id ORDER BY ended_at NULLS LAST, id) AS place
  FROM called WINDOW one AS (PARTITION BY callout_id))
SELECT callout_id, place::int, ended_at FROM placed
WHERE place <= done AND (place IN (1, (people + 1) / 2, (people * 9 + 9) / 10, done) OR place %% greatest(people / %(points)s, 1) = 0)
ORDER BY 1, 2
"""  # noqa: S608 - our own words
ATTEMPTS = f"""
WITH {CALLED}, asked AS (
  SELECT called.callout_id, called.state >= 2 AS is_through, %(person)s AS use, way.key
  FROM called CROSS JOIN LATERAL (VALUES (called.id::text), (called.id || %(stand_in)s)) AS way (key)
  UNION ALL
  SELECT called.callout_id, called.state >= 2, %(going)s, e.id::text
  FROM called JOIN errand_errand e ON e.about_kind = %(kind)s AND e.about = called.id::text
  UNION ALL
  SELECT n.callout_id, false, %(upper)s, n.id::text FROM callout_uppernotice n WHERE n.callout_id = ANY (%(own)s::uuid[]))
SELECT asked.callout_id, asked.use, d.channel, count(*)::int, count(d.handed_at)::int,
  count(*) FILTER (WHERE d.state >= 5)::int, count(d.heard_at)::int, count(*) FILTER (WHERE d.state = 4)::int,
  count(*) FILTER (WHERE d.state = 3)::int, count(*) FILTER (WHERE d.state = 3 AND asked.is_through)::int,
  count(*) FILTER (WHERE d.state <= 1)::int, sum(greatest(d.attempts - 1, 0))::int, sum(d.parts)::int, sum(d.cost_cny),
  min(d.handed_at), max(d.handed_at)
FROM asked JOIN channel_delivery d ON d.use = asked.use AND d.key = asked.key
GROUP BY 1, 2, 3
ORDER BY 1, array_position(ARRAY[%(person)s, %(upper)s, %(going)s], asked.use), 3
"""  # noqa: S608 - our own words
DOORS = f"""
WITH {CALLED}
SELECT called.callout_id, count(*)::int, count(*) FILTER (WHERE e.state = 'met')::int,
  count(*) FILTER (WHERE e.state = 'failed')::int, count(*) FILTER (WHERE e.state = 'withdrawn')::int,
  count(*) FILTER (WHERE e.state = 'open')::int, min(e.ordered_at), max(e.ended_at) FILTER (WHERE e.state = 'met'),
  percentile_cont(0.5) WITHIN GROUP (ORDER BY e.ended_at - e.ordered_at) FILTER (WHERE e.state = 'met')
FROM called JOIN errand_errand e ON e.about_kind = %(kind)s AND e.about = called.id::text
GROUP BY 1
"""  # noqa: S608 - our own words
RUNGS = """
SELECT e.subject::uuid, (e.data->>'ladder')::int, (e.data->>'rung')::int, min(e.at), max(e.at), sum((e.data->>'people')::int)::int,
  sum((e.data->>'deliveries')::int)::int, sum((e.data->>'errands')::int)::int, min(e.id)
FROM kernel_entry e
WHERE e.subject_kind = 'callout.callout' AND e.subject = ANY (%(keys)s) AND e.event = 'message.callout.climbed'
GROUP BY 1, 2, 3 ORDER BY 1, 4, 2, 3
"""


class Attempts(NamedTuple):
    """What was ordered for one use by one channel.

    use        who was to be reached: those called and their stand-ins, the desks above, those who go to doors
    handed     a carrier took it; what is for somebody's own page stands there at once
    reached    it arrived; of a call: it was picked up and heard, or answered
    after      of the withdrawn: he had answered, or was visited
    waiting    it has not been handed over yet
    retries    how often more than once it was handed over, or tried to be
    first_at, last_at   of the hand-overs
    """

    callout_id: UUID
    use: str
    channel: str
    ordered: int
    handed: int
    reached: int
    heard: int
    failed: int
    withdrawn: int
    after: int
    waiting: int
    retries: int
    parts: int
    cost_cny: Decimal
    first_at: datetime | None
    last_at: datetime | None

    @property
    def whom(self) -> str:
        return str(WHOM[self.use])

    @property
    def way(self) -> str:
        return str(Way(self.channel).label)


class Doors(NamedTuple):
    """The errands to doors. half: how long half of those that met somebody took at most"""

    callout_id: UUID
    sent: int
    met: int
    failed: int
    withdrawn: int
    open: int
    first_at: datetime
    last_at: datetime | None
    half: timedelta | None


class RungTimes(NamedTuple):
    """One rung as it was taken, at once for all or later for some. entry_id: of the first time, in the journal"""

    callout_id: UUID
    ladder: int
    rung: int
    first_at: datetime
    last_at: datetime
    people: int
    deliveries: int
    errands: int
    entry_id: int


@dataclass
class Course:
    """What came of one callout.

    ends     how many by state and way
    curve    when how many were through, in order
    rungs    none, where the callout is not the reader's unit's
    turns    its entries of opening, extending, completing, stopping, by event
    """

    callout: Callout
    ends: dict[tuple[int, str], int] = field(default_factory=dict)
    curve: list[tuple[datetime, int]] = field(default_factory=list)
    attempts: list[Attempts] = field(default_factory=list)
    doors: Doors | None = None
    rungs: list[RungTimes] = field(default_factory=list)
    turns: dict[str, Entry] = field(default_factory=dict)

    @property
    def people(self) -> int:
        return sum(self.ends.values())

    @property
    def done(self) -> int:
        return sum(count for (state, _how), count in self.ends.items() if state >= RecipientState.CONFIRMED)

    @property
    def open(self) -> int:
        return self.people - self.done

    @property
    def confirmed(self) -> int:
        return self._in(RecipientState.CONFIRMED)

    @property
    def visited(self) -> int:
        return self._in(RecipientState.VISITED)

    @property
    def unreachable(self) -> int:
        return self._in(RecipientState.UNREACHABLE)

    @property
    def by_way(self) -> list[tuple[How, int]]:
        """How many by each way that brought any."""
        counted = {way: sum(count for (_state, how), count in self.ends.items() if how == way) for way in How}
        return [(way, count) for way, count in counted.items() if count]

    def when(self, place: int) -> datetime | None:
        """When so many were through; None: not yet. Exact for the first, half, nine in ten and the last."""
        return next((at for at, done in self.curve if done >= place), None) if place else None

    @property
    def first_at(self) -> datetime | None:
        return self.when(1)

    @property
    def half_at(self) -> datetime | None:
        return self.when((self.people + 1) // 2)

    @property
    def ninety_at(self) -> datetime | None:
        return self.when((self.people * 9 + 9) // 10)

    @property
    def last_at(self) -> datetime | None:
        """When the last one so far was through."""
        return self.curve[-1][0] if self.curve else None

    @property
    def settled_at(self) -> datetime | None:
        """When all were; None: not all are."""
        return self.when(self.people)

    @property
    def handed_first_at(self) -> datetime | None:
        return min((one.first_at for one in self._carried if one.first_at), default=None)

    @property
    def handed_last_at(self) -> datetime | None:
        return max((one.last_at for one in self._carried if one.last_at), default=None)

    def words_of(self, one: RungTimes) -> str:
        """Whom a rung tried, and by what."""
        return in_words(self.callout.ladders[one.ladder]["rungs"][one.rung])

    def word_of(self, one: RungTimes) -> str:
        """The same in one word."""
        return in_a_word(self.callout.ladders[one.ladder]["rungs"][one.rung])

    def due_s(self, one: RungTimes) -> int:
        """How long after the beginning a rung is due."""
        return int(self.callout.ladders[one.ladder]["rungs"][one.rung]["at_s"])

    @property
    def cost_cny(self) -> Decimal:
        return sum((one.cost_cny for one in self.attempts), Decimal(0))

    @property
    def _carried(self) -> Iterator[Attempts]:
        """What a carrier took to those who were called; their own page took no time."""
        return (one for one in self.attempts if one.use == USE and one.channel != "app")

    def _in(self, state: RecipientState) -> int:
        return sum(count for (one, _how), count in self.ends.items() if one == state)


def list_courses(ctx: Context, matter: UUID) -> list[Course]:
    """What came of each callout about a matter that the reader may see, in the order in which they were opened."""
    require(ctx, READ)
    called = visible(ctx, Recipient, READ).filter(callout__matter=matter).order_by().values("callout")
    made = visible(ctx, Callout, READ).filter(matter=matter).order_by().values("pk")
    found = Callout.unscoped.filter(Q(pk__in=made) | Q(pk__in=called), exercise=ctx.exercise, matter=matter)
    courses = {one.pk: Course(one) for one in found.select_related("unit").order_by("started_at", "pk")}
    if courses:
        _fill(ctx, courses)
    return list(courses.values())


def list_deliveries_of(
    ctx: Context, callout: Callout, use: str = USE, *, channel: str = "", outcome: str = ""
) -> QuerySet[Any]:
    """What was sent to those who are called within the reader's scope, to the desks above them, or to who goes to doors.

    outcome  of terms.OUTCOMES
    """
    called = visible(ctx, Recipient, READ).filter(callout=callout).order_by()
    if outcome == "after":
        called, outcome = called.filter(state__gte=RecipientState.CONFIRMED), "withdrawn"
    keys: QuerySet[Any, Any] = called.values(text=TEXT)
    if use == UPPER:
        desks = UpperNotice.objects.filter(callout=callout).order_by().values(text=TEXT)
        keys = desks if can(ctx, READ, callout.unit) else desks.none()
    elif use == GOING:
        keys = list_about(KIND, keys).order_by().values(text=TEXT)
    else:
        keys = keys.union(called.values(text=Concat(TEXT, Value(FOR_STAND_IN))), all=True)
    return list_ordered(use, keys, channel=channel, outcome=outcome)


def _fill(ctx: Context, courses: dict[UUID, Course]) -> None:
    told = {
        "callouts": list(courses),
        "scope": [f"{root}%" for root in ctx.roots(READ)],
        "points": POINTS,
        "person": USE,
        "stand_in": FOR_STAND_IN,
        "upper": UPPER,
        "going": GOING,
        "kind": KIND,
    }
    # What is no single person's (rungs, desks above) is for those whose unit's callout it is.
    own = [key for key, course in courses.items() if can(ctx, READ, course.callout.unit)]
    for key, state, how, count in _rows(ENDS, told):
        courses[key].ends[state, how] = count
    for key, place, at in _rows(CURVES, told):
        courses[key].curve.append((at, place))
    for row in _rows(ATTEMPTS, told | {"own": own}):
        courses[row[0]].attempts.append(Attempts(*row))
    for row in _rows(DOORS, told):
        courses[row[0]].doors = Doors(*row)
    for row in _rows(RUNGS, {"keys": [str(key) for key in own]}):
        courses[row[0]].rungs.append(RungTimes(*row))
    for entry in _turns(courses):
        courses[UUID(entry.subject)].turns[entry.event.rpartition(".")[2]] = entry


def _turns(keys: Collection[UUID]) -> Sequence[Entry]:
    found = Entry.objects.filter(
        subject_kind=Callout._meta.label_lower,
        subject__in=[str(key) for key in keys],
        event__in=[f"message.callout.{turn}" for turn in TURNS],
    )
    return list(found.select_related("actor").order_by("pk"))


def _rows(sql: str, told: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, told)
        return list(cursor.fetchall())
