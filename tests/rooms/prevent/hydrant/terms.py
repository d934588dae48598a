"""Fire hydrants: words and capabilities."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class HydrantKind(TextChoices):
    STREET = "street", _("市政消火栓")
    INDOOR = "indoor", _("室内消火栓")
    SHORE = "shore", _("取水码头")


class HydrantUse(TextChoices):
    FIRE = "fire", _("灭火")
    FLUSH = "flush", _("冲洗")
    DRINK = "drink", _("应急供水")


CAPABILITIES = {
    "prevent.hydrant.read": _("查看消火栓"),
    "prevent.hydrant.edit": _("维护消火栓"),
    "prevent.hydrant.export": _("导出消火栓"),
    "prevent.hydrant.look": _("查看消火栓管护人电话"),
}
