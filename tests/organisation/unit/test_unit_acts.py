"""Units: founding, moving, merging, splitting and abolishing; what keeps its past, and who may not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from anlan.kernel.errors import DomainError, NotAllowed, NotFound, StateConflict
from anlan.kernel.models import Entry, Unit
from anlan.kernel.seeds import plant_unit
from anlan.organisation.unit import services
from anlan.organisation.unit.models import UnitProfile
from tests.cast import World, acting

if TYPE_CHECKING:
    from django.test import Client

    from anlan.kernel.context import Context


@pytest.fixture
def over_the_city(world: World) -> Context:
    return acting(world.person("editor", "security_administrator", world.city))


@pytest.fixture
def over_the_district(world: World) -> Context:
    return acting(world.person("keeper", "security_administrator", world.district))


@pytest.fixture
def village(world: World) -> Unit:
    return plant_unit("T-V", "甲一村", "village", world.town)


def again(unit: Unit) -> Unit:
    return Unit.unscoped.get(pk=unit.pk)


def path_is_right(unit: Unit) -> bool:
    fresh = again(unit)
    return fresh.path == f"{fresh.parent.path if fresh.parent else ''}{fresh.pk}."


def test_a_unit_moves_with_all_below_it_and_its_keepers_change(
    world: World, over_the_city: Context, village: Unit
) -> None:
    services.move_unit(over_the_city, world.town.pk, parent=world.neighbour_district, reason="区划调整")
    assert path_is_right(world.town)
    assert path_is_right(village)
    assert again(village).path.startswith(world.neighbour_district.path)
    moved = Entry.objects.get(event="organisation.unit.moved")
    assert (moved.data["before"], moved.data["after"], moved.data["units"]) == (
        world.district.pk,
        world.neighbour_district.pk,
        2,
    )


def test_a_unit_does_not_move_where_its_mover_may_not_reach(
    world: World, over_the_district: Context, over_the_city: Context
) -> None:
    with pytest.raises(NotAllowed):
        services.move_unit(over_the_district, world.town.pk, parent=world.neighbour_district, reason="甲")
    with pytest.raises(NotFound):
        services.move_unit(over_the_district, world.neighbour_town.pk, parent=world.district, reason="甲")
    services.move_unit(over_the_city, world.neighbour_town.pk, parent=world.district, reason="甲")
    assert path_is_right(world.neighbour_town)


def test_a_unit_never_comes_to_stand_below_itself(
    world: World, over_the_city: Context, village: Unit
) -> None:
    for below in (world.town, village):
        with pytest.raises(DomainError, match="下级单位之下"):
            services.move_unit(over_the_city, world.town.pk, parent=below, reason="甲")
    assert path_is_right(world.town)


def test_a_merged_unit_ends_and_its_children_and_its_past_go_along(
    world: World, over_the_city: Context, village: Unit
) -> None:
    services.merge_unit(over_the_city, world.town.pk, parent=world.neighbour_town, reason="撤并")
    old = again(world.town)
    assert old.retired_at is not None
    assert old.successor == world.neighbour_town
    assert again(village).parent == world.neighbour_town
    assert old.path.startswith(world.neighbour_town.path)
    assert path_is_right(village)
    with pytest.raises(StateConflict):
        services.merge_unit(over_the_city, world.town.pk, parent=world.neighbour_town, reason="再次")


def test_a_split_founds_units_beside_it(world: World, over_the_district: Context) -> None:
    made = services.split_unit(
        over_the_district, world.town.pk, names=["甲一东镇", "甲一西镇"], reason="拆分"
    )
    assert [(unit.name, unit.kind, unit.parent_id) for unit in made] == [
        ("甲一东镇", "township", world.district.pk),
        ("甲一西镇", "township", world.district.pk),
    ]
    assert again(world.town).retired_at is None


def test_a_root_is_not_split(world: World, over_the_city: Context) -> None:
    with pytest.raises(DomainError, match="最上级"):
        services.split_unit(over_the_city, world.city.pk, names=["丙市"], reason="甲")


def test_a_unit_is_abolished_once_nothing_stands_below_it(
    world: World, over_the_district: Context, village: Unit
) -> None:
    with pytest.raises(DomainError, match="还有下级"):
        services.retire_unit(over_the_district, key=world.town.pk, reason="撤销")
    services.retire_unit(over_the_district, key=village.pk, reason="撤销")
    services.retire_unit(over_the_district, key=world.town.pk, reason="撤销")
    with pytest.raises(DomainError, match="已停用"):
        services.create_unit(over_the_district, parent=world.town, name="甲二村", kind="village")


def test_a_code_is_given_once(world: World, over_the_district: Context) -> None:
    unit = services.create_unit(
        over_the_district, parent=world.town, name="甲二村", kind="village", code="T-2"
    )
    assert path_is_right(unit)
    with pytest.raises(DomainError, match="相同编号"):
        services.create_unit(over_the_district, parent=world.town, name="甲三村", kind="village", code="T-2")


def test_what_is_known_of_a_unit_is_written_down_when_it_changes(
    world: World, over_the_district: Context
) -> None:
    for _twice in range(2):
        services.describe_unit(over_the_district, world.town.pk, answers_to=world.district, address="一号")
    assert UnitProfile.unscoped.get(unit=world.town).address == "一号"
    assert Entry.objects.filter(event="organisation.unit.described").count() == 1


@pytest.mark.parametrize(
    ("act", "data"),
    [
        ("move", {"reason": "甲"}),
        ("merge", {"reason": "甲", "parent": "999999"}),
        ("split", {"names": "甲\n甲", "reason": "甲"}),
        ("split", {"names": " \n ", "reason": "甲"}),
        ("move", {"parent": "x", "reason": "甲"}),
    ],
)
def test_what_is_filled_in_wrongly_stays_on_the_page_with_what_is_wrong(
    world: World, door: Client, over_the_district: Context, act: str, data: dict[str, str]
) -> None:
    door.force_login(over_the_district.actor)
    answer = door.post(reverse(f"unit_{act}", args=[world.town.pk]), data)
    assert answer.status_code == 200
    assert "an-field-error" in answer.content.decode()
    assert again(world.town).retired_at is None


def test_the_pages_do_it(world: World, door: Client, over_the_city: Context, village: Unit) -> None:
    door.force_login(over_the_city.actor)
    target = {"parent": world.neighbour_town.pk, "reason": "区划调整"}
    assert door.post(reverse("unit_move", args=[village.pk]), target).status_code == 302
    assert again(village).parent == world.neighbour_town
    split = {"names": "一村\n二村", "reason": "拆分"}
    assert door.post(reverse("unit_split", args=[village.pk]), split).status_code == 302
    page = door.get(reverse("unit_detail", args=[village.pk])).content.decode()
    assert "划转单位" in page
    assert "区划调整" in page
