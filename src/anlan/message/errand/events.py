"""Errands: what is written to the journal; ids only, whom it concerns stands in the records."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from anlan.kernel.events import PrivateText, event


@event("message.errand.ordered", _("下达上门任务"))
@dataclass(frozen=True)
class ErrandsOrdered:
    about_kind: str
    about: tuple[str, ...]


@event("message.errand.met", _("上门告知"))
@dataclass(frozen=True)
class VisitMade:
    about_kind: str
    about: str
    result: str
    words: PrivateText


@event("message.errand.failed", _("上门未果"))
@dataclass(frozen=True)
class VisitFailed:
    about_kind: str
    about: str
    result: str
    words: PrivateText


@event("message.errand.withdrawn", _("撤回上门任务"))
@dataclass(frozen=True)
class ErrandsWithdrawn:
    about_kind: str
    about: tuple[str, ...]
