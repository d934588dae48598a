"""Deliveries: what ends with the exercise that it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anlan.kernel.exercises import get_closed
from anlan.kernel.handlers import subscribe
from anlan.message.channel import services
from anlan.message.channel.terms import PROGRAM

if TYPE_CHECKING:
    from anlan.kernel.context import Context
    from anlan.kernel.models import Entry


@subscribe("kernel.exercise.closed", handler="message.channel.end_exercise", powers=PROGRAM)
def end_exercise(ctx: Context, entry: Entry) -> None:
    services.withdraw_exercise(ctx, get_closed(int(entry.subject)))
