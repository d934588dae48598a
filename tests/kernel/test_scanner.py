"""The scanner: each timer once, whoever scans; one that fails holds up nobody and is tried again."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connection, transaction

from anlan.kernel import scanner, timers
from anlan.kernel.clock import real_now
from anlan.kernel.context import Context
from anlan.kernel.errors import DomainError
from anlan.kernel.models import Due
from anlan.kernel.timers import timer
from tests.kernel.duties import fire_all, move, standing_exercise

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

KIND, AGAIN, OWED = "test.kitchen.timer", "test.kitchen.again", "kernel.obligation.kitchen"
rung: list[str] = []
burnt: set[str] = set()
busy: set[str] = set()
NODE = Context(None)


@timer(KIND)
def ring(ctx: Context, due: Sequence[Due]) -> Collection[int]:
    assert ctx.actor is None
    if burnt & {one.key for one in due}:
        raise ValueError("burnt\0")  # as an error about bytes of others may say it
    rung.extend(one.key for one in due if one.key not in busy)
    return [one.pk for one in due if one.key in busy]


@timer(OWED)
def ring_owed(_ctx: Context, due: Sequence[Due]) -> None:
    rung.extend(one.key for one in due)


@timer(AGAIN)
def ring_again(ctx: Context, due: Sequence[Due]) -> None:
    rung.extend(one.key for one in due)
    timers.arm_many(ctx, AGAIN, [(one.key, one.at + timedelta(hours=1)) for one in due])


@pytest.fixture(autouse=True)
def silence() -> None:
    rung.clear()
    burnt.clear()
    busy.clear()


def set_timer(key: str, *, ago: float = 1.0, ctx: Context = NODE) -> None:
    timers.arm(ctx, KIND, key, ctx.now() - timedelta(seconds=ago))


@pytest.mark.django_db
def test_a_timer_rings_once_when_it_is_due() -> None:
    set_timer("eggs")
    set_timer("rice", ago=-3600)
    assert fire_all() == 1
    assert rung == ["eggs"]
    assert Due.objects.get().key == "rice"


@pytest.mark.django_db
def test_a_timer_for_a_moment_that_no_scanner_could_read_is_not_set() -> None:
    with pytest.raises(DomainError):
        timers.arm(NODE, KIND, "eggs", datetime(1, 1, 1, tzinfo=UTC))
    assert not Due.objects.exists()


@pytest.mark.django_db
def test_the_earlier_ring_first() -> None:
    set_timer("second", ago=1)
    set_timer("first", ago=2)
    fire_all()
    assert rung == ["first", "second"]


@pytest.mark.django_db
def test_what_is_owed_comes_after_all_other_work_whatever_clock_it_goes_by() -> None:
    drill = Context(None, standing_exercise())
    timers.arm(NODE, OWED, "owed", NODE.now() - timedelta(seconds=2))
    set_timer("drill", ctx=drill)
    set_timer("eggs")
    fire_all()
    assert rung == ["eggs", "drill", "owed"]


@pytest.mark.django_db
def test_setting_a_timer_anew_moves_it() -> None:
    set_timer("eggs")
    set_timer("eggs", ago=-60)
    assert fire_all() == 0
    assert Due.objects.count() == 1


@pytest.mark.django_db
def test_a_timer_that_was_taken_away_does_not_ring() -> None:
    set_timer("eggs")
    timers.disarm(KIND, ["eggs"])
    assert fire_all() == 0


@pytest.mark.django_db
def test_one_that_sets_itself_again_stays_on_the_list() -> None:
    timers.arm(NODE, AGAIN, "tea", real_now() - timedelta(seconds=1))
    assert fire_all() == 1
    assert Due.objects.get().at > real_now()


@pytest.mark.django_db
def test_one_that_fails_is_tried_again_later_and_the_others_ring() -> None:
    burnt.add("toast")
    for key in ("eggs", "toast", "rice"):
        set_timer(key)
    assert fire_all() == 2
    assert sorted(rung) == ["eggs", "rice"]
    failed = Due.objects.get()
    assert (failed.key, failed.attempts) == ("toast", 1)
    assert "burnt" in failed.error
    assert failed.at > real_now()


@pytest.mark.django_db
def test_pauses_between_attempts_grow() -> None:
    burnt.add("toast")
    set_timer("toast")
    pauses = []
    for _ in range(4):
        Due.objects.update(at=real_now() - timedelta(seconds=1))
        fire_all()
        pauses.append(Due.objects.get().at - real_now())
    assert pauses == sorted(pauses)
    assert pauses[3] > 4 * pauses[0]


@pytest.mark.django_db
def test_one_whose_record_is_busy_stays_due() -> None:
    busy.add("eggs")
    set_timer("eggs")
    assert scanner.fire() == 0
    busy.clear()
    assert fire_all() == 1
    assert rung == ["eggs"]


@pytest.mark.django_db
def test_a_kind_that_nobody_declares_any_more_is_kept_and_says_so() -> None:
    timers.arm(NODE, "test.gone.away", "1", real_now() - timedelta(seconds=1))
    assert fire_all() == 0
    assert "nobody" in Due.objects.get().error


@pytest.mark.django_db
def test_a_timer_of_an_exercise_goes_by_the_exercise_s_clock() -> None:
    drill = Context(None, standing_exercise())
    set_timer("eggs", ago=-60, ctx=drill)
    assert fire_all() == 0
    move(drill.exercise, timedelta(minutes=2))
    assert fire_all() == 1


@pytest.mark.django_db(transaction=True)
def test_two_scanners_never_ring_the_same_timer() -> None:
    for number in range(300):
        set_timer(str(number))
    start = threading.Barrier(2)

    def scan() -> None:
        start.wait()
        while scanner.fire(limit=20):
            pass
        connection.close()

    both = [threading.Thread(target=scan) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(rung, key=int) == [str(number) for number in range(300)]
    assert not Due.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_scanner_that_dies_in_the_middle_leaves_its_timers_on_the_list() -> None:
    set_timer("eggs")
    with pytest.raises(KeyboardInterrupt):
        _die_after_firing()
    assert Due.objects.get().key == "eggs"


def _die_after_firing() -> None:
    with transaction.atomic():
        scanner.fire()
        raise KeyboardInterrupt
