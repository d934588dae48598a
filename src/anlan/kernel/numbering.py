"""Numbers of documents: without a gap for each series, unit, period and exercise; how they look is data.

    number = next_number(ctx, "respond.report", unit)  # "应急〔2026〕12号"

A room lists its series in `data/series.json`: code, name, pattern, and maybe every (default: a year; "": never anew), width.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection
from django.utils import translation
from django.utils.translation import gettext as _

from anlan.kernel import rooms
from anlan.kernel.journal import OutsideTransaction
from anlan.kernel.models import Series
from anlan.kernel.periods import bounds_of, local_date, period_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from anlan.kernel.context import Context
    from anlan.kernel.models import Unit

# The counter's row stays locked until the act is committed: the next act waits, and a number that was rolled back is
# given out again. That is what gapless costs; draw the number late in the act.
NEXT = """
INSERT INTO kernel_counter AS counter (series_id, unit_id, exercise_id, period, last) VALUES (%s, %s, %s, %s, 1)
ON CONFLICT (series_id, unit_id, exercise_id, period) DO UPDATE SET last = counter.last + 1
RETURNING last
"""
A_DAY = date(2026, 11, 21)  # a pattern is tried out on it


class UnknownSeries(Exception):
    """No room declares this series in its data/series.json, or `prepare` has not run since it does."""


class BadSeries(Exception):
    """A series' pattern can't tell its numbers apart, or has a place that nothing fills."""


def next_number(ctx: Context, code: str, unit: Unit) -> str:
    """Draw the next number of a series for a unit, in the transaction of the act that uses it.

    returns  the number as it is written; in an exercise from counters of its own, and marked as such
    raises   OutsideTransaction; UnknownSeries, where no room declares it
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction
    series = Series.objects.filter(pk=code).first()
    if series is None:
        raise UnknownSeries(f"{code}: list it in the room's data/series.json, then run prepare")
    day = local_date(ctx.now())
    drawn = _draw(ctx, series, unit, day)
    number = _written(series, day, drawn, unit.name)
    return f"{_exercise_mark()}{number}" if ctx.exercise else number


def _draw(ctx: Context, series: Series, unit: Unit, day: date) -> int:
    exercise = ctx.exercise.pk if ctx.exercise else None
    period = period_of(series.every, day) if series.every else ""
    with connection.cursor() as cursor:
        cursor.execute(NEXT, [series.pk, unit.pk, exercise, period])
        return int(cursor.fetchone()[0])


def _written(series: Series, day: date, number: int, unit_name: str) -> str:
    return series.pattern.format(
        year=day.year,
        month=f"{day.month:02}",
        day=f"{day.day:02}",
        number=str(number).zfill(series.width),
        unit=unit_name,
    )


def _exercise_mark() -> str:
    # A document has one number, whatever language its reader prefers.
    with translation.override(settings.LANGUAGE_CODE):
        return _("演练")


def load_series() -> None:
    """Add the series that rooms list and this node does not have yet; one that is there is left alone."""
    for room in rooms.find():
        if (file := room.folder / "data/series.json").exists():
            load(json.loads(file.read_text()))


def load(rows: Iterable[dict[str, Any]]) -> None:
    """raises BadSeries before anything is added"""
    series = [Series(**row) for row in rows]
    for one in series:
        _check(one)
    Series.objects.bulk_create(series, ignore_conflicts=True)


def _check(series: Series) -> None:
    """Two documents of a unit must never bear the same number: not in one period, not in two."""
    try:
        first, second = (_written(series, A_DAY, number, "unit") for number in (1, 2))
        begun_anew = {_written(series, day, 1, "unit") for day in _later_beginnings(series)}
    except (KeyError, IndexError, ValueError) as error:
        raise BadSeries(f"{series.code}: {series.pattern} has a place that nothing fills: {error}") from error
    if first in {second, *begun_anew}:
        raise BadSeries(f"{series.code}: {series.pattern} gives the same number twice")


def _later_beginnings(series: Series) -> tuple[date, ...]:
    """Days on which a count that begins again every period is at 1 once more: in the next period, and in a year."""
    if not series.every:
        return ()
    return bounds_of(series.every, A_DAY)[1] + timedelta(days=1), A_DAY.replace(year=A_DAY.year + 1)
