"""What is stuck, and the acts that set it going again or give it up: entries at a handler, timers, background jobs.

Each piece has a sort and a key: ("handler", "12"), ("timer", "message.ladder.step:77"), ("job", "3"). A timer is called by
what it does and not by its number, which changes with each attempt.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from django.db import connection
from django.db.models import Count, IntegerField, Max, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from anlan.kernel import events, handlers, rooms, subjects
from anlan.kernel.act import act
from anlan.kernel.clock import real_now
from anlan.kernel.errors import NotFound, StateConflict
from anlan.kernel.events import PrivateText, event
from anlan.kernel.models import Due, Parked
from anlan.kernel.relays import wake_next
from anlan.kernel.scope import require

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import Model, QuerySet

    from anlan.kernel.context import Context
    from anlan.kernel.subjects import Shown

MEND = "kernel.journal.mend"
MOST = 100  # of each sort on the page: what matters then is the first of them
FAILED = "failed"


@event("kernel.stuck.retried", _("重试受阻的处理"))
@dataclass(frozen=True)
class StuckRetried:
    sort: str
    name: str


@event("kernel.stuck.dropped", _("放弃受阻的处理"))
@dataclass(frozen=True)
class StuckDropped:
    """what  the number of the entry, the key of the timer or the number of the job that will not be worked on."""

    sort: str
    name: str
    what: str
    reason: PrivateText


@dataclass(frozen=True)
class Stuck:
    """One thing that does not go on.

    name      of the handler, timer or job
    entry_id  the journal entry that a handler could not take, with what it is called and what it is about
    behind    how many entries of the same record wait behind it
    error     why the last attempt failed; blank where only the log knows
    is_gone   no program does this work any more: it can only be given up
    """

    sort: str
    key: str
    name: str
    since: datetime | None
    again_at: datetime | None
    attempts: int
    error: str
    entry_id: int | None = None
    label: str = ""
    about: Shown | None = None
    behind: int = 0
    is_gone: bool = False


# --- reads --------------------------------------------------------------------------------------------------------


def list_entries(ctx: Context) -> list[Stuck]:
    """Entries that a handler could not take, each the first of its record; what waits behind is counted."""
    require(ctx, MEND)
    rows = list(_heads().select_related("entry").annotate(behind=_behind()).order_by("entry_id")[:MOST])
    known = _handlers()
    about = subjects.describe(ctx, ((row.subject_kind, row.subject) for row in rows if row.subject))
    return [
        Stuck(
            "handler",
            str(row.pk),
            row.handler,
            row.entry.recorded_at,
            row.again_at,
            row.attempts,
            row.error,
            row.entry_id,
            events.label_of(row.entry.event),
            about.get((row.subject_kind, row.subject)),
            row.behind,
            row.handler not in known,
        )
        for row in rows
    ]


def list_timers(ctx: Context) -> list[Stuck]:
    """Timers that failed at least once; they are tried on and on."""
    require(ctx, MEND)
    rows = Due.objects.filter(attempts__gt=0).order_by("id")[:MOST]
    return [
        Stuck("timer", f"{row.kind}:{row.key}", row.kind, None, row.at, row.attempts, row.error)
        for row in rows
    ]


def list_jobs(ctx: Context) -> list[Stuck]:
    """Background jobs that failed for good; nobody tries them again by himself."""
    require(ctx, MEND)
    failed = ProcrastinateJob.objects.filter(status=FAILED)
    ended = Max("procrastinateevent__at", filter=Q(procrastinateevent__type=FAILED))
    rows = failed.annotate(since=ended).order_by("id")[:MOST]
    return [Stuck("job", str(row.pk), row.task_name, row.since, None, row.attempts, "") for row in rows]


def get_stuck(ctx: Context, sort: str, key: str) -> Stuck:
    """One of them; raises NotFound for what goes on by now."""
    lists = {"handler": list_entries, "timer": list_timers, "job": list_jobs}
    found = next((one for one in lists[sort](ctx) if one.key == key), None) if sort in lists else None
    if found is None:
        raise NotFound
    return found


@cache
def _handlers() -> frozenset[str]:
    """Every handler that the relays know: a page process has loaded only what its pages need."""
    for room in rooms.find():
        room.part("handlers")
    return handlers.names()


def _heads() -> QuerySet[Parked]:
    return Parked.objects.filter(attempts__gt=0)


def _behind() -> Coalesce:
    same = {name: OuterRef(name) for name in ("handler", "subject_kind", "subject")}
    later = Parked.objects.filter(**same, entry_id__gt=OuterRef("entry_id")).order_by()
    counted = later.values("handler").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


# --- acts ---------------------------------------------------------------------------------------------------------


@act(MEND)
def retry_stuck(ctx: Context, sort: str, key: str) -> None:
    """Have it tried at once, rather than after its pause.

    raises  StateConflict where it goes on already, or somebody gave it up
    """
    found = _lock(sort, key)
    if isinstance(found, Parked):
        Parked.objects.filter(pk=found.pk).update(again_at=real_now())
    elif isinstance(found, Due):
        _fire_now(found)
    else:
        app.job_manager.retry_job_by_id(job_id=found.pk, retry_at=real_now())
    ctx.journal(StuckRetried(sort, _name_of(found)), found)


@act(MEND)
def drop_stuck(ctx: Context, sort: str, key: str, *, reason: str) -> None:
    """Give it up: it will not be worked on; the entries behind go on at once.

    raises  StateConflict where it goes on already, or somebody was faster
    """
    found = _lock(sort, key)
    what = str(found.entry_id) if isinstance(found, Parked) else key
    ctx.journal(StuckDropped(sort, _name_of(found), what, PrivateText(reason)), found)
    if isinstance(found, Parked):
        Parked.objects.filter(pk=found.pk).delete()
        wake_next(found)
    elif isinstance(found, Due):
        Due.objects.filter(pk=found.pk).delete()
    else:
        _cancel(found)


def _lock(sort: str, key: str) -> Parked | Due | ProcrastinateJob:
    """What is stuck, locked; who works on it just now is waited for, and it may be gone then."""
    number = int(key) if key.isdecimal() and len(key) < 19 else 0
    rows: dict[str, QuerySet[Model]] = {
        "handler": _heads().filter(pk=number),
        "timer": Due.objects.filter(attempts__gt=0, kind=key.partition(":")[0], key=key.partition(":")[2]),
        "job": ProcrastinateJob.objects.filter(status=FAILED, pk=number),
    }
    if sort not in rows:
        raise NotFound
    found = rows[sort].select_for_update().first()
    if found is None:
        raise StateConflict
    return found  # type: ignore[return-value]  # one of the three


def _name_of(found: Parked | Due | ProcrastinateJob) -> str:
    if isinstance(found, Parked):
        return found.handler
    return found.kind if isinstance(found, Due) else found.task_name


def _fire_now(due: Due) -> None:
    """Its time is domain time, which the database knows for its clock."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE kernel_due SET at = domain_now(clock_id) WHERE id = %s", [due.pk])


def _cancel(job: ProcrastinateJob) -> None:
    """The library cancels only what waits; one that failed stays as a record that it was given up."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'cancelled' WHERE id = %s", [job.pk])
