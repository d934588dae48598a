"""Reads of obligations: what I owe, what a unit or a subtree owes, what is late, how many where; always within scope.

Lists run in the order of their clock (due time, or when it ended) and are paged by it, so that a page costs the same at
any depth. What is due at 24:00 of a day belongs to that day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import Count, DateTimeField, F, Func, IntegerField, Q, Value

from anlan.kernel import periods
from anlan.kernel.errors import NotFound
from anlan.kernel.models import Entry, Escalation, Holiday, Obligation, Role, Rule, Unit
from anlan.kernel.scope import visible
from anlan.kernel.steps import steps_of, unit_told
from anlan.kernel.terms import ObligationState, Rung, Standing, Whose

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import date

    from django.db.models import QuerySet

    from anlan.kernel.context import Context

READ, FULFIL = "kernel.obligation.read", "kernel.obligation.fulfil"
ROWS = 50
MOST_PARTS = 500  # units below one unit that a page shows
EPOCH, TICK = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


@dataclass(frozen=True)
class Wanted:
    """Which obligations.

    state    of those that have ended; blank: any
    rule     code, whatever the version
    unit     with all below it
    kind     of the records they are about
    about    the key of one such record
    day      on which they are due
    """

    whose: Whose = Whose.SUBTREE
    standing: Standing = Standing.OPEN
    state: str = ""
    rule: str = ""
    unit: Unit | None = None
    kind: str = ""
    about: str = ""
    day: date | None = None

    @property
    def clock(self) -> str:
        """The field by which they are listed."""
        return "ended_at" if self.standing == Standing.ENDED else "due_at"


class Slice(NamedTuple):
    """Some rows of a list, and the marks that the slices before and after it begin at; blank: there is none."""

    rows: list[Obligation]
    before: str
    after: str


class Tally(NamedTuple):
    """How many are open; of these over, and due today."""

    open: int
    overdue: int
    today: int


@dataclass(frozen=True)
class Part:
    """How a unit stands with all below it; `itself`: the unit alone, whose parts the others are."""

    unit_id: int
    name: str
    itself: bool
    open: int
    overdue: int
    today: int
    in_time: int
    late: int
    oldest_at: datetime | None

    @property
    def done(self) -> int:
        return self.in_time + self.late


@dataclass(frozen=True)
class Stop:
    """One stop on an obligation's way: a reminder or rung, when it is (or was) taken, and which unit is told."""

    at: datetime
    rung: Rung
    unit: str
    taken: bool


# --- lists --------------------------------------------------------------------------------------------------------


def list_obligations(
    ctx: Context, wanted: Wanted, *, after: str = "", before: str = "", rows: int = ROWS
) -> Slice:
    """One slice in the order of the clock: the most urgent first, of those that ended the latest first.

    after, before  a mark of another slice; one that cannot be read counts as none
    """
    start = _read_mark(after) or _read_mark(before)
    backwards = bool(start) and not _read_mark(after)
    upward = (wanted.standing != Standing.ENDED) != backwards
    found = _matching(ctx, wanted).order_by(
        *(f"{'' if upward else '-'}{name}" for name in (wanted.clock, "id"))
    )
    if start:
        found = found.filter(_beyond(wanted.clock, *start, upward=upward))
    got = list(found.select_related("rule", "unit")[: rows + 1])
    more, got = len(got) > rows, got[:rows]
    if backwards:
        got.reverse()
    if not got:
        return Slice([], "", "")
    earlier = more if backwards else bool(start)
    later = more or backwards
    return Slice(
        got,
        _mark(got[0], wanted.clock) if earlier else "",
        _mark(got[-1], wanted.clock) if later else "",
    )


def iter_obligations(ctx: Context, wanted: Wanted, *, most: int, chunk: int) -> Iterator[list[Obligation]]:
    """The whole list in chunks, for exports; no more than `most` rows, no cursor held open between them."""
    after, left = "", most
    while left > 0:
        rows, _before, after = list_obligations(ctx, wanted, after=after, rows=min(chunk, left))
        if rows:
            yield rows
        left -= len(rows)
        if not after:
            return


def list_by_ids(ctx: Context, ids: Collection[int], capability: str) -> list[Obligation]:
    """These obligations, the most urgent first; raises NotFound unless all lie within scope."""
    rows = visible(ctx, Obligation, capability).filter(pk__in=ids).select_related("rule", "unit")
    found = list(rows.order_by("due_at", "pk"))
    if not ids or len(found) != len(set(ids)):
        raise NotFound
    return found


def count_mine(ctx: Context) -> Tally:
    """How much I owe."""
    now = ctx.now()
    tonight = periods.end_of(periods.local_date(now))
    counted = _matching(ctx, Wanted(Whose.MINE)).aggregate(
        open=Count("pk"),
        overdue=Count("pk", filter=Q(due_at__lt=now)),
        today=Count("pk", filter=Q(due_at__gte=now, due_at__lte=tonight)),
    )
    return Tally(**counted)


def _matching(ctx: Context, wanted: Wanted) -> QuerySet[Obligation]:
    found = visible(ctx, Obligation, READ).filter(_of_whom(ctx, wanted.whose), _standing(ctx, wanted))
    if wanted.rule:
        # By numbers: only then do the statistics tell whether it is rare.
        versions = list(Rule.objects.filter(code=wanted.rule).values_list("pk", flat=True))
        found = found.filter(rule_id__in=versions)
    if wanted.unit:
        found = found.filter(unit__path__startswith=wanted.unit.path)
    if wanted.kind:
        found = found.filter(subject_kind=wanted.kind)
    if wanted.kind and wanted.about:
        found = found.filter(subject=wanted.about)
    if wanted.day:
        found = found.filter(due_at__gt=periods.start_of(wanted.day), due_at__lte=periods.end_of(wanted.day))
    return found


def _of_whom(ctx: Context, whose: Whose) -> Q:
    if whose == Whose.SUBTREE:
        return Q()
    if whose == Whose.UNIT:
        return Q(unit_id__in={unit_id for unit_id, _post in _postings(ctx, READ)})
    mine = Q(pk__in=[])
    posts: dict[int, list[str]] = {}
    for unit_id, post in _postings(ctx, FULFIL):
        posts.setdefault(unit_id, [""]).append(post)
    for unit_id, codes in posts.items():
        mine |= Q(unit_id=unit_id, post__in=codes)
    return mine


def _postings(ctx: Context, capability: str) -> list[tuple[int, str]]:
    """The units at the top of what the actor's grants of a capability reach, each with the code of his role there."""
    return [
        (int(path.split(".")[-2]), by.code)
        for by in ctx.postings
        if capability in by.capabilities and ctx.posting_id in {None, by.id}
        for path in by.paths
    ]


def _standing(ctx: Context, wanted: Wanted) -> Q:
    now = ctx.now()
    if wanted.standing == Standing.PAUSED:
        return Q(state=ObligationState.PAUSED)
    if wanted.standing == Standing.ENDED:
        ended = Q(ended_at__isnull=False) & ~Q(state=ObligationState.OPEN)
        return ended & Q(state=wanted.state) if wanted.state else ended
    still = Q(state=ObligationState.OPEN)
    if wanted.standing == Standing.OVERDUE:
        return still & Q(due_at__lt=now)
    if wanted.standing == Standing.TODAY:
        return still & Q(due_at__gte=now, due_at__lte=periods.end_of(periods.local_date(now)))
    return still


def _beyond(field: str, at: datetime, pk: int, *, upward: bool) -> Q:
    """Rows behind a mark; the first condition alone is what the index is entered by."""
    than = "gt" if upward else "lt"
    return Q(**{f"{field}__{than}e": at}) & (Q(**{f"{field}__{than}": at}) | Q(**{f"id__{than}": pk}))


def _mark(row: Obligation, field: str) -> str:
    return f"{(getattr(row, field) - EPOCH) // TICK}-{row.pk}"


def _read_mark(text: str) -> tuple[datetime, int] | None:
    ticks, _dash, pk = text.partition("-")
    if not (ticks.isdecimal() and pk.isdecimal() and len(ticks) < 18 and len(pk) < 19):
        return None
    return EPOCH + int(ticks) * TICK, int(pk)


# --- how many where -----------------------------------------------------------------------------------------------

# Obligations are counted by the part of the tree that they lie in before anything is joined to a name.
PARTS = """
WITH below AS (
  SELECT id, coalesce(nullif(split_part(path, '.', %(depth)s), '')::bigint, id) AS part
  FROM kernel_unit WHERE path LIKE %(under)s
), owed AS (
  SELECT below.part, count(*) AS open, count(*) FILTER (WHERE o.due_at < %(now)s) AS overdue,
         count(*) FILTER (WHERE o.due_at >= %(now)s AND o.due_at <= %(tonight)s) AS today, min(o.due_at) AS oldest_at
  FROM kernel_obligation o JOIN below ON below.id = o.unit_id
  WHERE o.state = 'open' AND {exercise}
  GROUP BY below.part
), done AS (
  SELECT below.part, count(*) FILTER (WHERE o.ended_at <= o.due_at) AS in_time,
         count(*) FILTER (WHERE o.ended_at > o.due_at) AS late
  FROM kernel_obligation o JOIN below ON below.id = o.unit_id
  WHERE o.state = 'fulfilled' AND NOT o.state = 'open' AND o.ended_at >= %(first)s AND o.ended_at < %(last)s
    AND {exercise}
  GROUP BY below.part
)
SELECT part.id, part.name, part.id = %(unit)s, coalesce(open, 0), coalesce(overdue, 0), coalesce(today, 0),
       coalesce(in_time, 0), coalesce(late, 0), oldest_at
FROM kernel_unit part LEFT JOIN owed ON owed.part = part.id LEFT JOIN done ON done.part = part.id
WHERE part.parent_id = %(unit)s OR part.id = %(unit)s
ORDER BY coalesce(overdue, 0) DESC, coalesce(open, 0) DESC, part.path
LIMIT %(most)s
"""


def list_parts(ctx: Context, unit: Unit, month: date) -> list[Part]:
    """A unit itself and each one directly below it with all below that: the most overdue first.

    month  its first day; what was done is counted within it
    unit   within the reader's scope, from `get_unit`
    """
    now = ctx.now()
    values: dict[str, Any] = {
        "unit": unit.pk,
        "under": f"{unit.path}%",
        "depth": unit.path.count(".") + 1,
        "now": now,
        "tonight": periods.end_of(periods.local_date(now)),
        "first": periods.start_of(month),
        "last": periods.start_of(next_month(month)),
        "exercise": ctx.exercise.pk if ctx.exercise else None,
        "most": MOST_PARTS,
    }
    # Written out, since an index is of no use for IS NOT DISTINCT FROM.
    exercise = "o.exercise_id = %(exercise)s" if ctx.exercise else "o.exercise_id IS NULL"
    with connection.cursor() as cursor:
        cursor.execute(PARTS.format(exercise=exercise), values)
        return [Part(*row) for row in cursor.fetchall()]


def count_by_day(ctx: Context, wanted: Wanted, month: date) -> dict[date, Tally]:
    """How many open ones are due on each day of a month (its first day); days without any are left out."""
    now = ctx.now()
    tonight = periods.end_of(periods.local_date(now))
    due = _matching(ctx, wanted).filter(
        due_at__gt=periods.start_of(month), due_at__lte=periods.start_of(next_month(month))
    )
    # Days as numbers between their midnights: a conversion of each row's time to the zone would take twice as long.
    days = [month + timedelta(days=ahead) for ahead in range((next_month(month) - month).days)]
    midnights = Value(
        [periods.start_of(day) + TICK for day in days], output_field=ArrayField(DateTimeField())
    )
    number = Func(F("due_at"), midnights, function="width_bucket", output_field=IntegerField())
    counted = (
        due.annotate(number=number)
        .values("number")
        .order_by()
        .annotate(
            open=Count("pk"),
            overdue=Count("pk", filter=Q(due_at__lt=now)),
            today=Count("pk", filter=Q(due_at__gte=now, due_at__lte=tonight)),
        )
    )
    return {days[row["number"] - 1]: Tally(row["open"], row["overdue"], row["today"]) for row in counted}


def list_holidays(first: date, last: date) -> tuple[dict[date, Holiday], set[int]]:
    """What the calendar says of these days, and for which of their years nothing has been published yet."""
    years = {first.year, last.year}
    known = list(Holiday.objects.filter(on__year__in=years))
    unknown = years - {day.on.year for day in known}
    return {day.on: day for day in known if first <= day.on <= last}, unknown


def next_month(month: date) -> date:
    return (month.replace(day=1) + timedelta(days=31)).replace(day=1)


# --- units and rules to choose from -------------------------------------------------------------------------------


def get_unit(ctx: Context, unit_id: int) -> Unit:
    """A unit whose obligations the reader may see; else NotFound."""
    unit = visible(ctx, Unit, READ).filter(pk=unit_id).first()
    if unit is None:
        raise NotFound
    return unit


def list_roots(ctx: Context) -> list[Unit]:
    """The units at the top of what the reader may see."""
    return list(visible(ctx, Unit, READ).filter(path__in=ctx.roots(READ)).order_by("path"))


def list_rules() -> list[Rule]:
    """Every version of every rule, with the events it listens to."""
    return list(Rule.objects.prefetch_related("events").order_by("code", "region", "-from_on"))


def list_rule_names() -> dict[str, str]:
    """Names of the rules by their codes."""
    return dict(Rule.objects.order_by("code", "from_on").values_list("code", "name"))


def get_rule(rule_id: int) -> Rule:
    rule = Rule.objects.prefetch_related("events").filter(pk=rule_id).first()
    if rule is None:
        raise NotFound
    return rule


# --- one obligation -----------------------------------------------------------------------------------------------


def get_obligation(ctx: Context, obligation_id: int) -> Obligation:
    found = visible(ctx, Obligation, READ).select_related("rule", "unit", "exercise").filter(pk=obligation_id)
    obligation = found.first()
    if obligation is None:
        raise NotFound
    return obligation


def list_stops(obligation: Obligation) -> list[Stop]:
    """Its reminders and rungs in order: those taken with when and whom, the others as planned while it is running."""
    taken = list(Escalation.objects.filter(obligation=obligation).select_related("unit").order_by("step"))
    stops = [Stop(one.at, Rung(one.rung), one.unit.name, taken=True) for one in taken]
    if obligation.state in {ObligationState.OPEN, ObligationState.PAUSED}:
        ahead = list(islice(steps_of(obligation.rule), obligation.step, None))
        told = [unit_told(obligation.unit.path, step.levels_up) for step in ahead]
        names = dict(Unit.unscoped.filter(pk__in=told).values_list("pk", "name"))
        stops += [
            Stop(obligation.due_at + step.offset, step.rung, names.get(unit_id, ""), taken=False)
            for step, unit_id in zip(ahead, told, strict=True)
        ]
    return stops


def entries_of(obligation: Obligation) -> dict[int, Entry]:
    """The journal entries that opened and ended it, by their numbers."""
    numbers = [pk for pk in (obligation.opened_entry_id, obligation.ended_entry_id) if pk]
    return {entry.pk: entry for entry in Entry.objects.filter(pk__in=numbers).select_related("actor")}


def name_of_post(code: str) -> str:
    """What a post is called; its bare code where there is no such role any more."""
    return Role.objects.filter(code=code).values_list("name", flat=True).first() or code
