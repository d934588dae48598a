"""The demo's units as they are to stand in the tree, from data/demo: real divisions, and the bodies a district has."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anlan.kernel.seeds import Seedling
from anlan.organisation.unit.terms import UnitKind

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(__file__).parents[1] / "data/demo"
ROOT, COUNTY, NEIGHBOUR = "D-1", "120114000000", "120115000000"
GRIDS = 2  # of each village
# Units of this demo and of the one before it that no real node has; by them a demo's database is known.
MARKS = (
    "D-1",
    "D-1-G",
    "D-WQ-G",
    "D-WQ-C",
    "D-BD-G",
    *(f"D-1-{n}" for n in ("1", "2", "1-1", "1-2", "1-3", "2-1")),
)


@dataclass(frozen=True)
class Body(Seedling):
    """A unit with what its profile says.

    answers_to   code of the body above it in that line, blank: none
    """

    answers_to: str = ""


def read_json(name: str) -> Any:
    return json.loads((DATA / name).read_text())


def read_table(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(newline="") as file:
        return list(csv.DictReader(file))


@cache
def words() -> dict[str, Any]:
    found: dict[str, Any] = read_json("words.json")
    return found


@cache
def divisions() -> dict[str, str]:
    """Names by code: the townships of which a seat is known, and all villages."""
    seats = {row["code"] for name in ("seats.csv", "placed.csv") for row in read_table(name)}
    rows = read_table("divisions.csv")
    return {row["code"]: row["name"] for row in rows if is_village(row["code"]) or row["code"] in seats}


def is_village(code: str) -> bool:
    return not code.endswith("000")


def is_park(code: str) -> bool:
    return code[6] == "4"


def units(scale: int) -> Iterator[Body]:
    """All units, each behind the one above it.

    scale   how many villages there are for each real one; those beyond it are marked by their name
    """
    for body in read_json("bodies.json"):
        yield Body(**body)
    for code, name in divisions().items():
        if is_village(code):
            yield from _village(code, name, scale)
        else:
            yield from _township(code, name)


def last_code(scale: int) -> str:
    """Code of the unit that comes last: where it is, all are."""
    village = list(divisions())[-1]
    return _grid_code(_copy_code(village, scale), GRIDS)


def _township(code: str, name: str) -> Iterator[Body]:
    kind = UnitKind.PARK if is_park(code) else UnitKind.STREET if code[6] == "0" else UnitKind.TOWNSHIP
    yield Body(code, f"{code[:6]}000000", name, kind)
    yield Body(f"{code}-G", code, words()["offices"][kind].format(name=name), UnitKind.GOVERNMENT)


def _village(code: str, name: str, scale: int) -> Iterator[Body]:
    kind = UnitKind.VILLAGE if code[9] == "2" else UnitKind.COMMUNITY
    place = place_of(name, kind)
    for number in range(1, scale + 1):
        own = _copy_code(code, number)
        yield Body(own, f"{code[:9]}000", _copy(name, number), kind)
        for grid in range(1, GRIDS + 1):
            ordinal = words()["ordinals"][grid - 1]
            called = words()["grid"].format(place=_copy(place, number), ordinal=ordinal)
            yield Body(_grid_code(own, grid), own, called, UnitKind.GRID)


def place_of(name: str, kind: str) -> str:
    """The village or community itself, by the name of its committee: 北蔡村村委会 → 北蔡村."""
    for committee in words()["committees"]:
        name = name.removesuffix(committee)
    ending = words()["places"][kind]
    return name if name.endswith(ending) else f"{name}{ending}"


def _copy_code(code: str, number: int) -> str:
    return code if number == 1 else f"{code}-{number}"


def _copy(name: str, number: int) -> str:
    return name if number == 1 else str(words()["copy"].format(name=name, number=number))


def _grid_code(village: str, number: int) -> str:
    return f"{village}{number:03}"
