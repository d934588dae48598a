"""Neighbours: what each address answers to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anlan.message.neighbour.models import Neighbour
from anlan.message.neighbour.register import NEIGHBOURS
from tests.registers import cases_of

if TYPE_CHECKING:
    from anlan.kernel.models import Unit


def neighbour(unit: Unit, of: Unit) -> Neighbour:
    made = Neighbour(unit=unit, neighbour=of)
    made.clean()
    made.save(force_insert=True)
    return made


CASES = tuple(
    cases_of(
        NEIGHBOURS,
        lambda world: neighbour(world.town, world.district),
        lambda world: neighbour(world.neighbour_town, world.neighbour_district),
    )
)
