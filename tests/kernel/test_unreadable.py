"""Moments that nobody could read: tables refuse them, and where one is there all the same nothing ends by it."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING

import pytest
from django.db import IntegrityError, connection
from django.db.migrations import RunSQL
from psycopg import sql

from anlan.kernel import (
    escalation,  # noqa: F401 - its timer is fired here
    timers,
)
from anlan.kernel.clock import real_now
from anlan.kernel.context import Context
from anlan.kernel.models import Clock, Due, Escalation, Obligation
from anlan.kernel.models.clock import REAL
from anlan.kernel.models.moments import EARLIEST, LATEST
from anlan.kernel.timers import timer
from tests.kernel.duties import AlarmRaised, fire_all, load_rule, standing_exercise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anlan.kernel.models import Unit
    from tests.cast import World

pytestmark = pytest.mark.django_db
KIND = "test.unreadable.timer"
NODE = Context(None)
rung: list[str] = []


@timer(KIND)
def ring(_ctx: Context, due: Sequence[Due]) -> None:
    rung.extend(one.key for one in due)


@pytest.fixture(autouse=True)
def silence() -> None:
    rung.clear()


BEYOND = ("-infinity", "infinity", "0044-03-15 BC", "20026-01-01")


def write_past(at: str, key: str = "eggs", clock: int = REAL) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO kernel_due (clock_id, at, kind, key, attempts, error) VALUES (%s, %s, %s, %s, 0, '')",
            [clock, at, KIND, key],
        )


def arm(key: str, ctx: Context = NODE) -> None:
    timers.arm(ctx, KIND, key, ctx.now() - timedelta(seconds=1))


def open_one(unit: Unit) -> Obligation:
    load_rule(again=True, reminders=[])
    Context(None).journal(AlarmRaised(), unit)
    return Obligation.unscoped.latest("pk")


def unguard(table: str, constraint: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")


@pytest.mark.parametrize("at", BEYOND)
def test_a_moment_that_nobody_could_read_is_refused_by_the_table_itself(at: str) -> None:
    with pytest.raises(IntegrityError, match="due_readable"):
        write_past(at)


@pytest.mark.parametrize("at", BEYOND)
def test_a_timer_that_cannot_be_read_is_parked_and_the_others_ring(at: str) -> None:
    unguard("kernel_due", "due_readable")
    write_past(at)
    arm("rice")
    assert fire_all() == 1
    assert rung == ["rice"]
    if at in {"infinity", "20026-01-01"}:  # never due
        return
    parked = Due.objects.get()
    assert (parked.key, parked.attempts) == ("eggs", 1)
    assert parked.at > real_now()
    assert "can't be read" in parked.error


def test_a_clock_that_ran_beyond_all_calendars_stands_still_and_the_others_ring() -> None:

    drill = Context(None, standing_exercise())
    arm("eggs", ctx=drill)
    Clock.objects.filter(pk=drill.exercise.clock_id).update(rate=3600, paused_at=None)
    Clock.objects.filter(pk=drill.exercise.clock_id).update(started_at=real_now() - timedelta(days=2_000))
    arm("rice")
    assert fire_all() == 1
    assert rung == ["rice"]


def test_a_timer_by_a_clock_of_no_exercise_is_parked() -> None:
    clock = Clock.objects.create(rate=60, started_at=real_now() - timedelta(days=300))
    write_past("2026-01-01", clock=clock.pk)
    assert fire_all() == 0
    parked = Due.objects.get()
    assert "of no exercise" in parked.error
    assert parked.at > clock.at(real_now()) + timedelta(minutes=30)


@pytest.mark.parametrize("rate", ["NaN", "Infinity", "3601"])
def test_no_clock_runs_so_fast_that_nobody_could_follow(rate: str) -> None:
    with pytest.raises(IntegrityError, match="clock_readable"), connection.cursor() as cursor:
        cursor.execute("UPDATE kernel_clock SET rate = %s::float8", [rate])


@pytest.mark.parametrize("field", ["due_at", "opened_at", "paused_at", "ended_at"])
def test_an_obligation_at_a_moment_that_nobody_could_read_is_refused(world: World, field: str) -> None:
    owed = open_one(world.town)
    with pytest.raises(IntegrityError, match="obligation_readable"), connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("UPDATE kernel_obligation SET {} = 'infinity' WHERE id = %s").format(
                sql.Identifier(field)
            ),
            [owed.pk],
        )


def test_an_obligation_that_cannot_be_read_parks_its_own_step_only(world: World) -> None:
    unguard("kernel_obligation", "obligation_readable")
    broken, sound = open_one(world.town), open_one(world.neighbour_town)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE kernel_obligation SET due_at = '-infinity' WHERE id = %s", [broken.pk])
    Obligation.unscoped.filter(pk=sound.pk).update(due_at=real_now() - timedelta(days=1))
    Due.objects.update(at=real_now() - timedelta(minutes=1))
    fire_all()
    assert Escalation.objects.filter(obligation=sound).exists()
    assert not Escalation.objects.filter(obligation=broken).exists()
    assert Due.objects.get(key=str(broken.pk)).attempts == 1


def test_the_migration_brings_what_was_written_past_the_acts_to_where_it_can_be_read(world: World) -> None:
    kernel = import_module("anlan.kernel.migrations.0012_readable_moments_unique_roles")
    unguard("kernel_due", "due_readable")
    unguard("kernel_obligation", "obligation_readable")
    for number, at in enumerate(BEYOND):
        write_past(at, str(number))
    owed = open_one(world.town)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE kernel_obligation SET due_at = 'infinity', opened_at = '-infinity' WHERE id = %s",
            [owed.pk],
        )
        for operation in kernel.Migration.operations:
            if isinstance(operation, RunSQL) and operation.sql.startswith("UPDATE"):
                cursor.execute(operation.sql)
    owed.refresh_from_db()
    assert (owed.opened_at, owed.due_at, owed.paused_at) == (EARLIEST, LATEST.replace(year=9998), None)
    assert {one.at for one in Due.objects.filter(kind=KIND)} == {EARLIEST, LATEST.replace(year=9998)}
