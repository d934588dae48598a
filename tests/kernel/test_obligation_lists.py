"""Lists of obligations: whose they are, in which order, how many where; nobody meets a neighbour's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from anlan.kernel import obligation_lists as lists
from anlan.kernel import obligations
from anlan.kernel.context import Context
from anlan.kernel.errors import NotAllowed, NotFound
from anlan.kernel.models import Clock, Escalation, Exercise, Holiday
from anlan.kernel.obligation_lists import Tally, Wanted
from anlan.kernel.seeds import plant_unit
from anlan.kernel.terms import ObligationState, Rung, Standing, Whose
from tests.owed import DAY, HOUR, NOW, make_duty, make_rule

if TYPE_CHECKING:
    from anlan.kernel.models import User
    from tests.cast import World


@dataclass
class At(Context):
    """A context whose clock stands."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


def at(user: User, moment: datetime = NOW, exercise: Exercise | None = None) -> Context:
    return At(user, exercise, at=moment)


def ids(ctx: Context, wanted: Wanted | None = None) -> list[int]:
    return [row.pk for row in lists.list_obligations(ctx, wanted or Wanted()).rows]


def make_exercise() -> Exercise:
    return Exercise.objects.create(name="防汛演练", clock=Clock.objects.create(origin_at=NOW, started_at=NOW))


# --- whose --------------------------------------------------------------------------------------------------------


def test_the_subtree_is_seen_and_a_neighbour_s_is_not(world: World) -> None:
    rule = make_rule()
    own, below = make_duty(rule, world.district, NOW), make_duty(rule, world.town, NOW)
    theirs = make_duty(rule, world.neighbour_town, NOW)
    assert set(ids(at(world.officer))) == {own.pk, below.pk}
    assert ids(at(world.neighbour)) == [theirs.pk]


def test_who_may_read_none_is_refused_rather_than_shown_an_empty_list(world: World) -> None:
    with pytest.raises(NotAllowed):
        lists.list_obligations(at(world.stranger), Wanted())


def test_mine_are_those_of_my_unit_and_my_post_there(world: World) -> None:
    rule = make_rule()
    of_unit = make_duty(rule, world.district, NOW)
    of_post = make_duty(rule, world.district, NOW + HOUR, post="duty_officer")
    make_duty(rule, world.district, NOW, post="leader")
    make_duty(rule, world.town, NOW)
    assert ids(at(world.officer), Wanted(Whose.MINE)) == [of_unit.pk, of_post.pk]


def test_who_can_only_read_has_nothing_that_is_his_to_do(world: World) -> None:
    make_duty(make_rule(), world.city, NOW)
    assert ids(at(world.auditor), Wanted(Whose.MINE)) == []
    assert len(ids(at(world.auditor), Wanted(Whose.UNIT))) == 1


def test_my_unit_s_are_those_of_every_post_but_of_no_unit_below(world: World) -> None:
    rule = make_rule()
    of_unit = make_duty(rule, world.district, NOW)
    of_leader = make_duty(rule, world.district, NOW + HOUR, post="leader")
    make_duty(rule, world.town, NOW)
    assert ids(at(world.officer), Wanted(Whose.UNIT)) == [of_unit.pk, of_leader.pk]


def test_a_job_has_no_work_of_its_own(world: World) -> None:
    make_duty(make_rule(), world.city, NOW)
    job = At(None, powers=frozenset({lists.READ, lists.FULFIL}))
    assert ids(job, Wanted(Whose.MINE)) == []
    assert len(ids(job)) == 1


def test_an_exercise_and_real_life_never_meet(world: World) -> None:
    rule, exercise = make_rule(), make_exercise()
    real = make_duty(rule, world.town, NOW)
    drill = make_duty(rule, world.town, NOW, exercise=exercise, clock=exercise.clock)
    inside = at(world.officer, exercise=exercise)
    assert ids(at(world.officer)) == [real.pk]
    assert ids(inside) == [drill.pk]
    assert sum(part.open for part in lists.list_parts(inside, world.district, date(2026, 7, 1))) == 1
    with pytest.raises(NotFound):
        lists.get_obligation(inside, real.pk)


# --- which --------------------------------------------------------------------------------------------------------


def test_open_ones_come_by_due_time_and_ended_ones_by_when_they_ended(world: World) -> None:
    rule = make_rule()
    second, first = make_duty(rule, world.town, NOW + HOUR), make_duty(rule, world.town, NOW - HOUR)
    older = make_duty(rule, world.town, NOW, state=ObligationState.FULFILLED, ended_at=NOW - DAY)
    newer = make_duty(rule, world.town, NOW, state=ObligationState.WAIVED, ended_at=NOW - HOUR)
    ctx = at(world.officer)
    assert ids(ctx) == [first.pk, second.pk]
    assert ids(ctx, Wanted(standing=Standing.ENDED)) == [newer.pk, older.pk]
    assert ids(ctx, Wanted(standing=Standing.ENDED, state="fulfilled")) == [older.pk]


def test_what_is_due_at_midnight_is_due_today_and_not_overdue_before(world: World) -> None:
    midnight = datetime(2026, 7, 20, 16, tzinfo=UTC)  # 24:00 in the node's zone
    duty = make_duty(make_rule(), world.town, midnight)
    make_duty(make_rule("later"), world.town, midnight + timedelta(seconds=1))
    assert ids(at(world.officer), Wanted(standing=Standing.TODAY)) == [duty.pk]
    assert ids(at(world.officer, midnight), Wanted(standing=Standing.OVERDUE)) == []
    late = at(world.officer, midnight + timedelta(microseconds=1))
    assert ids(late, Wanted(standing=Standing.OVERDUE)) == [duty.pk]


def test_paused_ones_stand_apart(world: World) -> None:
    duty = make_duty(make_rule(), world.town, NOW - HOUR, state=ObligationState.PAUSED, paused_at=NOW)
    assert ids(at(world.officer)) == ids(at(world.officer), Wanted(standing=Standing.OVERDUE)) == []
    assert ids(at(world.officer), Wanted(standing=Standing.PAUSED)) == [duty.pk]
    assert ids(at(world.officer), Wanted(standing=Standing.ENDED)) == []


def test_filters_by_rule_in_any_version_unit_with_subtree_kind_and_day(world: World) -> None:
    rule, other = make_rule(), make_rule("other")
    newer = make_rule(from_on=date(2026, 1, 1))
    one = make_duty(rule, world.town, NOW)
    two = make_duty(newer, world.district, NOW + DAY, subject_kind="test.kind")
    three = make_duty(other, world.district, NOW + 2 * DAY)
    ctx = at(world.officer)
    assert ids(ctx, Wanted(rule="report")) == [one.pk, two.pk]
    assert ids(ctx, Wanted(unit=world.town)) == [one.pk]
    assert ids(ctx, Wanted(unit=world.district)) == [one.pk, two.pk, three.pk]
    assert ids(ctx, Wanted(kind="test.kind")) == [two.pk]
    assert ids(ctx, Wanted(day=date(2026, 7, 21))) == [two.pk]


# --- paging -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("standing", [Standing.OPEN, Standing.ENDED])
def test_pages_leave_no_gap_and_repeat_nothing_where_many_share_a_moment(
    world: World, standing: Standing
) -> None:
    rule, ended = make_rule(), {"state": ObligationState.FULFILLED, "ended_at": NOW}
    for number in range(11):
        fields = ended if standing == Standing.ENDED else {}
        make_duty(rule, world.town, NOW + HOUR * (number // 5), **fields)
    ctx, wanted = at(world.officer), Wanted(standing=standing)
    whole = ids(ctx, wanted)
    pages, after = [], ""
    while True:
        page = lists.list_obligations(ctx, wanted, after=after, rows=3)
        pages.append(page)
        if not (after := page.after):
            break
    assert [row.pk for page in pages for row in page.rows] == whole
    back = lists.list_obligations(ctx, wanted, before=pages[2].before, rows=3)
    assert back.rows == pages[1].rows
    assert (pages[0].before, back.before, back.after) == ("", pages[1].before, pages[1].after)
    first = lists.list_obligations(ctx, wanted, before=back.before, rows=3)
    assert first.rows == pages[0].rows
    assert not first.before


def test_a_row_that_comes_in_meanwhile_moves_nothing_that_was_read(world: World) -> None:
    rule = make_rule()
    rows = [make_duty(rule, world.town, NOW + HOUR * number) for number in range(4)]
    first = lists.list_obligations(at(world.officer), Wanted(), rows=2)
    make_duty(rule, world.town, NOW - DAY)
    second = lists.list_obligations(at(world.officer), Wanted(), after=first.after, rows=2)
    assert [row.pk for row in second.rows] == [rows[2].pk, rows[3].pk]


@pytest.mark.parametrize("mark", ["", "x", "1-", "-1", "９-９", "1" * 40 + "-1", "1-2-3"])
def test_a_mark_that_cannot_be_read_begins_at_the_beginning(world: World, mark: str) -> None:
    duty = make_duty(make_rule(), world.town, NOW)
    assert [row.pk for row in lists.list_obligations(at(world.officer), Wanted(), after=mark).rows] == [
        duty.pk
    ]


def test_an_export_ends_at_its_bound(world: World) -> None:
    rule = make_rule()
    for number in range(7):
        make_duty(rule, world.town, NOW + HOUR * number)
    chunks = list(lists.iter_obligations(at(world.officer), Wanted(), most=5, chunk=2))
    assert [len(chunk) for chunk in chunks] == [2, 2, 1]


# --- how many -----------------------------------------------------------------------------------------------------


def test_each_unit_counts_all_below_it_and_itself_apart(world: World) -> None:
    rule = make_rule()
    village = plant_unit("T-1-1-1-1", "甲一村", "village", world.town)
    make_duty(rule, world.district, NOW + 5 * DAY)
    make_duty(rule, world.town, NOW + HOUR)
    oldest = make_duty(rule, village, NOW - DAY)
    make_duty(rule, village, NOW - HOUR)
    make_duty(rule, world.neighbour_town, NOW - HOUR)
    done = {"state": ObligationState.FULFILLED}
    make_duty(rule, village, NOW - DAY, **done, ended_at=NOW - DAY)
    make_duty(rule, village, NOW - DAY, **done, ended_at=NOW)
    make_duty(rule, village, NOW - 40 * DAY, **done, ended_at=NOW - 40 * DAY)
    make_duty(rule, village, NOW - DAY, state=ObligationState.WAIVED, ended_at=NOW)
    town, district = lists.list_parts(at(world.officer), world.district, date(2026, 7, 1))
    assert (town.unit_id, town.itself, district.unit_id, district.itself) == (
        world.town.pk,
        False,
        world.district.pk,
        True,
    )
    assert (town.open, town.overdue, town.today, town.in_time, town.late) == (3, 2, 1, 1, 1)
    assert town.oldest_at == oldest.due_at
    assert (district.open, district.overdue, district.today, district.done) == (1, 0, 0, 0)


def test_a_month_begins_and_ends_at_local_midnight(world: World) -> None:
    rule, done = make_rule(), {"state": ObligationState.FULFILLED}
    july, august = datetime(2026, 6, 30, 16, tzinfo=UTC), datetime(2026, 7, 31, 16, tzinfo=UTC)
    tick = timedelta(microseconds=1)
    for moment in (july - tick, july, august - tick, august):
        make_duty(rule, world.town, moment, **done, ended_at=moment)
    parts = lists.list_parts(at(world.officer), world.district, date(2026, 7, 1))
    assert {part.name: part.in_time for part in parts} == {world.town.name: 2, world.district.name: 0}


def test_my_own_are_counted_by_urgency(world: World) -> None:
    rule = make_rule()
    for due_at in (NOW - HOUR, NOW, NOW + HOUR, NOW + 3 * DAY):
        make_duty(rule, world.district, due_at)
    make_duty(rule, world.town, NOW - HOUR)
    assert lists.count_mine(at(world.officer)) == Tally(open=4, overdue=1, today=2)


def test_the_calendar_counts_a_day_up_to_its_24_00(world: World) -> None:
    rule = make_rule()
    month_end = datetime(2026, 7, 31, 16, tzinfo=UTC)
    for due_at in (
        NOW - DAY,
        month_end,
        month_end + timedelta(seconds=1),
        datetime(2026, 6, 30, 16, tzinfo=UTC),
    ):
        make_duty(rule, world.town, due_at)
    make_duty(rule, world.neighbour_town, month_end)
    counted = lists.count_by_day(at(world.officer), Wanted(), date(2026, 7, 1))
    assert counted == {date(2026, 7, 19): Tally(1, 1, 0), date(2026, 7, 31): Tally(1, 0, 0)}
    for day, tally in counted.items():
        assert len(ids(at(world.officer), Wanted(day=day))) == tally.open


def test_a_year_without_published_holidays_is_named(db: None) -> None:
    Holiday.objects.all().delete()
    holiday = Holiday.objects.create(on=date(2026, 1, 1), working=False, name="元旦", source="通知")
    assert lists.list_holidays(date(2025, 12, 29), date(2026, 2, 1)) == ({holiday.on: holiday}, {2025})


# --- one obligation -----------------------------------------------------------------------------------------------


def test_a_neighbour_s_obligation_is_not_found(world: World) -> None:
    duty = make_duty(make_rule(), world.town, NOW)
    assert lists.get_obligation(at(world.officer), duty.pk) == duty
    with pytest.raises(NotFound):
        lists.get_obligation(at(world.neighbour), duty.pk)
    with pytest.raises(NotFound):
        lists.list_by_ids(at(world.neighbour), [duty.pk], lists.READ)


def test_some_by_number_are_all_found_or_none(world: World) -> None:
    rule = make_rule()
    own, theirs = make_duty(rule, world.town, NOW), make_duty(rule, world.neighbour_town, NOW)
    ctx = at(world.officer)
    assert lists.list_by_ids(ctx, [own.pk], lists.READ) == [own]
    with pytest.raises(NotFound):
        lists.list_by_ids(ctx, [own.pk, theirs.pk], lists.READ)
    with pytest.raises(NotFound):
        lists.list_by_ids(ctx, [], lists.READ)


def test_its_way_shows_the_steps_taken_and_those_ahead_with_whom_they_tell(world: World) -> None:
    rule = make_rule(
        reminders=[HOUR], ladder=[{"after": 600, "levels_up": 1}, {"after": 3600, "levels_up": 9}]
    )
    duty = make_duty(rule, world.town, NOW, step=1)
    Escalation.objects.create(
        obligation=duty, step=0, rung=Rung.REMINDER, unit=world.town, at=NOW - HOUR + timedelta(seconds=1)
    )
    stops = lists.list_stops(duty)
    assert [(stop.at - NOW, stop.rung, stop.unit, stop.taken) for stop in stops] == [
        (timedelta(seconds=1) - HOUR, Rung.REMINDER, world.town.name, True),
        (timedelta(minutes=10), Rung.ESCALATION, world.district.name, False),
        (HOUR, Rung.ESCALATION, world.city.name, False),
    ]


def test_nothing_lies_ahead_of_one_that_has_ended(world: World) -> None:
    duty = make_duty(make_rule(reminders=[HOUR]), world.town, NOW)
    obligations.waive_obligations(at(world.approver), [duty.pk], reason="不适用")
    duty.refresh_from_db()
    assert lists.list_stops(duty) == []
    assert [entry.event for entry in lists.entries_of(duty).values()] == ["kernel.obligation.waived"]
