"""The register of carriers."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from anlan.kernel.register import Column, Filter, Register
from anlan.message.channel import services
from anlan.message.channel.drivers import drivers
from anlan.message.channel.models import Carrier

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
    icon="send",
    lead=_("短信、语音电话、邮件经哪些渠道发出，先用哪一个。"),
    empty=_("还没有发送渠道：短信、语音电话和邮件发不出去。请添加。"),
    create=services.create_carrier,
)
