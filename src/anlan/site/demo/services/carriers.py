"""The demo's simulated carriers: entered at the first start, and told at each where they listen."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from anlan.kernel import seeds
from anlan.kernel.clock import real_now
from anlan.kernel.context import Context
from anlan.message.channel.models import Carrier
from anlan.message.channel.services import create_carrier
from anlan.site.demo import district

if TYPE_CHECKING:
    from collections.abc import Mapping


def point_carriers(addresses: Mapping[str, str]) -> None:
    """Say where the demo's carriers listen in this run; where it brings none, they are retired."""
    for one in district.read_json("carriers.json"):
        known = Carrier.unscoped.filter(code=one["code"])
        if address := addresses.get(one["code"]):
            if not known.update(address=address, retired_at=None):
                ctx = Context(None, powers=frozenset({"message.channel.edit"}))
                root, price = seeds.unit_by_code(district.ROOT), Decimal(one.pop("price_cny"))
                create_carrier(ctx, unit=root, address=address, simulated=True, price_cny=price, **one)
        else:
            known.filter(retired_at=None).update(retired_at=real_now())
