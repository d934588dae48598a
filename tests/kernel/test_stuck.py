"""What is stuck: seen by who may mend it, tried again or given up by an act that leaves a trail."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from anlan.kernel import stuck
from anlan.kernel.clock import real_now
from anlan.kernel.errors import NotAllowed, NotFound, StateConflict
from anlan.kernel.models import Due, Entry, Parked, PrivateNote
from anlan.kernel.relays import Relay
from tests.cast import World, acting
from tests.site.journal import trail
from tests.site.journal.trail import visit

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def nothing_broken() -> Iterator[None]:
    trail.broken.clear()
    trail.taken.clear()
    yield
    trail.broken.clear()


def run_all(relay: Relay) -> None:
    relay.carry(relay.waiting(relay.lease()))


@pytest.fixture
def parked(world: World) -> Parked:
    """The first of three visits to the town, which the handler could not take."""
    trail.broken.add(str(world.town.pk))
    for _ in range(3):
        visit(acting(world.officer), world.town)
    run_all(Relay())
    return Parked.objects.order_by("entry_id")[0]


def fail_job() -> int:
    number: int = app.configure_task("kernel.self_check").defer(check_id=0)
    # The worker's own function, as it ends a job that raised.

    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'failed', attempts = 1 WHERE id = %s", [number]
        )
    return number


@pytest.fixture
def failing(world: World) -> Due:
    at = real_now() + timedelta(hours=1)
    return Due.objects.create(kind="test.step", key="a:7", at=at, attempts=3, error="ValueError: no")


def test_what_a_handler_could_not_take_is_shown_with_what_waits_behind(world: World, parked: Parked) -> None:
    (one,) = stuck.list_entries(acting(world.administrator))
    assert (one.key, one.label, one.behind, one.attempts) == (str(parked.pk), "入户走访", 2, 1)
    assert "nobody opened" in one.error


def test_an_entry_whose_handler_is_gone_can_only_be_given_up(world: World, parked: Parked) -> None:
    ctx = acting(world.administrator)
    assert not stuck.list_entries(ctx)[0].is_gone
    Parked.objects.update(handler="test.trail.gone")
    assert stuck.list_entries(ctx)[0].is_gone


def test_who_may_not_mend_sees_and_does_nothing(world: World, parked: Parked, failing: Due) -> None:
    for person in (world.officer, world.auditor):
        for read in (stuck.list_entries, stuck.list_timers, stuck.list_jobs):
            with pytest.raises(NotAllowed):
                read(acting(person))
        with pytest.raises(NotAllowed):
            stuck.retry_stuck(acting(person), "handler", str(parked.pk))
        with pytest.raises(NotAllowed):
            stuck.drop_stuck(acting(person), "timer", "test.step:a:7", reason="不需要")
    assert Parked.objects.count() == 3
    assert Due.objects.filter(pk=failing.pk).exists()


def test_a_parked_entry_is_tried_again_at_once(world: World, parked: Parked) -> None:
    Parked.objects.filter(pk=parked.pk).update(again_at=real_now() + timedelta(hours=1))
    trail.broken.clear()
    relay = Relay()
    assert relay.retry() == 0
    stuck.retry_stuck(acting(world.administrator), "handler", str(parked.pk))
    assert relay.retry() == 1
    assert Entry.objects.get(event="kernel.stuck.retried").data == {
        "sort": "handler",
        "name": "test.trail.count",
    }


def test_a_parked_entry_given_up_lets_those_behind_go_on_and_leaves_a_trail(
    world: World, parked: Parked
) -> None:
    stuck.drop_stuck(acting(world.administrator), "handler", str(parked.pk), reason="走访记录重复")
    trail.broken.clear()
    relay = Relay()
    for _ in range(3):
        relay.retry()
    assert not Parked.objects.exists()
    assert len(trail.taken) == 2
    entry = Entry.objects.get(event="kernel.stuck.dropped")
    assert (entry.actor, entry.data["what"]) == (world.administrator, str(parked.entry_id))
    assert PrivateNote.objects.get(entry=entry).text == "走访记录重复"


def test_what_goes_on_by_now_is_not_given_up(world: World, parked: Parked) -> None:
    trail.broken.clear()
    Parked.objects.filter(pk=parked.pk).update(again_at=real_now())
    Relay().retry()
    with pytest.raises(StateConflict):
        stuck.drop_stuck(acting(world.administrator), "handler", str(parked.pk), reason="晚了")
    with pytest.raises(NotFound):
        stuck.get_stuck(acting(world.administrator), "handler", str(parked.pk))
    assert not Entry.objects.filter(event="kernel.stuck.dropped").exists()


def test_one_that_waits_behind_is_not_tried_before_its_turn(world: World, parked: Parked) -> None:
    behind = Parked.objects.order_by("entry_id")[1]
    with pytest.raises(StateConflict):
        stuck.retry_stuck(acting(world.administrator), "handler", str(behind.pk))


def test_one_that_came_to_wait_behind_nobody_is_woken(world: World, parked: Parked) -> None:
    Parked.objects.filter(pk=parked.pk).delete()
    trail.broken.clear()
    relay = Relay()
    assert [relay.retry() for _ in range(3)] == [1, 1, 0]


def test_a_failing_timer_is_shown_tried_at_once_and_given_up(world: World, failing: Due) -> None:
    ctx = acting(world.administrator)
    (one,) = stuck.list_timers(ctx)
    assert (one.key, one.attempts, one.error) == ("test.step:a:7", 3, "ValueError: no")
    stuck.retry_stuck(ctx, "timer", one.key)
    failing.refresh_from_db()
    assert failing.at <= real_now()
    stuck.drop_stuck(ctx, "timer", one.key, reason="对象已不存在")
    assert not Due.objects.exists()


def test_a_timer_that_never_failed_is_nobody_s_to_mend(world: World) -> None:
    Due.objects.create(kind="test.step", key="8", at=real_now())
    assert stuck.list_timers(acting(world.administrator)) == []
    with pytest.raises(StateConflict):
        stuck.drop_stuck(acting(world.administrator), "timer", "test.step:8", reason="试试")


def test_a_failed_job_is_tried_again(world: World) -> None:
    number = fail_job()
    ctx = acting(world.administrator)
    (one,) = stuck.list_jobs(ctx)
    assert (one.key, one.name) == (str(number), "kernel.self_check")
    stuck.retry_stuck(ctx, "job", one.key)
    assert ProcrastinateJob.objects.get(pk=number).status == "todo"
    assert stuck.list_jobs(ctx) == []


def test_a_failed_job_is_given_up_and_stays_on_record(world: World) -> None:
    number = fail_job()
    ctx = acting(world.administrator)
    stuck.drop_stuck(ctx, "job", str(number), reason="自检已重做")
    assert ProcrastinateJob.objects.get(pk=number).status == "cancelled"
    with pytest.raises(StateConflict):
        stuck.retry_stuck(ctx, "job", str(number))


@pytest.mark.parametrize(("sort", "key"), [("handler", "x"), ("job", "x"), ("timer", "none"), ("job", "999")])
def test_what_never_was_is_a_conflict_and_an_unknown_sort_not_found(
    world: World, sort: str, key: str
) -> None:
    ctx = acting(world.administrator)
    with pytest.raises(StateConflict):
        stuck.retry_stuck(ctx, sort, key)
    with pytest.raises(NotFound):
        stuck.retry_stuck(ctx, "letter", key)


@pytest.mark.parametrize("sort", ["handler", "timer", "job"])
@pytest.mark.parametrize("key", ["9" * 30, "9" * 5000, "\u00b2", "x"])
def test_a_key_that_nothing_has_is_gone_already(world: World, sort: str, key: str) -> None:
    with pytest.raises(StateConflict):
        stuck.retry_stuck(acting(world.administrator), sort, key)
