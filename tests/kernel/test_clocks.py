"""Two times: the exercise's clock runs, races and stands still; Python and SQL agree on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection
from hypothesis import given
from hypothesis import strategies as st

from anlan.kernel.clock import real_now
from anlan.kernel.models import Clock, Exercise, Grant, Role
from anlan.kernel.models.clock import REAL
from tests.cast import World, acting

START = datetime(2026, 7, 20, 5, 0, tzinfo=UTC)


def in_sql(clock_id: int) -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT domain_now(%s)", [clock_id])
        found: datetime = cursor.fetchone()[0]
        return found


def test_the_real_clock_tells_real_time(db: None) -> None:
    before = real_now()
    assert before <= in_sql(REAL) <= real_now()
    assert Clock.objects.get(pk=REAL).at(before) == before


@given(rate=st.floats(min_value=0.1, max_value=100), seconds=st.integers(min_value=0, max_value=10**6))
def test_time_passes_at_the_clock_s_rate(rate: float, seconds: int) -> None:
    clock = Clock(origin_at=START, started_at=START, rate=rate)
    passed = clock.at(START + timedelta(seconds=seconds)) - START
    assert abs(passed.total_seconds() - seconds * rate) < 0.001


def test_a_paused_clock_stands_still(db: None) -> None:
    clock = Clock.objects.create(
        origin_at=START, started_at=real_now() - timedelta(hours=1), paused_at=real_now(), rate=2
    )
    assert in_sql(clock.pk) == in_sql(clock.pk)
    assert abs(clock.at(real_now()) - (START + timedelta(hours=2))) < timedelta(seconds=1)
    assert abs(in_sql(clock.pk) - clock.at(real_now())) < timedelta(milliseconds=1)


def test_a_clock_never_runs_backwards(db: None) -> None:
    with pytest.raises(IntegrityError):
        Clock.objects.create(rate=-1)


def test_a_context_in_an_exercise_lives_in_its_time(world: World) -> None:
    clock = Clock.objects.create(origin_at=START, started_at=real_now())
    ctx = acting(world.officer)
    ctx.exercise = Exercise.objects.create(name="防汛演练", clock=clock)
    assert abs(ctx.now() - START) < timedelta(minutes=1)
    entry = ctx.journal(_happened(), world.town)
    assert abs(entry.at - START) < timedelta(minutes=1)
    assert entry.recorded_at > START
    assert entry.exercise_id == ctx.exercise.pk


def _happened() -> object:
    from tests.kernel.test_journal import UnitVisited  # noqa: PLC0415 - one declared event serves both

    return UnitVisited(1, "")  # type: ignore[arg-type]  # empty


def test_a_posting_narrows_what_its_holder_may_do(world: World) -> None:
    second = Grant.objects.create(
        user=world.clerk, role=Role.objects.get(code="leader"), scope_root=world.neighbour_town
    )
    everything, narrowed = acting(world.clerk), acting(world.clerk)
    narrowed.posting_id = second.pk
    assert everything.roots("organisation.unit.read") == (world.town.path, world.neighbour_town.path)
    assert narrowed.roots("organisation.unit.read") == (world.neighbour_town.path,)


def test_a_job_holds_its_own_powers_everywhere_and_no_others(world: World) -> None:
    ctx = acting(world.stranger)
    ctx.powers = frozenset({"kernel.node.check"})
    assert ctx.roots("kernel.node.check") == ("",)
    assert ctx.roots("kernel.node.release") == ()
