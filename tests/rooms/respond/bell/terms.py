"""Alarm bells: words and capabilities."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class BellState(TextChoices):
    RUNG = "rung", _("待应答")
    ANSWERED = "answered", _("已应答")
    CLOSED = "closed", _("已办结")
    SILENCED = "silenced", _("误报")


CAPABILITIES = {
    "respond.bell.read": _("查看警铃"),
    "respond.bell.ring": _("登记警铃"),
    "respond.bell.answer": _("应答警铃"),
    "respond.bell.close": _("办结警铃"),
    "respond.bell.silence": _("撤销误报警铃"),
    "respond.bell.call": _("通知救援队"),
}
