"""Kinds of warning: what may be done with them."""

from django.utils.translation import gettext_lazy as _

CAPABILITIES = {
    "watch.kind.read": _("查看预警种类"),
    "watch.kind.edit": _("维护预警种类和模板"),
    "watch.kind.export": _("导出预警种类"),
}
