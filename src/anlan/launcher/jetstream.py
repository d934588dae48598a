"""Snapshots of JetStream's streams: what the message server's own backup protocol says, over one connection.

A snapshot is opaque to us (the server's compressed archive of messages, consumers and their positions); beside it
stands the stream's configuration and state, which the server wants back at a restore.
"""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import nats
import nats.errors

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from nats.aio.client import Client
    from nats.aio.msg import Msg

CHUNK, WINDOW = 128 * 1024, 4 * 1024 * 1024  # bytes; the window bounds what waits in memory
ANSWER = 30.0  # seconds
REBUILD = 3600.0  # seconds; the server reads a whole stream back before it answers
NOT_FOUND = 10059


class StreamError(Exception):
    """The message server refused; says which stream and its reason."""


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Client]:
    client = await nats.connect(url.split(","), connect_timeout=5, allow_reconnect=False, error_cb=_quiet)
    try:
        yield client
    finally:
        await client.close()


async def _quiet(error: Exception) -> None:
    """The library would print what the caller is told anyway."""
    del error


async def list_streams(client: Client) -> list[dict[str, Any]]:
    """Every stream with its configuration and state."""
    found: list[dict[str, Any]] = []
    while True:
        page = await _ask(client, "STREAM.LIST", {"offset": len(found)})
        found += page.get("streams") or []
        if not page.get("streams") or len(found) >= page["total"]:
            return found


async def snapshot(client: Client, name: str) -> tuple[dict[str, Any], AsyncIterator[bytes]]:
    """Configuration and state of a stream, and the bytes of its snapshot with consumers."""
    inbox = client.new_inbox()
    chunks = await client.subscribe(inbox)
    wish = {"deliver_subject": inbox, "chunk_size": CHUNK, "window_size": WINDOW, "jsck": True}
    answer = await _ask(client, f"STREAM.SNAPSHOT.{name}", wish)

    async def blocks() -> AsyncIterator[bytes]:
        while True:
            message = await chunks.next_msg(timeout=ANSWER)
            if not message.data:
                _check_end(name, message)
                return
            yield message.data
            if message.reply:  # asks for more only when this piece is written
                await message.respond(b"")

    return {"config": answer["config"], "state": answer["state"]}, blocks()


def _check_end(name: str, message: Msg) -> None:
    status = (message.headers or {}).get("Status", "204")
    if status != "204":
        raise StreamError(f"{name}: {status} {(message.headers or {}).get('Description', '')}")


async def restore(client: Client, told: dict[str, Any], blocks: Iterable[bytes]) -> dict[str, Any]:
    """Bring a stream back; the server's account of it afterwards."""
    name = told["config"]["name"]
    opening = await _ask(client, f"STREAM.RESTORE.{name}", told)
    target = opening["deliver_subject"]
    for block in blocks:
        for begin in range(0, len(block), CHUNK):
            answer = await client.request(target, block[begin : begin + CHUNK], timeout=ANSWER)
            _refused(name, answer.data)
    last = await client.request(target, b"", timeout=REBUILD)
    return _refused(name, last.data)


async def create(client: Client, config: dict[str, Any]) -> None:
    await _ask(client, f"STREAM.CREATE.{config['name']}", config)


async def delete(client: Client, name: str) -> None:
    await _ask(client, f"STREAM.DELETE.{name}", {})


async def _ask(client: Client, subject: str, body: dict[str, Any]) -> dict[str, Any]:
    try:
        answer = await client.request(f"$JS.API.{subject}", json.dumps(body).encode(), timeout=ANSWER)
    except (TimeoutError, nats.errors.NoRespondersError) as error:
        raise StreamError(f"{subject}: no answer; is JetStream enabled for this account?") from error
    return _refused(subject, answer.data)


def _refused(what: str, answer: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer) if answer else {}
    if error := found.get("error"):
        raise StreamError(f"{what}: {error.get('description')} ({error.get('err_code')})")
    return found
