"""Exercises: who opens, enters and leaves them, what one sees in them, and what their clock does."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from anlan.kernel import exercises, timers
from anlan.kernel.clock import real_now
from anlan.kernel.errors import DomainError, NotAllowed, NotFound, StateConflict
from anlan.kernel.live import standing_of
from anlan.kernel.models import Attendance, Due, Entry
from anlan.organisation.person.models import Person
from anlan.organisation.person.selectors import get_person
from tests.cast import acting, enter
from tests.site.exercises.matrix import exercise_of

if TYPE_CHECKING:
    from datetime import datetime

    from django.test import Client

    from anlan.kernel.models import Exercise
    from tests.cast import World

pytestmark = pytest.mark.django_db


def go_in(door: Client, exercise: Exercise) -> str:
    """Enter by the page; the session's key."""
    assert door.post(reverse("exercise_enter", args=[exercise.pk])).status_code == 302
    return str(door.session.session_key)


def time_in(exercise: Exercise) -> datetime:
    exercise.clock.refresh_from_db()
    return exercise.clock.at(real_now())


def test_a_leader_opens_one_and_it_is_written_down(door: Client, world: World) -> None:
    enter(door, world.approver)
    asked = {"name": "暴雨叫应演练", "unit": world.district.pk, "rate": "60"}
    answer = door.post(reverse("exercise_open"), asked, follow=True)
    assert "暴雨叫应演练" in answer.content.decode()
    assert "60 倍" in answer.content.decode()
    assert Entry.objects.filter(event="kernel.exercise.opened", unit_id=world.district.pk).exists()


def test_nobody_opens_one_of_a_unit_that_is_not_his(world: World) -> None:
    with pytest.raises(NotFound):
        exercises.open_exercise(acting(world.approver), world.neighbour_district, name="x")
    with pytest.raises(NotAllowed):
        exercises.open_exercise(acting(world.clerk), world.town, name="x")


def test_a_township_takes_part_in_its_district_s_and_a_neighbour_does_not(world: World) -> None:
    exercise = exercise_of(world.district)
    assert list(exercises.list_exercises(acting(world.clerk))) == [exercise]
    assert list(exercises.list_exercises(acting(world.neighbour))) == []
    with pytest.raises(NotFound):
        exercises.enter_exercise(acting(world.neighbour), exercise.pk, "a-session")


def test_who_is_in_one_sees_it_on_every_page_until_he_leaves(door: Client, world: World) -> None:
    enter(door, world.officer)
    key = go_in(door, exercise_of(world.district))
    assert "an-band-exercise" in door.get("/").content.decode()
    assert standing_of([(key, world.officer.pk)])[key].side == Attendance.objects.get().exercise_id
    door.post(reverse("exercise_leave"))
    assert "an-band-exercise" not in door.get("/").content.decode()
    assert standing_of([(key, world.officer.pk)])[key].side == 0
    happened = (
        Entry.objects.filter(subject_kind="kernel.exercise").order_by("pk").values_list("event", flat=True)
    )
    assert list(happened) == ["kernel.exercise.entered", "kernel.exercise.left"]


def test_what_is_done_when_it_is_over_is_not_done_in_real_life(door: Client, world: World) -> None:
    enter(door, world.officer)
    exercise = exercise_of(world.district)
    go_in(door, exercise)
    exercises.close_exercise(acting(world.approver), exercise.pk)
    answer = door.post(reverse("exercise_open"), {"name": "又一次", "unit": world.district.pk, "rate": "1"})
    assert answer.headers["Location"] == "/"
    assert exercises.list_exercises(acting(world.officer)).count() == 1
    assert "已结束" in door.get("/").content.decode()


def test_an_exercise_reads_real_people_and_changes_none(world: World) -> None:
    real = Person.unscoped.create(unit=world.town, name="甲")
    ctx = acting(world.clerk)
    ctx.exercise = exercise_of(world.district)
    own = Person.unscoped.create(unit=world.town, name="乙", exercise=ctx.exercise)
    elsewhere = Person.unscoped.create(unit=world.town, name="丙", exercise=exercise_of(world.district))
    read, edit = "organisation.person.read", "organisation.person.edit"
    assert set(Person.objects.visible(ctx, read)) == {real, own}
    assert set(Person.objects.visible(ctx, edit)) == {own}
    assert set(Person.objects.visible(acting(world.clerk), read)) == {real}
    with pytest.raises(NotFound):
        get_person(ctx, elsewhere.pk, read)


def test_its_clock_runs_faster_stands_and_jumps_but_never_back(world: World) -> None:
    ctx, exercise = acting(world.approver), exercise_of(world.district)
    exercises.set_clock(ctx, exercise.pk, rate=600.0)
    exercises.set_clock(ctx, exercise.pk, paused=True)
    stands = time_in(exercise)
    assert time_in(exercise) == stands
    exercises.jump_clock(ctx, exercise.pk, by=timedelta(minutes=5))
    assert time_in(exercise) == stands + timedelta(minutes=5)
    with pytest.raises(DomainError, match="只能向前"):
        exercises.jump_clock(ctx, exercise.pk, by=timedelta(minutes=-1))
    for rate in (0.0, -1.0, 1e9):
        with pytest.raises(DomainError, match="倍率"):
            exercises.set_clock(ctx, exercise.pk, rate=rate)


def test_it_jumps_to_what_is_due_next(world: World) -> None:
    ctx, exercise = acting(world.approver), exercise_of(world.district)
    exercises.set_clock(ctx, exercise.pk, paused=True)
    with pytest.raises(DomainError, match="没有等待到期"):
        exercises.jump_clock(ctx, exercise.pk)
    ctx.exercise = exercise
    at = time_in(exercise) + timedelta(hours=3)
    timers.arm(ctx, "kernel.test", "one", at)
    exercises.jump_clock(acting(world.approver), exercise.pk)
    assert time_in(exercise) == at


def test_closing_drops_what_was_still_to_fire_and_happens_once(world: World) -> None:
    ctx, exercise = acting(world.approver), exercise_of(world.district)
    ctx.exercise = exercise
    timers.arm(ctx, "kernel.test", "one", exercise.clock.at(real_now()) + timedelta(hours=3))
    exercises.close_exercise(acting(world.approver), exercise.pk)
    assert not Due.objects.filter(clock=exercise.clock).exists()
    with pytest.raises(StateConflict):
        exercises.close_exercise(acting(world.approver), exercise.pk)


def planned(exercise: Exercise) -> list[exercises.Planned]:
    begun = time_in(exercise)
    return [
        exercises.Planned(begun + timedelta(hours=1), "报文到达"),
        exercises.Planned(begun + timedelta(hours=2), "批准预警", "带班领导"),
    ]


def test_its_list_is_laid_down_once_and_shows_what_is_next_and_where(door: Client, world: World) -> None:
    ctx, exercise = acting(world.approver), exercise_of(world.district)
    first, second = exercises.plan_injects(ctx, exercise.pk, planned(exercise))
    with pytest.raises(StateConflict):
        exercises.plan_injects(ctx, exercise.pk, planned(exercise))
    exercises.finish_inject(ctx, first.pk)
    exercises.address_inject(ctx, second.pk, "/warnings/")
    enter(door, world.approver)
    go_in(door, exercise)
    page = door.get(reverse("exercise_detail", args=[exercise.pk])).content.decode()
    assert page.index('href="/warnings/">去办理') < page.index("报文到达") < page.rindex("批准预警")


def test_it_jumps_to_what_its_list_says_is_next(door: Client, world: World) -> None:
    ctx, exercise = acting(world.approver), exercise_of(world.district)
    exercises.set_clock(ctx, exercise.pk, paused=True)
    with pytest.raises(DomainError, match="没有等待到期"):
        exercises.jump_clock(ctx, exercise.pk, to_inject=True)
    first, second = exercises.plan_injects(ctx, exercise.pk, planned(exercise))
    exercises.finish_inject(ctx, first.pk)
    enter(door, world.approver)
    door.post(reverse("exercise_clock", args=[exercise.pk]), {"do": "inject"})
    assert time_in(exercise) == second.at


def test_what_happened_is_written_down_once_with_who_did_it_and_why_it_failed(world: World) -> None:
    ctx, exercise = acting(world.approver), exercise_of(world.district)
    first, second = exercises.plan_injects(ctx, exercise.pk, planned(exercise))
    exercises.finish_inject(ctx, first.pk, by=world.officer)
    exercises.finish_inject(ctx, first.pk, failed="又一次")
    exercises.finish_inject(ctx, second.pk, failed="没有人批准")
    first, second = exercises.list_injects(ctx, exercise)
    assert (first.done_by, first.failed) == (world.officer, "")
    assert second.failed == "没有人批准"
    told = Entry.objects.filter(event="kernel.exercise.injected").order_by("pk")
    assert [entry.data["as_expected"] for entry in told] == [True, False]


def test_only_who_runs_it_touches_its_list(world: World) -> None:
    exercise = exercise_of(world.district)
    (first, _second) = exercises.plan_injects(acting(world.approver), exercise.pk, planned(exercise))
    with pytest.raises(NotFound):
        exercises.plan_injects(acting(world.neighbour), exercise.pk, planned(exercise))
    with pytest.raises(NotAllowed):
        exercises.finish_inject(acting(world.clerk), first.pk)
    exercises.close_exercise(acting(world.approver), exercise.pk)
    with pytest.raises(StateConflict):
        exercises.finish_inject(acting(world.approver), first.pk)


def test_one_that_is_over_is_looked_back_at_and_nothing_is_done_in_it(door: Client, world: World) -> None:
    exercise = exercise_of(world.district)
    Person.unscoped.create(unit=world.town, name="演练中登记的人", exercise=exercise)
    exercises.close_exercise(acting(world.approver), exercise.pk)
    enter(door, world.clerk)
    people = reverse("person_list")
    assert "演练中登记的人" not in door.get(people).content.decode()
    assert "回看" in door.get(reverse("exercise_list")).content.decode()
    key = go_in(door, exercise)
    page = door.get(people).content.decode()
    assert "演练中登记的人" in page
    assert "您正在回看" in page
    assert standing_of([(key, world.clerk.pk)])[key].side == exercise.pk
    assert reverse("person_create") not in page
    assert door.get(reverse("person_create")).status_code == 403
    assert Entry.objects.filter(event="kernel.exercise.looked_back", actor=world.clerk).count() == 1
    door.post(reverse("exercise_leave"))
    assert "演练中登记的人" not in door.get(people).content.decode()
    assert door.get(reverse("person_create")).status_code == 200


def test_who_was_in_it_when_it_ended_does_not_find_himself_looking_back(door: Client, world: World) -> None:
    exercise = exercise_of(world.district)
    enter(door, world.officer)
    go_in(door, exercise)
    exercises.close_exercise(acting(world.approver), exercise.pk)
    assert "已结束，您已回到实战" in door.get("/", follow=True).content.decode()
    assert "an-band-exercise" not in door.get("/").content.decode()


def test_one_that_is_over_and_out_of_reach_is_not_looked_back_at(world: World) -> None:
    exercise = exercise_of(world.district)
    exercises.close_exercise(acting(world.approver), exercise.pk)
    with pytest.raises(NotFound):
        exercises.enter_exercise(acting(world.neighbour), exercise.pk, "a-session")


def test_only_reading_and_exporting_count_in_one_that_is_over(world: World) -> None:
    exercise = exercises.close_exercise(acting(world.approver), exercise_of(world.district).pk)
    ctx = acting(world.officer)
    before = {held for _path, several in ctx.holdings for held in several}
    ctx.exercise = exercise
    after = {held for _path, several in ctx.holdings for held in several}
    assert after == {held for held in before if held.endswith((".read", ".export"))} | {exercises.JOIN}
    assert after < before
