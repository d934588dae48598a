"""How a contact point was verified, and what may be done with contact points."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class VerifiedHow(TextChoices):
    CALL = "call", _("电话接通")
    SMS = "sms", _("短信回复")
    IN_PERSON = "in_person", _("当面核对")
    IMPORT = "import", _("随名单核对")


CAPABILITIES = {
    "organisation.contact.read": _("查看联系方式"),
    "organisation.contact.edit": _("维护联系方式"),
    "organisation.contact.verify": _("核实联系方式"),
    "organisation.contact.export": _("导出联系方式"),
    "organisation.contact.look": _("查看私人号码"),
}
