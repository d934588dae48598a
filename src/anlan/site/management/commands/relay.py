"""The relay process: carries journal entries to their handlers, and tells open pages what changed."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Any

import nats
from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.management.base import BaseCommand

from anlan.kernel import rooms
from anlan.kernel.live import LIVE_SUBJECT, message
from anlan.kernel.node import is_held
from anlan.kernel.relays import LEASE, Relay

if TYPE_CHECKING:
    from nats.aio.client import Client

    from anlan.kernel.models import Entry

IDLE, HELD = 0.05, 1.0  # seconds between looks
RENEW = LEASE.total_seconds() / 4


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()  # `prepare` made them; here they would load every page

    def handle(self, *_args: Any, **_options: Any) -> None:
        for room in rooms.find():
            room.part("handlers")  # what they subscribe, this process calls
        asyncio.run(_relay())


async def _relay() -> None:
    client = await nats.connect(
        settings.ANLAN.nats_url.split(","), max_reconnect_attempts=-1, reconnect_time_wait=0.5
    )
    while await sync_to_async(is_held)():  # noqa: ASYNC110 - a row in the database sends no event
        await asyncio.sleep(HELD)
    relay, over = Relay(), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    try:
        await _carry(relay, client, over)
    finally:
        await sync_to_async(relay.release)()


async def _carry(relay: Relay, client: Client, over: asyncio.Event) -> None:
    clock = asyncio.get_running_loop().time
    shards: list[int] = []
    renew_at = 0.0
    while not over.is_set():
        if clock() >= renew_at:
            shards, renew_at = await sync_to_async(relay.lease)(), clock() + RENEW
            await sync_to_async(relay.retry)()
        waiting = await sync_to_async(relay.waiting)(shards)
        for shard in waiting:
            await _tell(client, await sync_to_async(relay.carry)(shard))
        if not waiting:
            await asyncio.sleep(IDLE)


async def _tell(client: Client, entries: list[Entry]) -> None:
    """A hint to open pages for each subject that changed: the last entry's number is its version."""
    changed = {f"{entry.subject_kind}:{entry.subject}": entry.pk for entry in entries}
    for subject, version in changed.items():
        await client.publish(LIVE_SUBJECT, message(subject, version))
    await client.flush()
