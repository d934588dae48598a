"""The register of those who have registered with communities, and what of it stands on the pages of units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anlan.kernel.register import Column, Deed, Filter, Page, Panel, Register, add_panel
from anlan.kernel.scope import can
from anlan.organisation.helper import selectors
from anlan.organisation.helper.models import Helper
from anlan.organisation.helper.terms import Skill

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from anlan.kernel.context import Context
    from anlan.kernel.models import Unit

YES, NO = "1", "0"
ENLISTED = ((YES, pgettext_lazy("helper", "已编入")), (NO, pgettext_lazy("helper", "未编入")))


def _enlisted(helpers: QuerySet[Any], value: str) -> QuerySet[Any]:
    return selectors.list_by_enlistment(helpers, enlisted=value == YES)


def _skilled(helpers: QuerySet[Any], value: str) -> QuerySet[Any]:
    return helpers.filter(skills__contains=[value])


def _enlistments(ctx: Context, helper: Helper) -> dict[str, Any] | None:
    if not can(ctx, selectors.READ, helper):
        return None
    return {"enlistments": list(selectors.list_enlistments(ctx, helper)[:20])}


def _of_unit(ctx: Context, unit: Unit) -> dict[str, Any] | None:
    """Who serves in a community in an emergency; nothing for who may not see them, or where there is nobody."""
    if not can(ctx, selectors.READ, unit):
        return None
    helpers: list[Any] = list(selectors.list_helpers(ctx, unit)[: selectors.MOST_SHOWN])
    if not helpers:
        return None
    may = not unit.retired_at and can(ctx, selectors.ENLIST, unit)
    return {"helpers": helpers, "enlisted": sum(one.enlisted for one in helpers), "may_enlist": may}


HELPERS = Register(
    Helper,
    "organisation.helper",
    columns=(
        Column("name", sort=True),
        Column("unit__name", label=_("报到社区")),
        Column("team"),
        Column("employer"),
        Column("party_member"),
        Column("skills"),
        Column("phone"),
        Column("speciality", wide=True),
        Column("since_on", wide=True),
        Column("walk_in", wide=True),
        Column("person__name", label=_("人员登记"), wide=True),
        Column("code", wide=True),
    ),
    fields=(
        "unit",
        "code",
        "name",
        "employer",
        "person",
        "phone",
        "party_member",
        "team",
        "skills",
        "speciality",
        "since_on",
    ),
    filters=(
        Filter("party_member"),
        Filter("skill", _("能做什么"), choices=lambda _ctx: Skill.choices, apply=_skilled),
        Filter("enlisted", _("现场编入"), choices=lambda _ctx: ENLISTED, apply=_enlisted),
    ),
    key="code",
    bulk=("unit", "team"),
    panels=(Panel("helper/_enlistments.html", _enlistments),),
    deeds=(Deed("enlist", _("现场编入"), selectors.ENLIST, fits=lambda _helper: True),),
    pages=(Page(_("现场编入"), "helper_enlisted"),),
    icon="users",
    lead=_("到社区、村报到的党员、干部和其他人员：平时编组，应急时现场编入。"),
    empty=_("由社区、村的信息员录入，也可以从 Excel 导入。"),
)

add_panel("organisation.unit", Panel("helper/_helpers.html", _of_unit))
