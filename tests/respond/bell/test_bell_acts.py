"""Alarm bells: acts, allowed and refused on the same set-up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from django.core.management import call_command
from django.db import IntegrityError

from anlan.kernel.clock import real_now
from anlan.kernel.errors import DomainError, NotAllowed, NotFound, StateConflict
from anlan.kernel.models import Due, Entry
from rooms.respond.bell import selectors, services
from rooms.respond.bell.models import Bell, Call
from rooms.respond.bell.terms import BellState
from tests.cast import acting
from tests.kernel.duties import fire_all, move, standing_exercise
from tests.respond.bell.bells import carry, node, ring

if TYPE_CHECKING:
    from collections.abc import Callable

    from anlan.kernel.context import Context
    from tests.cast import World

    Act = Callable[[Context, Bell], Bell]


def _close(ctx: Context, bell: Bell) -> Bell:
    Bell.unscoped.filter(pk=bell.pk).update(state=BellState.ANSWERED)
    return services.close_bell(ctx, bell.pk, words="扑灭")


ACTS: dict[str, Act] = {
    "respond.bell.ring": lambda ctx, bell: services.ring_bell(
        ctx, unit=bell.unit, place="二号", words="冒烟"
    ),
    "respond.bell.answer": lambda ctx, bell: services.answer_bell(ctx, bell.pk, words="已派人"),
    "respond.bell.close": _close,
    "respond.bell.silence": lambda ctx, bell: services.silence_many_bell(ctx, [bell.pk])[0],
}
every_act = pytest.mark.parametrize("capability", ACTS)


@every_act
def test_who_holds_the_capability_over_the_unit_may(world: World, bell: Bell, capability: str) -> None:
    ctx = acting(world.holder(capability))
    assert ACTS[capability](ctx, bell).unit_id == world.town.pk


@every_act
def test_who_holds_it_next_door_only_is_refused(world: World, bell: Bell, capability: str) -> None:
    ctx = acting(world.holder(capability, world.neighbour_district))
    with pytest.raises((NotAllowed, NotFound, StateConflict)):
        ACTS[capability](ctx, bell)


@every_act
def test_who_holds_nothing_is_refused(world: World, bell: Bell, capability: str) -> None:
    with pytest.raises(NotAllowed):
        ACTS[capability](acting(world.stranger), bell)


def test_a_list_shows_what_lies_in_scope_and_hides_what_lies_next_door(world: World, bell: Bell) -> None:
    assert list(selectors.list_bell(acting(world.holder(selectors.READ)))) == [bell]
    reader = world.person("next-door", "respond-bell-read", world.neighbour_district)
    assert not selectors.list_bell(acting(reader)).exists()


def test_a_list_can_be_narrowed_by_place_and_state(world: World, bell: Bell) -> None:
    ctx = acting(world.holder(selectors.READ))
    assert list(selectors.list_bell(ctx, words="面粉", state=BellState.RUNG)) == [bell]
    assert not selectors.list_bell(ctx, words="糖厂").exists()
    assert not selectors.list_bell(ctx, state=BellState.CLOSED).exists()


def test_a_bell_of_an_exercise_never_meets_real_ones(world: World, bell: Bell) -> None:
    drill = standing_exercise()
    rung = ring(world.town, exercise=drill)
    assert list(selectors.list_bell(node("read", exercise=drill))) == [rung]
    assert list(selectors.list_bell(node("read"))) == [bell]


def test_a_bell_is_answered_once(world: World, bell: Bell) -> None:
    ctx = acting(world.holder("respond.bell.answer"))
    answered = services.answer_bell(ctx, bell.pk, words="已派人")
    assert (answered.state, answered.version) == (BellState.ANSWERED, 2)
    with pytest.raises(StateConflict):
        services.answer_bell(ctx, bell.pk, words="我也派人")


def test_what_nobody_has_answered_is_not_closed(world: World, bell: Bell) -> None:
    with pytest.raises(StateConflict):
        services.close_bell(acting(world.holder("respond.bell.close")), bell.pk, words="扑灭")


def test_all_are_silenced_or_none(world: World, bell: Bell) -> None:
    ctx = acting(world.holder("respond.bell.silence"))
    second, theirs = ring(world.town), ring(world.neighbour_town)
    with pytest.raises(StateConflict):
        services.silence_many_bell(ctx, [bell.pk, theirs.pk])
    assert {one.state for one in Bell.unscoped.all()} == {BellState.RUNG}
    silenced = services.silence_many_bell(ctx, [bell.pk, second.pk])
    assert {one.state for one in silenced} == {BellState.SILENCED}
    entry = Entry.objects.get(event="respond.bell.silenced")
    assert set(entry.data["subjects"]) == {str(bell.pk), str(second.pk)}


def test_a_bell_cannot_have_rung_later_than_it_was_entered(world: World) -> None:
    with pytest.raises(IntegrityError, match="bell_rang_before_entered"):
        ring(world.town, rang_at=real_now() + timedelta(minutes=1))


def test_what_a_person_wrote_never_enters_the_journal(bell: Bell) -> None:
    entry = Entry.objects.get(event="respond.bell.rung", subject=str(bell.pk))
    assert "冒烟" not in str(entry.data)
    assert entry.private.get().text == "二楼冒烟"


# --- handlers and timers ------------------------------------------------------------------------------------------


def test_the_team_is_called_once_for_a_bell(bell: Bell) -> None:
    assert carry()
    assert Entry.objects.filter(event="respond.bell.called").count() == 1
    carry()
    assert [(call.bell_id, call.again) for call in Call.objects.all()] == [(bell.pk, False)]


def test_it_is_called_again_where_nobody_answers(world: World) -> None:
    drill = standing_exercise()
    ring(world.town, exercise=drill)
    carry()
    move(drill, services.PATIENCE - timedelta(seconds=1))
    fire_all()
    assert [call.again for call in Call.objects.order_by("pk")] == [False]
    move(drill, timedelta(seconds=2))
    fire_all()
    assert [call.again for call in Call.objects.order_by("pk")] == [False, True]


@pytest.mark.parametrize("act", ["respond.bell.answer", "respond.bell.silence"])
def test_it_is_not_called_again_once_a_bell_is_seen_to(world: World, bell: Bell, act: str) -> None:
    assert Due.objects.filter(kind=services.CALL_AGAIN, key=str(bell.pk)).exists()
    ACTS[act](acting(world.holder(act)), bell)
    assert not Due.objects.filter(kind=services.CALL_AGAIN).exists()


def test_calling_the_team_to_a_bell_that_was_answered_does_nothing(world: World, bell: Bell) -> None:
    services.answer_bell(acting(world.holder("respond.bell.answer")), bell.pk, words="已派人")
    carry()
    assert not Call.objects.exists()
    assert not Entry.objects.filter(event="respond.bell.called").exists()


@pytest.mark.django_db
def test_the_room_s_migrations_are_what_its_models_say() -> None:
    told = StringIO()
    call_command("makemigrations", "bell", "--check", "--dry-run", stdout=told)
    assert "No changes" in told.getvalue()


def test_a_moment_that_nobody_can_read_again_is_refused_and_leaves_nothing(world: World) -> None:
    with pytest.raises(DomainError, match="1900 年至 2999 年"):
        ring(world.town, rang_at=datetime(1, 1, 2, tzinfo=UTC))
    assert not Bell.unscoped.exists()
    assert ring(world.town, rang_at=datetime(1900, 1, 2, tzinfo=UTC)).unit == world.town
