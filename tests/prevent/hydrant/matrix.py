"""Fire hydrants: what each address answers to whom."""

from __future__ import annotations

from rooms.prevent.hydrant.register import HYDRANTS
from tests.prevent.hydrant.hydrants import hydrant
from tests.registers import cases_of

CASES = tuple(
    cases_of(
        HYDRANTS,
        lambda world: hydrant(world.town),
        lambda world: hydrant(world.neighbour_town),
        api="/hydrants",
    )
)
