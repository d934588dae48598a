"""The directory: what finds whom, who meets whom, numbers by their end, what the public sees."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from anlan.kernel.clock import real_now
from anlan.kernel.errors import NotAllowed, TooOften
from anlan.kernel.models import Entry, Exercise
from anlan.organisation.contact.models import ContactPoint
from anlan.organisation.directory import selectors, services
from anlan.organisation.post.models import Posting
from tests.cast import acting
from tests.organisation.people import MOBILE, make_contact, make_person
from tests.organisation.posts import appoint, make_post

if TYPE_CHECKING:
    from django.test import Client

    from anlan.kernel.models import User
    from anlan.organisation.person.models import Person
    from tests.cast import World

LINE = {"kind": "land_line", "value": "000-10000001转8"}


@pytest.fixture
def liaison(world: World) -> Person:
    """A liaison of the district's town, with an office's number and one of his own."""
    person = make_person(world.town, "王秀兰")
    appoint(make_post(world.town), person)
    make_contact(person)
    make_contact(person, "10000009876", private=True, rank=2)
    return person


def names(user: User, words: str) -> list[str]:
    groups = selectors.list_groups(acting(user), words)
    return [person.name for group in groups for person in group.people]


@pytest.mark.parametrize(
    "words",
    ["王秀兰", "秀兰", "wxl", "wangxiulan", "联络员", "lly", "甲一镇", "jyz", "甲一镇 联络员", "wxl 甲区"],
)
def test_one_is_found_by_name_pinyin_initials_post_and_unit(
    world: World, liaison: Person, words: str
) -> None:
    assert names(world.officer, words) == ["王秀兰"]


@pytest.mark.parametrize("words", ["", "w", "李建国", "乙区 联络员", "、。", "甲一镇 护林员"])
def test_one_is_not_found_by_what_is_not_his(world: World, liaison: Person, words: str) -> None:
    assert names(world.officer, words) == []


def test_office_holders_are_met_over_the_whole_node_others_within_scope(
    world: World, liaison: Person
) -> None:
    make_person(world.town, "王卫国")
    assert sorted(names(world.officer, "王")) == ["王卫国", "王秀兰"]
    assert names(world.neighbour, "王") == ["王秀兰"]
    Posting.unscoped.update(from_at=real_now() - timedelta(days=2), until_at=real_now() - timedelta(days=1))
    assert names(world.neighbour, "王") == []
    with pytest.raises(NotAllowed):
        names(world.stranger, "王")


def test_a_private_number_is_masked_and_cannot_be_called(world: World, liaison: Person) -> None:
    (group,) = selectors.list_groups(acting(world.officer), "王秀兰")
    office, private = group.people[0].lines
    assert (office.shown, office.tel, office.copied) == (MOBILE, MOBILE, MOBILE)
    assert (private.shown, private.tel, private.copied) == ("100••••9876", "", "")


def test_an_extension_is_dialled_after_the_number(world: World) -> None:
    make_contact(world.town, **LINE)
    (group,) = selectors.list_groups(acting(world.officer), "甲一镇")
    assert group.lines[0].tel == "00010000001,8"


def test_results_stand_by_unit_in_the_order_of_the_tree(world: World, liaison: Person) -> None:
    appoint(make_post(world.district), make_person(world.district, "王卫国"))
    groups = selectors.list_groups(acting(world.officer), "联络员")
    assert [(group.name, group.people[0].posts) for group in groups] == [
        ("甲区", ["联络员"]),
        ("甲一镇", ["联络员"]),
    ]


def test_the_end_of_a_number_finds_within_scope_only_and_is_written_down(
    world: World, liaison: Person
) -> None:
    for digits in ("9876", "1234"):
        (group,) = services.search_number(acting(world.officer), digits)
        assert group.people[0].name == "王秀兰"
    assert services.search_number(acting(world.neighbour), "9876") == []
    entries = Entry.objects.filter(event="organisation.directory.number_searched")
    assert [entry.data["hits"] for entry in entries.order_by("pk")] == [1, 1, 0]
    assert "9876" not in str([entry.data for entry in entries])


@pytest.mark.parametrize(
    ("words", "digits"), [("123", ""), ("1234", "1234"), ("000-1000 0001", "00010000001"), ("a1234", "")]
)
def test_fewer_than_four_digits_are_no_number(words: str, digits: str) -> None:
    assert selectors.find_digits(words) == digits


def test_numbers_cannot_be_tried_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MOST_SEARCHES", 2)
    for _ in range(2):
        services.search_number(acting(world.officer), "1234")
    with pytest.raises(TooOften):
        services.search_number(acting(world.officer), "1234")
    assert services.search_number(acting(world.approver), "1234") == []


def test_the_page_calls_and_copies_and_says_what_to_do_when_nothing_is_found(
    world: World, liaison: Person, door: Client
) -> None:
    door.force_login(world.officer)
    address = reverse("directory_search")
    page = door.get(address, {"q": "王秀兰"}).content.decode()
    assert f"tel:{MOBILE}" in page
    assert f'data-copy-text="{MOBILE}"' in page
    assert "10000009876" not in page
    assert "没有找到" in door.get(address, {"q": "不在此处"}).content.decode()
    assert "王秀兰" in door.get(address, {"q": "9876"}).content.decode()


def test_the_sheet_of_a_unit_holds_those_below_it(world: World, liaison: Person, door: Client) -> None:
    door.force_login(world.neighbour)
    page = door.get(reverse("directory_sheet", args=[world.district.pk])).content.decode()
    assert "王秀兰" in page
    assert door.get(reverse("directory_sheet", args=[world.neighbour_district.pk])).status_code == 404
    assert door.get(reverse("directory_sheet", args=[10**9])).status_code == 404


def test_the_public_sees_public_lines_of_real_life_and_nothing_else(
    world: World, liaison: Person, door: Client
) -> None:
    make_contact(world.town, public=True, **LINE)
    make_contact(world.district, "000-10000002", kind="land_line")
    page = door.get(reverse("directory_public")).content.decode()
    assert "000-10000001转8" in page
    for hidden in ("10000002", MOBILE, "9876", "王秀兰"):
        assert hidden not in page
    assert "000-10000001" not in door.get(reverse("directory_public"), {"q": "乙一镇"}).content.decode()
    ContactPoint.unscoped.update(retired_at=real_now())
    assert "000-10000001" not in door.get(reverse("directory_public")).content.decode()


def test_an_exercise_s_line_is_never_public(world: World, door: Client) -> None:
    from tests.kernel.duties import standing_exercise  # noqa: PLC0415 - only here

    exercise: Exercise = standing_exercise()
    make_contact(world.town, public=True, exercise=exercise, **LINE)
    assert "000-10000001" not in door.get(reverse("directory_public")).content.decode()
