"""Alarm bells: what the pages show and do. Who may open them stands in matrix.py."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from anlan.kernel.clock import real_now
from anlan.kernel.models import Grant, Role
from rooms.respond.bell import selectors
from rooms.respond.bell.terms import CAPABILITIES, BellState
from tests.cast import World, make_user
from tests.respond.bell.bells import PLACE, node, ring

if TYPE_CHECKING:
    from django.test import Client

    from anlan.kernel.models import User
    from rooms.respond.bell.models import Bell


@pytest.fixture
def warden(world: World) -> User:
    """One of the district who may do all that can be done with bells."""
    role = Role.objects.create(code="warden", name="警铃管理员", capabilities=sorted(CAPABILITIES))
    user = make_user("warden", "警铃管理员")
    Grant.objects.create(user=user, role=role, scope_root=world.district)
    return user


def page_of(door: Client, bell: Bell) -> str:
    return door.get(reverse("bell_detail", args=[bell.pk])).content.decode()


def test_the_navigation_leads_to_the_list_and_the_list_to_the_record(
    door: Client, warden: User, bell: Bell
) -> None:
    door.force_login(warden)
    assert f'href="{reverse("bell_list")}"' in door.get(reverse("home")).content.decode()
    page = door.get(reverse("bell_list")).content.decode()
    assert PLACE in page
    assert reverse("bell_detail", args=[bell.pk]) in page


def test_a_list_can_be_filtered_by_state(door: Client, warden: User, bell: Bell) -> None:
    door.force_login(warden)
    for state, shown in ((BellState.RUNG, True), (BellState.CLOSED, False), ("nonsense", True)):
        page = door.get(reverse("bell_list"), {"state": state}).content.decode()
        assert (str(bell.pk) in page) == shown


def test_a_record_offers_only_the_acts_that_its_reader_may_do(
    door: Client, world: World, warden: User, bell: Bell
) -> None:
    address = reverse("bell_answer", args=[bell.pk])
    door.force_login(warden)
    assert address in page_of(door, bell)
    door.force_login(world.holder(selectors.READ))
    assert address not in page_of(door, bell)


@pytest.mark.usefixtures("duty")
def test_the_forms_ring_answer_and_close(door: Client, world: World, warden: User) -> None:
    door.force_login(warden)
    door.post(reverse("bell_ring"), {"unit": world.town.pk, "place": PLACE, "words": "二楼冒烟"})
    bell = selectors.list_bell(node("read")).get()
    page = page_of(door, bell)
    assert all(words in page for words in ("二楼冒烟", "应答警铃", "待应答", "警铃响起"))
    door.post(reverse("bell_answer", args=[bell.pk]), {"words": "已派两人"})
    door.post(reverse("bell_close", args=[bell.pk]), {"words": "已扑灭"})
    page = page_of(door, bell)
    assert all(words in page for words in ("已派两人", "已扑灭", "已办结"))


def test_several_are_silenced_at_once(door: Client, world: World, warden: User, bell: Bell) -> None:
    door.force_login(warden)
    second = ring(world.town)
    door.post(reverse("bell_silence"), {"id": [str(bell.pk), str(second.pk)]})
    assert {one.state for one in selectors.list_bell(node("read"))} == {BellState.SILENCED}


def test_a_bell_that_has_yet_to_ring_is_refused_at_the_field(
    door: Client, world: World, warden: User
) -> None:
    door.force_login(warden)
    form = {"unit": world.town.pk, "place": PLACE, "words": "冒烟"}
    later = {"rang_at": (real_now() + timedelta(days=1)).isoformat()}
    assert door.post(reverse("bell_ring"), form | later).context["form"].errors.keys() == {"rang_at"}
    earlier = {"rang_at": (real_now() - timedelta(days=1)).isoformat()}
    assert door.post(reverse("bell_ring"), form | earlier).status_code == 302


def test_a_unit_next_door_cannot_be_chosen(door: Client, world: World, warden: User) -> None:
    door.force_login(warden)
    form = {"unit": world.neighbour_town.pk, "place": PLACE, "words": "冒烟"}
    assert door.post(reverse("bell_ring"), form).context["form"].errors.keys() == {"unit"}


def test_a_list_with_nothing_in_it_says_what_to_do(door: Client, warden: User) -> None:
    door.force_login(warden)
    assert "还没有警铃" in door.get(reverse("bell_list")).content.decode()
    assert "没有符合条件的警铃" in door.get(reverse("bell_list"), {"q": "糖厂"}).content.decode()


def test_a_year_mistyped_is_told_at_its_field(door: Client, world: World, warden: User) -> None:
    door.force_login(warden)
    typed = {"unit": world.town.pk, "place": PLACE, "words": "二楼冒烟", "rang_at": "0001-01-01T00:00"}
    answer = door.post(reverse("bell_ring"), typed)
    assert answer.context["form"].errors.keys() == {"rang_at"}
