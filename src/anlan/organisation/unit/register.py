"""The register of units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from anlan.kernel import shelf
from anlan.kernel.models import Unit
from anlan.kernel.outlines import outline_of
from anlan.kernel.register import Column, Filter, Panel, Register
from anlan.kernel.scope import can
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


def _area(ctx: Context, unit: Unit) -> dict[str, Any]:
    profile = selectors.find_profile(ctx, unit, area=True)
    outline = outline_of(profile.area, profile.seat) if profile and profile.area else None
    seat = profile.seat if profile else None
    return {
        "profile": profile,
        "outline": outline,
        "wide": _figure(outline.wide_km) if outline else "",
        "high": _figure(outline.high_km) if outline else "",
        "square": _figure(outline.square_km) if outline else "",
        "seat": shelf.degrees(seat) if seat else "",
        "may_edit": not unit.retired_at and can(ctx, services.EDIT, unit),
    }


def _figure(number: float) -> str:
    """Three figures are as much as a sketch says."""
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def _profile(ctx: Context, unit: Unit) -> dict[str, Any]:
    may_edit = not unit.retired_at and can(ctx, services.EDIT, unit)
    return {"profile": selectors.find_profile(ctx, unit), "may_edit": may_edit}


UNITS = Register(
    Unit,
    "organisation.unit",
    columns=(
        Column("name", sort=True),
        Column("kind"),
        Column("line"),
        Column("code"),
        Column("parent__name"),
        Column("from_on", wide=True),
        Column("successor__name", wide=True),
    ),
    choices={"kind": UnitKind.choices},
    fields=("parent", "name", "kind", "line", "code", "from_on"),
    required=("parent",),
    fixed=("parent",),
    filters=(Filter("kind"), Filter("line")),
    key="code",
    bulk=("line",),
    order="path",
    unit_path="path",
    panels=(
        Panel("unit/_profile.html", _profile),
        Panel("unit/_tree.html", _below),
        Panel("unit/_area.html", _area),
    ),
    icon="building",
    empty=_("单位由安全管理员导入后显示在这里。"),
    create=services.create_unit,
    retire=services.retire_unit,
)
