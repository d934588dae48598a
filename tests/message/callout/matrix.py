"""Callouts: what each address answers to whom."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from tests.matrix import Case
from tests.message.callouts import call, hold, recipient

if TYPE_CHECKING:
    from collections.abc import Callable

    from anlan.message.callout.models import Recipient
    from tests.cast import World

READ, OPEN, HANDLE = "message.callout.read", "message.callout.open", "message.callout.handle"
WHY = {"reason": "甲"}
_numbers = count(1000)


def called(world: World, where: str = "town") -> Recipient:
    """Somebody of the district's town, or of the neighbour's, whom his own district calls."""
    unit = getattr(world, where)
    person = hold(unit, "party_first", "王秀兰", f"1000001{next(_numbers)}")
    district = world.district if where == "town" else world.neighbour_district
    return recipient(call(world, unit, unit=district), person)


def one(where: str) -> Callable[[World], dict[str, Any]]:
    return lambda world: {"recipient_id": called(world, where).pk}


def whole(where: str) -> Callable[[World], dict[str, Any]]:
    return lambda world: {"callout_id": called(world, where).callout_id}


def of_one(name: str, capability: str, **more: Any) -> Case:
    return Case(name, capability, own=one("town"), other=one("neighbour_town"), **more)


def of_whole(name: str, capability: str, **more: Any) -> Case:
    return Case(name, capability, own=whole("town"), other=whole("neighbour_town"), **more)


def done(name: str, data: dict[str, str], budget: int) -> Case:
    return of_one(name, HANDLE, method="post", data=data, answers=302, budget=budget)


def opening(world: World) -> dict[str, Any]:
    """Somebody to call; nothing that an address holds."""
    hold(world.town, "party_first", "王秀兰", "10000010001")
    return {}


API = "api:/callouts"
CASES = (
    Case(API, READ, budget=7),
    Case(API, OPEN, own=opening, method="post", data={"unit_id": 0}, answers=422, budget=9),
    of_whole(f"{API}/{{callout_id}}", READ, budget=9),
    of_whole(f"{API}/{{callout_id}}/people", READ, budget=8),
    of_whole(f"{API}/{{callout_id}}/stop", "message.callout.stop", method="post", data=WHY, budget=26),
    of_one(f"{API}/people/{{recipient_id}}/confirm", HANDLE, method="post", data=WHY, budget=27),
    of_one(f"{API}/people/{{recipient_id}}/visit", HANDLE, method="post", data={"words": "甲"}, budget=27),
    Case("callout_list", READ, budget=6),
    Case("callout_open", OPEN, budget=10),
    Case("callout_open", OPEN, method="post", data={"title": "甲"}, budget=10),
    Case("callout_reach", READ, budget=6),
    of_whole("callout_board", READ, budget=8),
    of_whole("callout_map", READ, budget=8),
    of_whole("callout_detail", READ, budget=13),
    of_whole("callout_people", READ, budget=8),
    of_whole("callout_attempts", READ, budget=8),
    of_whole("callout_export", "message.callout.export", budget=9),
    of_whole("callout_pdf", "message.callout.export", budget=9),
    of_whole("callout_extend", OPEN, budget=10),
    of_whole("callout_stop", "message.callout.stop", budget=6),
    of_one("callout_recipient", READ, budget=11),
    of_one("callout_look", "message.callout.look", method="post", data={"reason": "甲"}, budget=15),
    done("callout_take", {}, 10),
    done("callout_note", {"words": "甲"}, 10),
    done("callout_confirm", {"reason": "甲"}, 26),
    done("callout_visit", {"words": "甲"}, 26),
    Case(
        "callout_answer",
        "message.callout.answer",
        own=lambda world: {"recipient_id": called(world).pk},
        method="post",
        answers=404,  # it is another's to answer; test_callout_pages shows one's own
    ),
)
