"""Acting by one of several grants: chosen in the menu, kept in the session, dropped when the grant ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anlan.kernel.clock import real_now
from anlan.kernel.models import Entry, Grant, Role, SelfCheck
from anlan.kernel.requests import POSTING

if TYPE_CHECKING:
    from django.test import Client

    from anlan.kernel.models import Unit
    from tests.cast import World


@pytest.fixture
def second(world: World) -> Grant:
    """The clerk of a town is duty officer next door, too."""
    role = Role.objects.get(code="duty_officer")
    return Grant.objects.create(user=world.clerk, role=role, scope_root=world.neighbour_district)


@pytest.fixture
def narrowed(world: World, door: Client, second: Grant) -> Client:
    """The clerk, acting by his second grant only."""
    door.force_login(world.clerk)
    assert door.post("/posting/", {"posting": second.pk}).headers["Location"] == "/"
    return door


def end(grant: Grant) -> None:
    Grant.objects.filter(pk=grant.pk).update(from_at=real_now(), until_at=real_now())


def units_seen(door: Client) -> str:
    return door.get("/units/").content.decode()


def link_to(unit: Unit) -> str:
    return f'href="/units/{unit.pk}/"'


def test_one_posting_narrows_what_is_seen_and_all_of_them_widen_it_again(
    narrowed: Client, world: World
) -> None:
    assert link_to(world.neighbour_town) in units_seen(narrowed)
    assert link_to(world.town) not in units_seen(narrowed)
    narrowed.post("/posting/", {"posting": ""})
    assert link_to(world.town) in units_seen(narrowed)


def test_the_bar_shows_by_what_one_acts_and_entries_carry_it(narrowed: Client, second: Grant) -> None:
    assert "an-posting" in narrowed.get("/").content.decode()
    narrowed.post("/node/self-check/")
    assert Entry.objects.get(event="kernel.self_check.asked").posting_id == second.pk


def test_who_holds_one_grant_has_nothing_to_choose(world: World, door: Client) -> None:
    door.force_login(world.officer)
    page = door.get("/").content.decode()
    assert 'action="/posting/"' not in page
    assert "an-posting" not in page


def test_nobody_acts_by_another_s_grant_or_by_one_that_has_ended(
    world: World, door: Client, second: Grant
) -> None:
    door.force_login(world.officer)
    assert door.post("/posting/", {"posting": second.pk}).status_code == 409
    end(second)
    door.force_login(world.clerk)
    assert door.post("/posting/", {"posting": second.pk}).status_code == 409
    assert POSTING not in door.session


def test_a_grant_that_ends_drops_the_choice_and_says_so_once(
    narrowed: Client, world: World, second: Grant
) -> None:
    end(second)
    page = units_seen(narrowed)
    assert "您选用的身份已失效" in page
    assert link_to(world.town) in page
    assert "您选用的身份已失效" not in units_seen(narrowed)


def test_an_act_under_way_when_the_grant_ends_is_not_done_by_the_others(
    narrowed: Client, world: World, second: Grant
) -> None:
    Grant.objects.create(
        user=world.clerk, role=Role.objects.get(code="duty_officer"), scope_root=world.district
    )
    end(second)
    refused = narrowed.post("/node/self-check/")
    assert refused.status_code == 403
    assert "您选用的身份已失效" in refused.content.decode()
    assert not SelfCheck.objects.exists()
    assert narrowed.post("/node/self-check/").status_code == 302


def test_a_part_of_a_page_has_the_whole_page_loaded_anew_when_the_grant_has_ended(
    narrowed: Client, second: Grant
) -> None:
    end(second)
    part = narrowed.get("/", headers={"HX-Request": "true"})
    assert part.headers["HX-Refresh"] == "true"
    assert "您选用的身份已失效" in narrowed.get("/").content.decode()
