"""The register of kinds of warning, with the templates by colour on each kind's page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from anlan.kernel.register import Column, Filter, Page, Panel, Register
from anlan.kernel.scope import can
from anlan.kernel.terms import WarningColour
from anlan.watch.kind import selectors
from anlan.watch.kind.models import WarningKind

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from anlan.kernel.context import Context


def _has_colour(found: QuerySet[Any], value: str) -> QuerySet[Any]:
    return found.filter(colours__contains=[value])


def _templates(ctx: Context, kind: WarningKind) -> dict[str, Any]:
    written = selectors.list_templates(ctx, kind)
    return {
        "rows": [
            {
                "colour": colour,
                "template": written.get(colour),
                "measures": len(written[colour].measures) if colour in written else 0,
                "by_leader": kind.needs_leader(colour),
            }
            for colour in WarningColour
            if colour in kind.colours
        ],
        "may_edit": not kind.retired_at and can(ctx, selectors.EDIT, kind),
    }


KINDS = Register(
    WarningKind,
    "watch.kind",
    columns=(
        Column("name", sort=True),
        Column("event_type"),
        Column("authority"),
        Column("colours"),
        Column("leader_colours"),
        Column("certain"),
        Column("unit__name"),
        Column("line", wide=True),
        Column("institution", wide=True),
        Column("source", wide=True),
        Column("from_on", wide=True),
        Column("region", wide=True),
    ),
    fields=(
        "unit",
        "name",
        "event_type",
        "authority",
        "line",
        "institution",
        "colours",
        "leader_colours",
        "source",
        "from_on",
        "region",
        "certain",
    ),
    fixed=("unit",),
    filters=(
        Filter("colour", _("预警级别"), choices=lambda _ctx: tuple(WarningColour.choices), apply=_has_colour),
        Filter("certain"),
    ),
    key="name",
    panels=(Panel("kind/_templates.html", _templates),),
    pages=(Page(_("装入国家和常见地方种类"), "kind_load", selectors.EDIT),),
    icon="alert-square",
    lead=_("谁有权发布，哪种颜色由谁审批，发布时的防护指引和应采取的措施。下级单位共用上级单位的种类。"),
    empty=_("点“装入国家和常见地方种类”，再按本地规定核改。"),
)
