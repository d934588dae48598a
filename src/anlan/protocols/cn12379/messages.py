"""A message of the national release system, taken apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from anlan.protocols.cn12379.terms import BEIJING, LANGUAGE

STAMP = "%Y%m%d%H%M%S"
YEARS = range(1970, 2200)  # others are slips, and some can't be said in another time zone
# With the running number that a county's standard puts behind it, and with the short sender codes of Tianjin.
IDENTIFIER = re.compile(
    r"(?P<sender>[1-9]\d{13}|[1-9]\d{10})_(?P<stamp>\d{14})(?:_(?P<number>\d))?", re.ASCII
)


class Unreadable(Exception):
    """What came is not such a file, or no part of it can be understood.

    problem  xml, not_alert, no_identifier, no_info; of a receipt: xml, not_receipt, no_status; of an upload: see `uploads`
    line     where, from 1; 0: as a whole
    detail   for a log
    """

    def __init__(self, problem: str, line: int = 0, *, detail: object = "") -> None:
        super().__init__(problem, line, detail)
        self.problem, self.line, self.detail = problem, line, detail


class NotWritten(Exception):
    """A message breaks rules of the interface; `problems` are all of them."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems)
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Problem:
    """What keeps a message from being written: where, what and the value, which may be personal data.

    what  required, form, unknown, reserved, not_listed, mismatch, repeated, too_many, forbidden, characters
    """

    path: str
    what: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Remark:
    """What was forgiven in a message that was read.

    path   elements below the root, of a repeated one with its number from 1: info/area[2]/polygon
    what   encoding, namespace, case, spelling, blanks, zone, separator, form, unknown, reserved, missing, repeated, ignored,
           unit, short_sender_code, numbered, not_listed, order, mismatch, wording
    found  what stood there, cut where it is long; it may be personal data, so it is for eyes and not for logs
    """

    path: str
    what: str
    found: str = ""


class Identifier(NamedTuple):
    """Who entered a message and when, as its identifier says."""

    sender_code: str
    entered_at: datetime
    number: int | None = None

    def __str__(self) -> str:
        stamp = self.entered_at.astimezone(BEIJING).strftime(STAMP)
        return f"{self.sender_code}_{stamp}" + ("" if self.number is None else f"_{self.number}")

    @classmethod
    def read(cls, text: str) -> Identifier | None:
        """None if it has another form."""
        match = IDENTIFIER.fullmatch(text)
        entered_at = stamp_of(match["stamp"]) if match else None
        if match is None or entered_at is None:
            return None
        return cls(match["sender"], entered_at, int(match["number"]) if match["number"] else None)


class Point(NamedTuple):
    longitude: float
    latitude: float


@dataclass(frozen=True, slots=True)
class Circle:
    """A radius of 0 makes it a point."""

    centre: Point
    radius_m: float


@dataclass(frozen=True, slots=True)
class Area:
    """Where a warning holds; the areas of a message add up.

    line  of a ring the first and last point are the same; otherwise it is an open line, such as a road
    """

    description: str
    geocodes: tuple[str, ...] = ()
    line: tuple[Point, ...] = ()
    circle: Circle | None = None

    @property
    def is_ring(self) -> bool:
        return len(self.line) > 3 and self.line[0] == self.line[-1]


@dataclass(frozen=True, slots=True)
class Resource:
    """An attachment, which travels beside the message; `digest` is its SHA-1."""

    name: str
    size_bytes: int | None = None
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Method:
    """A channel; a blank message means the description is to be used.

    recipients  single ones, such as telephone numbers: personal data
    """

    name: str
    message: str = ""
    groups: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Info:
    """signed_by  the officer who signed, which the interface calls senderName; the issuing unit is `Alert.sender`"""

    event_type: str
    severity: str
    effective_at: datetime | None
    signed_by: str
    headline: str
    description: str
    language: str = LANGUAGE
    urgency: str = "Unknown"
    certainty: str = "Unknown"
    onset_at: datetime | None = None
    expires_at: datetime | None = None
    instruction: str = ""
    web: str = ""
    resources: tuple[Resource, ...] = ()
    areas: tuple[Area, ...] = ()


@dataclass(frozen=True, slots=True)
class Alert:
    """A message. What was read may hold values outside the enumerations and lack times; what is written may not.

    references  of an update or a cancellation: the identifier of the event's first message
    """

    identifier: str
    sender: str
    sender_code: str
    sent_at: datetime | None
    status: str
    msg_type: str
    info: Info
    methods: tuple[Method, ...] = ()
    scope: str = "Public"
    classification: str = "None"
    note: str = ""
    references: str = ""

    @property
    def event_identifier(self) -> str:
        """By which the messages of one event belong together: the identifier of the first of them."""
        return self.references or self.identifier


def stamp_of(text: str) -> datetime | None:
    """The Beijing time of fourteen digits; None if there is no such moment."""
    try:
        moment = datetime.strptime(text, STAMP).replace(tzinfo=BEIJING)
    except ValueError:
        return None
    return moment if moment.year in YEARS else None
