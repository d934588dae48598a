"""The journal as auditors read it: searched within scope, one entry with its causes, effects, proofs and changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import CharField, Q
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from anlan.kernel import events, history, subjects, tasks, verify
from anlan.kernel.act import act
from anlan.kernel.anchors import anchorage
from anlan.kernel.errors import DomainError, NotFound
from anlan.kernel.events import event
from anlan.kernel.journal import hash_of
from anlan.kernel.models import Entry, Exercise, LongTask, Record, RowChange, Seal, Unit, Unsealed, User
from anlan.kernel.periods import end_of, start_of
from anlan.kernel.scope import require, visible
from anlan.kernel.timeline import keys_of, notes_of, who

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    from django.db.models import QuerySet

    from anlan.kernel.anchors import Anchor
    from anlan.kernel.context import Context
    from anlan.kernel.history import Change
    from anlan.kernel.subjects import Shown

READ = "kernel.journal.read"
REAL = "real"  # in the filter by exercise: what belongs to none
MOST_UNITS = 20  # that one search word may mean
MOST_CAUSES, MOST_EFFECTS, MOST_CHANGES = 20, 50, 50
# Numbers are drawn before commit, so they follow the time of recording not to the moment; by how much at most.
LAG = timedelta(hours=1)
SEALS_LOOKED_AT = 20_000


@dataclass(frozen=True)
class Search:
    """What an auditor looks for; blank fields ask for nothing.

    since, until  days of recording, both included
    actor         log-in name, or part of a name: of who acted, or whose account it happened to
    key           of the record; with its kind
    unit          code, or part of a name: with all units below
    exercise      number of an exercise, or REAL
    """

    since: date | None = None
    until: date | None = None
    event: str = ""
    actor: str = ""
    kind: str = ""
    key: str = ""
    unit: str = ""
    exercise: str = ""


@dataclass(frozen=True)
class Row:
    """One entry in a list: `about` is blank where the auditor may not meet the record, `count` tells how many a bulk act had."""

    entry: Entry
    label: str
    who: str
    term: str
    about: Shown
    count: int
    unit: str
    exercise: str


@dataclass(frozen=True)
class Note:
    """A private text of an entry; text None: destroyed. `proved`: its salted hash is the one in the entry."""

    field: str
    text: str | None
    proved: bool


# --- search -------------------------------------------------------------------------------------------------------


def list_entries(ctx: Context, search: Search, *, before: int | None = None) -> QuerySet[Entry]:
    """Entries of the auditor's units, and those of none, newest first; in an exercise that exercise's only.

    before  number of an entry: only older ones
    """
    found = _in_scope(ctx).filter(_when(search), _what(search))
    if search.unit:
        found = found.filter(unit_id__in=_units_called(ctx, search.unit))
    if search.exercise:
        wanted = None if search.exercise == REAL else search.exercise
        found = found.filter(exercise_id=wanted)
    if before is not None:
        found = found.filter(pk__lt=before)
    return found.select_related("actor").order_by("-id")


def _in_scope(ctx: Context) -> QuerySet[Entry]:
    require(ctx, READ)
    mine = Q(unit_id__in=visible(ctx, Unit, READ).values("pk")) | Q(unit_id=None)
    found = Entry.objects.filter(mine)
    return found.filter(exercise_id=ctx.exercise.pk) if ctx.exercise else found


def _what(search: Search) -> Q:
    wanted = Q()
    if search.event:
        wanted &= Q(event=search.event)
    if search.actor:
        called = User.objects.filter(Q(username=search.actor) | Q(display_name__icontains=search.actor))
        about = Q(subject_kind=User._meta.label_lower, subject__in=called.values(key=Cast("pk", CharField())))
        wanted &= Q(actor_id__in=called.values("pk")) | about
    if search.kind:
        wanted &= Q(subject_kind=search.kind)
    if search.key:
        wanted &= Q(subject=search.key) | Q(subject="", data__subjects__has_any_keys=[search.key])
    return wanted


def _when(search: Search) -> Q:
    """By the time of recording; the numbers are bounded too, so that nothing older than asked for is read."""
    wanted = Q()
    if search.since:
        since = start_of(search.since)
        wanted &= Q(recorded_at__gte=since, pk__gte=_number_at("kernel_entry", since - LAG))
    if search.until:
        until = end_of(search.until)
        wanted &= Q(recorded_at__lt=until, pk__lt=_number_at("kernel_entry", until + LAG))
    return wanted


def _units_called(ctx: Context, words: str) -> QuerySet[Any]:
    mine = visible(ctx, Unit, READ)
    named = mine.filter(Q(code=words) | Q(name__icontains=words)).order_by("path")
    paths = list(named.values_list("path", flat=True)[:MOST_UNITS])
    below = reduce(or_, (Q(path__startswith=path) for path in paths), Q(pk__in=[]))
    return mine.filter(below).values("pk")


# Halves the numbers until the first one recorded at that moment is found: a few dozen look-ups by key, no index on time.
PROBE = """
WITH RECURSIVE probe (low, high) AS (
  SELECT coalesce(min({key}), 0), coalesce(max({key}), 0) + 1 FROM {table}
  UNION ALL
  SELECT CASE WHEN met.at < %(moment)s THEN least(met.key + 1, high) ELSE low END,
         CASE WHEN met.at < %(moment)s THEN high ELSE (low + high) / 2 END
  FROM probe CROSS JOIN LATERAL (
    SELECT {key} AS key, {at} AS at FROM {table} WHERE {key} >= (low + high) / 2 ORDER BY {key} LIMIT 1) AS met
  WHERE low < high
)
SELECT max(low) FROM probe
"""
PROBES = {
    "kernel_entry": PROBE.format(table="kernel_entry", key="id", at="recorded_at"),
    "kernel_seal": PROBE.format(table="kernel_seal", key="number", at="sealed_at"),
}


def _number_at(table: str, moment: datetime) -> int:
    """The number from which on rows were written at that moment or later."""
    with connection.cursor() as cursor:
        cursor.execute(PROBES[table], {"moment": moment})
        return int(cursor.fetchone()[0])


def show(ctx: Context, entries: Sequence[Entry]) -> list[Row]:
    """Entries for people: what, who, about what, in which unit and exercise; a query or two for all of them."""
    about = subjects.describe(ctx, ((one.subject_kind, one.subject) for one in entries if one.subject))
    unit_ids = {one.unit_id for one in entries} - {None}
    units = visible(ctx, Unit, READ).in_bulk(unit_ids) if unit_ids else {}
    drills = {one.exercise_id for one in entries} - {None}
    exercises = Exercise.objects.in_bulk(drills) if drills else {}
    return [
        Row(
            one,
            events.label_of(one.event),
            who(one),
            term_of(one.subject_kind),
            about.get((one.subject_kind, one.subject), subjects.Shown()),
            len(keys_of(one)),
            str(units.get(one.unit_id, "")),
            str(exercises.get(one.exercise_id, "")),
        )
        for one in entries
    ]


def term_of(kind: str) -> str:
    """What a kind is called; its bare code where no room declares it any more."""
    try:
        return subjects.term_of(kind)
    except LookupError:
        return kind


def list_kinds(ctx: Context) -> list[str]:
    """The kinds of record that the journal tells of; skips from one to the next in the index."""
    require(ctx, READ)
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH RECURSIVE kind (name) AS ("
            " SELECT min(subject_kind) FROM kernel_entry UNION ALL"
            " SELECT (SELECT min(subject_kind) FROM kernel_entry WHERE subject_kind > name) FROM kind WHERE name IS NOT NULL"
            ") SELECT name FROM kind WHERE name IS NOT NULL"
        )
        return [name for (name,) in cursor.fetchall()]


def list_exercises(ctx: Context) -> list[Exercise]:
    """The latest exercises, to choose from."""
    require(ctx, READ)
    return list(Exercise.objects.order_by("-id")[:50])


# --- one entry ----------------------------------------------------------------------------------------------------


def get_entry(ctx: Context, entry_id: int) -> Entry:
    entry = _in_scope(ctx).filter(pk=entry_id).select_related("actor").first()
    if entry is None:
        raise NotFound
    return entry


def list_causes(ctx: Context, entry: Entry) -> list[Entry]:
    """What led to an entry, the first cause first, as far as it lies within scope."""
    if entry.cause_id is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH RECURSIVE up (id, cause_id, depth) AS ("
            " SELECT id, cause_id, 1 FROM kernel_entry WHERE id = %s UNION ALL"
            " SELECT e.id, e.cause_id, depth + 1 FROM kernel_entry e JOIN up ON e.id = up.cause_id WHERE depth < %s"
            ") SELECT id FROM up",
            [entry.cause_id, MOST_CAUSES],
        )
        numbers = [number for (number,) in cursor.fetchall()]
    return list(_in_scope(ctx).filter(pk__in=numbers).select_related("actor").order_by("id"))


def list_effects(ctx: Context, entry: Entry) -> list[Entry]:
    """What an entry led to, and what else was written in the same act."""
    wanted = Q(cause_id=entry.pk) | Q(act=entry.act)
    found = _in_scope(ctx).filter(wanted).exclude(pk=entry.pk)
    return list(found.select_related("actor").order_by("id")[:MOST_EFFECTS])


def list_notes(ctx: Context, entry: Entry) -> list[Note]:
    """The private texts of an entry that one may read, each with its proof; the destroyed ones too."""
    require(ctx, READ)
    kept = {note.field: note for note in notes_of([entry])[entry.pk]}
    found = []
    for field, digest in private_fields(entry).items():
        note = kept.get(field)
        proved = note is not None and hash_of(bytes(note.salt), note.text) == digest
        found.append(Note(field, note.text if note else None, proved))
    return found


def private_fields(entry: Entry) -> dict[str, str]:
    """The fields of an entry that hold the hash of a private text only."""
    return {
        name: value["sha256"]
        for name, value in entry.data.items()
        if isinstance(value, dict) and value.keys() == {"sha256"}
    }


def list_changes(ctx: Context, entry: Entry) -> list[Change]:
    """The rows that the entry's act changed, of the auditor's units and of none."""
    require(ctx, READ)
    rows = list(RowChange.objects.filter(act=entry.act).order_by("id")[:MOST_CHANGES])
    inside = [row for table in dict.fromkeys(row.table for row in rows) for row in _inside(ctx, table, rows)]
    return history.show_changes(ctx, inside, {entry.act: entry})


def _inside(ctx: Context, table: str, rows: Iterable[RowChange]) -> list[RowChange]:
    """The changes of one table whose records belong to the auditor's units; a row that is gone tells its unit itself."""
    of_table = [row for row in rows if row.table == table]
    model = next((m for m in history.tracked() if m._meta.db_table == table), None)
    if model is None or not issubclass(model, Record | Unit):
        return of_table
    mine = visible(ctx, Unit, READ)
    unit_of = "pk" if issubclass(model, Unit) else "unit_id"
    alive = model.unscoped.filter(pk__in=[row.row for row in of_table if row.after is not None])
    seen = {
        str(pk) for pk in alive.filter(**{f"{unit_of}__in": mine.values("pk")}).values_list("pk", flat=True)
    }
    gone = {row.row: row.before.get("unit_id") for row in of_table if row.after is None}
    units = (
        set(mine.filter(pk__in=set(gone.values()) - {None}).values_list("pk", flat=True)) if gone else set()
    )
    return [row for row in of_table if row.row in seen or gone.get(row.row) in units]


def find_seal(ctx: Context, entry: Entry) -> Seal | None:
    """The seal that holds an entry; None while it waits, or where no seal of the time after it does."""
    require(ctx, READ)
    first = _number_at("kernel_seal", entry.recorded_at - LAG)
    near = Seal.objects.filter(number__gte=first, number__lt=first + SEALS_LOOKED_AT)
    return (
        near.filter(entry_ids__contains=[entry.pk]).defer("digests", "entry_ids").order_by("number").first()
    )


def is_waiting_for_seal(entry: Entry) -> bool:
    return Unsealed.objects.filter(pk=entry.pk).exists()


def last_seal(ctx: Context) -> Seal | None:
    require(ctx, READ)
    return Seal.objects.defer("digests", "entry_ids").order_by("-number").first()


def count_unsealed(ctx: Context) -> int:
    require(ctx, READ)
    return Unsealed.objects.count()


# --- verification -------------------------------------------------------------------------------------------------

VERIFY = "kernel.journal.verify"
TOLD = 100  # findings that a page shows; the command tells all


@event("kernel.journal.verification_asked", _("发起留痕核验"))
@dataclass(frozen=True)
class VerificationAsked:
    pass


@act(READ)
def start_verification(ctx: Context) -> LongTask:
    """Have the whole journal verified in the background, for who asks; it takes its time.

    raises  DomainError `verification_running` while one is under way, whoever asked for it
    """
    with connection.cursor() as cursor:  # two who ask at the same moment
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [VERIFY])
    if find_running_verification(ctx) is not None:
        raise DomainError("verification_running")
    task = tasks.start(ctx, VERIFY, {})
    ctx.journal(VerificationAsked(), task)
    return task


def verify_journal(ctx: Context, progress: tasks.Progress) -> dict[str, Any]:
    """Compare every entry with its seal, every seal with the one before and with its anchors; the work of that task."""
    require(ctx, READ)

    def tell(done: int, total: int) -> None:
        progress.total(total)
        progress.step(done - progress.done)

    report = verify.run(tell)
    return {
        "entries": report.entries,
        "seals": report.seals,
        "found": report.found,
        "findings": [str(finding) for finding in report.findings[:TOLD]],
        "url": reverse("journal_verification"),
    }


def find_running_verification(ctx: Context) -> LongTask | None:
    """The one that is under way or waits for its turn, whoever asked for it."""
    require(ctx, READ)
    running = LongTask.objects.filter(kind=VERIFY, state__in=tasks.UNFINISHED)
    return running.select_related("asked_by").order_by("id").first()


def last_verification(ctx: Context) -> LongTask | None:
    """The one that is under way; else the latest that one asked for oneself."""
    if running := find_running_verification(ctx):
        return running
    return LongTask.objects.filter(kind=VERIFY, asked_by=ctx.actor).order_by("-id").first()


def last_anchor(ctx: Context) -> Anchor | None:
    """What was last written outside the database."""
    require(ctx, READ)
    return next((anchor for _line, anchor in reversed(list(anchorage().anchors())) if anchor), None)
