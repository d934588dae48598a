"""The values a message may hold, spelled as the interface spells them, and the words headlines are made of."""

from __future__ import annotations

import json
import re
from datetime import timedelta, timezone
from enum import Enum, StrEnum
from pathlib import Path

WORDS = json.loads(Path(__file__).with_name("words.json").read_text(encoding="utf-8"))
BEIJING = timezone(timedelta(hours=8))  # the interface has one time zone, which knows no summer time


class Status(StrEnum):
    ACTUAL = "Actual"
    TEST = "Test"
    EXERCISE = "Exercise"  # reserved
    DRAFT = "Draft"  # reserved


class MsgType(StrEnum):
    ALERT = "Alert"
    UPDATE = "Update"  # a renewal too
    CANCEL = "Cancel"
    ACK = "Ack"  # reserved
    ERROR = "Error"  # reserved


class Scope(StrEnum):
    PUBLIC = "Public"
    RESTRICTED = "Restricted"  # reserved
    PRIVATE = "Private"  # reserved


class Classification(StrEnum):
    NONE = "None"
    INNER = "Inner"


class Severity(StrEnum):
    """The colour of a warning; its order is the order of gravity."""

    RED = "Red"
    ORANGE = "Orange"
    YELLOW = "Yellow"
    BLUE = "Blue"
    UNKNOWN = "Unknown"


class Urgency(StrEnum):
    """All but UNKNOWN are reserved."""

    IMMEDIATE = "Immediate"
    EXPECTED = "Expected"
    FUTURE = "Future"
    PAST = "Past"
    UNKNOWN = "Unknown"


class Certainty(StrEnum):
    """All but UNKNOWN are reserved."""

    OBSERVED = "Observed"
    VERY_LIKELY = "VeryLikely"
    LIKELY = "Likely"
    UNLIKELY = "Unlikely"
    UNKNOWN = "Unknown"


class MethodName(StrEnum):
    """Channels the interface names; centres add others of their own."""

    SMS = "SMS"
    LED = "LED"
    SPEAKER = "SPEAKER"
    TV = "TV"
    BROADCAST = "BROADCAST"
    WEB = "WEB"
    PHONE = "PHONE"
    FAX = "FAX"


class Order(Enum):
    """Which number of a pair comes first; the interface does not say."""

    LATITUDE_FIRST = "latitude"
    LONGITUDE_FIRST = "longitude"


IN_USE: dict[type[StrEnum], frozenset[str]] = {
    Status: frozenset({Status.ACTUAL, Status.TEST}),
    MsgType: frozenset({MsgType.ALERT, MsgType.UPDATE, MsgType.CANCEL}),
    Scope: frozenset({Scope.PUBLIC}),
    Classification: frozenset(Classification),
    Severity: frozenset(Severity),
    Urgency: frozenset({Urgency.UNKNOWN}),
    Certainty: frozenset({Certainty.UNKNOWN}),
}
# Division 6, institution 3 (GB/T 4657), inside the institution 3, extension 2.
SENDER_CODE = re.compile(r"[1-9]\d{13}", re.ASCII)
SHORT_SENDER_CODE = re.compile(
    r"[1-9]\d{10}", re.ASCII
)  # DB12/T 1128 of Tianjin: division 6, institution 3, extension 2
METHOD_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,31}")
GEOCODE = re.compile(r"[1-9]\d{11}", re.ASCII)
DIGEST = re.compile(r"[0-9A-Fa-f]{40}")  # SHA-1
LANGUAGE = "zh-CN"


def institution_of(sender_code: str) -> str:
    """What kind of institution a code is of, in Chinese; blank if it isn't one of those seen in messages."""
    name: str = WORDS["institutions"].get(sender_code[6:9], "")
    return name
