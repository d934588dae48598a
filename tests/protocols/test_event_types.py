"""The list of event types."""

from __future__ import annotations

import pytest

from anlan.protocols import event_types
from anlan.protocols.event_types import TYPES, KnownBy, Level


@pytest.mark.parametrize(
    ("code", "name", "level", "parent"),
    [
        ("00000", "测试", Level.CATALOGUE, ""),
        ("10000", "突发事件", Level.CATALOGUE, ""),
        ("11000", "自然灾害", Level.CLASS, "10000"),
        ("11B00", "气象灾害", Level.GROUP, "11000"),
        ("11B03", "暴雨", Level.TYPE, "11B00"),
        ("12D02", "危险化学品泄漏事故", Level.TYPE, "12D00"),
        ("19000", "其他突发事件", Level.CLASS, "10000"),
    ],
)
def test_a_code_tells_its_level_and_what_it_belongs_to(
    code: str, name: str, level: Level, parent: str
) -> None:
    found = event_types.find_type(code)
    assert found
    assert (found.name, found.level, found.parent) == (name, level, parent)
    assert event_types.find_by_name(name) == found


def test_everything_above_a_type_is_named() -> None:
    assert event_types.parents_of("11B03") == ["11B00", "11000", "10000"]
    assert event_types.parents_of("11B77") == ["11B00", "11000", "10000"]


def test_every_parent_is_listed_and_stands_before_its_children() -> None:
    seen = {""}
    for code, each in TYPES.items():
        assert event_types.is_code(code)
        assert each.parent in seen
        seen.add(code)


def test_a_name_is_found_as_the_norm_has_it_too() -> None:
    assert event_types.find_by_name("暴雨事件") == event_types.find_by_name("暴雨") == TYPES["11B03"]
    assert event_types.find_by_name("暴雨事件事件") is None


def test_names_are_unique() -> None:
    assert len({each.name for each in TYPES.values()}) == len(TYPES)


def test_the_list_says_how_far_a_line_is_to_be_trusted() -> None:
    by = {known: {code for code, each in TYPES.items() if each.known_by == known} for known in KnownBy}
    assert by[KnownBy.FEED] == {
        *("11B19", "11B20", "11B21", "11B22", "11B25", "11B29", "11B37", "11B56", "11E06")
    }
    assert {"11G01", "12G99", "12S00", "14A10", "14B15", "13G00"} <= by[KnownBy.REPAIRED]


def test_the_letters_that_look_like_figures_are_never_used() -> None:
    assert not any(set(code) & {"I", "O"} for code in TYPES)
    assert not event_types.is_code("11I01")
    assert not event_types.is_code("11O01")


@pytest.mark.parametrize("code", ["", "11B0", "11B033", "11b03", "81B03", "１1B03", "11B0\n"])
def test_what_has_another_shape_is_no_code(code: str) -> None:
    assert not event_types.is_code(code)
    assert event_types.find_type(code) is None
