"""The register of units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from anlan.kernel.models import Unit
from anlan.kernel.register import Column, Filter, Panel, Register
from anlan.organisation.unit import selectors, services
from anlan.organisation.unit.terms import UnitKind

if TYPE_CHECKING:
    from anlan.kernel.context import Context


def _below(ctx: Context, unit: Unit) -> dict[str, Any]:
    return {
        "ancestors": selectors.list_ancestors(ctx, unit),
        "children": [
            {"unit": child, "kind": dict(UnitKind.choices).get(child.kind, child.kind)}
            for child in selectors.list_children(ctx, unit)[: selectors.MOST_CHILDREN]
        ],
    }


UNITS = Register(
    Unit,
    "organisation.unit",
    columns=(
        Column("name", sort=True),
        Column("kind"),
        Column("code"),
        Column("parent__name"),
        Column("from_on", wide=True),
        Column("successor__name", wide=True),
    ),
    choices={"kind": UnitKind.choices},
    fields=("parent", "name", "kind", "code", "from_on"),
    required=("parent",),
    fixed=("parent",),
    filters=(Filter("kind"),),
    key="code",
    order="path",
    unit_path="path",
    panels=(Panel("unit/_tree.html", _below),),
    icon="building",
    empty=_("单位由安全管理员导入后显示在这里。"),
    create=services.create_unit,
)
