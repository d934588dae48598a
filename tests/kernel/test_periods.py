"""Periods and working days: month ends, half years, ISO weeks, the holiday calendar, local midnight."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest

from anlan.kernel import periods, rules
from anlan.kernel.terms import Every


@pytest.mark.parametrize(
    ("every", "day", "name", "first", "last"),
    [
        (Every.DAY, date(2026, 2, 28), "2026-02-28", date(2026, 2, 28), date(2026, 2, 28)),
        (Every.WEEK, date(2027, 1, 1), "2026-W53", date(2026, 12, 28), date(2027, 1, 3)),
        (Every.MONTH, date(2028, 2, 3), "2028-02", date(2028, 2, 1), date(2028, 2, 29)),
        (Every.QUARTER, date(2026, 11, 23), "2026-Q4", date(2026, 10, 1), date(2026, 12, 31)),
        (Every.HALF_YEAR, date(2026, 6, 30), "2026-H1", date(2026, 1, 1), date(2026, 6, 30)),
        (Every.YEAR, date(2026, 7, 1), "2026", date(2026, 1, 1), date(2026, 12, 31)),
    ],
)
def test_a_day_lies_in_one_period(every: str, day: date, name: str, first: date, last: date) -> None:
    assert periods.period_of(every, day) == name
    assert periods.bounds_of(every, day) == (first, last)


@pytest.mark.parametrize(
    ("every", "month", "day", "due"),
    [
        (Every.YEAR, 6, 30, date(2026, 6, 30)),
        (Every.YEAR, None, None, date(2026, 12, 31)),
        (Every.YEAR, 2, 30, date(2026, 2, 28)),
        (Every.YEAR, -1, -1, date(2026, 12, 31)),
        (Every.QUARTER, 1, 10, date(2026, 10, 10)),
        (Every.MONTH, None, -2, date(2026, 11, 29)),
        (Every.MONTH, None, 5, date(2026, 11, 5)),
        (Every.WEEK, None, 5, date(2026, 11, 27)),
        (Every.DAY, None, None, date(2026, 11, 23)),
    ],
)
def test_a_recurring_duty_is_due_on_a_day_of_its_period(
    every: str, month: int | None, day: int | None, due: date
) -> None:
    assert periods.due_day_of(every, date(2026, 11, 23), month, day) == due


@pytest.fixture
def holidays(db: None) -> None:
    rules.load_holidays(json.loads(rules.HOLIDAYS.read_text()))


def test_a_day_ends_at_local_midnight() -> None:
    assert periods.end_of(date(2026, 6, 30)) == datetime(2026, 6, 30, 16, tzinfo=UTC)
    assert periods.local_date(datetime(2026, 6, 30, 16, tzinfo=UTC)) == date(2026, 7, 1)


def test_the_calendar_turns_weekdays_into_holidays_and_weekends_into_working_days(holidays: None) -> None:
    assert not periods.is_working(date(2026, 10, 1))  # a Thursday
    assert periods.is_working(date(2026, 10, 10))  # a Saturday worked instead
    assert periods.is_working(date(2026, 11, 23))
    assert not periods.is_working(date(2026, 11, 22))


def test_working_days_are_counted_over_a_long_holiday(holidays: None) -> None:
    # 30 September is a Wednesday; 1–7 October are off, Saturday the 10th is worked.
    assert periods.working_days_later(date(2026, 9, 30), 1) == date(2026, 10, 8)
    assert periods.working_days_later(date(2026, 9, 30), 3) == date(2026, 10, 10)
    assert periods.working_days_later(date(2026, 9, 30), 4) == date(2026, 10, 12)


def test_a_year_without_a_calendar_goes_by_the_week(holidays: None) -> None:
    assert periods.working_days_later(date(2035, 1, 5), 1) == date(2035, 1, 8)
