"""Kinds of unit, and what may be done with units."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class UnitKind(TextChoices):
    """The first ten are divisions, as the official list has them, and grids; then the bodies in them."""

    PROVINCE = "province", _("省（区、市）")
    CITY = "city", _("市（地、州、盟）")
    DISTRICT = "district", _("区")
    COUNTY = "county", _("县（市、旗）")
    TOWNSHIP = "township", _("乡镇")
    STREET = "street", _("街道")
    PARK = "park", _("园区、农林场")
    VILLAGE = "village", _("村")
    COMMUNITY = "community", _("社区")
    GRID = "grid", _("网格")
    PARTY = "party", _("党委")
    GOVERNMENT = "government", _("政府")
    DEPARTMENT = "department", _("部门")
    COMMITTEE = "committee", _("应急委")
    OFFICE = "office", _("应急办")
    HEADQUARTERS = "headquarters", _("专项指挥部")
    ON_SCENE = "on_scene", _("现场指挥部")
    ENTERPRISE = "enterprise", _("企业")
    SCHOOL = "school", _("学校")
    HOSPITAL = "hospital", _("医院")
    SOCIAL = "social", _("社会组织")
    OTHER = "other", _("其他")


CAPABILITIES = {
    "organisation.unit.read": _("查看单位"),
    "organisation.unit.edit": _("维护单位"),
    "organisation.unit.export": _("导出单位"),
}
