"""The register of people, and the way to them from their unit's page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from anlan.kernel.register import Column, Filter, Panel, Register, add_panel
from anlan.kernel.scope import can
from anlan.organisation.person import selectors
from anlan.organisation.person.models import Person

if TYPE_CHECKING:
    from anlan.kernel.context import Context
    from anlan.kernel.models import Unit


def _account(ctx: Context, person: Person) -> dict[str, Any] | None:
    if not can(ctx, "organisation.person.link", person):
        return None
    return {"user": person.user}


def _of_unit(ctx: Context, unit: Unit) -> dict[str, Any] | None:
    if not can(ctx, selectors.READ, unit):
        return None
    return {"may_edit": not unit.retired_at and can(ctx, "organisation.person.edit", unit)}


PEOPLE = Register(
    Person,
    "organisation.person",
    columns=(
        Column("name", sort=True),
        Column("unit__name"),
        Column("title"),
        Column("party_member"),
        Column("code"),
        Column("identity", wide=True),
        Column("note", wide=True),
    ),
    fields=(
        "unit",
        "code",
        "name",
        "title",
        "party_member",
        "identity",
        "note",
    ),
    filters=(Filter("party_member"),),
    key="code",
    bulk=("unit",),
    panels=(Panel("person/_account.html", _account),),
    icon="users",
    lead=_("单位的工作人员，包括不登录系统的。岗位、联系方式在各人的页面上维护。"),
    empty=_("人员由本单位信息员录入，也可以从 Excel 导入。"),
)

add_panel("organisation.unit", Panel("person/_of_unit.html", _of_unit))
