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
GATHER = 0.03  # seconds from turn to turn, at least: a turn has its price
TURN = 0.1  # seconds that one turn lasts at most, a handler's own time aside
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
        again_at = clock() + GATHER
        if waiting := await sync_to_async(relay.waiting)(shards):
            hints = await sync_to_async(_turn)(relay, waiting)
            herald.tell_all() if hints is None else herald.tell(hints)
        await asyncio.sleep(max(0, again_at - clock()) if waiting else IDLE)


def _turn(relay: Relay, waiting: list[int]) -> list[Hint] | None:
    """Carry some of what waits; hints to open pages of what is through, None where they failed."""
    entries = relay.carry(waiting, TURN)
    try:
        return hints_of(entries)
    # What pages are told must never hold up what handlers do.
    except Exception:
        log.exception("no hints")
        return None
