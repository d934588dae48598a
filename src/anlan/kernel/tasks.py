"""Long work that a person starts, watches and may cancel: an import, an export, a check of the whole journal.

A room declares it in its `jobs.py` (which every process loads), and an act of the room starts it:

    @long_task("register.import", _("导入"), figures={"rows": _("导入行数")})
    def work(ctx: Context, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
        progress.total(len(rows))
        for row in rows:
            add_row(ctx, row)
            progress.step()
        return {"rows": len(rows), "url": reverse("register_list")}

    tasks.start(ctx, "register.import", {"file": key})

A result's `stored` is the key of a stored file (files.keep): it is kept for some days, and under the result's `name` its
person, and nobody else, can download it; where the result says `guarded`, not on the strength of a password alone.

It runs as who asked for it, with the rights he holds by then, in one transaction that commits together with its end. It
runs at least once: after a crash from the beginning or from its checkpoint; what it does outside must bear that.
"""

from __future__ import annotations

import logging
import secrets
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any, Self

from django.db import InterfaceError, OperationalError, connection, connections, transaction
from django.utils import translation
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from anlan.kernel.clock import real_now
from anlan.kernel.context import Context
from anlan.kernel.errors import DomainError, NotFound
from anlan.kernel.logs import current_number
from anlan.kernel.models import LongTask, StoredFile
from anlan.kernel.scope import require_second_factor
from anlan.kernel.terms import TaskState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from uuid import UUID

    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models import QuerySet
    from django.utils.functional import _StrPromise

    Work = Callable[[Context, dict[str, Any], "Progress"], dict[str, Any]]

JOB = "kernel.long_task"
UNFINISHED = (TaskState.WAITING, TaskState.RUNNING)
OF_ONE_PERSON, IN_ALL = 2, 3  # that run at once; a worker's fourth place stays free for short jobs
MOST_TIMES_PUT_BACK = 5  # a work that takes its worker down with it must not do so for ever
TELL_EVERY = 0.5  # seconds
GUARDED = "guarded"  # in a result
KEPT = timedelta(days=30)
FILE_KEPT = timedelta(days=7)
ERROR = 240  # characters
log = logging.getLogger("anlan.tasks")


@dataclass(frozen=True)
class Declared:
    """One kind of work: what it is called, and which figures of its result are shown, by what name."""

    label: _StrPromise
    work: Work
    figures: Mapping[str, _StrPromise]


_by_kind: dict[str, Declared] = {}


def long_task(
    kind: str, label: _StrPromise, *, figures: Mapping[str, _StrPromise] | None = None
) -> Callable[[Work], Work]:
    """Declare a work under its name ("room.verb").

    label    what people call it
    figures  keys of its result with their names; `url` of the result leads to a page that shows more
    """

    def declare(work: Work) -> Work:
        if kind in _by_kind:
            raise ValueError(f"the long task {kind} is declared twice")
        _by_kind[kind] = Declared(label, work, figures or {})
        return work

    return declare


def of(kind: str) -> Declared | None:
    """What is declared under a kind; None where nobody declares it any more."""
    return _by_kind.get(kind)


# --- what a person does ------------------------------------------------------------------------------------------


@transaction.atomic
def start(ctx: Context, kind: str, arguments: dict[str, Any], *, file: StoredFile | None = None) -> LongTask:
    """Ask for a work, in the act at hand: if that is rolled back, nothing runs.

    file    what it works on, kept for it until its result takes that place
    raises  KeyError for a kind that nobody declares; ValueError where no person asks
    """
    if ctx.actor is None:
        raise ValueError("a long task belongs to a person")
    if kind not in _by_kind:
        raise KeyError(kind)
    task = LongTask.objects.create(
        kind=kind,
        asked_by=ctx.actor,
        posting_id=ctx.posting_id,
        token=ctx.token,
        exercise=ctx.exercise,
        arguments=arguments,
        file=file,
    )
    _queue([task.pk])
    return task


def find_twin(ctx: Context, kind: str, arguments: dict[str, Any], *, behind: LongTask) -> LongTask | None:
    """One's own task that does or did just that, for who asks twice; one that failed or was cancelled is none.

    behind   the task that it follows from: two who ask at the same moment wait for each other there
    """
    LongTask.objects.select_for_update(of=("self",)).get(pk=behind.pk)
    same = _own(ctx).filter(kind=kind, arguments=arguments)
    return same.exclude(state__in=(TaskState.FAILED, TaskState.CANCELLED)).first()


@transaction.atomic
def cancel(ctx: Context, task_id: UUID) -> LongTask:
    """Have one's own task stopped: at once while it waits, else at its next step.

    raises  NotFound; DomainError where it has ended or is being stopped already
    """
    task = _own(ctx).select_for_update(of=("self",)).filter(pk=task_id).first()
    if task is None:
        raise NotFound
    if task.state not in UNFINISHED:
        raise DomainError("task_ended")
    if task.cancelled_at:
        raise DomainError("task_stopping")
    task.cancelled_at = real_now()
    if task.state == TaskState.WAITING:
        task.state, task.ended_at = TaskState.CANCELLED, task.cancelled_at
    task.save(update_fields=("cancelled_at", "state", "ended_at"))
    return task


def get_own(ctx: Context, task_id: UUID) -> LongTask:
    task = _own(ctx).filter(pk=task_id).first()
    if task is None:
        raise NotFound
    return task


def get_file(ctx: Context, task_id: UUID) -> tuple[StoredFile, str]:
    """What one's own task made, as long as it is kept, and its name. raises NotFound, SecondFactorNeeded"""
    task = get_own(ctx, task_id)
    if task.file is None or "name" not in task.result:
        raise NotFound
    if task.result.get(GUARDED):
        require_second_factor(ctx)
    return task.file, task.result["name"]


def list_unfinished(ctx: Context, most: int) -> list[LongTask]:
    """One's own tasks that run (first) or wait, the oldest first: the order they come in."""
    return list(_own(ctx).filter(state__in=UNFINISHED).order_by("state", "id")[:most])


def list_ended(ctx: Context, most: int, *, before: UUID | None = None) -> list[LongTask]:
    """One's own tasks that have ended, the youngest first, from those asked for before another."""
    ended = _own(ctx).exclude(state__in=UNFINISHED).order_by("-id")
    return list((ended.filter(pk__lt=before) if before else ended)[:most])


def _own(ctx: Context) -> QuerySet[LongTask]:
    # Whatever exercise one is in: somebody who can't see a task could not cancel it either.
    return LongTask.objects.filter(asked_by=ctx.actor).select_related("exercise")


# --- what a work says --------------------------------------------------------------------------------------------


# Not of the family of errors: a work that goes on after one bad row must not go on after these.


class Cancelled(BaseException):
    """Who asked for the work wants it stopped."""


class Superseded(BaseException):
    """The worker was taken for dead, and another has the work now."""


class WorkerStops(OperationalError):
    """The worker was told to end; the job comes again to its successor, like after any passing failure."""


class Progress:
    """How far a work is. This one tells nobody: for command lines and tests.

    saved  what the last checkpoint of an earlier, broken-off run kept; empty at first
    """

    def __init__(self, saved: dict[str, Any] | None = None, done: int = 0) -> None:
        self.saved = saved or {}
        self.done, self.expected = done, 0

    def total(self, number: int) -> None:
        """Say how many steps there will be; until then the person sees only how many were done."""
        self.expected = number

    def step(self, number: int = 1) -> None:
        """Say that so much more is done. Cheap enough for every row. raises Cancelled"""
        self.done += number

    def checkpoint(self, saved: dict[str, Any]) -> None:
        """Commit what the work has done so far together with what it needs to go on from here. raises Cancelled"""
        self.saved = saved


class _Told(Progress):
    """Progress that its person sees: told over a line of its own, as nobody sees into the work's transaction.

    `begun_at` names the run: who finds another in the row has been superseded.
    """

    def __init__(self, task: LongTask, stopping: Callable[[], bool]) -> None:
        super().__init__(task.result.get("saved"), task.result.get("done", 0))
        self._task, self._stopping, self._told_at = task, stopping, 0.0
        self._part = ExitStack()
        self._line = open_line()

    def __enter__(self) -> Self:
        self._begin_part()
        return self

    def __exit__(self, *why: object) -> None:
        try:
            self._part.__exit__(*why)  # type: ignore[arg-type]  # as it came
        finally:
            self._line.close()

    def total(self, number: int) -> None:
        super().total(number)
        self._tell()

    def step(self, number: int = 1) -> None:
        super().step(number)
        if monotonic() - self._told_at >= TELL_EVERY:
            self._tell()

    def checkpoint(self, saved: dict[str, Any]) -> None:
        super().checkpoint(saved)
        if connection.savepoint_ids:
            raise transaction.TransactionManagementError("a checkpoint within an atomic block of the work")
        self.write(result={"saved": saved, "done": self.done})
        self._part.close()
        self._begin_part()

    def write(self, **values: Any) -> None:
        """Change the task in the work's own transaction, which must end right after: the line needs the row too."""
        mine = LongTask.objects.filter(
            pk=self._task.pk, state=TaskState.RUNNING, begun_at=self._task.begun_at
        )
        if not mine.filter(cancelled_at=None).update(done=self.done, total=self.expected, **values):
            raise Cancelled if mine.exists() else Superseded

    def _begin_part(self) -> None:
        self._part.enter_context(transaction.atomic(durable=True))

    def _tell(self) -> None:
        self._told_at = monotonic()
        with self._line.cursor() as cursor:
            cursor.execute(
                "UPDATE kernel_longtask SET done = %s, total = %s"
                " WHERE id = %s AND state = %s AND begun_at = %s RETURNING cancelled_at",
                [self.done, self.expected, self._task.pk, TaskState.RUNNING, self._task.begun_at],
            )
            found = cursor.fetchone()
        if found is None:
            raise Superseded
        if found[0]:
            raise Cancelled
        if self._stopping():
            raise WorkerStops


def open_line() -> BaseDatabaseWrapper:
    """A connection beside the pool: works and their lines must not wait for each other's places in it."""
    line = connections["default"].copy()
    line.settings_dict["OPTIONS"].pop("pool", None)
    return line


# --- what the worker does ----------------------------------------------------------------------------------------


def run(task_id: UUID, *, times_put_back: int = 0, stopping: Callable[[], bool] = lambda: False) -> None:
    """Do a task's work if it still is to be done and there is room for it; then let others in.

    stopping  whether the worker was told to end
    raises    OperationalError, InterfaceError: the worker ends or the database went away, the job is to come again
    """
    task = _take_up(task_id, times_put_back)
    if task is not None:
        _work(task, stopping)
    if LongTask.objects.filter(pk=task_id).exclude(state__in=UNFINISHED).exists():
        _wake_waiting()


@transaction.atomic
def _take_up(task_id: UUID, times_put_back: int) -> LongTask | None:
    """The task, running from now on; None where there is nothing to run, or no room: then it is woken later."""
    _one_at_a_time()
    tasks = LongTask.objects.select_related("asked_by", "exercise__clock").select_for_update(of=("self",))
    task = tasks.filter(pk=task_id, state__in=UNFINISHED).first()
    if task is None or not _may_begin(task, times_put_back):
        return None
    kept = task.result.get("done", 0)
    task.state, task.begun_at, task.done, task.total = TaskState.RUNNING, real_now(), kept, 0
    task.save(update_fields=("state", "begun_at", "done", "total"))
    return task


def _may_begin(task: LongTask, times_put_back: int) -> bool:
    """Whether it runs now. One whose worker died holds its place, but was maybe cancelled since, or killed too many."""
    if task.state == TaskState.WAITING:
        return _has_room(_running(), task.asked_by_id)
    if task.cancelled_at:
        _end(task, TaskState.CANCELLED)
    elif times_put_back >= MOST_TIMES_PUT_BACK:
        with translation.override(task.asked_by.language):
            _end(task, TaskState.FAILED, _("多次中断，没有完成，不再重试。请联系运维人员。"))
    return task.state == TaskState.RUNNING


def _work(task: LongTask, stopping: Callable[[], bool]) -> None:
    number = secrets.token_hex(4)
    mark = current_number.set(number)
    try:
        with translation.override(task.asked_by.language):
            _do(task, number, stopping)
    finally:
        current_number.reset(mark)


def _do(task: LongTask, number: str, stopping: Callable[[], bool]) -> None:
    try:
        with _Told(task, stopping) as progress:
            result = _declared(task).work(_context_of(task), task.arguments, progress)
            kept = {"file_id": result.pop("stored")} if "stored" in result else {}
            progress.write(state=TaskState.DONE, ended_at=real_now(), result=result, **kept)
    except Cancelled:
        _end(task, TaskState.CANCELLED)
    except Superseded:
        log.warning("task %s is another worker's now", task.pk)
    except DomainError as refusal:
        _end(task, TaskState.FAILED, str(refusal))
    except (OperationalError, InterfaceError):
        raise  # a passing failure; the work itself is not at fault
    # Whatever a work does wrong is its own end, not the worker's.
    except Exception:
        log.exception("task %s (%s) failed", task.pk, task.kind)
        said = _("系统出错，没有完成。请把错误编号 %(number)s 告诉运维人员。")
        _end(task, TaskState.FAILED, said % {"number": number})


def _declared(task: LongTask) -> Declared:
    declared = of(task.kind)
    if declared is None:
        raise DomainError("task_unknown")
    return declared


def _context_of(task: LongTask) -> Context:
    """Who asked, by the same posting and token, in the same exercise; what he may do is asked anew.

    Except for the second factor: the act that started the task asked for it (ADR 23).
    """
    if not task.asked_by.is_active:
        raise DomainError("task_of_inactive")
    if task.token is not None and task.token.ended_at is not None:
        raise DomainError("task_of_ended_token")
    return Context(
        task.asked_by,
        task.exercise,
        posting_id=task.posting_id,
        second_factor=True,
        token=task.token,
    )


def _end(task: LongTask, state: TaskState, error: str = "") -> None:
    """End the run that this worker began; a checkpoint's note is no result."""
    task.state = state
    LongTask.objects.filter(pk=task.pk, state=TaskState.RUNNING, begun_at=task.begun_at).update(
        state=state, ended_at=real_now(), error=error[:ERROR], result={}
    )


@transaction.atomic
def _wake_waiting() -> None:
    """A place is free: the tasks that waited longest get it, as far as their persons have room."""
    _one_at_a_time()
    running, woken = _running(), []
    for task_id, person in (
        LongTask.objects.filter(state=TaskState.WAITING).order_by("pk").values_list("pk", "asked_by_id")
    ):
        if _has_room(running, person):
            running[person] += 1
            woken.append(task_id)
    _queue(woken)


def _running() -> Counter[int]:
    """How many tasks of whom run."""
    return Counter(LongTask.objects.filter(state=TaskState.RUNNING).values_list("asked_by_id", flat=True))


def _has_room(running: Counter[int], person: int) -> bool:
    return running.total() < IN_ALL and running[person] < OF_ONE_PERSON


def _one_at_a_time() -> None:
    """Whoever counts places waits for whoever is taking or freeing one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [JOB])


def _queue(task_ids: Iterable[UUID]) -> None:
    """One job a task, unless one is waiting for a worker. Its lock keeps a second from running beside the first."""
    locks = {f"{JOB}:{task_id}": str(task_id) for task_id in task_ids}
    queued = ProcrastinateJob.objects.filter(lock__in=locks, status="todo").values_list("lock", flat=True)
    for lock in locks.keys() - set(queued):
        app.configure_task(JOB, lock=lock).defer(task_id=locks[lock])


def sweep() -> None:
    """Forget what ended long ago, its file earlier, and bring back to work what lost its job."""
    LongTask.objects.filter(ended_at__lt=real_now() - KEPT).delete()
    LongTask.objects.filter(ended_at__lt=real_now() - FILE_KEPT).exclude(file=None).update(file=None)
    running = LongTask.objects.filter(state=TaskState.RUNNING).values_list("pk", flat=True)
    at_work = ProcrastinateJob.objects.filter(task_name=JOB, status="doing").values_list("lock", flat=True)
    taken = set(at_work)
    _queue(task_id for task_id in running if f"{JOB}:{task_id}" not in taken)
    _wake_waiting()
