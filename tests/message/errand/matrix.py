"""Errands: what each address answers to whom."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from anlan.kernel.context import Context
from anlan.message.errand import services
from tests.matrix import Case

if TYPE_CHECKING:
    from collections.abc import Callable

    from anlan.kernel.models import Unit
    from anlan.message.errand.models import Errand
    from tests.cast import World

ORDERS = frozenset({"message.errand.order", "message.channel.send"})
_numbers = count(1)


def errand(unit: Unit, at: Unit | None = None, about: str = "") -> Errand:
    """People of that unit are sent, to its own village unless said otherwise."""
    ctx = Context(None, powers=ORDERS)
    door = services.Door(unit.pk, about or str(next(_numbers)), None, (at or unit).pk)
    (made,) = services.order_errands(ctx, "callout.recipient", "暴雨红色预警", [door])
    return made


def of(where: str) -> Callable[[World], dict[str, Any]]:
    return lambda world: {"errand_id": errand(getattr(world, where)).pk}


CASES = (
    Case("errand_list", "message.errand.read", budget=6),
    Case("errand_detail", "message.errand.read", own=of("town"), other=of("neighbour_town"), budget=10),
    Case("errand_visit", "message.errand.visit", own=of("town"), other=of("neighbour_town"), budget=6),
    Case(
        "errand_visit",
        "message.errand.visit",
        own=of("town"),
        other=of("neighbour_town"),
        method="post",
        data={"result": "self", "words": "已告知"},
        answers=302,
        budget=22,
    ),
)
