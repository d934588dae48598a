"""Bells that ring in the tests: the node itself enters them, so that no member of the cast is used up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anlan.kernel import escalation  # noqa: F401 - scanners import it and the handlers at their start
from anlan.kernel.context import Context
from anlan.kernel.relays import Relay
from rooms.respond.bell import (
    handlers,  # noqa: F401 - as relays do
    services,
)

if TYPE_CHECKING:
    from datetime import datetime

    from anlan.kernel.models import Entry, Exercise, Unit
    from rooms.respond.bell.models import Bell

PLACE = "面粉厂一车间"


def node(*verbs: str, exercise: Exercise | None = None) -> Context:
    """The node, with the powers that it needs for these acts."""
    return Context(None, exercise, powers=frozenset(f"respond.bell.{verb}" for verb in verbs))


def ring(
    unit: Unit, *, place: str = PLACE, exercise: Exercise | None = None, rang_at: datetime | None = None
) -> Bell:
    ctx = node("ring", exercise=exercise)
    return services.ring_bell(ctx, unit=unit, place=place, words="二楼冒烟", rang_at=rang_at)


def carry() -> list[Entry]:
    """Let a relay do its work; the entries that are through."""
    relay = Relay()
    through = relay.carry(relay.waiting(relay.lease()))
    relay.release()
    return through
