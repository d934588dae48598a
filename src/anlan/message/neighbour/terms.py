"""Neighbours: what may be done with the register of who knocks at whose door."""

from django.utils.translation import gettext_lazy as _

CAPABILITIES = {
    "message.neighbour.read": _("查看邻村互助"),
    "message.neighbour.edit": _("维护邻村互助"),
    "message.neighbour.export": _("导出邻村互助"),
}
