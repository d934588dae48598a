"""Outside warnings: what is written to the journal; what messages say stands in the records."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from anlan.kernel.events import PrivateText, event


@event("connect.alert.received", _("收到外部预警报文"))
@dataclass(frozen=True)
class MessageReceived:
    """identity: digest by which a message is known again; blank where nothing was understood"""

    source: str
    format: str
    sha256: str
    identity: str


@event("connect.alert.quarantined", _("隔离外部预警报文"))
@dataclass(frozen=True)
class MessageQuarantined:
    problems: tuple[str, ...]


@event("connect.alert.settled", _("处理外部预警报文"))
@dataclass(frozen=True)
class MessageSettled:
    """warning: id of what came of it; blank: nothing"""

    state: str
    why: str
    warning: str


@event("connect.alert.drafted", _("按外部报文起草预警"))
@dataclass(frozen=True)
class WarningDraftedFrom:
    """About the warning: somebody must see to the draft."""

    message: str
    issue: str
    how: str


@event("connect.alert.awaits", _("外部来源有更新的报文，等正在审批的信息办完"))
@dataclass(frozen=True)
class UpdateAwaits:
    """About the warning: who approves its message should know that it is out of date."""

    message: str


@event("connect.alert.replayed", _("重新处理外部预警报文"))
@dataclass(frozen=True)
class MessageReplayed:
    pass


@event("connect.alert.dismissed", _("处置隔离的外部预警报文"))
@dataclass(frozen=True)
class MessageDismissed:
    reason: PrivateText


@event("connect.alert.fell_silent", _("外部预警来源失联"))
@dataclass(frozen=True)
class SourceFellSilent:
    failures: int


@event("connect.alert.heard_again", _("外部预警来源恢复"))
@dataclass(frozen=True)
class SourceHeardAgain:
    pass
