"""The account as pictures: the night with its colours, and how many had answered when. Drawn on the server, no script."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from django.utils.timezone import localtime

from anlan.kernel.terms import WarningColour

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anlan.watch.warning.selectors.account import Account, Course

WIDTH, LEFT, RIGHT = 760, 48, 24  # of a sheet, in its own units
BAND, HIGH, FOOT = 22, 140, 28  # of the colours, the curves, the scale below them
ROW, SIGN, LINE = 20, 13, 18  # of marks one above the other; of a character; of a curve's name
LOOKS = 4  # kinds of line
MOST_TICKS = 8
SPANS = (
    *(timedelta(minutes=number) for number in (1, 2, 5, 10, 15, 30)),
    *(timedelta(hours=number) for number in (1, 2, 3, 6, 12)),
    *(timedelta(days=number) for number in (1, 2, 7, 14, 28)),
)
SHARES = (0, 50, 90, 100)


class Line(NamedTuple):
    """A line of a scale with what stands beside it."""

    at: float
    text: str
    text_at: float


class Block(NamedTuple):
    """A colour in force. word: blank where it is too narrow for it"""

    x: float
    width: float
    level: str
    word: str

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 1)


class Mark(NamedTuple):
    """A moment with its name above; where two would stand on each other the later one goes a row up."""

    x: float
    text: str
    y: float


class Curve(NamedTuple):
    """How many were through, in steps, with its name at the end. look: which kind of line"""

    path: str
    look: int
    text: str
    x: float
    y: float
    anchor: str


@dataclass(frozen=True)
class Picture:
    """One sheet. top, bottom: of the panel of the curves; the band of colours lies above it."""

    top: int
    blocks: list[Block]
    marks: list[Mark]
    curves: list[Curve]
    rules: list[Line]
    ticks: list[Line]

    width, left, right, band, label_x = WIDTH, LEFT, WIDTH - RIGHT, BAND, LEFT - 6

    @property
    def bottom(self) -> int:
        return self.top + HIGH

    @property
    def height(self) -> int:
        return self.bottom + FOOT

    @property
    def band_y(self) -> int:
        return self.top - BAND - 10

    @property
    def word_y(self) -> int:
        return self.band_y + BAND - 6


class _Sheet:
    """Moments and shares to the units of a sheet: rows of marks, the band of colours if there is one, the curves."""

    def __init__(
        self, from_at: datetime, until_at: datetime, marked: Sequence[tuple[datetime, str]], *, band: bool
    ) -> None:
        # never the same moment, and a little room behind the last
        self.from_at = from_at
        self.until_at = until_at + max((until_at - from_at) / 40, timedelta(seconds=30))
        placed = self._placed(marked)
        rows = 1 + max((row for _x, _text, row in placed), default=-1)
        self.marks = [Mark(x, text, ROW * (rows - row) - 4) for x, text, row in placed]
        self.top = ROW * rows + (BAND + 22 if band else 12)

    def x(self, at: datetime) -> float:
        part = (at - self.from_at) / (self.until_at - self.from_at)
        return round(LEFT + min(max(part, 0.0), 1.0) * (WIDTH - LEFT - RIGHT), 1)

    def y(self, share: float) -> float:
        return round(self.top + HIGH * (1 - share), 1)

    def curve(self, course: Course, text: str = "", look: int = 0) -> Curve:
        """From the beginning to the last answer, then level as long as it ran."""
        steps, share = [f"M{self.x(course.callout.started_at)} {self.y(0)}"], 0.0
        for at, done in course.curve:
            share = done / course.people
            steps.append(f"H{self.x(at)}V{self.y(share)}")
        ends = [at for at in (course.callout.ended_at, course.last_at) if at]
        end = self.x(max(ends) if course.callout.ended_at else self.until_at)
        beside = end + SIGN * (len(text) + 1) < WIDTH - RIGHT
        path, high = "".join((*steps, f"H{end}")), self.y(share)
        if beside:
            return Curve(path, look % LOOKS, text, end + 6, high + 5, "start")
        return Curve(path, look % LOOKS, text, end - 6, high + 18, "end")

    def picture(
        self, curves: list[Curve], ticks: list[tuple[datetime, str]], blocks: Sequence[Block] = ()
    ) -> Picture:
        rules = [
            Line(y, f"{share}%", y + 4 if share != SHARES[-2] else y + 8)  # 90 stands close to 100
            for share in SHARES
            for y in [self.y(share / 100)]
        ]
        below = self.top + HIGH + 18
        scale = [Line(self.x(at), text, below) for at, text in ticks]
        return Picture(self.top, list(blocks), self.marks, curves, rules, scale)

    def block(self, colour: str, from_at: datetime, until_at: datetime) -> Block:
        x = self.x(from_at)
        width = round(max(self.x(until_at) - x, 2.0), 1)
        return Block(x, width, colour, str(WarningColour(colour).label) if width > 4 * SIGN else "")

    def step(self) -> timedelta:
        span = self.until_at - self.from_at
        return next((step for step in SPANS if span / step <= MOST_TICKS), span / MOST_TICKS)

    def _placed(self, marked: Sequence[tuple[datetime, str]]) -> list[tuple[float, str, int]]:
        placed: list[tuple[float, str, int]] = []
        for at, text in marked:
            x = self.x(at)
            if not text:
                placed.append((x, "", 0))
                continue
            near = (
                (row, abs(other - x) / SIGN, len(name + text) / 2 + 1) for other, name, row in placed if name
            )
            room = {row for row, far, wide in near if far < wide}
            placed.append((x, text, next(row for row in range(len(placed) + 1) if row not in room)))
        return placed


def night_of(account: Account, marked: Sequence[tuple[datetime, str]]) -> Picture | None:
    """The whole of it by the clock; None before anything was published. marked: moments, each by its number"""
    if not account.spoken:
        return None
    sheet = _Sheet(account.begun_at, account.until_at, marked, band=True)
    curves = [
        sheet.curve(one.course, one.issue.get_colour_display(), look)
        for look, one in enumerate(account.spoken)
        if one.course and one.course.people and not one.issue.is_end
    ]
    blocks = [
        sheet.block(one.colour, one.from_at, one.until_at or account.until_at) for one in account.colours
    ]
    return sheet.picture(_apart(curves), _by_clock(sheet), blocks)


def _apart(curves: list[Curve]) -> list[Curve]:
    """The same with a name further down where it would stand on another."""
    placed: list[Curve] = []
    for one in curves:
        wide = SIGN * (len(one.text) + 1)
        y = one.y
        while any(abs(other.x - one.x) < wide and abs(other.y - y) < LINE for other in placed):
            y += LINE
        placed.append(one._replace(y=y))
    return placed


def curve_of(course: Course, at: datetime) -> Picture:
    """One callout by the minutes since it began, with the rungs that were taken."""
    start = course.callout.started_at
    end = (
        course.settled_at or course.callout.ended_at or (at if course.callout.purpose == "warning" else None)
    )
    end = end or course.last_at or start + timedelta(minutes=30)
    rungs: list[tuple[datetime, str]] = []
    for one in course.rungs:
        word = course.word_of(one)
        if start < one.first_at <= end:  # each word once; the others are lines
            rungs.append((one.first_at, "" if word in (text for _at, text in rungs) else word))
    sheet = _Sheet(start, end, rungs, band=False)
    return sheet.picture([sheet.curve(course)], _since_start(sheet))


def _by_clock(sheet: _Sheet) -> list[tuple[datetime, str]]:
    """Round times of the day; where they are days, the days."""
    step = sheet.step()
    midnight = localtime(sheet.from_at).replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight + ((sheet.from_at - midnight) // step + 1) * step
    moments = [first + number * step for number in range(MOST_TICKS + 1)]
    shape = "%m-%d" if step >= timedelta(days=1) else "%H:%M"
    return [(at, localtime(at).strftime(shape)) for at in moments if at < sheet.until_at]


def _since_start(sheet: _Sheet) -> list[tuple[datetime, str]]:
    step = sheet.step()
    minutes = [int((number * step).total_seconds() // 60) for number in range(MOST_TICKS + 1)]
    in_hours = step >= timedelta(hours=1)
    return [
        (at, f"{number // 60}:{number % 60:02}" if in_hours else str(number))
        for number in minutes
        if (at := sheet.from_at + timedelta(minutes=number)) < sheet.until_at
    ]
