"""Warnings: what is written to the journal, always about the warning as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from anlan.kernel.events import PrivateText, event


@event("watch.warning.drafted", _("起草预警"))
@dataclass(frozen=True)
class WarningDrafted:
    """issue: id of the message; message_type: alert, update or cancel."""

    issue: str
    message_type: str
    colour: str


@event("watch.warning.edited", _("修改预警草稿"))
@dataclass(frozen=True)
class WarningEdited:
    """fields: the names of those that changed; `areas` stands for the area told by units."""

    issue: str
    fields: tuple[str, ...]


@event("watch.warning.submitted", _("送审预警"))
@dataclass(frozen=True)
class WarningSubmitted:
    issue: str
    message_type: str
    colour: str
    needs_leader: bool


@event("watch.warning.approved", _("批准预警"))
@dataclass(frozen=True)
class WarningApproved:
    issue: str
    colour: str
    needs_leader: bool


@event("watch.warning.returned", _("退回预警"))
@dataclass(frozen=True)
class WarningReturned:
    issue: str
    reason: PrivateText


@event("watch.warning.discarded", _("作废预警草稿"))
@dataclass(frozen=True)
class WarningDiscarded:
    issue: str
    reason: PrivateText


@dataclass(frozen=True)
class Issued:
    """What was published.

    units    ids of the units that it names, each with all below it where `below` lists it, too
    urgent   whether it was published before anybody approved it
    """

    issue: str
    colour: str
    units: tuple[int, ...]
    below: tuple[int, ...]
    urgent: bool


@event("watch.warning.published", _("发布预警"), shared=True)
@dataclass(frozen=True)
class WarningPublished(Issued):
    pass


@event("watch.warning.updated", _("变更预警"), shared=True)
@dataclass(frozen=True)
class WarningUpdated(Issued):
    pass


@event("watch.warning.cancelled", _("解除预警"), shared=True)
@dataclass(frozen=True)
class WarningCancelled(Issued):
    pass


@event("watch.warning.expired", _("预警到期"), shared=True)
@dataclass(frozen=True)
class WarningExpired:
    colour: str


@event("watch.warning.countersigned", _("补签预警"))
@dataclass(frozen=True)
class WarningCountersigned:
    issue: str


@event("watch.warning.measure_taken", _("登记预警措施"))
@dataclass(frozen=True)
class MeasureTaken:
    code: str
    note: PrivateText


@event("watch.warning.measures_done", _("预警措施全部落实"))
@dataclass(frozen=True)
class MeasuresDone:
    measures: int


@event("watch.warning.reviewed", _("评价预警效果"))
@dataclass(frozen=True)
class WarningReviewed:
    accuracy: str
    timeliness: str
    missed: PrivateText
