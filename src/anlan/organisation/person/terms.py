"""What may be done with people."""

from django.utils.translation import gettext_lazy as _

CAPABILITIES = {
    "organisation.person.read": _("查看人员"),
    "organisation.person.edit": _("维护人员"),
    "organisation.person.export": _("导出人员"),
    "organisation.person.look": _("查看人员的个人信息"),
    "organisation.person.link": _("关联人员与登录用户"),
}
