from __future__ import annotations

from typing import TYPE_CHECKING

from anlan.kernel.clock import real_now
from anlan.kernel.exercises import JOIN, RUN
from anlan.kernel.models import Clock, Exercise
from tests.matrix import Case

if TYPE_CHECKING:
    from anlan.kernel.models import Unit
    from tests.cast import World


def exercise_of(unit: Unit) -> Exercise:
    now = real_now()
    clock = Clock.objects.create(origin_at=now, started_at=now)
    return Exercise.objects.create(name="防汛演练", unit=unit, clock=clock)


def _own(world: World) -> dict[str, int]:
    return {"exercise_id": exercise_of(world.district).pk}


def _other(world: World) -> dict[str, int]:
    return {"exercise_id": exercise_of(world.neighbour_district).pk}


def _some(world: World) -> dict[str, int]:
    _own(world)
    return {}


CASES = (
    Case("exercise_list", JOIN, own=_some, budget=9),
    Case("exercise_open", RUN),
    Case("exercise_open", RUN, method="post", data={"name": "x"}),
    Case("exercise_detail", JOIN, own=_own, other=_other, budget=9),
    Case("exercise_enter", JOIN, own=_own, other=_other, method="post", answers=302, budget=14),
    Case("exercise_leave", JOIN, method="post", answers=302),
    Case("exercise_clock", RUN, own=_own, other=_other, method="post", answers=302, budget=12),
    Case("exercise_close", RUN, own=_own, other=_other, method="post", answers=302, budget=14),
)
