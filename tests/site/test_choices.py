"""Units are chosen by one search box, on every page that asks for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from anlan.kernel.models import Unit
from anlan.kernel.register import choosing
from anlan.kernel.seeds import plant_unit
from tests.cast import acting, enter

if TYPE_CHECKING:
    from django.test import Client

    from tests.cast import World

pytestmark = pytest.mark.django_db
READ = "organisation.unit.read"


def names(world: World, words: str) -> list[str]:
    ctx = acting(world.holder(READ))
    return [unit.name for unit in choosing.suggest_units(ctx, READ, words)]


@pytest.mark.parametrize("words", ["镇", "jyz", "jiayi", "T-1-1-1"])
def test_a_unit_is_found_by_name_pinyin_initials_and_code_within_scope(world: World, words: str) -> None:
    assert names(world, words) == ["甲一镇"]


def test_the_nearest_name_comes_first(world: World) -> None:
    for name in ("区水务局", "水务局"):
        plant_unit(None, name, "department", world.district)
    assert names(world, "水务局") == ["水务局", "区水务局"]


def test_one_that_has_ended_is_not_suggested(world: World, door: Client) -> None:
    Unit.unscoped.filter(pk=world.town.pk).update(retired_at="2026-01-01T00:00Z")
    enter(door, world.holder(READ))
    page = door.get(reverse("unit_choices", args=[READ, "unit"]), {"unit_words": "镇"}).content.decode()
    assert "没有找到" in page


def test_the_one_that_is_chosen_stays_whatever_is_searched_for(world: World, door: Client) -> None:
    enter(door, world.holder(READ))
    address = reverse("unit_choices", args=[READ, "unit"])
    page = door.get(address, {"unit_words": "甲区", "unit": world.town.pk}).content.decode()
    assert page.index("甲一镇") < page.index("甲区")
    other = door.get(address, {"unit_words": "甲区", "unit": world.neighbour_town.pk}).content.decode()
    assert "乙一镇" not in other


def test_a_capability_that_does_not_exist_opens_nothing(world: World, door: Client) -> None:
    enter(door, world.officer)
    assert door.get(reverse("unit_choices", args=["no.such.thing", "unit"])).status_code == 403


def test_the_list_of_obligations_is_narrowed_by_the_same_box(world: World, door: Client) -> None:
    enter(door, world.officer)
    page = door.get(reverse("obligation_list"), {"unit": world.town.pk}).content.decode()
    assert f'value="{world.town.pk}" checked' in page
    assert reverse("unit_choices", args=["kernel.obligation.read", "unit"]) in page
