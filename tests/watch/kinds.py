"""Kinds of warning for tests: those that come with us, taken over by the city or the neighbour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anlan.kernel.context import Context
from anlan.kernel.scope import upward
from anlan.watch.kind import services
from anlan.watch.kind.models import WarningKind

if TYPE_CHECKING:
    from anlan.kernel.models import Unit

NODE = Context(None, powers=frozenset({"watch.kind.edit", "watch.kind.read"}))


def make_kind(unit: Unit, name: str = "暴雨") -> WarningKind:
    """A kind that the unit uses, as it comes with us."""
    used = WarningKind.unscoped.filter(unit__path__in=upward(unit.path), name=name)
    if not used.exists():
        services.load_standard_kinds(NODE, unit)
    return used.get()
