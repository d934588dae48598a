"""Ladders: how they are written, which holds for whom, what one would do, and their page."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from anlan.message.ladder import selectors, services
from anlan.message.ladder.models import Ladder
from anlan.message.ladder.terms import EXAMPLES, WrongStep, is_within, rungs_of
from tests.cast import acting, enter
from tests.message.ladder.ladders import STEPS, ladder

if TYPE_CHECKING:
    from django.test import Client

    from tests.cast import World

NOON = datetime(2026, 7, 1, 4, tzinfo=UTC)  # in the node's zone


def test_a_ladder_is_read_as_it_is_written() -> None:
    rungs = rungs_of(STEPS)
    assert [(rung.at_s, rung.target, rung.ways) for rung in rungs] == [
        (0, "person", ("app", "sms")),
        (180, "person", ("voice",)),
        (280, "person", ("voice",)),
        (380, "person", ("voice",)),
        (540, "stand_in", ("sms", "voice")),
        (720, "upper_duty", ()),
        (1200, "errand", ()),
    ]


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        ("", "至少要有一步"),
        ("3分钟 本人 短信", "立即"),
        ("立即 本人", "第 1 行读不懂"),
        ("立即 邻居 短信", "第 1 行读不懂"),
        ("立即 本人 传真", "方式只能是"),
        ("立即 本人 短信、短信", "不重复"),
        ("立即 本人 短信 3次", "重复写作"),
        ("立即 本人 短信 99次 间隔1秒", "重复写作"),
        ("立即 本人 短信\n很久 本人 语音", "第 2 行读不懂"),
        ("立即 本人 短信\n9分钟 本人 语音\n3分钟 替补 语音", "第 3 行的时间比上一行早"),
        ("立即 本人 短信\n25小时 本人 语音", "第 2 行读不懂"),
        ("立即 本人 短信\n23小时 本人 语音 10次 间隔1小时", "24 小时"),
        ("立即 本人 短信\n3分钟 上门 短信", "后面不写方式"),
        ("\n".join(["立即 本人 短信"] * 21), "最多 20 步"),
    ],
)
def test_what_cannot_be_read_says_where_and_how_to_write_it(steps: str, says: str) -> None:
    with pytest.raises(WrongStep, match=says):
        rungs_of(steps)


def test_the_shipped_ladders_can_be_read_and_one_of_them_fits_everything() -> None:
    assert all(rungs_of(one.steps) for one in EXAMPLES)
    assert any(not one.colours and not one.posts for one in EXAMPLES)


def test_hours_may_pass_midnight() -> None:
    night = time(22), time(6)
    assert is_within(time(23), *night)
    assert is_within(time(5, 59), *night)
    assert not is_within(time(6), *night)
    assert is_within(time(12), None, None)


def test_a_wrong_ladder_is_refused_at_its_field(world: World) -> None:
    with pytest.raises(ValidationError) as refused:
        ladder(world.town, steps="立即 邻居 短信")
    assert "steps" in refused.value.message_dict
    with pytest.raises(ValidationError) as refused:
        ladder(world.town, from_time=time(8))
    assert "until_time" in refused.value.message_dict


def test_without_one_of_its_own_a_shipped_one_holds_and_says_it_is_unverified(world: World) -> None:
    chosen = selectors.list_chosen(world.town, "red", ["party_first", "grid_member"], NOON)
    assert not chosen["party_first"].certain
    assert chosen["party_first"].name != chosen["grid_member"].name


def test_the_closest_unit_s_holds_then_what_is_named(world: World) -> None:
    ladder(world.city, "全市")
    ladder(world.district, "全区")
    ladder(world.district, "全区红色", colours=["red"])
    ladder(world.district, "全区网格员", posts=["grid_member"])
    ladder(world.neighbour_district, "别区")
    posts = ["party_first", "grid_member"]
    red = selectors.list_chosen(world.town, "red", posts, NOON)
    blue = selectors.list_chosen(world.town, "blue", posts, NOON)
    assert (red["party_first"].name, red["grid_member"].name) == ("全区红色", "全区网格员")
    assert blue["party_first"].name == "全区"


def test_hours_decide_between_two(world: World) -> None:
    ladder(world.district, "白天")
    ladder(world.district, "夜间", from_time=time(22), until_time=time(6))
    night = NOON.replace(hour=15)  # 23:00 here
    assert selectors.list_chosen(world.town, "red", ["party_first"], NOON)["party_first"].name == "白天"
    assert selectors.list_chosen(world.town, "red", ["party_first"], night)["party_first"].name == "夜间"


def test_a_simulation_says_how_many_are_left_after_each_step() -> None:
    rates = {"app": 0, "sms": 50, "voice": 50, "stand_in": 100, "errand": 100}
    remaining = selectors.list_remaining(rungs_of(STEPS), 1000, rates)
    assert [one.after for one in remaining] == [500, 250, 125, 62, 16, 16, 0]
    assert all(one.after <= one.before for one in remaining)


def test_examples_are_adopted_once(world: World) -> None:
    ctx = acting(world.holder("message.ladder.edit"))
    assert len(services.adopt_examples(ctx, world.district)) == len(EXAMPLES)
    assert services.adopt_examples(ctx, world.district) == []
    assert not Ladder.unscoped.filter(certain=True).exists()


def test_its_page_shows_the_picture_and_the_simulation_takes_rates(world: World, door: Client) -> None:
    one = ladder(world.town)
    enter(door, world.holder("message.ladder.read"))
    page = door.get(reverse("ladder_detail", args=[one.pk])).content.decode()
    steps = re.findall(r'an-ladder-time">([\d:]+)<', page)
    assert len(steps) == len(one.rungs)
    assert "12:00" in steps
    address = reverse("ladder_simulate", args=[one.pk])
    rates = {"people": 200, "app": 0, "sms": 100, "voice": 0, "email": 0, "stand_in": 0, "errand": 0}
    assert "剩 0 人" in door.get(address, rates).content.decode()
    assert "没有按所填的试算" in door.get(address, {**rates, "sms": 101}).content.decode()


def test_examples_are_adopted_from_a_page(world: World, door: Client) -> None:
    enter(door, world.approver)
    assert reverse("ladder_adopt") in door.get(reverse("ladder_list")).content.decode()
    answer = door.post(reverse("ladder_adopt"), {"unit": world.district.pk})
    assert answer.status_code == 302
    assert Ladder.unscoped.filter(unit=world.district).count() == len(EXAMPLES)
