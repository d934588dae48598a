"""The register of neighbours."""

from django.utils.translation import gettext_lazy as _

from anlan.kernel.register import Column, Register
from anlan.message.neighbour.models import Neighbour

NEIGHBOURS = Register(
    Neighbour,
    "message.neighbour",
    columns=(
        Column("name", sort=True),
        Column("unit__name", _("谁联系不上")),
        Column("neighbour__name"),
        Column("note"),
    ),
    fields=("unit", "neighbour", "note"),
    icon="building-community",
    lead=_("叫应到最后一步仍无人应答时，由哪个单位派人上门。没有登记的，由最近的同级单位去。"),
    empty=_("没有登记也能用：系统找同一上级下最近的村、社区。路不通、隔河的，在这里另行指定。"),
)
