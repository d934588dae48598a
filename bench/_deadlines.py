"""The part of `deadlines` that runs inside the product: a scan process that notes what each of its commits held."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.core.management import call_command

from anlan.kernel import scanner, timers
from anlan.kernel.escalation import take_steps
from anlan.kernel.obligations import STEP
from anlan.kernel.timers import Timer
from bench.deadlines import TICK

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from anlan.kernel.context import Context
    from anlan.kernel.models import Due


def scan(seconds: str) -> list[tuple[str, str, float, float]]:
    """The node's scan process for so long; (kind, key, due at, committed at) of what it took."""
    taken: list[tuple[str, str, float, float]] = []
    with noting(taken), _ended_after(float(seconds)):
        call_command("scan")
    return taken


@contextmanager
def noting(taken: list[tuple[str, str, float, float]]) -> Iterator[None]:
    """Note the timers of each commit of the scanner."""
    held: list[Due] = []

    def tick(_ctx: Context, due: Sequence[Due]) -> None:
        held.extend(due)

    def step(ctx: Context, due: Sequence[Due]) -> Any:
        kept = set(take_steps(ctx, due) or ())
        held.extend(one for one in due if one.pk not in kept)
        return kept

    fire = scanner.fire

    def fire_and_note(limit: int = scanner.BATCH) -> int:
        held.clear()
        count = fire(limit)
        done = time.time()
        taken.extend((one.kind, one.key, one.at.timestamp(), done) for one in held)
        return count

    timers._by_kind[STEP] = Timer(STEP, step, frozenset())  # noqa: SLF001 - to see what each commit held
    timers._by_kind[TICK] = Timer(TICK, tick, frozenset())  # noqa: SLF001
    scanner.fire = fire_and_note
    yield


@contextmanager
def _ended_after(seconds: float) -> Iterator[None]:
    """As the supervisor ends it: by SIGTERM."""
    end = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGTERM))
    end.start()
    yield
    end.cancel()
