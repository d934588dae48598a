"""Escalation: what is due is told once, to the unit or the one above, and never once the duty is done."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from anlan.kernel import escalation, obligations, scanner
from anlan.kernel.clock import real_now
from anlan.kernel.context import Context
from anlan.kernel.models import Due, Entry, Escalation, Holiday, Obligation
from anlan.kernel.periods import end_of, local_date
from anlan.kernel.terms import ObligationState, Rung
from tests.kernel.duties import (
    AlarmContinued,
    AlarmRaised,
    AlarmReported,
    AlarmStopped,
    fire_all,
    load_rule,
    move,
    standing_exercise,
    yearly,
)

if TYPE_CHECKING:
    from tests.cast import World

MINUTE = timedelta(minutes=1)


@pytest.fixture
def drill(world: World) -> Context:
    return Context(world.officer, standing_exercise())


def told() -> list[tuple[int, str, int]]:
    rows = Escalation.objects.order_by("obligation_id", "step")
    return [(row.step, row.rung, row.unit_id) for row in rows]


def test_nothing_is_told_before_its_time(drill: Context, world: World) -> None:
    load_rule()
    drill.journal(AlarmRaised(), world.town)
    move(drill.exercise, 89 * MINUTE)
    assert fire_all() == 0
    assert told() == []


def test_the_unit_is_reminded_then_told_then_the_one_above(drill: Context, world: World) -> None:
    load_rule()
    drill.journal(AlarmRaised(), world.town)
    for passes in (90, 30, 30):
        move(drill.exercise, passes * MINUTE)
        fire_all()
    assert told() == [
        (0, Rung.REMINDER, world.town.pk),
        (1, Rung.ESCALATION, world.town.pk),
        (2, Rung.ESCALATION, world.district.pk),
    ]
    events = Entry.objects.filter(event__startswith="kernel.obligation.").order_by("pk")
    assert [entry.event.rsplit(".", 1)[1] for entry in events] == [
        "opened",
        "reminded",
        "escalated",
        "escalated",
    ]
    assert not Due.objects.exists()


def test_a_long_silence_takes_every_step_once(drill: Context, world: World) -> None:
    load_rule()
    drill.journal(AlarmRaised(), world.town)
    move(drill.exercise, timedelta(days=3))
    fire_all()
    fire_all()
    assert [step for step, _, _ in told()] == [0, 1, 2]


def test_what_is_done_is_not_told(drill: Context, world: World) -> None:
    load_rule()
    drill.journal(AlarmRaised(), world.town)
    drill.journal(AlarmReported(), world.town)
    move(drill.exercise, timedelta(days=1))
    fire_all()
    assert told() == []


def test_a_paused_duty_is_told_only_once_it_runs_again(drill: Context, world: World) -> None:
    load_rule()
    drill.journal(AlarmRaised(), world.town)
    drill.journal(AlarmStopped(), world.town)
    move(drill.exercise, timedelta(days=1))
    fire_all()
    assert told() == []
    drill.journal(AlarmContinued(), world.town)
    fire_all()
    assert told() == []
    move(drill.exercise, 120 * MINUTE)
    fire_all()
    assert [step for step, _, _ in told()] == [0, 1]


def test_one_that_was_late_and_is_then_done_keeps_what_was_told(drill: Context, world: World) -> None:
    load_rule()
    drill.journal(AlarmRaised(), world.town)
    move(drill.exercise, 125 * MINUTE)
    fire_all()
    drill.journal(AlarmReported(), world.town)
    move(drill.exercise, timedelta(days=1))
    fire_all()
    assert [step for step, _, _ in told()] == [0, 1]
    assert Obligation.unscoped.get().state == ObligationState.FULFILLED


def test_many_that_fall_due_together_are_one_entry(drill: Context, world: World) -> None:
    load_rule()
    drill.journal_bulk(AlarmRaised(), [world.town, world.neighbour_town, world.district])
    move(drill.exercise, 90 * MINUTE)
    fire_all()
    entry = Entry.objects.get(event="kernel.obligation.reminded")
    assert len(entry.data["subjects"]) == len(told()) == 3
    assert entry.unit_id == world.city.pk  # the lowest over all of them


def test_a_rung_above_the_root_is_told_to_the_root(drill: Context, world: World) -> None:
    load_rule(ladder=[{"after": "PT0S", "levels_up": 9}], reminders=[])
    drill.journal(AlarmRaised(), world.town)
    move(drill.exercise, 120 * MINUTE)
    fire_all()
    assert told() == [(0, Rung.ESCALATION, world.city.pk)]


def test_a_paused_exercise_lets_nothing_fall_due(drill: Context, world: World) -> None:
    load_rule(limit="PT0S", reminders=[])
    drill.journal(AlarmRaised(), world.town)
    move(drill.exercise, -MINUTE)
    assert fire_all() == 0


# --- recurring ----------------------------------------------------------------------------------------------------


def midnight() -> None:
    """What happens each day at local midnight."""
    escalation.wake_daily(Context(None))
    scanner.fire()


def test_each_unit_of_the_kind_owes_a_recurring_duty_once_in_its_period(world: World) -> None:
    yearly(reminders=[], ladder=[])
    midnight()
    midnight()
    duties = Obligation.unscoped.order_by("unit_id")
    assert [duty.unit_id for duty in duties] == [world.town.pk, world.neighbour_town.pk]
    year = local_date(real_now()).year
    assert {duty.period for duty in duties} == {str(year)}
    assert duties[0].due_at == end_of(local_date(real_now()).replace(month=12, day=31))
    assert Due.objects.get(kind=escalation.DAY).at == end_of(local_date(real_now()))


def test_a_recurring_duty_of_a_closer_region_takes_the_place_of_the_wider(world: World) -> None:
    yearly(reminders=[], ladder=[])
    nearer = yearly(reminders=[], ladder=[], region="T-1-1", count=3)
    midnight()
    by_unit = {duty.unit_id: duty.count for duty in Obligation.unscoped.all()}
    assert by_unit == {world.town.pk: 3, world.neighbour_town.pk: 2}
    assert Obligation.unscoped.get(unit=world.town).rule == nearer


def test_a_duty_of_working_days_is_not_owed_on_a_holiday(world: World) -> None:
    yearly(every="workday", reminders=[], ladder=[], count=1)
    today = local_date(real_now())
    Holiday.objects.create(on=today, working=False, name="试验假日", source="试验")
    midnight()
    assert not Obligation.unscoped.exists()
    Holiday.objects.update(working=True)
    midnight()
    assert Obligation.unscoped.count() == 2


def test_an_abolished_unit_owes_nothing_more(world: World) -> None:
    yearly(reminders=[], ladder=[])
    world.town.retired_at = real_now() - timedelta(days=1)
    world.town.save()
    midnight()
    assert [duty.unit_id for duty in Obligation.unscoped.all()] == [world.neighbour_town.pk]


def test_a_reminder_for_the_last_day_of_the_period_is_waiting(world: World) -> None:
    yearly(reminders=["P30D"], ladder=[])
    midnight()
    duty = Obligation.unscoped.get(unit=world.town)
    assert Due.objects.get(kind=obligations.STEP, key=str(duty.pk)).at == duty.due_at - timedelta(days=30)
