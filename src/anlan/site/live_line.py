"""The line between relays and live processes: a short stream of hints on the message server.

It is kept in memory and bounded: hints may be lost, then a message says so and every page fetches its live parts again.
A relay says so where it could not deliver, a live process where it missed messages.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

import nats
from django.conf import settings
from nats.errors import Error
from nats.js import api
from nats.js.errors import BadRequestError

from anlan.kernel.live import LIVE_SUBJECT, RESET, decode, encode

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.js import JetStreamContext

    from anlan.kernel.live import Hint

STREAM = "LIVE"
KEPT = 600.0  # seconds
MOST_BYTES = 16 * 1024 * 1024
MOST_WAITING = 64  # messages a relay holds back while the message server is away
HEARTBEAT, SILENCE = 1.0, 3.0  # seconds
PATIENCE = 2.0  # seconds for an answer
AGAIN = 0.5  # seconds

log = logging.getLogger("anlan.live")


async def connect() -> Client:
    """The message server; it is found again by itself after a break."""
    return await nats.connect(_servers(), max_reconnect_attempts=-1, reconnect_time_wait=AGAIN)


def _servers() -> list[str]:
    return settings.ANLAN.nats_url.split(",")


async def open_stream(js: JetStreamContext) -> api.StreamInfo:
    """The stream as it stands, made or brought up to date first."""
    config = api.StreamConfig(
        name=STREAM,
        subjects=[LIVE_SUBJECT],
        storage=api.StorageType.MEMORY,
        max_age=KEPT,
        max_bytes=MOST_BYTES,
        discard=api.DiscardPolicy.OLD,
        num_replicas=3 if len(_servers()) >= 3 else 1,
    )
    try:
        return await js.add_stream(config)
    except BadRequestError:  # another version's settings
        return await js.update_stream(config)


class Herald:
    """A relay's end. It never holds the relay up."""

    def __init__(self, client: Client) -> None:
        self.js = client.jetstream(timeout=PATIENCE)
        self.waiting: asyncio.Queue[bytes] = asyncio.Queue(MOST_WAITING)

    def tell(self, hints: Sequence[Hint]) -> None:
        if hints:
            self._put(encode(hints))

    def tell_all(self) -> None:
        """Hints may have been lost: pages are to fetch their live parts again."""
        self._drop()
        self._put(RESET)

    async def run(self) -> None:
        """Carry what waits, for ever."""
        await self._open()
        while True:
            message = await self.waiting.get()
            while not await self._published(message):
                self._drop()
                message = RESET
                await asyncio.sleep(AGAIN)
            self.waiting.task_done()

    async def finish(self) -> None:
        """Wait a moment until all that waits is gone."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.waiting.join(), PATIENCE)

    def _put(self, message: bytes) -> None:
        try:
            self.waiting.put_nowait(message)
        except asyncio.QueueFull:
            self._drop()
            self.waiting.put_nowait(RESET)

    def _drop(self) -> None:
        while not self.waiting.empty():
            self.waiting.get_nowait()
            self.waiting.task_done()

    async def _published(self, message: bytes) -> bool:
        try:
            await self.js.publish(LIVE_SUBJECT, message)
        except Error as error:
            log.warning("hints were not taken: %r", error)
            await self._open()
            return False
        return True

    async def _open(self) -> None:
        with contextlib.suppress(Error):  # what is published next tells
            await open_stream(self.js)


class Broken(Exception):
    """Messages stopped coming, or one is missing."""


class Follower:
    """A live process's end: every message of the stream in order, from the one after the last it had."""

    def __init__(self, client: Client) -> None:
        self.client, self.js = client, client.jetstream(timeout=PATIENCE)

    async def open(self) -> tuple[int, int, int]:
        """Which stream it is now (a number that no other ever has), its first message's number and its last's.

        raises  Broken
        """
        try:
            info = await open_stream(self.js)
        except Error as error:
            raise Broken(repr(error)) from error
        if info.created is None:
            raise Broken("the server does not say which stream it is")
        first = max(1, info.state.first_seq)  # 0 as long as none ever came
        return round(info.created.timestamp() * 1_000_000), first, info.state.last_seq

    async def follow(self, after: int) -> AsyncIterator[tuple[int, float, list[Hint] | None]]:
        """Number, time and hints of each message; raises Broken when the line is."""
        inbox = self.client.new_inbox()
        arriving = await self.client.subscribe(inbox)
        try:
            wanted = api.ConsumerConfig(
                deliver_subject=inbox,
                deliver_policy=api.DeliverPolicy.BY_START_SEQUENCE,
                opt_start_seq=after + 1,
                ack_policy=api.AckPolicy.NONE,
                idle_heartbeat=HEARTBEAT,
                mem_storage=True,
                num_replicas=1,
            )
            await self.js.add_consumer(STREAM, wanted)
            came = 0
            while True:
                message = await arriving.next_msg(timeout=SILENCE)
                if message.headers and "Status" in message.headers:
                    _check_none_missing(message, came)
                    continue
                came += 1
                number = message.metadata.sequence
                if number.consumer != came:
                    raise Broken("messages are missing")
                yield number.stream, message.metadata.timestamp.timestamp(), decode(message.data)
        except Error as error:
            raise Broken(repr(error)) from error
        finally:
            with contextlib.suppress(Error):
                await arriving.unsubscribe()


def _check_none_missing(heartbeat: Msg, came: int) -> None:
    if int((heartbeat.headers or {}).get("Nats-Last-Consumer", came)) != came:
        raise Broken("messages are missing")
