"""Callouts: what for, in what state, how somebody answered, and what may be done with them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from collections.abc import Mapping


class Purpose(TextChoices):
    """A reach test asks who can be reached at all; it neither bothers the desk above nor sends anybody to a door."""

    WARNING = "warning", _("预警叫应")
    NOTICE = "notice", _("工作通知")
    REACH_TEST = "reach_test", _("可达性测试")
    END = "end", _("解除告知")


# What is only told: a text that has arrived is enough, nobody is called for it, and it is over after its time.
TELLS = frozenset({Purpose.END})
BY_HAND = (Purpose.WARNING, Purpose.NOTICE, Purpose.REACH_TEST)


class CalloutState(TextChoices):
    """`over` is for what is only told: its time is up, and not everybody had got it."""

    RUNNING = "running", _("叫应中")
    COMPLETE = "complete", _("全部确认")
    STOPPED = "stopped", _("已终止")
    OVER = "over", _("到时结束")


class RecipientState(IntegerChoices):
    """In the order in which one outweighs another; only the last two are an end."""

    PENDING = 0, _("未确认")
    UNREACHABLE = 1, _("各种方式均未叫到")
    CONFIRMED = 2, _("已确认")
    VISITED = 3, _("已上门告知")


class How(TextChoices):
    """How it came to its end."""

    LINK = "link", _("点链接确认")
    SMS = "sms", _("短信回复")
    KEY = "key", _("电话按键")
    APP = "app", _("站内确认")
    STAND_IN = "stand_in", _("替补确认")
    ON_BEHALF = "on_behalf", _("代为确认")
    VISIT = "visit", _("上门告知")
    DELIVERED = "delivered", _("短信送达")


class Lack(TextChoices):
    """Why nobody can be called for a post."""

    VACANT = "vacant", _("岗位空缺")
    AWAY = "away", _("请假，没有替补")
    NO_WAY = "no_way", _("没有可用的联系方式")


class Target(TextChoices):
    """Who is tried on a rung."""

    PERSON = "person", _("本人")
    STAND_IN = "stand_in", _("替补")
    UPPER_DUTY = "upper_duty", _("上级值班")
    ERRAND = "errand", _("上门")


class Way(TextChoices):
    APP = "app", _("站内")
    SMS = "sms", _("短信")
    VOICE = "voice", _("语音")
    EMAIL = "email", _("邮件")


# Which of those who are called a list shows: by these, by how they were confirmed, or by errands to their doors.
STATES = {
    "open": (RecipientState.PENDING, RecipientState.UNREACHABLE),
    "unreachable": (RecipientState.UNREACHABLE,),
    "done": (RecipientState.CONFIRMED, RecipientState.VISITED),
}
DOOR = "door_"
ONLY = {
    "open": _("还没有确认"),
    "unreachable": _("各种方式均未叫到"),
    "done": _("已确认或上门告知"),
    **{how.value: how.label for how in How},
    DOOR: _("派人上门的"),
    f"{DOOR}met": _("派人上门，已当面告知"),
    f"{DOOR}failed": _("派人上门，未见到人"),
    f"{DOOR}withdrawn": _("派人上门，途中已确认"),
    f"{DOOR}open": _("派人上门，还没有结果"),
}


def in_words(rung: Mapping[str, Any]) -> str:
    """A rung as a callout keeps it: 本人·短信、语音"""
    ways = gettext("、").join(str(Way(way).label) for way in rung["ways"])
    target = str(Target(rung["target"]).label)
    return f"{target}·{ways}" if ways else target


def in_a_word(rung: Mapping[str, Any]) -> str:
    """By what he himself is tried, else who is: 语音, 替补"""
    by = Way(rung["ways"][-1]) if rung["target"] == Target.PERSON and rung["ways"] else Target(rung["target"])
    return str(by.label)


# Who is called, the first of a person's posts in this order; after them the grid's forces.
LEADERS = ("party_first", "government_first", "field_leader", "duty_contact", "office_head")
FORCES = ("disaster_officer", "observer", "ranger", "grid_member", "reporter")
POSTS = (*LEADERS, *FORCES)
DUTY_LINE = "duty_line"  # instead of a post: the unit's own line, answered at any hour
# Units that stand for a place and must be told; other bodies only where they have somebody to tell.
PLACES = (
    "province",
    "city",
    "district",
    "county",
    "township",
    "street",
    "park",
    "village",
    "community",
)
HANDS_OFF = timedelta(minutes=10)  # so long no machine calls whom somebody is phoning
PRIORITIES = {"red": 0, "orange": 1, "yellow": 2}  # of deliveries; others go last
USE = "callout"  # of deliveries to recipients and their stand-ins
UPPER = "callout_upper"  # of deliveries to desks above
KIND = "callout.recipient"  # what an errand is about
GOING = "errand"  # of deliveries to who goes to their doors
WHOM = {USE: _("责任人、替补"), UPPER: _("上级值班"), GOING: _("上门人员")}  # deliveries are for, by use
# What became of deliveries, as a list is narrowed to it; `after`: withdrawn since he had answered or was visited.
OUTCOMES = {
    "handed": _("已交付"),
    "reached": _("已送达、接通"),
    "heard": _("已听完"),
    "failed": _("未送达"),
    "withdrawn": _("已撤回"),
    "after": _("答复后撤回"),
    "waiting": _("待发"),
    "again": _("重试过"),
    "charged": _("计费的"),
}
FOR_STAND_IN = "s"  # ends the key of a delivery to the stand-in

CAPABILITIES = {
    "message.callout.read": _("查看叫应"),
    "message.callout.open": _("发起叫应"),
    "message.callout.stop": _("终止叫应"),
    "message.callout.handle": _("接手、代为确认叫应"),
    "message.callout.answer": _("确认本人的叫应"),
    "message.callout.look": _("查看叫应对象的私人号码"),
    "message.callout.export": _("导出叫应情况"),
    "message.callout.confirm": _("受理叫应答复"),
    "message.callout.climb": _("执行叫应阶梯"),
}
# What the node itself does with callouts, and no role.
LISTENS = frozenset({"message.callout.confirm", "message.channel.send", "message.errand.order"})
CLIMBS = LISTENS | {"message.callout.climb"}
