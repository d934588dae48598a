"""What higher rooms must hear of deliveries: one journal entry for each use and exercise of a batch."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from anlan.kernel.act import act
from anlan.message.channel import selectors
from anlan.message.channel.models import Delivery

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime
    from uuid import UUID

    from anlan.kernel.context import Context
    from anlan.message.channel.events import DeliveriesAnswered, DeliveriesFailed


class Change(NamedTuple):
    """One delivery that has come to an answer or to nothing.

    word  how it was answered, or why it failed
    """

    exercise_id: int | None
    use: str
    id: UUID
    unit_id: int
    key: str
    word: str
    at: datetime


@act("message.channel.take")
def report_changes(
    ctx: Context, event: type[DeliveriesAnswered | DeliveriesFailed], changes: Collection[Change]
) -> None:
    """Journal these changes where they belong: each exercise's in that exercise."""
    ordered = sorted(changes, key=lambda one: (one.exercise_id or 0, one.use, one.id))
    for (exercise_id, use), same in groupby(ordered, key=lambda one: (one.exercise_id, one.use)):
        rows = list(same)
        happened = event(
            use,
            tuple(str(one.id) for one in rows),
            tuple(one.key for one in rows),
            tuple(one.word for one in rows),
            tuple(one.at.isoformat() for one in rows),
        )
        about = [Delivery(pk=one.id, unit_id=one.unit_id) for one in rows]
        selectors.get_context(ctx, exercise_id).journal_bulk(happened, about)
