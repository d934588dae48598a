"""Ways to reach somebody, what becomes of one attempt, and what may be done with carriers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID


class Channel(TextChoices):
    """`app` is the person's own page of this node: it needs no carrier."""

    APP = "app", _("站内")
    SMS = "sms", _("短信")
    VOICE = "voice", _("语音电话")
    EMAIL = "email", _("邮件")


class DeliveryState(IntegerChoices):
    """In the order in which one outweighs another: what comes later never makes it less.

    That somebody was reached outweighs that it was withdrawn or given up, whichever is heard of first.
    """

    QUEUED = 0, _("待发")
    LEASED = 1, _("发送中")
    HANDED = 2, _("已交渠道")
    WITHDRAWN = 3, _("已撤回")
    FAILED = 4, _("未送达")
    DELIVERED = 5, _("已送达")
    HEARD = 6, _("已听完")
    ANSWERED = 7, _("已答复")


class Priority(IntegerChoices):
    """The lowest goes first."""

    FLASH = 0, _("特急")
    URGENT = 1, _("紧急")
    PROMPT = 2, _("较急")
    ROUTINE = 3, _("普通")


class Happened(TextChoices):
    """What a carrier tells of a delivery.

    `heard`: the full text was played. `key`: one was pressed, which counts after that only. `hung_up`: before its end.
    """

    DELIVERED = "delivered", _("送达")
    UNDELIVERABLE = "undeliverable", _("无法送达")
    PICKED_UP = "picked_up", _("接通")
    HEARD = "heard", _("听完全文")
    KEY = "key", _("按键")
    BUSY = "busy", _("占线")
    NO_ANSWER = "no_answer", _("无人接听")
    HUNG_UP = "hung_up", _("提前挂断")
    REPLY = "reply", _("短信回复")


class Fault(TextChoices):
    """Why a delivery came to nothing; a carrier's own words stand as they are."""

    BUSY = "busy", _("占线")
    NO_ANSWER = "no_answer", _("无人接听")
    HUNG_UP = "hung_up", _("未听完即挂断")
    UNDELIVERABLE = "undeliverable", _("无法送达")
    NO_NUMBER = "no_number", _("号码不存在")
    REFUSED = "refused", _("渠道拒收")
    UNREACHABLE = "unreachable", _("渠道没有应答")
    THROTTLED = "throttled", _("渠道要求放慢")
    NO_SECRET = "no_secret", _("没有配置密钥")
    OUT_OF_TRIES = "out_of_tries", _("多次未成")


class Answer(TextChoices):
    """How somebody answered."""

    KEY = "key", _("电话按键")
    REPLY = "reply", _("短信回复")


class Order(NamedTuple):
    """One delivery to be queued.

    wording_id  what is said; it also says by which channel
    key         what it is ordered for, among what is ordered for one use
    unit_id     in whose scope it lies
    """

    wording_id: int
    key: str
    number: str
    unit_id: int
    person_id: UUID | None = None


class Item(NamedTuple):
    """One delivery as a driver hands it over: all that is said, nothing to be filled in.

    attempt  1 at first
    """

    id: UUID
    number: str
    subject: str
    text: str
    attempt: int


class Account(NamedTuple):
    """A carrier as its driver meets it."""

    code: str
    address: str
    sender: str
    secret: str


class Outcome(NamedTuple):
    """What became of an item that a carrier was given.

    ref        the carrier's own id, where it took it
    parts      what it charges: SMS parts, or 1
    fault      terms.Fault or the carrier's own word, blank: it took it
    permanent  it would fail again
    """

    id: UUID
    ref: str = ""
    parts: int = 1
    fault: str = ""
    permanent: bool = False


class Event(NamedTuple):
    """What a carrier tells, in whatever order and however often.

    delivery      None for a reply, which names no delivery
    at            when it happened, by the carrier's clock
    permanent     of `undeliverable`: it would fail again
    full          of `key`: it was pressed after the full text
    ref           of a reply: the carrier's id of it
    number, text  of a reply: who sent what
    """

    what: Happened
    at: datetime
    delivery: UUID | None = None
    fault: str = ""
    permanent: bool = False
    full: bool = False
    ref: str = ""
    number: str = ""
    text: str = ""


CAPABILITIES = {
    "message.channel.read": _("查看发送渠道和投送"),
    "message.channel.edit": _("维护发送渠道"),
    "message.channel.export": _("导出发送渠道"),
    "message.channel.open": _("允许演练、测试使用真实渠道"),
    "message.channel.test": _("给自己发测试消息"),
    "message.channel.settle": _("处理无法对应的回复"),
    "message.channel.send": _("发送消息"),
    "message.channel.hand_over": _("向渠道交付消息"),
    "message.channel.take": _("接收渠道回执"),
}
SECOND_FACTOR = frozenset({"message.channel.edit", "message.channel.open"})
# What the node's own programs hold, and no role.
PROGRAM = frozenset({"message.channel.hand_over", "message.channel.take", "message.channel.send"})

# What stands before everything that is no real alarm: the same whatever language its sender reads.
MARKS: dict[str, str] = json.loads((Path(__file__).parent / "data/marks.json").read_text("utf-8"))

# `use` of deliveries that this room itself orders.
TEST, ASK = "test", "ask"
MOST_IN_A_BATCH = 500
