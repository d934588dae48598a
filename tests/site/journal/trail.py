"""Events and acts that leave a trail for the journal's pages to show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from anlan.kernel.events import PrivateText, event
from anlan.kernel.handlers import subscribe

if TYPE_CHECKING:
    from anlan.kernel.context import Context
    from anlan.kernel.models import Entry, Unit

broken: set[str] = set()  # keys of units whose visits the handler can't take
taken: list[str] = []


@event("test.trail.visited", _("入户走访"))
@dataclass(frozen=True)
class Visited:
    doors: int
    note: PrivateText


@event("test.trail.rounded", _("巡查一遍"))
@dataclass(frozen=True)
class Rounded:
    pass


@subscribe("test.trail.visited", handler="test.trail.count")
def count(_ctx: Context, entry: Entry) -> None:
    if entry.subject in broken:
        raise ValueError("nobody opened")
    taken.append(entry.subject)


def visit(ctx: Context, unit: Unit, note: str = "张三家无人应门") -> Entry:
    return ctx.journal(Visited(3, PrivateText(note)), unit)


def walk_round(ctx: Context, units: list[Unit]) -> Entry:
    return ctx.journal_bulk(Rounded(), units)
