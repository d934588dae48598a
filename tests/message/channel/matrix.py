from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from anlan.message.channel.models import CarrierPermit
from anlan.message.channel.register import CARRIERS
from tests.matrix import Case
from tests.message.channels import make_carrier, queue
from tests.registers import cases_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cast import World

READ, OPEN, TEST = "message.channel.read", "message.channel.open", "message.channel.test"


def _carrier(unit: str) -> Callable[[World], dict[str, Any]]:
    return lambda w: {"carrier_id": make_carrier(getattr(w, unit), f"c-{uuid4().hex[:8]}").pk}


def _permit(unit: str) -> Callable[[World], dict[str, Any]]:
    def make(w: World) -> dict[str, Any]:
        carrier = make_carrier(getattr(w, unit), f"c-{uuid4().hex[:8]}")
        return {"permit_id": CarrierPermit.objects.create(carrier=carrier).pk}

    return make


def _delivery(unit: str) -> Callable[[World], dict[str, Any]]:
    return lambda w: {"delivery_id": queue(getattr(w, unit), ["10000000001"])[0].pk}


CASES = (
    *cases_of(
        CARRIERS,
        lambda w: make_carrier(w.town, f"c-{uuid4().hex[:8]}"),
        lambda w: make_carrier(w.neighbour_town, f"c-{uuid4().hex[:8]}"),
        view_budget=18,
    ),
    Case("channel_doing", READ, budget=10),
    Case("channel_deliveries", READ),
    Case("channel_delivery", READ, own=_delivery("town"), other=_delivery("neighbour_town")),
    Case("channel_replies", READ),
    Case("channel_settle", "message.channel.settle", method="post", answers=302),
    Case("channel_open", OPEN, own=_carrier("town"), other=_carrier("neighbour_town")),
    Case("channel_open", OPEN, own=_carrier("town"), other=_carrier("neighbour_town"), method="post", data={"reason": "联调"}, answers=302, budget=18),
    Case("channel_close", OPEN, own=_permit("town"), other=_permit("neighbour_town"), method="post", answers=302, budget=16),
    Case("channel_test", TEST, own=_carrier("town"), other=_carrier("neighbour_town"), method="post", answers=302, budget=12),
)  # fmt: skip
