"""Errands: their states, what came of a visit, and what may be done with them."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class ErrandState(TextChoices):
    OPEN = "open", _("待上门")
    MET = "met", _("已当面告知")
    FAILED = "failed", _("未见到人")
    WITHDRAWN = "withdrawn", _("已不必去")


class Result(TextChoices):
    """What came of a visit; the first two count as told."""

    SELF = "self", _("见到本人，已告知")
    TOLD = "told", _("已告知其家属或同事，由其转告")
    ABSENT = "absent", _("家中、单位均无人")
    MOVED = "moved", _("已搬走或不在此任职")
    BLOCKED = "blocked", _("道路不通，去不了")


TOLD = (Result.SELF, Result.TOLD)

CAPABILITIES = {
    "message.errand.read": _("查看上门任务"),
    "message.errand.visit": _("登记上门结果"),
    "message.errand.order": _("下达上门任务"),
}
