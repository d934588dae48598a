"""Warnings: states and words, and what may be done with them."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class WarningState(TextChoices):
    PENDING = "pending", _("未发布")
    IN_FORCE = "in_force", _("生效中")
    CANCELLED = "cancelled", _("已解除")
    EXPIRED = "expired", _("已到期")
    DISCARDED = "discarded", _("已作废")


class IssueState(TextChoices):
    DRAFT = "draft", _("起草")
    IN_REVIEW = "in_review", _("待审批")
    APPROVED = "approved", _("已批准")
    PUBLISHED = "published", _("已发布")
    DISCARDED = "discarded", _("已作废")


class MessageType(TextChoices):
    ALERT = "alert", _("首次发布")
    UPDATE = "update", _("变更")
    CANCEL = "cancel", _("解除")


class AreaHow(TextChoices):
    """By what a unit came into a warning's area."""

    CHOSEN = "chosen", _("选定")
    NEIGHBOUR = "neighbour", _("相邻")
    POLYGON = "polygon", _("按范围")
    CODE = "code", _("按代码")


class Accuracy(TextChoices):
    RIGHT = "right", _("准确")
    PARTLY = "partly", _("部分准确")
    FALSE = "false", _("空报")


class Timeliness(TextChoices):
    TIMELY = "timely", _("及时")
    LATE = "late", _("偏晚")
    TOO_LATE = "too_late", _("过晚，来不及防范")


CAPABILITIES = {
    "watch.warning.read": _("查看预警"),
    "watch.warning.draft": _("起草预警"),
    "watch.warning.approve_low": _("审批由值班员审批的预警"),
    "watch.warning.approve_high": _("审批由领导审批的预警"),
    "watch.warning.publish": _("发布预警"),
    "watch.warning.publish_urgent": _("紧急发布预警（先发布、后补签）"),
    "watch.warning.countersign": _("补签紧急发布的预警"),
    "watch.warning.tick": _("登记预警措施落实情况"),
    "watch.warning.review": _("填写预警效果评价"),
    "watch.warning.expire": _("预警到期失效"),
}

# Orange and red reach leaders and the public at night: a password alone is not enough to approve them.
SECOND_FACTOR = frozenset({"watch.warning.approve_high", "watch.warning.countersign"})
