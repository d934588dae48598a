"""The live process: one event stream per browser, fed by the message server.

A message carries a subject and a version only; pages fetch what they show again through their own scoped views, so
nothing that a viewer may not see ever passes here. A stream whose session has ended is closed within RECHECK seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from types import SimpleNamespace
from typing import TYPE_CHECKING

import django
import nats
from django.conf import settings
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "anlan.site.settings")
django.setup()

from importlib import import_module  # noqa: E402

from asgiref.sync import sync_to_async  # noqa: E402
from django.contrib.auth import aget_user  # noqa: E402
from django.db import close_old_connections  # noqa: E402

from anlan.kernel.live import LIVE_SUBJECT  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from nats.aio.msg import Msg
    from starlette.requests import Request
    from starlette.responses import Response

RECHECK = 5.0  # seconds
HEARTBEAT = 15.0  # seconds
BACKLOG = 256  # messages one slow browser may lag; then its stream ends and it starts over
MOST_STREAMS = 4096

log = logging.getLogger("anlan.live")
streams: set[asyncio.Queue[bytes]] = set()


async def spread(message: Msg) -> None:
    """Hand one message to every open stream; a browser that does not read is let go."""
    event = b"event: changed\ndata: " + message.data.replace(b"\n", b" ") + b"\n\n"
    for queue in list(streams):
        try:
            queue.put_nowait(event)
        except asyncio.QueueFull:
            streams.discard(queue)


async def is_logged_in(session_key: str) -> bool:
    """Whether the session still stands for an active user."""
    engine = import_module(settings.SESSION_ENGINE)
    session = engine.SessionStore(session_key)
    await session.aload()
    user = await aget_user(SimpleNamespace(session=session))  # type: ignore[arg-type]  # it reads the session only
    # No request ends here that would hand the connection back; one that the database dropped must not stay.
    await sync_to_async(close_old_connections)()
    return user.is_authenticated and user.is_active


async def live(request: Request) -> Response:
    key = request.cookies.get(settings.SESSION_COOKIE_NAME, "")
    if not key or not await is_logged_in(key):
        return PlainTextResponse("log in first", status_code=401)
    if len(streams) >= MOST_STREAMS:
        return PlainTextResponse("too many streams", status_code=503, headers={"Retry-After": "30"})
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(events(key), media_type="text/event-stream", headers=headers)


async def events(key: str) -> AsyncIterator[bytes]:
    """The bytes of one stream: a greeting, changes, a heartbeat; it ends with the session."""
    queue: asyncio.Queue[bytes] = asyncio.Queue(BACKLOG)
    streams.add(queue)
    clock = asyncio.get_running_loop().time
    checked = spoke = clock()
    try:
        yield b"retry: 2000\nevent: hello\ndata: {}\n\n"
        while queue in streams:
            with contextlib.suppress(TimeoutError):
                yield await asyncio.wait_for(queue.get(), RECHECK)
                spoke = clock()
            if clock() - checked >= RECHECK:
                checked = clock()
                if not await is_logged_in(key):
                    return
            if clock() - spoke >= HEARTBEAT:
                spoke = clock()
                yield b"event: beat\ndata: {}\n\n"  # pages miss it when the line is half open
    finally:
        streams.discard(queue)


async def alive(_request: Request) -> Response:
    return PlainTextResponse("ok")


@contextlib.asynccontextmanager
async def connected(_app: Starlette) -> AsyncIterator[None]:
    """The message server for the life of the process; it is found again by itself after a break."""
    client = await nats.connect(
        settings.ANLAN.nats_url.split(","), max_reconnect_attempts=-1, reconnect_time_wait=0.5
    )
    await client.subscribe(LIVE_SUBJECT, cb=spread)
    yield
    await client.close()


application = Starlette(routes=[Route("/live", live), Route("/-/alive", alive)], lifespan=connected)
