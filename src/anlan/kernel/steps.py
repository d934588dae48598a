"""The reminders before and the rungs after an obligation's due time, in the order of time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from anlan.kernel.terms import Rung

if TYPE_CHECKING:
    from anlan.kernel.models import Rule


class Step(NamedTuple):
    """Who is told when: the owing unit itself (0 levels up), or the unit so many levels above."""

    offset: timedelta  # from the due time, negative before it
    rung: Rung
    levels_up: int


def steps_of(rule: Rule) -> list[Step]:
    reminders = [Step(-before, Rung.REMINDER, 0) for before in rule.reminders]
    rungs = [
        Step(timedelta(seconds=rung["after"]), Rung.ESCALATION, rung["levels_up"]) for rung in rule.ladder
    ]
    return sorted([*reminders, *rungs], key=lambda step: step.offset)


def unit_told(path: str, levels_up: int) -> int:
    """The unit so many levels above the one with that path; the root where there are not so many."""
    ids = path.split(".")[:-1]
    return int(ids[max(0, len(ids) - 1 - levels_up)])
