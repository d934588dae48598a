"""What happens to units beyond what happens in every register."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from anlan.kernel.events import event


@event("organisation.unit.founded", _("设立单位"))
@dataclass(frozen=True)
class UnitFounded:
    """parent: id of the unit it was founded below; None: a root."""

    parent: int | None
