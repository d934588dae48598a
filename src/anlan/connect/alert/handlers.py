"""Outside warnings: what comes in is seen to, what waited goes on, doors are watched."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from anlan.connect.alert import services
from anlan.connect.alert.terms import POWERS
from anlan.kernel.handlers import subscribe
from anlan.kernel.timers import timer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anlan.kernel.context import Context
    from anlan.kernel.models import Due, Entry


@subscribe("connect.alert.received", handler="connect.alert.settle", powers=POWERS)
def settle(ctx: Context, entry: Entry) -> None:
    services.settle_message(ctx, UUID(entry.subject))


@subscribe(
    "watch.warning.published",
    "watch.warning.updated",
    "watch.warning.cancelled",
    "watch.warning.returned",
    "watch.warning.discarded",
    "watch.warning.expired",
    handler="connect.alert.go_on",
    powers=POWERS,
)
def go_on(ctx: Context, entry: Entry) -> None:
    services.settle_waiting(ctx, UUID(entry.subject))


@subscribe(
    "connect.alert.created",
    "connect.alert.edited",
    "connect.alert.retired",
    "connect.alert.restored",
    handler="connect.alert.watch",
    powers=POWERS,
)
def watch(ctx: Context, entry: Entry) -> None:
    services.watch_source(ctx, UUID(entry.subject))


@timer(services.POLL, powers=POWERS)
def poll(ctx: Context, due: Sequence[Due]) -> None:
    services.queue_polls(ctx, [UUID(one.key) for one in due])


@timer(services.SILENCE, powers=POWERS)
def be_silent(ctx: Context, due: Sequence[Due]) -> None:
    for one in due:
        services.note_silence(ctx, UUID(one.key))


@timer(services.PATIENCE, powers=POWERS)
def end_patience(ctx: Context, due: Sequence[Due]) -> None:
    for one in due:
        services.end_patience(ctx, UUID(one.key))
