"""Duties in words: what is written can be read again; phrases say what the figures mean."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import translation

from anlan.kernel.models import Rule
from anlan.kernel.templatetags.moments import deadline
from anlan.site import duty_words

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def in_chinese() -> Iterator[None]:
    with translation.override("zh-hans"):
        yield


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(), "不到 1 分钟"),
        (timedelta(seconds=59), "不到 1 分钟"),
        (timedelta(seconds=90), "1 分钟"),
        (timedelta(minutes=60), "1 小时"),
        (timedelta(days=1, hours=12, seconds=7), "1 天 12 小时"),
        (timedelta(days=400), "400 天"),
    ],
)
def test_a_length_of_time_is_said_in_whole_minutes(length: timedelta, said: str) -> None:
    assert duty_words.span(length) == said


@pytest.mark.parametrize("seconds", [0, 1, 60, 90, 3600, 5400, 86400, 129_607])
def test_a_figure_is_read_as_it_is_written(seconds: int) -> None:
    length = timedelta(seconds=seconds)
    assert duty_words.read_span(duty_words.figure(length)) == length


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("2小时", timedelta(hours=2)),
        ("1天12小时", timedelta(hours=36)),
        ("3日", timedelta(days=3)),
        ("90 分", timedelta(minutes=90)),
        ("2", None),
        ("小时", None),
        ("2 小时左右", None),
        ("", None),
        ("-2 小时", None),
    ],
)
def test_what_people_type_is_read_or_refused(text: str, length: timedelta | None) -> None:
    assert duty_words.read_span(text) == length


@pytest.mark.parametrize(
    ("every", "period", "said"),
    [
        ("year", "2026", "2026年"),
        ("half_year", "2026-H2", "2026年下半年"),
        ("quarter", "2026-Q3", "2026年第 3 季度"),
        ("month", "2026-07", "2026年7月"),
        ("week", "2026-W05", "2026年第 5 周"),
        ("day", "2026-07-01", "2026年7月1日"),
        ("", "4711", ""),
    ],
)
def test_a_period_is_said_for_what_recurs_only(every: str, period: str, said: str) -> None:
    assert duty_words.period(Rule(every=every), period) == said


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"limit": timedelta(hours=2)}, "2 小时内"),
        ({"working_days": 5}, "5 个工作日内"),
        ({"every": "day"}, "每日 24:00 前"),
        ({"every": "week", "due_day": 5}, "每周星期五前"),
        ({"every": "month", "due_day": 5}, "每月5 日前"),
        ({"every": "month"}, "每月最后一日前"),
        ({"every": "quarter", "due_month": 1, "due_day": -2}, "每季度第 1 个月倒数第 2 日前"),
        ({"every": "half_year", "count": 2}, "每半年最后一个月最后一日前，不少于 2 次"),
        ({"every": "year", "due_month": 6, "due_day": 30}, "每年6 月30 日前"),
        ({"every": "year", "due_month": -2, "due_day": 1}, "每年倒数第 2 个月1 日前"),
    ],
)
def test_a_rule_says_by_when_in_one_phrase(fields: dict[str, Any], said: str) -> None:
    assert duty_words.by_when(Rule(**fields)) == said


def test_what_ends_at_midnight_ends_at_24_00_of_the_day_before() -> None:
    midnight = datetime(2026, 7, 31, 16, tzinfo=UTC)
    assert deadline(midnight) == "2026年7月31日 24:00"
    assert deadline(midnight + timedelta(minutes=1)) == "2026年8月1日 00:01"
