"""Days and periods of the node's own time zone, and the working days of the Chinese holiday calendar."""

from __future__ import annotations

import calendar
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from django.conf import settings

from anlan.kernel.errors import DomainError
from anlan.kernel.models import Holiday
from anlan.kernel.terms import Every

if TYPE_CHECKING:
    from collections.abc import Iterable

DAY = timedelta(days=1)
MONTHS = {Every.MONTH: 1, Every.QUARTER: 3, Every.HALF_YEAR: 6, Every.YEAR: 12}
FIRST, LAST = date(1900, 1, 1), date(2999, 12, 31)  # that can be asked for
LONGEST_HOLIDAY = 40  # days; nothing like it exists, it bounds the search


def local_date(at: datetime) -> date:
    """The day of the node's time zone that a moment lies in."""
    return at.astimezone(settings.ANLAN.time_zone).date()


def is_reckonable(day: date) -> bool:
    """Whether months and zones around a day can be reckoned with; the ends of Python's calendar have no day before or after."""
    return FIRST <= day <= LAST


def refuse_unreckonable(moments: Iterable[object]) -> None:
    """raises moment_beyond where one of these is a moment that PostgreSQL keeps and nobody can read again or reckon with"""
    if not all(is_reckonable(one.date()) for one in moments if isinstance(one, datetime)):
        raise DomainError("moment_beyond", first=FIRST.year, last=LAST.year)


def start_of(day: date) -> datetime:
    """0:00 of a day, aware."""
    return datetime.combine(day, time.min, tzinfo=settings.ANLAN.time_zone)


def end_of(day: date) -> datetime:
    """24:00 of a day, aware: the last moment at which what is due that day is in time."""
    return start_of(day + DAY)


def period_of(every: str, day: date) -> str:
    """The name of the period a day lies in: "2026", "2026-H1", "2026-Q3", "2026-07", "2026-W30" or "2026-07-01"."""
    if every == Every.WEEK:
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02}"
    if every in {Every.DAY, Every.WORKDAY}:
        return day.isoformat()
    if every == Every.MONTH:
        return f"{day:%Y-%m}"
    part = (day.month - 1) // MONTHS[Every(every)] + 1
    letter = {Every.QUARTER: f"-Q{part}", Every.HALF_YEAR: f"-H{part}", Every.YEAR: ""}[Every(every)]
    return f"{day.year}{letter}"


def bounds_of(every: str, day: date) -> tuple[date, date]:
    """First and last day of the period that a day lies in."""
    if every in {Every.DAY, Every.WORKDAY}:
        return day, day
    if every == Every.WEEK:
        first = day - timedelta(days=day.weekday())
        return first, first + timedelta(days=6)
    length = MONTHS[Every(every)]
    first = date(day.year, (day.month - 1) // length * length + 1, 1)
    return first, _last_of_month(_months_later(first, length - 1))


def due_day_of(every: str, day: date, month: int | None, day_of_month: int | None) -> date:
    """The day within that period on which a recurring duty is due.

    month         of the period, from 1, negative from its end; None: its last
    day_of_month  of that month, negative from its end, bounded by it; of a week its day 1–7; None: the last
    """
    first, last = bounds_of(every, day)
    if every == Every.WEEK:
        return first + timedelta(days=(day_of_month or 7) - 1)
    if every not in MONTHS:
        return last
    length = MONTHS[Every(every)]
    ahead = length - 1 if month is None else (month - 1 if month > 0 else length + month)
    return _day_in_month(_months_later(first, min(max(ahead, 0), length - 1)), day_of_month)


def _day_in_month(first: date, day: int | None) -> date:
    last = _last_of_month(first)
    if day is None:
        return last
    wanted = day if day > 0 else last.day + 1 + day
    return first.replace(day=min(max(wanted, 1), last.day))


def _last_of_month(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def _months_later(first: date, months: int) -> date:
    years, month = divmod(first.month - 1 + months, 12)
    return date(first.year + years, month + 1, 1)


def is_working(day: date) -> bool:
    """Whether a day is worked: as the calendar says, else Monday to Friday."""
    said = Holiday.objects.filter(pk=day).values_list("working", flat=True).first()
    return day.weekday() < 5 if said is None else said


def working_days_later(day: date, count: int) -> date:
    """The last of `count` working days that follow a day, which does not count itself."""
    reach = day + timedelta(days=count * 3 + LONGEST_HOLIDAY)
    said = dict(Holiday.objects.filter(pk__gt=day, pk__lte=reach).values_list("on", "working"))
    while count > 0 and day < reach:
        day += DAY
        count -= said.get(day, day.weekday() < 5)
    return day
