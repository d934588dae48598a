"""What happens to units beyond what happens in every register."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from anlan.kernel.events import PrivateText, event


@event("organisation.unit.founded", _("设立单位"))
@dataclass(frozen=True)
class UnitFounded:
    """parent: id of the unit it was founded below; None: a root."""

    parent: int | None


@event("organisation.unit.moved", _("划转单位"))
@dataclass(frozen=True)
class UnitMoved:
    """before, after: ids of the units it stood and stands below; units: how many moved, with all below it."""

    before: int | None
    after: int
    units: int
    reason: PrivateText


@event("organisation.unit.merged", _("并入其他单位"))
@dataclass(frozen=True)
class UnitMerged:
    """into: id of the unit that took over; children: how many units directly below came along."""

    into: int
    children: int
    reason: PrivateText


@event("organisation.unit.split", _("拆分单位"))
@dataclass(frozen=True)
class UnitSplit:
    """into: ids of the new units."""

    into: tuple[int, ...]
    reason: PrivateText


@event("organisation.unit.described", _("修改单位概况"))
@dataclass(frozen=True)
class UnitDescribed:
    fields: tuple[str, ...]


@event("organisation.unit.abolished", _("撤销单位"))
@dataclass(frozen=True)
class UnitAbolished:
    reason: PrivateText
