"""The register of carriers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from anlan.kernel.periods import start_of
from anlan.kernel.register import Column, Filter, Panel, Register
from anlan.kernel.scope import can
from anlan.message.channel import selectors, services
from anlan.message.channel.drivers import drivers
from anlan.message.channel.models import Carrier

if TYPE_CHECKING:
    from anlan.kernel.context import Context


def _state(ctx: Context, carrier: Carrier) -> dict[str, Any]:
    """How it is doing, and what one may do with it."""
    today = start_of(ctx.now().astimezone().date())
    found = [one for one in selectors.list_doing(ctx, today) if one.carrier.pk == carrier.pk]
    in_use = carrier.retired_at is None
    return {
        "one": found[0] if found else None,
        "permits": list(selectors.list_permits(ctx, carrier)),
        "may_open": in_use and not carrier.simulated and can(ctx, "message.channel.open", carrier),
        "may_test": in_use and can(ctx, "message.channel.test", carrier),
    }


CARRIERS = Register(
    Carrier,
    "message.channel",
    columns=(
        Column("name", sort=True),
        Column("channel"),
        Column("rank"),
        Column("simulated"),
        Column("pace_per_s"),
        Column("unit__name"),
        Column("code", wide=True),
        Column("driver", wide=True),
        Column("address", wide=True),
        Column("sender", wide=True),
        Column("batch", wide=True),
        Column("price_cny", wide=True),
    ),
    choices={"driver": [(name, driver.label) for name, driver in drivers().items()]},
    fields=(
        "unit",
        "code",
        "name",
        "driver",
        "simulated",
        "address",
        "sender",
        "rank",
        "pace_per_s",
        "batch",
        "price_cny",
    ),
    fixed=("code", "driver", "simulated"),
    filters=(Filter("channel"), Filter("simulated")),
    panels=(Panel("channel/_carrier.html", _state),),
    icon="send",
    lead=_("短信、语音电话、邮件经哪些渠道发出，先用哪一个。"),
    empty=_("还没有发送渠道：短信、语音电话和邮件发不出去。请添加。"),
    create=services.create_carrier,
)
