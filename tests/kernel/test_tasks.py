"""Long tasks: seen while they run, stopped when asked, ended once, taken up again after a crash."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.utils.translation import gettext_lazy as _
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from anlan.kernel import tasks, tokens
from anlan.kernel.clock import real_now
from anlan.kernel.context import Context
from anlan.kernel.errors import DomainError, NotFound, StateConflict
from anlan.kernel.models import Clock, Exercise, Grant, LongTask, MachineToken, Role, Unit
from anlan.kernel.scope import can
from anlan.kernel.terms import TaskState
from tests.cast import World, acting, make_machine, make_world

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db
# Emptying all tables takes its time, so only those do it that need a second connection or a real commit.
committed = pytest.mark.django_db(transaction=True)


class Stage:
    """What the work of the tests does; each test writes its own script."""

    script: Callable[[Context, tasks.Progress], dict[str, Any]]


@tasks.long_task("test.work", _("测试"))
def work(ctx: Context, arguments: dict[str, Any], progress: tasks.Progress) -> dict[str, Any]:
    return {**arguments, **Stage.script(ctx, progress)}


class SameLine:
    """Stands for the second connection where nothing is committed that it could see."""

    cursor = staticmethod(connection.cursor)

    def close(self) -> None: ...


@pytest.fixture
def world(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> World:
    """Every step is told."""
    monkeypatch.setattr(tasks, "TELL_EVERY", 0.0)
    if request.node.get_closest_marker("django_db").kwargs.get("transaction") is None:
        monkeypatch.setattr(tasks, "open_line", SameLine)
    made = make_world()
    assert made.officer, "made here, not in a transaction that a test rolls back"
    return made


def from_outside(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """What another session, which does not see into the work's transaction, finds or changes."""
    with closing(connections["default"].copy()) as line, line.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def plays(script: Callable[[Context, tasks.Progress], dict[str, Any]]) -> None:
    Stage.script = staticmethod(script)  # type: ignore[assignment]


def started(world: World, **arguments: Any) -> LongTask:
    return tasks.start(acting(world.officer), "test.work", arguments)


def state_of(task: LongTask) -> str:
    return LongTask.objects.get(pk=task.pk).state


def rename(name: str) -> None:
    Unit.unscoped.filter(code="T-1-1-1").update(name=name)


def town_name() -> str:
    return Unit.unscoped.get(code="T-1-1-1").name


def jobs_of(task: LongTask) -> int:
    return ProcrastinateJob.objects.filter(task_name=tasks.JOB, args__task_id=str(task.pk)).count()


def test_a_task_and_its_job_are_committed_with_the_act_that_starts_it_or_not_at_all(world: World) -> None:
    class RolledBack(Exception):
        pass

    def start_and_fail() -> None:
        started(world)
        raise RolledBack

    with pytest.raises(RolledBack), transaction.atomic():
        start_and_fail()
    assert (LongTask.objects.count(), ProcrastinateJob.objects.filter(task_name=tasks.JOB).count()) == (0, 0)
    assert jobs_of(started(world)) == 1


def test_a_work_s_changes_and_its_end_are_one(world: World) -> None:
    def script(_ctx: Context, progress: tasks.Progress) -> dict[str, Any]:
        progress.total(2)
        rename("新名")
        progress.step(2)
        return {"rows": 2}

    plays(script)
    task = started(world, file="a.csv")
    tasks.run(task.pk)
    task.refresh_from_db()
    assert (task.state, task.done, task.total) == (TaskState.DONE, 2, 2)
    assert task.result == {"file": "a.csv", "rows": 2}
    assert task.begun_at is not None
    assert task.ended_at is not None
    assert task.begun_at <= task.ended_at
    assert town_name() == "新名"


@committed
def test_progress_is_seen_while_the_work_s_transaction_is_open(world: World) -> None:
    seen: list[Any] = []

    def script(_ctx: Context, progress: tasks.Progress) -> dict[str, Any]:
        progress.total(3)
        rename("还看不到")
        progress.step()
        seen.extend(from_outside("SELECT state, done, total FROM kernel_longtask"))
        seen.extend(from_outside("SELECT name FROM kernel_unit WHERE code = 'T-1-1-1'"))
        return {}

    plays(script)
    tasks.run(started(world).pk)
    assert seen == [("running", 1, 3), ("甲一镇",)]


@committed
def test_progress_is_told_twice_a_second_at_most(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "TELL_EVERY", 0.5)
    clock = iter([10.0, 10.2, 10.6, 10.6])
    monkeypatch.setattr(tasks, "monotonic", lambda: next(clock))
    seen: list[int] = []

    def script(_ctx: Context, progress: tasks.Progress) -> dict[str, Any]:
        progress.total(3)  # told at 10.0
        for _step in range(2):  # 10.2 is too soon, 10.6 is not
            progress.step()
            seen.append(from_outside("SELECT done FROM kernel_longtask")[0][0])
        return {}

    plays(script)
    tasks.run(started(world).pk)
    assert seen == [0, 2]


@committed
def test_a_running_task_stops_at_its_next_step_and_leaves_nothing(world: World) -> None:
    task = started(world)
    went_on: list[bool] = []

    def script(_ctx: Context, progress: tasks.Progress) -> dict[str, Any]:
        rename("不该留下")
        press_cancel(task)
        try:
            progress.step()
        except Exception:  # noqa: BLE001 - a work may go on after a bad row, but not after this
            went_on.append(True)
        went_on.append(True)
        return {}

    plays(script)
    tasks.run(task.pk)
    assert (state_of(task), town_name(), went_on) == (TaskState.CANCELLED, "甲一镇", [])


@committed
def test_a_cancellation_after_the_last_step_still_counts(world: World) -> None:
    task = started(world)

    def script(_ctx: Context, _progress: tasks.Progress) -> dict[str, Any]:
        rename("不该留下")
        press_cancel(task)
        return {}

    plays(script)
    tasks.run(task.pk)
    assert (state_of(task), town_name()) == (TaskState.CANCELLED, "甲一镇")


def press_cancel(task: LongTask) -> None:
    from_outside("UPDATE kernel_longtask SET cancelled_at = asked_at WHERE id = %s RETURNING id", task.pk)


def test_a_waiting_task_is_cancelled_at_once_and_never_runs(world: World) -> None:
    plays(lambda _ctx, _progress: pytest.fail("it ran"))
    task = started(world)
    assert tasks.cancel(acting(world.officer), task.pk).state == TaskState.CANCELLED
    tasks.run(task.pk)
    assert state_of(task) == TaskState.CANCELLED


def test_a_running_task_whose_worker_died_is_cancelled_when_its_job_comes_back(world: World) -> None:
    plays(lambda _ctx, _progress: pytest.fail("it ran"))
    task = dead_on_the_way(world)
    assert tasks.cancel(acting(world.officer), task.pk).state == TaskState.RUNNING
    tasks.run(task.pk, times_put_back=1)
    assert state_of(task) == TaskState.CANCELLED


def dead_on_the_way(world: World, **kept: Any) -> LongTask:
    task = started(world)
    LongTask.objects.filter(pk=task.pk).update(state=TaskState.RUNNING, begun_at=real_now(), result=kept)
    return task


def test_who_cancels_twice_or_too_late_is_told_so(world: World) -> None:
    plays(lambda _ctx, _progress: {})
    ctx, running, done = acting(world.officer), dead_on_the_way(world), started(world)
    tasks.cancel(ctx, running.pk)
    with pytest.raises(DomainError, match="正在停下"):
        tasks.cancel(ctx, running.pk)
    tasks.run(done.pk)
    with pytest.raises(DomainError, match="已经结束"):
        tasks.cancel(ctx, done.pk)


def test_another_s_task_is_neither_seen_nor_cancelled(world: World) -> None:
    task = started(world)
    for other in (world.approver, world.neighbour, world.administrator):
        ctx = acting(other)
        assert tasks.list_unfinished(ctx, 10) == []
        for look in (tasks.get_own, tasks.cancel):
            with pytest.raises(NotFound):
                look(ctx, task.pk)
    assert tasks.get_own(acting(world.officer), task.pk) == task
    assert state_of(task) == TaskState.WAITING


def test_a_refusal_ends_the_task_with_its_sentence(world: World) -> None:
    def script(_ctx: Context, _progress: tasks.Progress) -> dict[str, Any]:
        rename("不该留下")
        raise StateConflict

    plays(script)
    task = started(world)
    tasks.run(task.pk)
    task.refresh_from_db()
    assert (task.state, task.error) == (TaskState.FAILED, str(StateConflict()))
    assert town_name() == "甲一镇"


def test_an_unexpected_error_shows_a_number_that_the_log_has_too(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    def script(_ctx: Context, _progress: tasks.Progress) -> dict[str, Any]:
        raise ZeroDivisionError("secret")

    numbers: list[str] = []
    caplog.handler.addFilter(lambda _record: numbers.append(tasks.current_number.get()) or True)  # type: ignore[func-returns-value]
    plays(script)
    task = started(world)
    tasks.run(task.pk)
    task.refresh_from_db()
    assert task.state == TaskState.FAILED
    assert numbers
    assert numbers[-1] in task.error
    assert "secret" not in task.error
    assert "secret" in caplog.text


@committed
def test_a_passing_failure_of_the_database_leaves_the_task_running_for_the_next_try(world: World) -> None:
    def script(_ctx: Context, _progress: tasks.Progress) -> dict[str, Any]:
        raise OperationalError

    plays(script)
    task = started(world)
    with pytest.raises(OperationalError):
        tasks.run(task.pk)
    assert state_of(task) == TaskState.RUNNING
    plays(lambda _ctx, _progress: {})
    tasks.run(task.pk, times_put_back=1)
    assert state_of(task) == TaskState.DONE


@committed
def test_a_worker_that_is_told_to_end_breaks_off_and_leaves_the_work_to_the_next(world: World) -> None:
    def script(_ctx: Context, progress: tasks.Progress) -> dict[str, Any]:
        rename("办成了")
        progress.step()
        return {}

    plays(script)
    task = started(world)
    with pytest.raises(OperationalError):  # such a job comes again
        tasks.run(task.pk, stopping=lambda: True)
    assert (state_of(task), town_name()) == (TaskState.RUNNING, "甲一镇")
    tasks.run(task.pk, times_put_back=1)
    assert (state_of(task), town_name()) == (TaskState.DONE, "办成了")


def test_a_work_that_takes_its_worker_down_every_time_is_given_up(world: World) -> None:
    plays(lambda _ctx, _progress: {})
    task, patient = dead_on_the_way(world), dead_on_the_way(world)
    tasks.run(patient.pk, times_put_back=tasks.MOST_TIMES_PUT_BACK - 1)
    assert state_of(patient) == TaskState.DONE
    tasks.run(task.pk, times_put_back=tasks.MOST_TIMES_PUT_BACK)
    assert state_of(task) == TaskState.FAILED


@committed
def test_a_checkpoint_commits_and_the_next_run_goes_on_from_there(world: World) -> None:
    came_from: list[Any] = []

    def script(_ctx: Context, progress: tasks.Progress) -> dict[str, Any]:
        came_from.append((progress.saved, progress.done))
        if progress.saved:
            return {"from": progress.saved["row"]}
        progress.total(10)
        rename("前半")
        progress.step(5)
        progress.checkpoint({"row": 5})
        rename("后半")
        progress.step(2)
        raise OperationalError  # the worker's line breaks

    plays(script)
    task = started(world)
    with pytest.raises(OperationalError):
        tasks.run(task.pk)
    assert town_name() == "前半"
    tasks.run(task.pk, times_put_back=1)
    task.refresh_from_db()
    assert came_from == [({}, 0), ({"row": 5}, 5)]
    assert (task.state, task.result) == (TaskState.DONE, {"from": 5})


@committed
def test_a_checkpoint_within_the_work_s_own_atomic_block_is_refused(world: World) -> None:
    def script(_ctx: Context, progress: tasks.Progress) -> dict[str, Any]:
        with transaction.atomic():
            progress.checkpoint({})
        return {}

    plays(script)
    task = started(world)
    tasks.run(task.pk)
    assert state_of(task) == TaskState.FAILED


@committed
def test_a_worker_taken_for_dead_leaves_the_task_to_its_successor(world: World) -> None:
    task = started(world)

    def script(_ctx: Context, progress: tasks.Progress) -> dict[str, Any]:
        rename("不该留下")
        from_outside("UPDATE kernel_longtask SET begun_at = begun_at + interval '1 s' RETURNING id")
        progress.step()
        return {}

    plays(script)
    tasks.run(task.pk)
    assert (state_of(task), town_name()) == (TaskState.RUNNING, "甲一镇")


def test_it_runs_as_who_asked_by_the_same_posting_in_the_same_exercise_with_the_rights_of_then(
    world: World,
) -> None:
    ctx = acting(world.officer)
    ctx.posting_id = Grant.objects.get(user=world.officer).pk
    ctx.exercise = Exercise.objects.create(name="演练", clock=Clock.objects.create())
    seen: list[Any] = []

    def script(its: Context, _progress: tasks.Progress) -> dict[str, Any]:
        seen.append((its.actor, its.posting_id, its.exercise, can(its, "organisation.unit.read")))
        return {}

    plays(script)
    first, second = (tasks.start(ctx, "test.work", {}) for _turn in range(2))
    tasks.run(first.pk)
    Grant.objects.filter(user=world.officer).delete()
    tasks.run(second.pk)
    who = (world.officer, ctx.posting_id, ctx.exercise)
    assert seen == [(*who, True), (*who, False)]


def test_a_person_who_was_made_inactive_gets_nothing_done(world: World) -> None:
    plays(lambda _ctx, _progress: pytest.fail("it ran"))
    task = started(world)
    type(world.officer).objects.filter(pk=world.officer.pk).update(is_active=False)
    tasks.run(task.pk)
    task.refresh_from_db()
    assert (task.state, task.error) == (TaskState.FAILED, str(DomainError("task_of_inactive")))


def test_a_work_that_nobody_declares_any_more_fails_with_a_sentence(world: World) -> None:
    task = started(world)
    LongTask.objects.filter(pk=task.pk).update(kind="gone.work")
    tasks.run(task.pk)
    task.refresh_from_db()
    assert (task.state, task.error) == (TaskState.FAILED, str(DomainError("task_unknown")))


def test_one_person_runs_so_many_at_once_and_the_next_is_woken_when_one_ends(world: World) -> None:
    plays(lambda _ctx, _progress: {})
    busy = [dead_on_the_way(world) for _task in range(tasks.OF_ONE_PERSON)]
    waiting, later = started(world), started(world)
    ProcrastinateJob.objects.all().delete()
    tasks.run(waiting.pk)
    assert (state_of(waiting), jobs_of(waiting)) == (TaskState.WAITING, 0)
    tasks.run(busy[0].pk, times_put_back=1)
    assert (jobs_of(waiting), jobs_of(later)) == (1, 0)
    tasks.run(waiting.pk)
    assert state_of(waiting) == TaskState.DONE


def test_others_have_room_until_the_node_is_full(world: World) -> None:
    plays(lambda _ctx, _progress: {})
    for _task in range(tasks.OF_ONE_PERSON):
        dead_on_the_way(world)
    theirs = tasks.start(acting(world.neighbour), "test.work", {})
    tasks.run(theirs.pk)
    assert state_of(theirs) == TaskState.DONE
    elsewhere = tasks.start(acting(world.clerk), "test.work", {})
    LongTask.objects.filter(pk=elsewhere.pk).update(state=TaskState.RUNNING, begun_at=real_now())
    late = tasks.start(acting(world.neighbour), "test.work", {})
    tasks.run(late.pk)
    assert state_of(late) == TaskState.WAITING


def test_a_job_that_waits_for_a_worker_is_not_queued_twice(world: World) -> None:
    task = started(world)
    tasks.sweep()
    assert jobs_of(task) == 1


def test_the_sweep_forgets_what_ended_long_ago_and_brings_back_what_lost_its_job(world: World) -> None:
    plays(lambda _ctx, _progress: {})
    old, new, lost = started(world), started(world), dead_on_the_way(world)
    for task, age in ((old, 31), (new, 29)):
        tasks.run(task.pk)
        LongTask.objects.filter(pk=task.pk).update(ended_at=real_now() - timedelta(days=age))
    ProcrastinateJob.objects.all().delete()
    tasks.sweep()
    assert set(LongTask.objects.all()) == {new, lost}
    assert jobs_of(lost) == 1


def test_own_tasks_are_listed_running_first_and_ended_ones_page_by_page(world: World) -> None:
    plays(lambda _ctx, _progress: {})
    ctx = acting(world.officer)
    ended = [started(world) for _task in range(3)]
    for task in ended:
        tasks.run(task.pk)
    waiting, running = started(world), dead_on_the_way(world)
    assert tasks.list_unfinished(ctx, 10) == [running, waiting]
    first = tasks.list_ended(ctx, 2)
    assert first == [ended[2], ended[1]]
    assert tasks.list_ended(ctx, 2, before=first[-1].pk) == [ended[0]]


def test_a_kind_is_declared_once_and_an_undeclared_one_is_not_started(world: World) -> None:
    with pytest.raises(ValueError, match=r"test\.work"):
        tasks.long_task("test.work", _("测试"))(work)
    with pytest.raises(KeyError):
        tasks.start(acting(world.officer), "test.nothing", {})
    with pytest.raises(ValueError, match="person"):
        tasks.start(Context(None), "test.work", {})


def test_the_job_hands_over_the_task_how_often_it_came_back_and_whether_the_worker_ends(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[tuple[UUID, dict[str, Any]]] = []
    monkeypatch.setattr(tasks, "run", lambda task_id, **told: ran.append((task_id, told)))
    task = started(world)
    context = SimpleNamespace(job=SimpleNamespace(attempts=2), should_abort=object())
    app.tasks[tasks.JOB](context, **ProcrastinateJob.objects.get(task_name=tasks.JOB).args)
    assert ran == [(task.pk, {"times_put_back": 2, "stopping": context.should_abort})]


def test_the_sweep_comes_by_itself(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    swept: list[bool] = []
    monkeypatch.setattr(tasks, "sweep", lambda: swept.append(True))
    coming = app.periodic_registry.periodic_tasks["kernel.tasks.sweep", ""]
    coming.task(timestamp=1_795_478_400)
    assert swept == [True]


def test_a_progress_that_tells_nobody_counts_all_the_same() -> None:
    progress = tasks.Progress()
    progress.total(3)
    progress.step(2)
    progress.checkpoint({"row": 2})
    assert (progress.done, progress.expected, progress.saved) == (2, 3, {"row": 2})


def test_a_task_that_never_was_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        tasks.cancel(acting(world.officer), uuid4())


@pytest.fixture
def token(world: World) -> MachineToken:
    """Of a machine that is duty officer of the district; good for reading units."""
    machine = make_machine("gauges")
    Grant.objects.create(user=machine, role=Role.objects.get(code="duty_officer"), scope_root=world.district)
    until, scopes = real_now() + timedelta(days=1), ["organisation.unit.read"]
    system = acting(world.administrator)
    return tokens.issue_token(system, machine.pk, name="t", scopes=scopes, expires_at=until)[0]


def test_a_task_begun_by_a_token_may_what_the_token_may(token: MachineToken) -> None:
    def script(ctx: Context, _progress: tasks.Progress) -> dict[str, Any]:
        return {"may": [can(ctx, code) for code in ("organisation.unit.read", "kernel.node.read")]}

    plays(script)
    task = tasks.start(Context(token.user, token=token), "test.work", {})
    tasks.run(task.pk)
    assert LongTask.objects.get().result == {"may": [True, False]}


def test_a_task_whose_token_was_ended_meanwhile_is_not_done(token: MachineToken) -> None:
    plays(lambda _ctx, _progress: {})
    task = tasks.start(Context(token.user, token=token), "test.work", {})
    MachineToken.objects.update(ended_at=real_now())
    tasks.run(task.pk)
    assert state_of(task) == TaskState.FAILED


def test_a_task_goes_on_with_what_its_start_was_asked_for(world: World) -> None:
    assert world
    plays(lambda ctx, _progress: {"shown": ctx.second_factor})
    tasks.run(started(world).pk)
    assert LongTask.objects.get().result == {"shown": True}
