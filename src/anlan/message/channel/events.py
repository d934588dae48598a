"""What happens to carriers and deliveries. That one was handed over, delivered or heard stands in the delivery alone."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from anlan.kernel.events import PrivateText, event


@event("message.channel.answered", _("收到答复"))
@dataclass(frozen=True)
class DeliveriesAnswered:
    """A batch of one use and one exercise; the tuples go together.

    deliveries  ids, as text
    keys        what they were ordered for
    how         terms.Answer
    at          when, in domain time, ISO 8601
    """

    use: str
    deliveries: tuple[str, ...]
    keys: tuple[str, ...]
    how: tuple[str, ...]
    at: tuple[str, ...]


@event("message.channel.failed", _("确认无法送达"))
@dataclass(frozen=True)
class DeliveriesFailed:
    """The same of deliveries that would fail again.

    fault  terms.Fault, or the carrier's own word
    """

    use: str
    deliveries: tuple[str, ...]
    keys: tuple[str, ...]
    fault: tuple[str, ...]
    at: tuple[str, ...]


@event("message.channel.entered", _("添加发送渠道"))
@dataclass(frozen=True)
class CarrierEntered:
    code: str
    channel: str
    simulated: bool


@event("message.channel.opened", _("允许使用真实渠道"))
@dataclass(frozen=True)
class CarrierOpened:
    """exercise  None: to tests"""

    exercise: int | None
    reason: PrivateText


@event("message.channel.closed", _("收回真实渠道许可"))
@dataclass(frozen=True)
class CarrierClosed:
    exercise: int | None


@event("message.channel.went_down", _("渠道中断"))
@dataclass(frozen=True)
class CarrierWentDown:
    fault: str


@event("message.channel.came_back", _("渠道恢复"))
@dataclass(frozen=True)
class CarrierCameBack:
    seconds: int


@event("message.channel.tested", _("发测试消息"))
@dataclass(frozen=True)
class CarrierTested:
    delivery: str


@event("message.channel.settled", _("处理回复"))
@dataclass(frozen=True)
class RepliesSettled:
    replies: tuple[int, ...]
