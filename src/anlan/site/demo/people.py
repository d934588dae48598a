"""The demo's invented people: who holds which post of which unit, the same at each load."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random
from typing import TYPE_CHECKING, Any

from anlan.site.demo import district

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anlan.site.demo.district import Body

# Kinds of unit that answer a telephone day and night.
WITH_A_LINE = frozenset(
    {"city", "district", "township", "street", "park", "department", "office", "enterprise"}
)


@dataclass(frozen=True)
class Seat:
    """A post with one seat, and its holder.

    number      which of its unit's seats it is, from 0
    holder      his name; None: vacant
    away_days   how many days he is away yet; 0: he is there
    covered_by  number of the seat whose holder stands in; None: nobody
    verified    whether somebody has made sure that his number reaches him
    """

    unit: str
    number: int
    kind: str
    name: str
    field: str
    title: str
    required: bool
    holder: str | None
    private: bool
    verified: bool
    away_days: int
    covered_by: int | None


@cache
def plan() -> dict[str, Any]:
    found: dict[str, Any] = district.read_json("people.json")
    return found


def seats_of(body: Body, kept: frozenset[str]) -> Iterator[Seat]:
    """The seats of a unit. Those of the kinds in `kept` are neither vacant nor their holders away."""
    random = Random(f"people of {body.code}")  # noqa: S311 - invented people, no secret
    for number, row in enumerate(plan()["posts"].get(body.kind, ())):
        name, chance, days = name_of(random), random.random(), random.randint(2, 10)
        verified = random.random() < plan()["verified"]
        if chance >= row.get("share", 1):
            continue  # few villages have one
        fixed = row["kind"] in kept
        vacant = not fixed and chance < plan()["vacant"]
        away = not fixed and not vacant and chance > 1 - plan()["away"]
        yield Seat(
            unit=body.code,
            number=number,
            kind=row["kind"],
            name=row.get("name", ""),
            field=row.get("field", ""),
            title=row["title"],
            required=row.get("required", True),
            holder=None if vacant else name,
            private=row.get("private", True),
            verified=verified,
            away_days=days if away else 0,
            covered_by=row.get("covered_by"),
        )


def name_of(random: Random) -> str:
    """An invented name; the first surnames are the most common ones."""
    surnames = plan()["surnames"]
    return str(surnames[int(len(surnames) * random.random() ** 2)] + random.choice(plan()["given"]))
