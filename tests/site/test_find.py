"""The search over all registers: within scope, by what one may read, few of each, in few queries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from anlan.kernel import finding, rooms
from anlan.kernel.scope import can
from anlan.kernel.seeds import plant_unit
from tests.cast import acting

if TYPE_CHECKING:
    from django.test import Client

    from anlan.kernel.finding import Search
    from tests.cast import World


def titles(world: World, words: str) -> list[str]:
    return [hit.title for one in finding.find(acting(world.officer), words) for hit in one.hits]


def test_units_are_found_by_part_of_the_name_or_the_whole_code_within_scope(world: World) -> None:
    assert titles(world, "一镇") == [world.town.name]
    assert titles(world, "T-1-1-1") == [world.town.name]
    assert titles(world, world.neighbour_town.name) == []
    assert titles(world, "  ") == []


def test_what_begins_with_the_words_comes_first(world: World) -> None:
    plant_unit("T-1-1-8", "新甲一镇", "township", world.district)
    plant_unit("T-1-1-9", "甲一镇新村", "township", world.district)
    assert titles(world, "甲一镇") == ["甲一镇", "甲一镇新村", "新甲一镇"]


def test_a_register_shows_a_few_and_leads_to_all(world: World, door: Client) -> None:
    for number in range(20):
        plant_unit(f"V-{number}", f"第{number}村", "township", world.town)
    (units,) = finding.find(acting(world.officer), "村")
    assert len(units.hits) == finding.MOST
    door.force_login(world.officer)
    assert door.get(units.more).context["wanted"].words == "村"


def test_who_may_not_read_a_register_finds_nothing_in_it(world: World, door: Client) -> None:
    assert finding.find(acting(world.stranger), "镇") == []
    door.force_login(world.stranger)
    assert door.get("/find/?q=镇").status_code == 200


def test_a_part_for_the_command_box_and_a_page_for_who_has_no_script(world: World, door: Client) -> None:
    door.force_login(world.officer)
    page = door.get("/find/?q=甲一").content.decode()
    part = door.get("/find/?q=甲一", headers={"HX-Request": "true"}).content.decode()
    link = f'href="/units/{world.town.pk}/"'
    assert "<html" in page
    assert "<html" not in part
    assert link in page
    assert link in part


def test_nothing_found_says_what_to_do(world: World, door: Client) -> None:
    door.force_login(world.officer)
    assert "换个词" in door.get("/find/?q=没有的东西").content.decode()


@pytest.mark.parametrize("search", rooms.searches(), ids=lambda search: search.register)
def test_each_register_is_searched_in_one_query(search: Search, world: World) -> None:
    ctx = acting(world.holder(search.capability))
    assert can(ctx, search.capability)
    ctx.shared_matters(search.capability)  # asked once for all that he reads
    with CaptureQueriesContext(connection) as queries:
        search.find(ctx, "甲", finding.MOST + 1)
    assert len(queries) == 1
