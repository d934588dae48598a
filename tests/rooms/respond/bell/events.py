"""Alarm bells: what is written to the journal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - events look at their types when they are declared

from django.utils.translation import gettext_lazy as _

from anlan.kernel.events import PrivateText, event


@event("respond.bell.rung", _("警铃响起"))
@dataclass(frozen=True)
class BellRung:
    """rang_at: the moment from which the time allowed for an answer runs."""

    rang_at: datetime
    words: PrivateText


@event("respond.bell.answered", _("应答警铃"))
@dataclass(frozen=True)
class BellAnswered:
    words: PrivateText


@event("respond.bell.closed", _("办结警铃"))
@dataclass(frozen=True)
class BellClosed:
    words: PrivateText


@event("respond.bell.silenced", _("撤销误报警铃"))
@dataclass(frozen=True)
class BellsSilenced:
    pass


@event("respond.bell.called", _("通知救援队"))
@dataclass(frozen=True)
class BellsCalled:
    again: bool
