"""Kinds of unit, and what may be done with units."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class UnitKind(TextChoices):
    CITY = "city", _("市")
    DISTRICT = "district", _("区县")
    TOWNSHIP = "township", _("乡镇")
    STREET = "street", _("街道")
    GOVERNMENT = "government", _("政府")


CAPABILITIES = {
    "organisation.unit.read": _("查看单位"),
}
