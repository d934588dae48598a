"""Background work: a job is committed with what caused it, runs at least once, and outlives a passing failure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import InterfaceError, OperationalError
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

if TYPE_CHECKING:
    from collections.abc import Callable

# The database was away for a moment: the work itself is not at fault. Any other error is, and shows as failed.
AGAIN = RetryStrategy(
    max_attempts=10, exponential_wait=2, retry_exceptions=[OperationalError, InterfaceError]
)


def job(name: str) -> Callable[[Callable[..., None]], Any]:
    """Declare a job under its name ("room.verb"); the function parses its arguments and calls one service."""
    return app.task(name=name, retry=AGAIN)


def job_in_context(name: str) -> Callable[[Callable[..., None]], Any]:
    """The same for a function that must know how often its job was put back: it is given procrastinate's JobContext."""
    return app.task(name=name, retry=AGAIN, pass_context=True)


def periodic(name: str, cron: str) -> Callable[[Callable[[], None]], Any]:
    """Declare a job that comes by itself, at times of the real clock in UTC."""

    def declare(function: Callable[[], None]) -> Any:
        def run(timestamp: int) -> None:  # when it was due; the name is procrastinate's
            del timestamp
            function()

        return app.periodic(cron=cron)(app.task(name=name, retry=AGAIN)(run))

    return declare


def enqueue(name: str, lock: str, **arguments: str) -> None:
    """Ask for a job in the transaction at hand, unless one under this lock waits already; one at a time runs under it."""
    if not ProcrastinateJob.objects.filter(lock=lock, status="todo").exists():
        app.configure_task(name, lock=lock).defer(**arguments)
