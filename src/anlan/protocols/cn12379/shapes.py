"""Lines and circles as messages write them: pairs of degrees separated by blanks, a radius in metres.

The interface does not say which number of a pair comes first. Inside China they tell it themselves: no latitude there is as
large as the smallest longitude. Where they do not, the caller's word counts.
"""

from __future__ import annotations

import re

from anlan.protocols.cn12379.messages import Circle, Point
from anlan.protocols.cn12379.terms import Order

LONGITUDES, LATITUDES = (73.0, 136.0), (3.0, 54.0)  # of China
PAIR = re.compile(r"(-?\d{1,3}(?:\.\d{1,15})?),(-?\d{1,3}(?:\.\d{1,15})?)", re.ASCII)
NUMBER = re.compile(r"-?\d{1,3}(?:\.\d{1,15})?", re.ASCII)
RADIUS = re.compile(r"\d{1,8}(?:\.\d{1,6})?", re.ASCII)
FURTHEST_M = 20_040_000  # half of the way round the earth
PLACES = 9  # of degrees: a tenth of a millimetre
AROUND_COMMA = re.compile(r"\s*[,\uff0c]\s*")
BETWEEN = re.compile(r"[\s;\uff1b]+")


def read_line(text: str, order: Order) -> tuple[tuple[Point, ...], tuple[str, ...]]:
    """The points, none if it is no line, and what was forgiven: separator, order, form."""
    plain = AROUND_COMMA.sub(",", text.strip(" \t\r\n;\uff1b"))
    tokens = [token for token in BETWEEN.split(plain) if token]
    forgiven = [] if plain == text and ";" not in plain and "\uff1b" not in plain else ["separator"]
    pairs = [PAIR.fullmatch(token) for token in tokens]
    if all(pairs):
        numbers = [(_degrees(pair[1]), _degrees(pair[2])) for pair in pairs if pair]
    else:
        loose = [number for token in tokens for number in token.split(",")]
        if len(loose) % 2 or not all(NUMBER.fullmatch(number) for number in loose):
            return (), ("form",)
        values = [_degrees(number) for number in loose]
        numbers = list(zip(values[::2], values[1::2], strict=True))
        forgiven = ["separator"]
    points, turned = _oriented(numbers, order)
    if not points:
        return (), ("form",)
    return points, (*forgiven, *(["order"] if turned else []))


def read_circle(text: str, order: Order) -> tuple[Circle | None, tuple[str, ...]]:
    """The circle, None if it is none, and what was forgiven."""
    plain = AROUND_COMMA.sub(",", text)
    tokens = [token for token in re.split(r"[\s,;\uff1b]+", plain) if token]
    if len(tokens) != 3 or not RADIUS.fullmatch(tokens[2]):
        return None, ("form",)
    points, forgiven = read_line(f"{tokens[0]},{tokens[1]}", order)
    if not points:
        return None, forgiven
    usual = f"{tokens[0]},{tokens[1]} {tokens[2]}"
    radius_m = float(tokens[2])
    if radius_m > FURTHEST_M:
        return None, ("form",)
    return Circle(points[0], radius_m), (*forgiven, *(["separator"] if text != usual else []))


def write_line(line: tuple[Point, ...], order: Order) -> str:
    return " ".join(_pair(point, order) for point in line)


def write_circle(circle: Circle, order: Order) -> str:
    return f"{_pair(circle.centre, order)} {plain(circle.radius_m)}"


def is_place(point: Point) -> bool:
    return -180 <= point.longitude <= 180 and -90 <= point.latitude <= 90


def plain(number: float) -> str:
    """A number without exponent or needless zeros."""
    return f"{number:.{PLACES}f}".rstrip("0").rstrip(".") if number else "0"


def _degrees(text: str) -> float:
    return round(float(text), PLACES)


def _pair(point: Point, order: Order) -> str:
    first, second = point if order is Order.LONGITUDE_FIRST else (point.latitude, point.longitude)
    return f"{plain(first)},{plain(second)}"


def _oriented(pairs: list[tuple[float, float]], order: Order) -> tuple[tuple[Point, ...], bool]:
    """The pairs as points, and whether another order than the caller's was seen; none where no order makes them places."""
    given = _as_points(pairs, order)
    other_order = Order.LATITUDE_FIRST if order is Order.LONGITUDE_FIRST else Order.LONGITUDE_FIRST
    other = _as_points(pairs, other_order)
    if all(map(_in_china, other)) or not all(map(is_place, given)):
        return (other, True) if all(map(is_place, other)) else ((), False)
    return given, False


def _as_points(pairs: list[tuple[float, float]], order: Order) -> tuple[Point, ...]:
    if order is Order.LONGITUDE_FIRST:
        return tuple(Point(first, second) for first, second in pairs)
    return tuple(Point(second, first) for first, second in pairs)


def _in_china(point: Point) -> bool:
    in_longitude = LONGITUDES[0] <= point.longitude <= LONGITUDES[1]
    return in_longitude and LATITUDES[0] <= point.latitude <= LATITUDES[1]
