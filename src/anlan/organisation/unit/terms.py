"""Kinds of unit, and what may be done with units."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class UnitKind(TextChoices):
    """The first nine are divisions, as the official list has them; then the bodies in them."""

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
    GOVERNMENT = "government", _("政府")
    DEPARTMENT = "department", _("部门")
    COMMITTEE = "committee", _("议事协调机构")
    OFFICE = "office", _("办事机构")
    HEADQUARTERS = "headquarters", _("指挥部")
    ON_SCENE = "on_scene", _("现场指挥部")
    ENTERPRISE = "enterprise", _("企业")
    SCHOOL = "school", _("学校")
    HOSPITAL = "hospital", _("医院")
    OTHER = "other", _("其他")


CAPABILITIES = {
    "organisation.unit.read": _("查看单位"),
}
