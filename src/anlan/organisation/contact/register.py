"""The register of contact points, and the panels it puts on the pages of people and units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anlan.kernel.models import Unit
from anlan.kernel.register import Column, Filter, Panel, Register, add_panel
from anlan.kernel.scope import can
from anlan.organisation.contact import selectors
from anlan.organisation.contact.models import ContactPoint
from anlan.organisation.contact.terms import VerifiedHow

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from anlan.kernel.context import Context

YES, NO = "1", "0"
VERIFIED = ((YES, pgettext_lazy("contact", "已核实")), (NO, pgettext_lazy("contact", "未核实")))
EDIT, VERIFY = "organisation.contact.edit", "organisation.contact.verify"


def _verified(found: QuerySet[Any], value: str) -> QuerySet[Any]:
    return found.filter(verified_at__isnull=value == NO)


def _verification(ctx: Context, contact: ContactPoint) -> dict[str, Any]:
    same = selectors.list_same(ctx, contact)[: selectors.MOST_SHOWN] if can(ctx, selectors.READ) else ()
    return {
        "may_verify": not contact.retired_at and can(ctx, VERIFY, contact),
        "same": list(same),
        "ways": VerifiedHow.choices,
    }


def _contacts(ctx: Context, of: Any) -> dict[str, Any] | None:
    """What a person's or a unit's page shows of its contact points."""
    if not can(ctx, selectors.READ, of):
        return None
    is_unit = isinstance(of, Unit)
    return {
        "contacts": list(selectors.list_contacts(ctx, of)[: selectors.MOST_SHOWN]),
        "begun": f"unit={of.pk}" if is_unit else f"unit={of.unit_id}&person={of.pk}",
        "may_edit": not of.retired_at and can(ctx, EDIT, of),
        "may_verify": can(ctx, VERIFY, of),
        "is_unit": is_unit,
        "ways": VerifiedHow.choices,
    }


CONTACTS = Register(
    ContactPoint,
    "organisation.contact",
    columns=(
        Column("shown"),
        Column("kind"),
        Column("person__name", label=_("人员")),
        Column("unit__name"),
        Column("name"),
        Column("verified_at", label=_("核实时间")),
        Column("code", wide=True),
        Column("value", label=_("完整号码"), wide=True),
        Column("private", wide=True),
        Column("public", wide=True),
        Column("rank", wide=True),
        Column("verified_how", wide=True),
    ),
    fields=("unit", "person", "kind", "value", "name", "private", "public", "rank", "code"),
    fixed=("person", "private"),  # a private number is not laid open by an edit: it is entered anew
    filters=(
        Filter("kind"),
        Filter("private"),
        Filter("public"),
        Filter("verified", _("核实情况"), choices=lambda _ctx: VERIFIED, apply=_verified),
    ),
    key="code",
    order="rank",
    panels=(Panel("contact/_verification.html", _verification),),
    icon="phone",
    empty=_("在人员或单位的页面上添加联系方式，也可以从 Excel 导入。"),
)

add_panel("organisation.person", Panel("contact/_contacts.html", _contacts))
add_panel("organisation.unit", Panel("contact/_contacts.html", _contacts))
