"""Who is here for the first time is led to what matters for him, by what he holds; once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse

from anlan.kernel import rooms, welcome
from anlan.kernel.models import Role
from tests.cast import acting

if TYPE_CHECKING:
    from django.test import Client

    from tests.cast import World

TITLE = "欢迎使用安澜"


def first_of(world: World, role: str) -> str:
    user = world.person(f"new-{role}", role, world.district)
    return welcome.first_steps(acting(user))[0].url_name


def test_it_stands_on_the_home_page_until_it_is_sent_away_and_comes_back_when_asked(
    world: World, door: Client
) -> None:
    door.force_login(world.officer)
    assert TITLE in door.get("/").content.decode()
    door.post("/welcomed/")
    assert TITLE not in door.get("/").content.decode()
    assert TITLE in door.get("/?welcome=1").content.decode()


def test_each_is_led_to_what_his_role_begins_with(world: World) -> None:
    assert first_of(world, "security_administrator") == "access_users"
    assert first_of(world, "duty_officer") == "obligation_list"
    assert first_of(world, "system_administrator") == "access_user_create"


def test_every_role_of_people_that_comes_with_the_node_gets_three_steps_all_of_which_open(
    world: World, door: Client
) -> None:
    for role in Role.objects.exclude(code="alert_sender"):  # of programs, which open no page
        user = world.person(f"new-{role.code}", role.code, world.city)
        found = welcome.first_steps(acting(user))
        assert len(found) == welcome.MOST, role
        door.force_login(user)
        for step in found:
            assert door.get(reverse(step.url_name)).status_code == 200, (role, step)


def test_who_holds_nothing_is_told_whom_to_ask(world: World, door: Client) -> None:
    door.force_login(world.stranger)
    page = door.get("/").content.decode()
    assert TITLE in page
    assert "请联系安全管理员" in page


def test_what_one_may_do_is_listed_by_its_terms(world: World) -> None:
    held = Role.objects.get(code="clerk").capabilities
    assert set(welcome.of(acting(world.clerk)).powers) == {rooms.capabilities()[code] for code in held}


def test_every_step_asks_for_a_capability_that_exists() -> None:
    steps = (*welcome.OWN, *rooms.first_steps())
    assert {step.capability for step in steps} - {""} <= set(rooms.capabilities())
