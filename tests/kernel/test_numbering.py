"""Numbers: without a gap, whoever draws and whatever fails; anew each period, apart for each unit and exercise."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from django.db import connection, transaction
from django.utils import translation

from anlan.kernel import numbering
from anlan.kernel.journal import OutsideTransaction
from anlan.kernel.models import Clock, Counter, Exercise, Series
from anlan.kernel.terms import Every
from tests.cast import World, acting, make_world

if TYPE_CHECKING:
    from pathlib import Path

    from anlan.kernel.context import Context

BEFORE_MIDNIGHT = datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC)  # 23:59:59 in Shanghai
MIDNIGHT = datetime(2026, 12, 31, 16, 0, 0, tzinfo=UTC)


class Failed(Exception):
    pass


def fail_if(wanted: bool) -> None:  # noqa: FBT001
    if wanted:
        raise Failed


@pytest.fixture
def ctx(world: World) -> Context:
    numbering.load([{"code": "test.report", "name": "报告", "pattern": "应急〔{year}〕{number}号"}])
    return acting(world.officer)


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr("anlan.kernel.context.real_now", lambda: moment)


def test_numbers_follow_each_other_for_each_unit(
    ctx: Context, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, BEFORE_MIDNIGHT)
    drawn = [numbering.next_number(ctx, "test.report", world.town) for _ in range(3)]
    assert drawn == ["应急〔2026〕1号", "应急〔2026〕2号", "应急〔2026〕3号"]
    assert numbering.next_number(ctx, "test.report", world.neighbour_town) == "应急〔2026〕1号"


def test_the_count_begins_again_at_the_year_s_local_midnight(
    ctx: Context, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, BEFORE_MIDNIGHT)
    assert numbering.next_number(ctx, "test.report", world.town) == "应急〔2026〕1号"
    at(monkeypatch, MIDNIGHT)
    assert numbering.next_number(ctx, "test.report", world.town) == "应急〔2027〕1号"


def test_day_unit_and_width_are_written_as_the_pattern_says(
    ctx: Context, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    pattern = "{unit}值班{year}{month}{day}-{number}"
    numbering.load([{"code": "test.log", "name": "日志", "pattern": pattern, "every": Every.DAY, "width": 3}])
    at(monkeypatch, MIDNIGHT)
    assert numbering.next_number(ctx, "test.log", world.town) == "甲一镇值班20270101-001"


def test_a_series_without_a_period_counts_on(
    ctx: Context, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbering.load([{"code": "test.plan", "name": "预案", "pattern": "预案{number}号", "every": ""}])
    at(monkeypatch, BEFORE_MIDNIGHT)
    assert numbering.next_number(ctx, "test.plan", world.town) == "预案1号"
    at(monkeypatch, MIDNIGHT)
    assert numbering.next_number(ctx, "test.plan", world.town) == "预案2号"


def test_an_exercise_has_numbers_of_its_own_marked_alike_in_every_language(
    ctx: Context, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, BEFORE_MIDNIGHT)
    numbering.next_number(ctx, "test.report", world.town)
    clock = Clock.objects.create(origin_at=datetime(2030, 7, 1, tzinfo=UTC), started_at=BEFORE_MIDNIGHT)
    drill = acting(world.officer)
    drill.exercise = Exercise.objects.create(name="防汛演练", clock=clock)
    with translation.override("en"):
        assert numbering.next_number(drill, "test.report", world.town) == "演练应急〔2030〕1号"
    assert numbering.next_number(ctx, "test.report", world.town) == "应急〔2026〕2号"


def test_an_act_that_is_rolled_back_gives_its_number_back(ctx: Context, world: World) -> None:
    def draw_and_fail() -> None:
        numbering.next_number(ctx, "test.report", world.town)
        raise Failed

    with pytest.raises(Failed), transaction.atomic():
        draw_and_fail()
    assert numbering.next_number(ctx, "test.report", world.town).endswith("〕1号")


def test_an_unknown_series_says_where_to_list_it(ctx: Context, world: World) -> None:
    with pytest.raises(numbering.UnknownSeries, match=r"test\.nothing.*data/series\.json"):
        numbering.next_number(ctx, "test.nothing", world.town)


def test_a_series_that_is_there_is_left_alone(ctx: Context) -> None:
    Series.objects.update(name="区里改过的")
    numbering.load([{"code": "test.report", "name": "新名称", "pattern": "{year}{number}"}])
    assert Series.objects.get(pk="test.report").name == "区里改过的"


def test_every_room_s_list_is_loaded_and_loading_again_adds_nothing(
    db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    row = {"code": "room.paper", "name": "文件", "pattern": "{year}-{number}"}
    (tmp_path / "data/series.json").write_text(json.dumps([row]))
    monkeypatch.setattr(numbering.rooms, "find", lambda: (SimpleNamespace(folder=tmp_path),))
    numbering.load_series()
    numbering.load_series()
    assert Series.objects.filter(pk="room.paper", every=Every.YEAR, width=1).count() == 1


@pytest.mark.parametrize(
    ("pattern", "every"),
    [
        ("第{nummer}号", Every.YEAR),  # nothing fills it
        ("第{}号", Every.YEAR),
        ("第{number号", Every.YEAR),
        ("〔{year}〕号", Every.YEAR),  # every document of a year would be called that
        ("{year}-{number}", Every.MONTH),  # each month would begin with the same number
        ("{month}{day}-{number}", Every.DAY),  # so would the same day of the next year
        ("{number}", Every.WEEK),
    ],
)
def test_a_pattern_that_could_repeat_itself_is_refused(db: None, pattern: str, every: str) -> None:
    row = {"code": "test.bad", "name": "坏", "pattern": pattern, "every": every}
    with pytest.raises(numbering.BadSeries, match=r"test\.bad"):
        numbering.load([row])
    assert not Series.objects.filter(pk="test.bad").exists()


@pytest.mark.django_db(transaction=True)
def test_a_number_outside_a_transaction_is_refused() -> None:
    world = make_world()
    with pytest.raises(OutsideTransaction):
        numbering.next_number(acting(world.officer), "test.report", world.town)


@pytest.mark.django_db(transaction=True)
def test_two_who_draw_at_once_get_neighbouring_numbers_without_a_gap() -> None:
    world = make_world()
    numbering.load([{"code": "test.report", "name": "报告", "pattern": "{year}-{number}"}])
    ctx = acting(world.officer)
    drawn: list[str] = []

    def act(failing: frozenset[int]) -> None:
        for turn in range(20):
            try:
                with transaction.atomic():
                    number = numbering.next_number(ctx, "test.report", world.town)
                    fail_if(turn in failing)
                drawn.append(number)
            except Failed:
                continue
        connection.close()

    threads = [threading.Thread(target=act, args=[frozenset({3, 4, 11 + own})]) for own in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(int(number.split("-")[1]) for number in drawn) == list(range(1, 35))
    assert Counter.objects.get().last == 34
