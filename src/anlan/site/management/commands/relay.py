"""The relay process: carries journal entries to their handlers, and tells open pages what changed."""

from __future__ import annotations

import asyncio
import logging
import signal
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.core.management.base import BaseCommand

from anlan.kernel import rooms
from anlan.kernel.live import hints_of
from anlan.kernel.node import is_held
from anlan.kernel.relays import LEASE, Relay
from anlan.site import live_line
from anlan.site.live_line import Herald

if TYPE_CHECKING:
    from anlan.kernel.live import Hint

IDLE, HELD = 0.05, 1.0  # seconds between looks
TURN = 0.1  # seconds in which every waiting shard is carried on a little
RENEW = LEASE.total_seconds() / 4
log = logging.getLogger("anlan.relay")


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()  # `prepare` made them; here they would load every page

    def handle(self, *_args: Any, **_options: Any) -> None:
        for room in rooms.find():
            room.part("handlers")  # what they subscribe, this process calls
        asyncio.run(_relay())


async def _relay() -> None:
    client = await live_line.connect()
    while await sync_to_async(is_held)():  # noqa: ASYNC110 - a row in the database sends no event
        await asyncio.sleep(HELD)
    relay, herald, over = Relay(), Herald(client), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    telling = asyncio.create_task(herald.run())
    try:
        await _carry(relay, herald, over)
    finally:
        await sync_to_async(relay.release)()
        await herald.finish()
        telling.cancel()


async def _carry(relay: Relay, herald: Herald, over: asyncio.Event) -> None:
    clock = asyncio.get_running_loop().time
    shards: list[int] = []
    renew_at = 0.0
    while not over.is_set():
        if clock() >= renew_at:
            shards, renew_at = await sync_to_async(relay.lease)(), clock() + RENEW
            await sync_to_async(relay.retry)()
            if relay.inherited:
                herald.tell_all()  # the one that died may not have told what it carried
        waiting = await sync_to_async(relay.waiting)(shards)
        if waiting:
            hints = await sync_to_async(_turn)(relay, waiting)
            herald.tell_all() if hints is None else herald.tell(hints)
        else:
            await asyncio.sleep(IDLE)


def _turn(relay: Relay, waiting: list[int]) -> list[Hint] | None:
    """Carry some of what waits in each shard; hints to open pages of what is through, None where they failed."""
    seconds = TURN / len(waiting)
    entries = [entry for shard in waiting for entry in relay.carry(shard, seconds)]
    try:
        return hints_of(entries)
    # What pages are told must never hold up what handlers do.
    except Exception:
        log.exception("no hints")
        return None
