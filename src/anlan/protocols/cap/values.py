"""The texts of single elements to values and back.

A reader takes the text and `tell(code, detail)` for what is understood although against the standard. It raises Unreadable
for what is not understood.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from anlan.protocols.cap.message import Circle, Point, Reference

if TYPE_CHECKING:
    from collections.abc import Callable
    from enum import StrEnum

    Tell = Callable[[str, str], None]

TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d{1,9})?(?:(Z|z)|([+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00))",
    re.ASCII,
)
LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
DECIMAL = r"[+-]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})"
INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
NUMBER = re.compile(DECIMAL, re.ASCII)
PAIR = re.compile(rf"({DECIMAL}),({DECIMAL})", re.ASCII)
CIRCLE = re.compile(rf"({DECIMAL}),({DECIMAL})\s+({DECIMAL})", re.ASCII)
WORDS = re.compile(r'"([^"]*)"|(\S+)')
COMMA = re.compile(r"\s*,\s*")
LONGEST_DETAIL = 80


class Unreadable(Exception):
    def __init__(self, code: str, text: str) -> None:
        super().__init__(code, text)
        self.code, self.detail = code, text[:LONGEST_DETAIL]


def read_text(text: str, _: Tell) -> str:
    return text


def write_text(value: str) -> str:
    return value


def word_reader(words: type[StrEnum], deprecated: dict[str, StrEnum]) -> Callable[[str, Tell], StrEnum]:
    known = {word.value: word for word in words}

    def read(text: str, tell: Tell) -> StrEnum:
        if word := known.get(text):
            return word
        if old := deprecated.get(text):
            tell("deprecated", text)
            return old
        raise Unreadable("word", text)

    return read


def read_time(text: str, tell: Tell) -> datetime:
    match = TIME.fullmatch(text)
    if not match:
        raise Unreadable("time", text)
    day, time, fraction, zulu, zone = match.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{time}{zone or '+00:00'}")
        moment.astimezone(UTC)  # the first and the last day of all have no such twin
    except (ValueError, OverflowError) as error:
        raise Unreadable("time", text) from error
    if fraction or zulu:
        tell("time_form", text[:LONGEST_DETAIL])
    return moment


def write_time(value: datetime) -> str:
    """Universal time is written -00:00, as section 3.3.2 asks."""
    text = value.isoformat(timespec="seconds")
    return text if value.utcoffset() else f"{text[:-6]}-00:00"


def read_language(text: str, _: Tell) -> str:
    if not LANGUAGE.fullmatch(text):
        raise Unreadable("language", text)
    return text


def read_integer(text: str, _: Tell) -> int:
    if not INTEGER.fullmatch(text):
        raise Unreadable("number", text)
    return int(text)


def read_decimal(text: str, _: Tell) -> Decimal:
    if not NUMBER.fullmatch(text):
        raise Unreadable("number", text)
    return Decimal(text)


def write_decimal(value: Decimal) -> str:
    return format(value, "f")


def read_content(text: str, _: Tell) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unreadable("base64", text) from error


def write_content(value: bytes) -> str:
    return base64.b64encode(value).decode()


def read_polygon(text: str, _: Tell) -> tuple[Point, ...]:
    points = []
    for pair in text.split():
        match = PAIR.fullmatch(pair)
        if not match:
            raise Unreadable("polygon", pair)
        points.append(Point(float(match[1]), float(match[2])))
    return tuple(points)


def write_polygon(value: tuple[Point, ...]) -> str:
    return " ".join(map(_pair, value))


def read_circle(text: str, _: Tell) -> Circle:
    match = CIRCLE.fullmatch(text)
    if not match:
        raise Unreadable("circle", text)
    return Circle(Point(float(match[1]), float(match[2])), float(match[3]))


def write_circle(value: Circle) -> str:
    return f"{_pair(value.centre)} {_plain(value.radius_km)}"


def _pair(point: Point) -> str:
    return f"{_plain(point.latitude)},{_plain(point.longitude)}"


def _plain(number: float) -> str:
    """To a hundredth of a millimetre, and never with an exponent."""
    return f"{number:.10f}".rstrip("0").rstrip(".")


def read_words(text: str, _: Tell) -> tuple[str, ...]:
    """Separated by white space; what contains such stands in quotation marks."""
    return tuple(word for quoted, plain in WORDS.findall(text) if (word := quoted or plain))


def write_words(value: tuple[str, ...]) -> str:
    return " ".join(f'"{word}"' if any(map(str.isspace, word)) else word for word in value)


def read_references(text: str, tell: Tell) -> tuple[Reference, ...]:
    """Some senders wrap lines after the commas; what is still no reference is told and left out."""
    joined = COMMA.sub(",", text)
    if joined != text:
        tell("reference", text[:LONGEST_DETAIL])
    references = []
    for triple in joined.split():
        parts = triple.split(",")
        try:
            sender, identifier, sent = parts
            references.append(Reference(sender, identifier, read_time(sent, tell)))
        except (ValueError, Unreadable):
            tell("reference", triple[:LONGEST_DETAIL])
    return tuple(references)


def write_references(value: tuple[Reference, ...]) -> str:
    return " ".join(f"{each.sender},{each.identifier},{write_time(each.sent)}" for each in value)


LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
