"""The scanner: fires the timers that are due, in batches, each exactly once however many scanners run."""

from __future__ import annotations

import logging
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from django.db import connection, transaction

from anlan.kernel import timers
from anlan.kernel.act import part_acts
from anlan.kernel.clock import real_now
from anlan.kernel.context import Context
from anlan.kernel.errors import kept_of
from anlan.kernel.models import Clock, Due
from anlan.kernel.models.clock import REAL
from anlan.kernel.models.moments import EARLIEST, LATEST

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from anlan.kernel.timers import Timer

BATCH = 500
OWED = "kernel.obligation."  # how the kinds of timers of obligations begin
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(hours=1)
MOST_ATTEMPTS = 30  # counted; it is tried on and on
log = logging.getLogger("anlan.scanner")

# Whoever takes a timer takes it off the list; if his transaction does not come through, it is there again. Those that
# another scanner holds are passed over. Each clock is asked by its own time, through the index. An array, not a join: the
# planner cannot know how few they are, and would read the whole table. Where the table's constraints were gone round, a
# moment before all that Python reads comes as the earliest of these, and a clock that ran beyond stands still.
CLAIM = """
DELETE FROM kernel_due WHERE id = ANY (ARRAY(
  SELECT ripe.id FROM kernel_clock c CROSS JOIN LATERAL (
    SELECT d.id FROM kernel_due d WHERE d.clock_id = c.id AND d.at <= (SELECT domain_now(c.id))
    ORDER BY d.at LIMIT %(limit)s FOR UPDATE SKIP LOCKED) AS ripe
  WHERE (SELECT domain_now(c.id)) BETWEEN %(earliest)s AND %(latest)s))
RETURNING id, clock_id, greatest(at, %(earliest)s), kind, key, attempts
"""
PUT_BACK = """
INSERT INTO kernel_due (clock_id, at, kind, key, attempts, error)
SELECT * FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[], %s::text[], %s::smallint[], %s::text[])
ON CONFLICT (kind, key) DO NOTHING
"""


def fire(limit: int = BATCH) -> int:
    """Fire up to `limit` timers of each clock, in one transaction; how many were taken off the list."""
    with transaction.atomic():
        # Acts hold their record before what is owed about it (an answer its callout, then the callout's obligations). So
        # does this: were obligations taken first, an answer and the scanner would wait for each other.
        due = sorted(
            _claim(limit), key=lambda one: (one.kind.startswith(OWED), one.clock_id, one.kind, one.at)
        )
        clocks = Clock.objects.select_related("exercise").in_bulk({one.clock_id for one in due})
        kept: list[Due] = []
        for (clock_id, kind), batch in groupby(due, key=lambda one: (one.clock_id, one.kind)):
            kept += _take(clocks[clock_id], timers.of(kind), list(batch))
        _put_back(kept)
    return len(due) - len(kept)


def _claim(limit: int) -> list[Due]:
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {"limit": limit, "earliest": EARLIEST, "latest": LATEST})
        rows = cursor.fetchall()
    names = ("pk", "clock_id", "at", "kind", "key", "attempts")
    return [Due(**dict(zip(names, row, strict=True))) for row in rows]


def _take(clock: Clock, work: Timer | None, batch: Sequence[Due]) -> list[Due]:
    """Do the work of one kind, if it can be done; the timers that stay."""
    exercise = getattr(clock, "exercise", None)
    if work is None:
        return _parked(batch, "nobody does this work any more", clock)
    if exercise is None and clock.pk != REAL:
        return _parked(batch, "its clock is of no exercise", clock)
    lost, ripe = [one for one in batch if one.at == EARLIEST], [one for one in batch if one.at > EARLIEST]
    kept = _run(Context(None, exercise, powers=work.powers), work, ripe) if ripe else []
    return kept + _parked(lost, "when it was due can't be read", clock)


def _parked(batch: Sequence[Due], error: str, clock: Clock) -> list[Due]:
    again_at = clock.at(real_now()) + LONGEST_PAUSE
    return [_failed(one, error, again_at) for one in batch]


def _run(ctx: Context, work: Timer, batch: Sequence[Due]) -> list[Due]:
    """If the batch fails, each is tried by itself."""
    try:
        left = set(_do(ctx, work, batch))
    # Whatever one timer's work does wrong is kept and shown; the others go on.
    except Exception as error:
        if len(batch) > 1:
            return [kept for one in batch for kept in _run(ctx, work, [one])]
        log.exception("timer %s:%s failed", batch[0].kind, batch[0].key)
        pause = min(FIRST_PAUSE * 2 ** batch[0].attempts, LONGEST_PAUSE)
        return [_failed(batch[0], kept_of(error), ctx.now() + pause)]
    return [one for one in batch if one.pk in left]


def _do(ctx: Context, work: Timer, batch: Sequence[Due]) -> Collection[int]:
    with transaction.atomic():
        part_acts()
        return work.function(ctx, batch) or ()


def _failed(due: Due, error: str, again_at: datetime) -> Due:
    due.at, due.attempts, due.error = again_at, min(due.attempts + 1, MOST_ATTEMPTS), error
    return due


def _put_back(kept: Sequence[Due]) -> None:
    """What stays is due again at once, what failed after its pause; one that was set anew meanwhile stays as it is set."""
    if kept:
        columns = ("clock_id", "at", "kind", "key", "attempts", "error")
        with connection.cursor() as cursor:
            cursor.execute(PUT_BACK, [[getattr(one, name) for one in kept] for name in columns])
