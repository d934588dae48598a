"""Where a warning holds: found in the tree, by neighbours, by an outline and by codes; on the page without saving."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from anlan.kernel.seeds import plant_unit
from anlan.watch.warning import forms
from anlan.watch.warning.forms import Outline
from anlan.watch.warning.models import WarningArea
from anlan.watch.warning.selectors import areas, reach, wording
from anlan.watch.warning.selectors.areas import Placed
from anlan.watch.warning.views.picture import draw
from tests.cast import World, enter
from tests.organisation.people import make_person
from tests.organisation.posts import appoint, make_post
from tests.watch.warnings import NODE, coded, draft, place, square

if TYPE_CHECKING:
    from django.test import Client

    from anlan.kernel.models import Unit


@pytest.fixture
def land(world: World) -> dict[str, Unit]:
    """A district of two towns side by side, each of two villages one above the other; a bureau without any land."""
    units = {"east": plant_unit("T-1-1-2", "甲二镇", "township", world.district), "west": world.town}
    place(world.district, 117, 39, 0.4)
    for name, west in (("west", 117.0), ("east", 117.1)):
        place(units[name], west, 39)
        for row, south in enumerate((39.0, 39.05)):
            village = plant_unit(f"{units[name].code}-{row}", f"{name}{row}村", "village", units[name])
            place(village, west, south, 0.05)
            units[f"{name}{row}"] = village
    units["bureau"] = plant_unit("T-B", "甲区气象局", "department", world.district)
    return units


def shown(placed: list[Placed]) -> dict[str, tuple[bool, int | None]]:
    return {one.unit.name: (one.below, one.percent) for one in placed}


def test_a_bureau_warns_for_the_district_it_sits_in(world: World, land: dict[str, Unit]) -> None:
    assert areas.get_territory(land["bureau"]) == world.district
    assert areas.get_territory(world.town) == world.town


def test_an_outline_takes_whole_units_with_all_below_and_cut_ones_with_their_share(
    world: World, land: dict[str, Unit]
) -> None:
    found = shown(areas.list_units_in(world.district, square(117.0, 39.0, 0.1)))
    assert found == {"甲一镇": (True, 100)}
    half = shown(areas.list_units_in(land["west"], square(117.0, 39.0, 0.05)))
    assert half == {"west0村": (True, 100)}
    within = areas.list_units_in(world.district, square(117.0, 39.0, 0.05))
    assert shown(within) == {"甲一镇": (False, 25), "west0村": (True, 100)}
    assert [(one.one.unit.name, len(one.parts)) for one in areas.list_groups(within)] == [("甲一镇", 1)]
    assert wording.get_area_words(within) == "甲一镇部分地区"
    cut = shown(areas.list_units_in(land["west"], square(117.0, 39.0, 0.025)))
    assert cut["west0村"] == (True, 25), "what lies lowest and is cut is told as a whole, with its share"


def test_a_small_outline_reaches_the_units_it_lies_in_and_a_sliver_of_a_large_one_reaches_none(
    world: World, land: dict[str, Unit]
) -> None:
    found = areas.list_units_in(world.district, square(117.02, 39.02, 0.001))
    assert shown(found) == {"甲一镇": (False, 0), "west0村": (True, 0)}
    assert all(one.is_cut for one in found)
    beside = square(116.7, 39.0, 0.3002)  # a neighbour's outline, drawn 20 m over the border
    assert areas.list_units_in(world.district, beside) == []


def test_an_outline_beyond_the_territory_takes_nothing(world: World, land: dict[str, Unit]) -> None:
    assert areas.list_units_in(world.district, square(110, 30)) == []


def test_a_unit_without_borders_is_taken_by_its_seat(world: World, land: dict[str, Unit]) -> None:
    profile = land["east0"].profile
    profile.area = None
    profile.save()
    found = shown(areas.list_units_in(land["east"], square(117.09, 39.0, 0.06)))
    assert found["east0村"] == (True, None)


def test_neighbours_are_of_the_same_level_and_touch(world: World, land: dict[str, Unit]) -> None:
    assert shown(areas.list_neighbours(world.district, [Placed(land["west"])])) == {"甲二镇": (True, None)}
    names = shown(areas.list_neighbours(world.district, [Placed(land["west0"])]))
    assert set(names) == {"west1村"}


def test_codes_are_understood_short_long_and_from_above(world: World, land: dict[str, Unit]) -> None:
    for unit, code in ((world.district, "120114000000"), (world.town, "120114001000")):
        unit.code = code
        unit.save()
    found = areas.list_units_of_codes(world.district, ["120114001", "130000"])
    assert shown(found.placed) == {"甲一镇": (True, None)}
    assert found.unknown == ["130000"]
    above = areas.list_units_of_codes(world.district, ["120000000000"])
    assert shown(above.placed) == {"甲区": (True, None)}


def test_units_are_counted_with_all_below_and_once(world: World, land: dict[str, Unit]) -> None:
    assert areas.count_units([Placed(world.district)]) == 7
    assert areas.count_units([Placed(land["west"], below=False), Placed(land["west0"])]) == 2
    assert areas.count_units([]) == 0


def test_a_cut_unit_answers_alone_with_those_above_and_the_parts_with_all_below(
    world: World, land: dict[str, Unit]
) -> None:
    cut = areas.list_units_in(world.district, square(117.0, 39.0, 0.05))
    called = areas.list_called(world.district, cut)
    assert called.unit_ids == [land["west0"].pk]
    assert called.alone == sorted([world.district.pk, land["west"].pk])
    alone = areas.list_called(world.district, [Placed(land["east"], below=False)])
    assert alone == ([], sorted([world.district.pk, land["east"].pk]))
    assert areas.list_called(world.district, []) == ([], [])


def test_who_answers_for_a_part_that_is_not_warned_is_not_called(world: World, land: dict[str, Unit]) -> None:
    for name in ("west0", "west1", "west", "east"):
        appoint(make_post(land[name], "government_first"), make_person(land[name], name))
    issue = draft(land["bureau"])
    placed = areas.list_units_in(world.district, square(117.0, 39.0, 0.05))
    told = reach.list_told(NODE, issue, placed)
    called = {one.unit.name for one in told.units if one.people}
    assert called == {"甲区", "甲一镇", "west0村"}, "a bureau calls up the line of the district it warns for"


@pytest.mark.parametrize(
    "text",
    [
        "117.0,39.0 117.1,39.0 117.1,39.1 117.0,39.1 117.0,39.0",
        "39.0,117.0 39.0,117.1 39.1,117.1 39.1,117.0",
        json.dumps({"type": "Feature", "geometry": json.loads(square(117, 39).geojson)}),
        json.dumps(
            {
                "type": "FeatureCollection",
                "features": [{"type": "Feature", "geometry": json.loads(square(117, 39)[0].geojson)}],
            }
        ),
    ],
)
def test_an_outline_is_read_in_every_usual_form(text: str) -> None:
    read = Outline().clean(text)
    assert read.geom_type == "MultiPolygon"
    assert [round(one, 6) for one in read.extent] == [117, 39, 117.1, 39.1]


@pytest.mark.parametrize(
    "text",
    [
        "117,39",
        "{}",
        "{not json",
        "甲乙",
        '{"type": "Point", "coordinates": [117, 39]}',
        "1e9,2 3,4 5,6",
        "[" * 9000,
    ],
)
def test_what_is_no_outline_is_told(text: str) -> None:
    with pytest.raises(ValidationError, match="读不出这个范围"):
        Outline().clean(text)


def test_the_map_draws_chosen_units_over_the_others(world: World, land: dict[str, Unit]) -> None:
    picture = draw(world.district, [Placed(land["west"], share=0.4), Placed(land["east0"])], square(117, 39))
    assert picture
    looks = {one.name: one.look for one in picture.shapes}
    assert looks == {"甲一镇": "part", "甲二镇": "around", "east0村": "whole"}
    assert picture.outline.startswith("M")
    assert draw(world.neighbour_town, [], None) is None


def test_buttons_of_the_area_change_the_page_and_save_nothing(
    world: World, land: dict[str, Unit], door: Client
) -> None:
    issue = draft(world.district)
    enter(door, world.officer)
    address = reverse("warning_edit", args=[issue.pk])
    typed = {"colour": "blue", "description": "打了一半", "version": issue.version}
    page = door.post(address, {**typed, "area_do_add": land["west"].pk}).content.decode()
    key = f"{land['west'].pk}:1::chosen"
    assert f'name="area" value="{key}"' in page
    assert "打了一半" in page
    page = door.post(address, {**typed, "area": [key], "area_do_near": "1"}).content.decode()
    assert "已加上 1 个相邻单位" in page
    page = door.post(address, {**typed, "area": [key], "area_do_flip": land["west"].pk}).content.decode()
    assert f"{land['west'].pk}:0::chosen" in page
    page = door.post(address, {**typed, "area_words": "west1", "area_do_find": "1"}).content.decode()
    assert "west1村" in page
    page = door.post(address, {**typed, "area_do_open": land["east"].pk}).content.decode()
    assert "east1村" in page
    page = door.post(address, {**typed, "area_outline": "甲", "area_do_draw": "1"}).content.decode()
    assert "读不出这个范围" in page
    assert WarningArea.objects.get().unit == world.district
    assert issue.version == type(issue).unscoped.get().version


def test_what_is_saved_is_what_the_page_carried(world: World, land: dict[str, Unit], door: Client) -> None:
    issue = draft(world.district)
    enter(door, world.officer)
    given = {
        "colour": "blue",
        "description": "甲",
        "guidance": "乙",
        "version": issue.version,
        "area": [f"{land['west'].pk}:0:0.4:polygon", f"{world.neighbour_town.pk}:1::chosen", "x"],
        "area_outline": square(117, 39).geojson,
    }
    answer = door.post(reverse("warning_edit", args=[issue.pk]), given)
    assert answer.status_code == 302
    area = WarningArea.objects.get()
    assert (area.unit, area.below, area.share, area.how) == (land["west"], False, 0.4, "polygon")
    issue.refresh_from_db()
    assert issue.polygon.extent[0] == 117
    assert issue.description == "甲"


def test_more_units_than_a_message_can_name_are_refused_in_words(
    world: World, land: dict[str, Unit], door: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "MOST_PLACED", 1)
    issue = draft(world.district)
    enter(door, world.officer)
    given = {"colour": "blue", "version": issue.version, "area_outline": square(117, 39, 0.15).geojson}
    page = door.post(
        reverse("warning_edit", args=[issue.pk]), {**given, "area_do_draw": "1"}
    ).content.decode()
    assert "选中的单位超过 1 个，没有加上" in page
    assert "范围内有" not in page


def test_a_code_of_the_neighbour_is_not_taken(world: World, door: Client) -> None:
    coded(world.district)
    other = coded(world.neighbour_district)
    issue = draft(world.district)
    enter(door, world.officer)
    given = {"colour": "blue", "version": issue.version, "area_codes": other.code, "area_do_code": "1"}
    page = door.post(reverse("warning_edit", args=[issue.pk]), given).content.decode()
    assert f"这些代码不在本地：{other.code}" in page
