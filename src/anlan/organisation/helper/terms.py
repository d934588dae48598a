"""What those can do who have registered with a community, and what may be done with them."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Skill(TextChoices):
    INFORM = "inform", _("通知劝导")
    PATROL = "patrol", _("巡查值守")
    MOVE = "move", _("转移群众")
    SHELTER = "shelter", _("安置服务")
    MEDICAL = "medical", _("医疗救护")
    COMFORT = "comfort", _("心理疏导")
    GOODS = "goods", _("物资搬运")
    DRIVE = "drive", _("驾驶和机械操作")
    REPAIR = "repair", _("水电抢修")
    RESCUE = "rescue", _("抢险救援")


CAPABILITIES = {
    "organisation.helper.read": _("查看报到人员"),
    "organisation.helper.edit": _("维护报到人员"),
    "organisation.helper.export": _("导出报到人员"),
    "organisation.helper.look": _("查看报到人员的个人信息"),
    "organisation.helper.enlist": _("现场编入和解除编入"),
}
