"""Alarm bells: what each address answers to whom."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from anlan.kernel.clock import real_now
from rooms.respond.bell.models import Bell
from rooms.respond.bell.terms import BellState
from tests.matrix import Case

if TYPE_CHECKING:
    from anlan.kernel.models import Unit
    from tests.cast import World

THE_ONE = UUID("01890000-0000-7000-8000-000000000001")  # the bell that a form names


def _made(unit: Unit, state: str = BellState.RUNG, **fields: object) -> dict[str, object]:
    now = real_now()
    bell = Bell.objects.create(unit=unit, place="面粉厂", rang_at=now, entered_at=now, state=state, **fields)
    return {"bell_id": bell.pk}


def _own(world: World) -> dict[str, object]:
    return _made(world.town)


def _other(world: World) -> dict[str, object]:
    return _made(world.neighbour_town)


def _many(world: World) -> dict[str, object]:
    for _row in range(60):
        _made(world.town)
    return {}


def _one_that_rings(world: World) -> dict[str, object]:
    _made(world.town, pk=THE_ONE)
    return {}


def _answered(world: World) -> dict[str, object]:
    return _made(world.town, BellState.ANSWERED)


record = partial(Case, own=_own, other=_other)
WORDS = {"words": "已派人"}

CASES = (
    Case("bell_list", "respond.bell.read", own=_many),
    Case("bell_ring", "respond.bell.ring"),
    record("bell_detail", "respond.bell.read", budget=12),
    record("bell_answer", "respond.bell.answer"),
    record("bell_answer", "respond.bell.answer", method="post", data=WORDS, answers=302, budget=14),
    record("bell_close", "respond.bell.close"),
    record(
        "bell_close", "respond.bell.close", own=_answered, method="post", data=WORDS, answers=302, budget=14
    ),
    Case(
        "bell_silence",
        "respond.bell.silence",
        own=_one_that_rings,
        method="post",
        data={"id": [str(THE_ONE)]},
        answers=302,
        budget=12,
    ),
)
