"""The live process: one event stream per browser, fed by the relays' hints.

A page gets subjects and versions only, of what its viewer may read; it fetches what it shows again through its own
scoped view. Who comes back after a break is told what he missed, or to fetch all his live parts again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from typing import TYPE_CHECKING, TypeVar

import django
from django.conf import settings
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "anlan.site.settings")
django.setup()

from asgiref.sync import sync_to_async  # noqa: E402
from django.db import close_old_connections  # noqa: E402

from anlan.site import live_line  # noqa: E402
from anlan.site.live_streams import BEAT, Board, Stream, admit, keep_open, viewers_now  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from nats.aio.client import Client
    from starlette.requests import Request
    from starlette.responses import Response

KEEP_OPEN = 60.0  # seconds; of the five minutes that a session without use lasts at least
RECHECK = 4.0  # seconds; with the question itself a stream ends within 5
GATHER = 0.1  # seconds that news are gathered for, at least
MOST_A_SECOND = 4000  # pieces sent, at most
MOST_STREAMS = 4096
CAUGHT_UP = 5.0  # seconds a browser waits for a process that has just started

A = TypeVar("A")
B = TypeVar("B")
log = logging.getLogger("anlan.live")
board = Board()
ready = asyncio.Event()  # the history is known
news = asyncio.Event()


async def live(request: Request) -> Response:
    key = request.cookies.get(settings.SESSION_COOKIE_NAME, "")
    stream = await sync_to_async(asked)(admit, key) if key else None
    if stream is None:
        return PlainTextResponse("log in first", status_code=401)
    if len(board) >= MOST_STREAMS or not await is_ready():
        return PlainTextResponse("not now", status_code=503, headers={"Retry-After": "30"})
    place = request.query_params.get("after") or request.headers.get("last-event-id", "")
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(pieces(stream, place), media_type="text/event-stream", headers=headers)


def asked(question: Callable[[A], B], about: A) -> B:
    """Ask the database; no request ends here that would hand the connection back, so that is done here."""
    try:
        return question(about)
    finally:
        close_old_connections()


async def is_ready() -> bool:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(ready.wait(), CAUGHT_UP)
    return ready.is_set()


async def pieces(stream: Stream, place: str) -> AsyncIterator[bytes]:
    """The bytes of one stream until it is ended."""
    board.join(stream, place)
    try:
        while (piece := await stream.queue.get()) is not None:
            yield piece
    finally:
        board.leave(stream)


async def alive(_request: Request) -> Response:
    return PlainTextResponse("ok")


async def follow(client: Client) -> None:
    """Take in what the relays say, from where we were."""
    follower = live_line.Follower(client)
    epoch, first, last = await follower.open()
    if not board.history.goes_on(epoch, first, last):
        board.history.begin(epoch, first)
        board.tell_lost()
    if board.history.last >= last:
        ready.set()
    async for number, at, hints in follower.follow(board.history.last):
        board.hear(number, at, hints)
        news.set()
        if number >= last:
            ready.set()


async def spread() -> None:
    """Tell the news, gathered the longer the more streams there are."""
    while True:
        await news.wait()
        await asyncio.sleep(max(GATHER, len(board) / MOST_A_SECOND))
        news.clear()
        board.tell()


async def beat() -> None:
    while True:
        for phase in range(BEAT):
            await asyncio.sleep(1)
            board.beat(phase)


async def recheck() -> None:
    """Ask anew, for all streams at once, who may still listen to what."""
    while True:
        await asyncio.sleep(RECHECK)
        if streams := list(board):
            try:
                now = await sync_to_async(asked)(viewers_now, streams)
            except Exception:
                board.close(streams)  # nobody can say who may listen
                raise
            board.regrade(streams, now)


async def keep() -> None:
    """Sessions of duty posts go on as long as their pages are connected."""
    while True:
        await asyncio.sleep(KEEP_OPEN)
        if streams := list(board):
            await sync_to_async(asked)(keep_open, streams)


async def for_ever(work: Callable[[], Awaitable[None]]) -> None:
    """Whatever ends it is logged, and it begins anew."""
    while True:
        try:
            await work()
        except live_line.Broken as why:
            log.warning("the line is opened again: %s", why)
        except Exception:
            log.exception("begins anew")
        await asyncio.sleep(live_line.AGAIN)


@contextlib.asynccontextmanager
async def working(_app: Starlette) -> AsyncIterator[None]:
    """What runs for the life of the process."""
    client = await live_line.connect()
    works = (lambda: follow(client), spread, beat, recheck, keep)
    tasks = [asyncio.create_task(for_ever(work)) for work in works]
    yield
    board.close(board)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await client.close()


application = Starlette(routes=[Route("/live", live), Route("/-/alive", alive)], lifespan=working)
