"""Self-check and hold."""

from __future__ import annotations

import pytest
from django.db import OperationalError, connection, transaction
from procrastinate.contrib.django import app
from procrastinate.jobs import Job

from anlan.kernel import node
from anlan.kernel.errors import NotAllowed, NotFound
from anlan.kernel.models import SelfCheck
from tests.cast import World, acting


class Failed(Exception):
    pass


def start_and_fail(world: World) -> None:
    node.start_self_check(acting(world.officer))
    raise Failed


def waiting_jobs() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'kernel.self_check'")
        return int(cursor.fetchone()[0])


def test_a_self_check_and_its_job_are_committed_together_or_not_at_all(world: World) -> None:
    node.start_self_check(acting(world.officer))
    assert (SelfCheck.objects.count(), waiting_jobs()) == (1, 1)
    with pytest.raises(Failed), transaction.atomic():
        start_and_fail(world)
    assert (SelfCheck.objects.count(), waiting_jobs()) == (1, 1)


def test_a_self_check_is_refused_without_the_capability(world: World) -> None:
    with pytest.raises(NotAllowed):
        node.start_self_check(acting(world.clerk))


def test_a_second_run_of_the_job_is_counted_and_changes_no_time(world: World) -> None:
    check = node.start_self_check(acting(world.officer))
    node.work_self_check(check.pk)
    first = SelfCheck.objects.get(pk=check.pk)
    node.work_self_check(check.pk)
    again = SelfCheck.objects.get(pk=check.pk)
    assert (first.worked_at, first.work_count) == (again.worked_at, 1)
    assert again.work_count == 2


def test_steps_tell_how_far_it_came(world: World) -> None:
    check = node.start_self_check(acting(world.officer))
    assert [step.ok for step in node.steps_of(check)] == [True, False, False]
    node.work_self_check(check.pk)
    check = node.get_self_check(acting(world.officer), check.pk)
    assert [step.ok for step in node.steps_of(check)] == [True, True, False]


def test_a_self_check_that_never_was_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        node.get_self_check(acting(world.officer), 4711)


def test_a_held_node_is_released_once_and_by_whom_may(world: World) -> None:
    node.hold_node()
    assert node.is_held()
    with pytest.raises(NotAllowed):
        node.release_node(acting(world.officer))
    assert node.is_held()
    assert node.release_node(acting(world.administrator))
    assert not node.is_held()
    assert not node.release_node(acting(world.administrator))


def test_waiting_work_is_counted_by_task(world: World) -> None:
    for _ in range(3):
        node.start_self_check(acting(world.officer))
    assert node.list_waiting(acting(world.officer)) == [("kernel.self_check", 3)]


def test_a_job_that_meets_a_passing_failure_is_tried_again(world: World) -> None:
    del world
    task = app.tasks["kernel.self_check"]
    job = Job(id=1, queue="q", lock=None, queueing_lock=None, task_name=task.name, attempts=0)
    assert task.get_retry_exception(OperationalError("the database is gone"), job) is not None
    assert task.get_retry_exception(ValueError("the job is wrong"), job) is None
