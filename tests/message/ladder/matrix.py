"""Ladders: what each address answers to whom."""

from __future__ import annotations

from anlan.message.ladder.register import LADDERS
from tests.matrix import Case
from tests.message.ladder.ladders import ladder
from tests.registers import cases_of

CASES = (
    *cases_of(LADDERS, lambda world: ladder(world.town), lambda world: ladder(world.neighbour_town)),
    Case("ladder_adopt", "message.ladder.edit", budget=8),
    Case(
        "ladder_simulate",
        "message.ladder.read",
        own=lambda world: {"key": ladder(world.town, "试算").pk},
        other=lambda world: {"key": ladder(world.neighbour_town, "试算").pk},
    ),
)
