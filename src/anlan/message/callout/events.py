"""Callouts: what is written to the journal, always about the callout. Ids and figures only; who it is stands in the records."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from anlan.kernel.events import PrivateText, event


@event("message.callout.opened", _("发起叫应"), shared=True)
@dataclass(frozen=True)
class CalloutOpened:
    """units: whose answers it is about; each owes that all its people have answered or been visited."""

    purpose: str
    colour: str
    people: int
    gaps: int
    units: tuple[int, ...]


@event("message.callout.extended", _("扩大叫应范围"), shared=True)
@dataclass(frozen=True)
class CalloutExtended:
    purpose: str
    colour: str
    wave: int
    people: int
    units: tuple[int, ...]


@event("message.callout.tested", _("开展可达性测试"))
@dataclass(frozen=True)
class ReachTested:
    people: int


@event("message.callout.climbed", _("执行叫应阶梯"))
@dataclass(frozen=True)
class RungTaken:
    """people: who had not answered; deliveries, errands: what was sent out to reach them."""

    ladder: int
    rung: int
    target: str
    people: int
    deliveries: int
    errands: int


@event("message.callout.confirmed", _("确认叫应"))
@dataclass(frozen=True)
class RecipientsConfirmed:
    """The tuples go together."""

    recipients: tuple[int, ...]
    how: tuple[str, ...]


@event("message.callout.confirmed_on_behalf", _("代为确认叫应"))
@dataclass(frozen=True)
class ConfirmedOnBehalf:
    recipient: int
    reason: PrivateText


@event("message.callout.visited", _("登记上门告知"))
@dataclass(frozen=True)
class VisitRecorded:
    recipient: int
    words: PrivateText


@event("message.callout.unreachable", _("各种方式均未叫到"))
@dataclass(frozen=True)
class RecipientsUnreachable:
    recipients: tuple[int, ...]


@event("message.callout.taken", _("接手叫应"))
@dataclass(frozen=True)
class RecipientTaken:
    recipient: int


@event("message.callout.noted", _("记录叫应情况"))
@dataclass(frozen=True)
class RecipientNoted:
    recipient: int
    words: PrivateText


@event("message.callout.looked", _("查看叫应对象的号码"))
@dataclass(frozen=True)
class NumbersLooked:
    recipient: int
    reason: PrivateText


@event("message.callout.exported", _("导出叫应情况"))
@dataclass(frozen=True)
class CalloutExported:
    """kind: xlsx or pdf."""

    kind: str


@event("message.callout.unit_completed", _("本单位叫应全部确认"))
@dataclass(frozen=True)
class UnitsCompleted:
    units: tuple[int, ...]


@event("message.callout.completed", _("叫应全部确认"), shared=True)
@dataclass(frozen=True)
class CalloutCompleted:
    pass


@event("message.callout.over", _("告知到时结束"), shared=True)
@dataclass(frozen=True)
class CalloutOver:
    """left: how many had neither got the text nor confirmed."""

    left: int


@event("message.callout.stopped", _("终止叫应"), shared=True)
@dataclass(frozen=True)
class CalloutStopped:
    """followed_by: the callout that took its place; blank: none did."""

    followed_by: str
    reason: PrivateText
