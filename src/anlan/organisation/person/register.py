"""The register of people, and who has registered with a community, on that unit's page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anlan.kernel.register import Column, Filter, Panel, Register, add_panel
from anlan.kernel.scope import can
from anlan.organisation.person import selectors
from anlan.organisation.person.models import Person

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from anlan.kernel.context import Context
    from anlan.kernel.models import Unit

YES, NO = "1", "0"
REGISTERED = ((YES, pgettext_lazy("community", "已报到")), (NO, pgettext_lazy("community", "未报到")))


def _registered(people: QuerySet[Any], value: str) -> QuerySet[Any]:
    return people.filter(community__isnull=value == NO)


def _account(ctx: Context, person: Person) -> dict[str, Any] | None:
    if not can(ctx, "organisation.person.link", person):
        return None
    return {"user": person.user}


def _of_unit(ctx: Context, unit: Unit) -> dict[str, Any] | None:
    if not can(ctx, selectors.READ, unit):
        return None
    return {"may_edit": not unit.retired_at and can(ctx, "organisation.person.edit", unit)}


def _serving(ctx: Context, unit: Unit) -> dict[str, Any] | None:
    """Who serves in a community in an emergency; nothing for who may not see its people, or where there is nobody."""
    if not can(ctx, selectors.READ, unit):
        return None
    people = list(selectors.list_registered(ctx, unit)[: selectors.MOST_REGISTERED])
    return {"people": people} if people else None


PEOPLE = Register(
    Person,
    "organisation.person",
    columns=(
        Column("name", sort=True),
        Column("unit__name"),
        Column("title"),
        Column("party_member"),
        Column("community__name", label=_("报到社区")),
        Column("team", wide=True),
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
        "community",
        "team",
        "identity",
        "note",
    ),
    filters=(
        Filter("party_member"),
        Filter("registered", _("社区报到"), choices=lambda _ctx: REGISTERED, apply=_registered),
    ),
    key="code",
    bulk=("unit", "community", "team"),
    panels=(Panel("person/_account.html", _account),),
    icon="users",
    lead=_("单位的工作人员，包括不登录系统的。岗位、联系方式在各人的页面上维护。"),
    empty=_("人员由本单位信息员录入，也可以从 Excel 导入。"),
)

add_panel("organisation.unit", Panel("person/_of_unit.html", _of_unit))
add_panel("organisation.unit", Panel("person/_serving.html", _serving))
