"""What the directory writes down."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from anlan.kernel.events import PrivateText, event


@event("organisation.directory.number_searched", _("按号码末位查人"))
@dataclass(frozen=True)
class NumberSearched:
    digits: PrivateText
    hits: int
