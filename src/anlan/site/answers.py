"""The process of answers: confirmation links (/c/…) and carriers' callbacks (/gateway/<code>/…), without log-in.

A link proves whom it was made for by itself. To open it changes nothing, for previews and scanners open links, too; its
button does. Answers are taken in batches: thousands come in the same minute.
"""

from __future__ import annotations

import asyncio
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import django

from anlan.site.gathering import MOST, PATIENCE, Full, Gatherer
from anlan.site.heap import settle

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "anlan.site.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.db import DatabaseError, close_old_connections  # noqa: E402

from anlan.message.callout.selectors import find_linked  # noqa: E402
from anlan.site import answering, callbacks  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from anlan.message.callout.selectors import Linked
    from anlan.site.answering import Outcome

    Scope = Mapping[str, Any]
    Receive = Callable[[], Awaitable[dict[str, Any]]]
    Send = Callable[[dict[str, Any]], Awaitable[None]]
    Headers = tuple[tuple[bytes, bytes], ...]

LINK, GATEWAY, ALIVE = "/c/", "/gateway/", "/-/alive"
# A link is a secret: it is told to nobody who is linked from here, kept by no cache, found by no search engine.
PAGE: Headers = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-robots-tag", b"noindex, nofollow"),
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
)
JSON: Headers = ((b"content-type", b"application/json"), (b"cache-control", b"no-store"))
STATUS = {answering.UNKNOWN: 404, answering.BUSY: 503}
log = logging.getLogger("anlan.answers")

looks: Gatherer[Linked, Outcome] = Gatherer(answering.look, most=MOST, patience=PATIENCE)
answers: Gatherer[Linked, Outcome] = Gatherer(answering.confirm, most=MOST, patience=PATIENCE)
tellers = ThreadPoolExecutor(2)  # of carriers' callbacks, which are batches by themselves


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await _live(receive, send)
        return
    path, method = scope["path"], scope["method"]
    if path.startswith(LINK):
        await _link(path.removeprefix(LINK), method, scope, send)
    elif path.startswith(GATEWAY):
        await _gateway(path.removeprefix(GATEWAY), method, scope, receive, send)
    elif path == ALIVE:
        await _say(send, 200, JSON, b'"ok"')
    else:
        await _say(send, 404, JSON, b'{"error": "not found"}')


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            settle()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _link(token: str, method: str, scope: Scope, send: Send) -> None:
    if method not in {"GET", "HEAD", "POST"}:
        await _say(send, 405, (*PAGE, (b"allow", b"GET, HEAD, POST")), b"")
        return
    linked = find_linked(token.rstrip("/"))
    outcome = answering.Outcome(answering.UNKNOWN, None)
    if linked is not None:
        try:
            outcome = await (answers if method == "POST" else looks).ask(linked)
        except (Full, DatabaseError):
            log.warning("an answer could not be taken just now", exc_info=True)
            outcome = answering.Outcome(answering.BUSY, None)
    body = answering.page_of(outcome, language_of(scope))
    status = STATUS.get(outcome.state, 200)
    again: Headers = ((b"retry-after", b"5"),) if status == 503 else ()
    await _say(send, status, (*PAGE, *again), b"" if method == "HEAD" else body)


async def _gateway(code: str, method: str, scope: Scope, receive: Receive, send: Send) -> None:
    if method != "POST":
        await _say(send, 405, (*JSON, (b"allow", b"POST")), b"")
        return
    body = await _body(receive)
    headers = {name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]}
    try:
        status, content = await asyncio.get_running_loop().run_in_executor(
            tellers, _taken, code.split("/", 1)[0], headers, body
        )
    except DatabaseError:
        log.warning("a callback could not be taken just now", exc_info=True)
        status, content = 503, b'{"error": "not now"}'
    await _say(send, status, JSON, content)


def _taken(code: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
    try:
        return callbacks.take_callback(code, headers, body)
    finally:
        close_old_connections()


async def _body(receive: Receive) -> bytes:
    """What was sent; a little more than is taken where it is too long, the rest is not read."""
    parts, size = [], 0
    while size <= callbacks.MOST_BYTES:
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if message["type"] != "http.request" or not message.get("more_body"):
            break
    return b"".join(parts)


def language_of(scope: Scope) -> str:
    """The first of the reader's languages that the node speaks, Chinese else."""
    wanted = next((text for name, text in scope["headers"] if name == b"accept-language"), b"")
    for part in wanted.decode("latin-1").lower().split(","):
        language = part.split(";")[0].strip()
        if language.startswith("zh"):
            break
        if language.startswith("en"):
            return "en"
    return settings.LANGUAGE_CODE


async def _say(send: Send, status: int, headers: Headers, body: bytes) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})
