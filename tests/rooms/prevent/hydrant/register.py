"""The register of fire hydrants."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from anlan.kernel.register import Column, Filter, Register
from rooms.prevent.hydrant.models import Hydrant

HYDRANTS = Register(
    Hydrant,
    "prevent.hydrant",
    columns=(
        Column("name", sort=True),
        Column("code", sort=True),
        Column("unit__name"),
        Column("kind"),
        Column("pressure_kpa"),
        Column("works"),
        Column("keeper_phone"),
        Column("bore_mm", wide=True),
        Column("checked_on", wide=True),
        Column("installed_at", wide=True),
        Column("uses", wide=True),
        Column("place", wide=True),
        Column("feeds_from__code", wide=True),
        Column("note", wide=True),
    ),
    filters=(Filter("kind"), Filter("works")),
    fields=(
        "unit",
        "code",
        "name",
        "kind",
        "pressure_kpa",
        "bore_mm",
        "works",
        "checked_on",
        "installed_at",
        "uses",
        "keeper_phone",
        "place",
        "feeds_from",
        "note",
    ),
    fixed=("code",),
    bulk=("unit", "kind"),
    key="code",
    point="place",
    icon="building",
    empty=_("消火栓由单位录入，也可以从 Excel 导入。"),
)
