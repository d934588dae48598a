"""Machine timers: what a program does at a moment of domain time. Rooms declare the work, the scanner fires it.

    @timer("message.ladder.step")
    def climb(ctx: Context, due: Sequence[Due]) -> Collection[int] | None: …

A function gets a batch of one kind and one exercise, in the transaction that takes the timers off the list, so what it
writes is written exactly once. It may return ids of timers it could not take now (their records are locked): those stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection

from anlan.kernel.models.clock import REAL
from anlan.kernel.periods import refuse_unreckonable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from anlan.kernel.context import Context
    from anlan.kernel.models import Due

    Function = Callable[[Context, Sequence[Due]], Collection[int] | None]


@dataclass(frozen=True)
class Timer:
    kind: str
    function: Function
    powers: frozenset[str]


_by_kind: dict[str, Timer] = {}


def timer(kind: str, *, powers: frozenset[str] = frozenset()) -> Callable[[Function], Function]:
    """Declare what is done when timers of a kind fall due; `powers` are what its context may do everywhere."""

    def declare(function: Function) -> Function:
        if kind in _by_kind:
            raise ValueError(f"the timer {kind} is declared twice")
        _by_kind[kind] = Timer(kind, function, powers)
        return function

    return declare


def of(kind: str) -> Timer | None:
    """The work of a kind; None where nobody declares it any more."""
    return _by_kind.get(kind)


def clock_of(ctx: Context) -> int:
    """The clock by which timers of this context run."""
    return ctx.exercise.clock_id if ctx.exercise else REAL


def arm(ctx: Context, kind: str, key: str, at: datetime) -> None:
    """Set one timer; one of the same kind and key is set anew. What it needs to know stands in the record of its key."""
    arm_many(ctx, kind, [(key, at)])


def arm_many(ctx: Context, kind: str, rows: Sequence[tuple[str, datetime]]) -> None:
    """Set many timers of a kind (key, domain time) in one statement."""
    refuse_unreckonable(at for _, at in rows)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO kernel_due (clock_id, at, kind, key, attempts, error)"
            " SELECT %s, timer.at, %s, timer.key, 0, '' FROM unnest(%s::text[], %s::timestamptz[]) AS timer(key, at)"
            " ON CONFLICT (kind, key) DO UPDATE"
            " SET clock_id = EXCLUDED.clock_id, at = EXCLUDED.at, attempts = 0, error = ''",
            [clock_of(ctx), kind, [key for key, _ in rows], [at for _, at in rows]],
        )


def disarm(kind: str, keys: Sequence[str]) -> None:
    """Take timers away; one that is firing just now is not waited for."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM kernel_due WHERE id IN (SELECT id FROM kernel_due WHERE kind = %s AND key = ANY (%s::text[])"
            " FOR UPDATE SKIP LOCKED)",
            [kind, list(keys)],
        )
