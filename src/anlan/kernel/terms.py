"""The kernel's terms and capabilities."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Theme(TextChoices):
    AUTO = "auto", _("跟随系统")
    LIGHT = "light", _("浅色")
    DARK = "dark", _("深色")


class Density(TextChoices):
    COMFORTABLE = "comfortable", _("宽松")
    COMPACT = "compact", _("紧凑")


class Language(TextChoices):
    CHINESE = "zh-hans", _("中文")
    ENGLISH = "en", _("英文")


CAPABILITIES = {
    "kernel.node.read": _("查看节点运行状态"),
    "kernel.node.check": _("发起节点自检"),
    "kernel.node.release": _("放行恢复后的节点"),
}
