"""Types of events as warnings and broadcasts carry them: five characters, such as 11B03 for a rainstorm.

The codes are those of 《国家应急平台体系信息资源分类与编码规范》: catalogue (1 event), class (1 natural disaster, 2 accident,
3 public health, 4 social safety, 9 other), a letter for the group, two digits for the type. `event_types.csv` holds the
catalogue of events. The norm itself is not public; how far a line is to be trusted stands in its `known_by`:

    list      read in a transcription of the norm's list
    repaired  so too, but the transcription was misread there (1100x for 11G0x) and put right by its neighbours
    feed      not in the list; used by the warnings that the provinces publish

Names are as short as headlines have them (台风, where the norm says 台风事件). GB/T 35561 numbers events differently.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from pathlib import Path

CODE = re.compile(r"[1-7][1-79][A-HJ-NP-Z0]\d\d|[1-7]0000|00000", re.ASCII)  # the norm leaves out I and O


class KnownBy(StrEnum):
    LIST = "list"
    REPAIRED = "repaired"
    FEED = "feed"


class Level(IntEnum):
    CATALOGUE = 0
    CLASS = 1
    GROUP = 2
    TYPE = 3


@dataclass(frozen=True, slots=True)
class EventType:
    code: str
    name: str
    known_by: KnownBy

    @property
    def level(self) -> Level:
        return level_of(self.code)

    @property
    def parent(self) -> str:
        return parent_of(self.code)


def is_code(text: str) -> bool:
    """Whether it has the shape of a code; whether it is listed is another question."""
    return CODE.fullmatch(text) is not None


def level_of(code: str) -> Level:
    """By its zeros."""
    if code[3:] != "00":
        return Level.TYPE
    if code[2] != "0":
        return Level.GROUP
    return Level.CLASS if code[1] != "0" else Level.CATALOGUE


def parent_of(code: str) -> str:
    """The code right above it, listed or not; blank for a catalogue and for the test."""
    level = level_of(code)
    return code[:level].ljust(5, "0") if level > Level.CATALOGUE else ""


def parents_of(code: str) -> list[str]:
    """The codes above it, the nearest first."""
    parents = []
    while code := parent_of(code):
        parents.append(code)
    return parents


def find_type(code: str) -> EventType | None:
    return TYPES.get(code)


def find_by_name(name: str) -> EventType | None:
    """A type by its name, with or without the norm's 事件 behind it; names are unique."""
    return _BY_NAME.get(name) or _BY_NAME.get(name.removesuffix(EVENT))


def _read() -> dict[str, EventType]:
    with Path(__file__).with_name("event_types.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["code"]: EventType(row["code"], row["name"], KnownBy(row["known_by"]))
            for row in csv.DictReader(file)
        }


TYPES = _read()
EVENT = "\u4e8b\u4ef6"  # 事件
_BY_NAME = {each.name: each for each in TYPES.values()}
