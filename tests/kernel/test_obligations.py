"""Obligations: events open and end them in the act's own transaction; lateness is by the time of the event."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import transaction

from anlan.kernel import obligations
from anlan.kernel.clock import real_now
from anlan.kernel.context import Context
from anlan.kernel.errors import NotAllowed, NotFound, StateConflict
from anlan.kernel.models import Due, Entry, Obligation
from anlan.kernel.obligations import STEP
from anlan.kernel.periods import local_date, period_of
from anlan.kernel.terms import Every, ObligationState
from tests.cast import acting, forget_grants
from tests.kernel.duties import (
    AlarmContinued,
    AlarmDropped,
    AlarmRaised,
    AlarmReported,
    AlarmStopped,
    load_rule,
    move,
    standing_exercise,
    yearly,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from anlan.kernel.models import Unit
    from tests.cast import World

    Act = Callable[[Context, list[int]], Entry]

HOUR = timedelta(hours=1)


@pytest.fixture
def ctx(world: World) -> Context:
    return acting(world.officer)


@pytest.fixture
def drill(world: World) -> Context:
    """The officer in an exercise whose time the test moves."""
    return Context(world.officer, standing_exercise())


def only() -> Obligation:
    return Obligation.unscoped.select_related("unit", "rule").get()


def owners() -> set[Unit]:
    return {row.unit for row in Obligation.unscoped.select_related("unit")}


def test_an_event_opens_a_duty_of_its_unit_with_a_clock(ctx: Context, world: World) -> None:
    load_rule()
    entry = ctx.journal(AlarmRaised(), world.town)
    duty = only()
    assert (duty.unit, duty.state, duty.opened_entry_id) == (world.town, ObligationState.OPEN, entry.pk)
    assert duty.due_at == entry.at + 2 * HOUR
    assert Due.objects.get(kind=STEP).at == duty.due_at - timedelta(minutes=30)


def test_the_opening_stands_in_the_journal_with_its_cause_and_due_time(ctx: Context, world: World) -> None:
    load_rule()
    entry = ctx.journal(AlarmRaised(), world.town)
    opened = Entry.objects.get(event="kernel.obligation.opened")
    assert (opened.cause_id, opened.subject, opened.unit_id) == (entry.pk, str(only().pk), world.town.pk)
    assert opened.data["units"] == [world.town.pk]


def test_an_event_that_fulfils_in_time_is_not_late(drill: Context, world: World) -> None:
    load_rule()
    drill.journal(AlarmRaised(), world.town)
    move(drill.exercise, 2 * HOUR)
    done = drill.journal(AlarmReported(), world.town)
    duty = only()
    assert (duty.state, duty.ended_at, duty.ended_entry_id) == (ObligationState.FULFILLED, done.at, done.pk)
    assert Entry.objects.get(event="kernel.obligation.fulfilled").data["late_s"] == [0]


def test_an_event_that_fulfils_too_late_says_by_how_much(drill: Context, world: World) -> None:
    load_rule()
    drill.journal(AlarmRaised(), world.town)
    move(drill.exercise, 3 * HOUR)
    drill.journal(AlarmReported(), world.town)
    assert Entry.objects.get(event="kernel.obligation.fulfilled").data["late_s"] == [3600]


def test_what_is_rolled_back_opens_nothing(ctx: Context, world: World) -> None:
    load_rule()
    with transaction.atomic():
        ctx.journal(AlarmRaised(), world.town)
        assert Obligation.unscoped.exists()
        transaction.set_rollback(True)
    assert not Obligation.unscoped.exists()
    assert not Due.objects.exists()


def test_the_same_event_again_opens_nothing_new(ctx: Context, world: World) -> None:
    load_rule()
    ctx.journal(AlarmRaised(), world.town)
    ctx.journal(AlarmRaised(), world.town)
    assert Obligation.unscoped.count() == 1


def test_a_duty_that_may_come_again_is_opened_anew_once_it_has_ended(ctx: Context, world: World) -> None:
    load_rule(again=True, opens_on=["test.alarm.raised", "test.alarm.reported"])
    ctx.journal(AlarmRaised(), world.town)
    ctx.journal(AlarmRaised(), world.town)
    assert Obligation.unscoped.count() == 1
    ctx.journal(AlarmReported(), world.town)
    states = Obligation.unscoped.order_by("pk").values_list("state", flat=True)
    assert list(states) == [ObligationState.FULFILLED, ObligationState.OPEN]


def test_an_event_that_names_units_obliges_each_and_each_fulfils_for_itself(
    ctx: Context, world: World
) -> None:
    load_rule(owners_field="units")
    towns = (world.town.pk, world.neighbour_town.pk)
    ctx.journal(AlarmRaised(units=towns), world.district)
    assert owners() == {world.town, world.neighbour_town}
    ctx.journal(AlarmReported(units=(world.town.pk,)), world.district)
    open_now = Obligation.unscoped.filter(state=ObligationState.OPEN)
    assert [duty.unit_id for duty in open_now] == [world.neighbour_town.pk]


def test_a_false_alarm_withdraws_the_duty_of_every_unit(ctx: Context, world: World) -> None:
    load_rule(owners_field="units")
    ctx.journal(AlarmRaised(units=(world.town.pk, world.neighbour_town.pk)), world.district)
    ctx.journal(AlarmDropped(), world.district)
    assert set(Obligation.unscoped.values_list("state", flat=True)) == {ObligationState.WITHDRAWN}


def test_an_event_ends_the_duty_of_every_rule_that_listens_to_it_once(ctx: Context, world: World) -> None:
    load_rule(owners_field="units")
    load_rule(
        owners_field="units", from_on="2099-01-01", subject_kind="kernel.unit"
    )  # a later version that looks otherwise
    load_rule(code="test-second", name="另行报告")
    ctx.journal(AlarmRaised(units=(world.town.pk,)), world.town)
    ctx.journal(AlarmReported(units=(world.town.pk,)), world.town)
    duties = {duty.rule.code: duty for duty in Obligation.unscoped.select_related("rule")}
    assert {duty.state for duty in duties.values()} == {ObligationState.FULFILLED}
    told = Entry.objects.filter(event="kernel.obligation.fulfilled")
    assert {(one.data["rule"], one.subject) for one in told} == {
        ("test-report", str(duties["test-report"].pk)),
        ("test-second", str(duties["test-second"].pk)),
    }


def test_a_bulk_act_obliges_the_unit_of_each_record(ctx: Context, world: World) -> None:
    load_rule()
    ctx.journal_bulk(AlarmRaised(), [world.town, world.neighbour_town])
    assert owners() == {world.town, world.neighbour_town}
    assert Entry.objects.filter(event="kernel.obligation.opened").count() == 1


def test_a_condition_that_is_not_met_opens_nothing(ctx: Context, world: World) -> None:
    load_rule(conditions={"grade": ["I"]})
    ctx.journal(AlarmRaised(grade="II"), world.town)
    assert not Obligation.unscoped.exists()
    ctx.journal(AlarmRaised(grade="I"), world.town)
    assert Obligation.unscoped.count() == 1


def test_the_rule_of_the_closest_region_holds(ctx: Context, world: World) -> None:
    load_rule()
    nearer = load_rule(region="T-1-1", limit="PT1H", name="本区从严")
    ctx.journal(AlarmRaised(), world.town)
    ctx.journal(AlarmRaised(), world.neighbour_town)
    by_unit = {duty.unit_id: duty.rule_id for duty in Obligation.unscoped.all()}
    assert by_unit[world.town.pk] == nearer.pk
    assert by_unit[world.neighbour_town.pk] != nearer.pk


def test_a_rule_holds_from_its_first_day_to_before_its_last(ctx: Context, world: World) -> None:
    load_rule(until_on="2021-01-01")
    load_rule(from_on="2099-01-01")
    ctx.journal(AlarmRaised(), world.town)
    assert not Obligation.unscoped.exists()


def test_the_limit_may_run_from_a_moment_that_the_event_names(ctx: Context, world: World) -> None:
    load_rule(moment_field="seen_at")
    seen = real_now() - 5 * HOUR
    ctx.journal(AlarmRaised(seen_at=seen), world.town)
    assert only().due_at == seen + 2 * HOUR


def test_a_false_alarm_withdraws_the_duty(ctx: Context, world: World) -> None:
    load_rule()
    ctx.journal(AlarmRaised(), world.town)
    dropped = ctx.journal(AlarmDropped(), world.town)
    assert (only().state, only().ended_entry_id) == (ObligationState.WITHDRAWN, dropped.pk)


def test_a_pause_moves_the_due_time_by_its_length(drill: Context, world: World) -> None:
    load_rule()
    raised = drill.journal(AlarmRaised(), world.town)
    move(drill.exercise, HOUR)
    drill.journal(AlarmStopped(), world.town)
    assert only().state == ObligationState.PAUSED
    move(drill.exercise, 10 * HOUR)
    drill.journal(AlarmContinued(), world.town)
    assert (only().state, only().due_at) == (ObligationState.OPEN, raised.at + 12 * HOUR)


def test_what_is_owed_in_an_exercise_stays_apart_from_real_life(
    ctx: Context, drill: Context, world: World
) -> None:
    load_rule()
    ctx.journal(AlarmRaised(), world.town)
    drill.journal(AlarmRaised(), world.town)
    drill.journal(AlarmReported(), world.town)
    assert Obligation.unscoped.get(exercise=None).state == ObligationState.OPEN
    assert Obligation.unscoped.get(exercise=drill.exercise).state == ObligationState.FULFILLED


def test_a_counted_duty_of_the_year_is_fulfilled_by_its_last_time(ctx: Context, world: World) -> None:
    rule = yearly()
    period = period_of(Every.YEAR, local_date(real_now()))
    Obligation.unscoped.create(
        rule=rule, unit=world.town, subject_kind="kernel.unit", subject=str(world.town.pk), period=period,
        opened_at=real_now(), due_at=real_now() + HOUR, count=2,
    )  # fmt: skip
    ctx.journal(AlarmReported(), world.town)
    assert (only().state, only().done) == (ObligationState.OPEN, 1)
    ctx.journal(AlarmReported(), world.town)
    assert (only().state, only().done) == (ObligationState.FULFILLED, 2)
    ctx.journal(AlarmReported(), world.town)
    assert only().done == 2


# --- by people ----------------------------------------------------------------------------------------------------


def fulfil(ctx: Context, ids: list[int]) -> Entry:
    return obligations.fulfil_obligations(ctx, ids, proof="已现场核查")


def waive(ctx: Context, ids: list[int]) -> Entry:
    return obligations.waive_obligations(ctx, ids, reason="该村无此类设施")


def pause(ctx: Context, ids: list[int]) -> Entry:
    return obligations.pause_obligations(ctx, ids, reason="道路中断")


def urge(ctx: Context, ids: list[int]) -> Entry:
    return obligations.urge_obligations(ctx, ids, words="请于今日办结")


by_people = pytest.mark.parametrize("act", [fulfil, waive, pause, urge])
CAPABILITY = {fulfil: "fulfil", waive: "waive", pause: "pause", urge: "urge"}


@pytest.fixture
def owed(ctx: Context, world: World) -> list[int]:
    """Two open duties, of the town and of the district."""
    load_rule()
    ctx.journal_bulk(AlarmRaised(), [world.town, world.district])
    return list(Obligation.unscoped.order_by("pk").values_list("pk", flat=True))


@by_people
def test_who_holds_the_capability_does_it_to_all_of_them_at_once(
    world: World, owed: list[int], act: Act
) -> None:
    entry = act(acting(world.holder(f"kernel.obligation.{CAPABILITY[act]}")), owed)
    assert entry.data["subjects"] == [str(pk) for pk in owed]


@by_people
def test_who_holds_it_over_one_of_them_only_does_nothing(world: World, owed: list[int], act: Act) -> None:
    narrow = acting(world.holder(f"kernel.obligation.{CAPABILITY[act]}", world.town))
    with pytest.raises(NotFound):
        act(narrow, owed)
    assert set(Obligation.unscoped.values_list("state", flat=True)) == {ObligationState.OPEN}


@by_people
def test_a_stranger_is_refused(world: World, owed: list[int], act: Act) -> None:
    with pytest.raises(NotAllowed):
        act(acting(world.stranger), owed)


@pytest.mark.parametrize("act", [fulfil, waive])
def test_what_has_ended_is_not_ended_again(world: World, owed: list[int], act: Act) -> None:
    ctx = acting(world.holder(f"kernel.obligation.{CAPABILITY[act]}"))
    act(ctx, owed[:1])
    with pytest.raises(StateConflict):
        act(ctx, owed)
    assert Obligation.unscoped.get(pk=owed[1]).state == ObligationState.OPEN


def test_a_reason_is_kept_apart_from_the_entry(world: World, owed: list[int]) -> None:
    entry = waive(acting(world.holder("kernel.obligation.waive")), owed)
    assert "sha256" in entry.data["reason"]
    assert entry.private.get().text == "该村无此类设施"


def test_pausing_and_resuming_by_hand_moves_the_due_time(drill: Context, world: World) -> None:
    load_rule()
    raised = drill.journal(AlarmRaised(), world.town)
    drill.actor = world.holder("kernel.obligation.pause")
    forget_grants(drill)
    obligations.pause_obligations(drill, [only().pk], reason="道路中断")
    move(drill.exercise, 3 * HOUR)
    obligations.resume_obligations(drill, [only().pk])
    assert only().due_at == raised.at + 5 * HOUR
