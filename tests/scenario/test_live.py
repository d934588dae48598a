"""Event streams of a real node: what was missed comes after a break, and who may no longer listen is cut off."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.nodes import LiveNode, eventually, live_node, token_of

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.scenario
END_OF_GRANTS = """
UPDATE kernel_grant SET until_at = clock_timestamp()
WHERE user_id = (SELECT id FROM kernel_user WHERE username = '{}') RETURNING id
"""


@dataclass
class Listener:
    """A browser's end of one stream, read in a thread: the events as (name, content), and the place of the last."""

    events: list[tuple[str, object]] = field(default_factory=list)
    place: str = ""
    over: threading.Event = field(default_factory=threading.Event)
    line: socket.socket | None = None

    def read(self, client: httpx.Client, after: str) -> None:
        name = ""
        try:
            with client.stream("GET", "/live", params={"after": after}, timeout=30) as stream:
                self.line = stream.extensions["network_stream"].get_extra_info("socket")
                for line in stream.iter_lines():
                    what, _, told = line.partition(": ")
                    if what == "id":
                        self.place = told
                    elif what == "event":
                        name = told
                    elif what == "data":
                        self.events.append((name, json.loads(told)))
        except httpx.HTTPError:
            pass  # the line was cut
        finally:
            self.over.set()

    def hang_up(self) -> None:
        """End the stream from this side, while the thread waits for more."""
        if self.line:
            with contextlib.suppress(OSError):  # the other side was faster
                self.line.shutdown(socket.SHUT_RDWR)
        assert self.over.wait(10)

    def heard(self, name: str) -> list[object]:
        return [told for event, told in self.events if event == name]

    def has_heard_of(self, subject: str) -> bool:
        return bool(self.versions_of(subject))

    def versions_of(self, subject: str) -> set[int]:
        """The versions of a subject that were told: each is a journal entry's number."""
        changes = [dict(told) for told in self.heard("changed")]  # type: ignore[call-overload]
        return {told[subject] for told in changes if subject in told}


@contextmanager
def listening(node: LiveNode, cookies: httpx.Cookies, after: str = "") -> Iterator[Listener]:
    """An open stream, once it has been greeted."""
    listener = Listener()
    with node.client() as client:
        client.cookies = cookies
        reader = threading.Thread(target=listener.read, args=(client, after), daemon=True)
        reader.start()
        eventually(lambda: bool(listener.heard("hello")) or listener.over.is_set(), 10, "a greeting")
        try:
            yield listener
        finally:
            listener.hang_up()


@pytest.fixture(scope="module")
def node() -> Iterator[LiveNode]:
    with live_node("live") as running:
        yield running


def self_check(client: httpx.Client) -> str:
    """Have something happen; its subject."""
    token = token_of(client.get("/node/").text)
    asked = client.post("/node/self-check/", data={"csrfmiddlewaretoken": token})
    return f"kernel.selfcheck:{asked.headers['Location'].split('/')[-2]}"


def test_what_happened_while_the_live_process_was_dead_is_told_afterwards(node: LiveNode) -> None:
    client = node.logged_in("duty")
    with listening(node, client.cookies) as listener:
        first = self_check(client)
        eventually(lambda: listener.has_heard_of(first), 10, "the first self-check is heard of")
        node.kill("live")
        assert listener.over.wait(10)
    missed = self_check(client)
    eventually(lambda: node.programs()["live"]["state"] == "running", 20, "the live process is back")
    with listening(node, client.cookies, listener.place) as back:
        eventually(lambda: back.has_heard_of(missed), 10, "the missed self-check is heard of")
        assert not back.heard("reset")
        # A self-check changes twice; what was heard before the break is not told again.
        assert not back.versions_of(first) & listener.versions_of(first)
    client.close()


def test_who_comes_back_from_too_long_ago_is_told_to_fetch_everything(node: LiveNode) -> None:
    client = node.logged_in("duty")
    with listening(node, client.cookies, after="1-1") as listener:
        assert listener.heard("reset")
    client.close()


@pytest.mark.parametrize("program", ["nats", "relay"])
def test_pages_are_told_to_fetch_where_hints_may_be_lost(node: LiveNode, program: str) -> None:
    client = node.logged_in("duty")
    with listening(node, client.cookies) as listener:
        node.kill(program)
        eventually(lambda: bool(listener.heard("reset")), 25, "a reset")
        resets, later = len(listener.heard("reset")), self_check(client)
        # A relay that has not found back yet may say once more that something was lost.
        eventually(
            lambda: listener.has_heard_of(later) or len(listener.heard("reset")) > resets,
            15,
            "the page learns of what happens next",
        )
    client.close()


def test_a_revoked_grant_ends_the_stream_within_five_seconds(node: LiveNode) -> None:
    client, other = node.logged_in("clerk"), node.logged_in("duty")
    with listening(node, client.cookies) as ending, listening(node, other.cookies) as staying:
        assert node.sql(END_OF_GRANTS.format("clerk"))
        revoked = time.monotonic()
        assert ending.over.wait(10)
        assert time.monotonic() - revoked < 5
        assert not staying.over.is_set()
    client.close()
    other.close()
