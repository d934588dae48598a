"""Any one process is killed with -9 under load: it comes back, open pages recover, nothing committed is lost."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.browsers import page_of
from tests.nodes import LiveNode, answers, eventually, live_node, token_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

pytestmark = pytest.mark.scenario
PROGRAMS = ("base", "relay", "worker", "scan", "send", "live", "answer", "web1", "nats", "nginx", "postgres")


@dataclass
class Load:
    """People who keep asking for self-checks; it remembers every one that was acknowledged to them."""

    node: LiveNode
    acknowledged: list[int] = field(default_factory=list)
    refused: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        client = self.node.logged_in("duty")
        token = token_of(client.get("/node/").text)
        while not self.over.is_set():
            try:
                answer = client.post("/node/self-check/", data={"csrfmiddlewaretoken": token})
            except httpx.HTTPError:
                client = self._again(client)
                self.refused += 1
                continue
            if found := re.search(r"/self-check/(\d+)/", answer.headers.get("location", "")):
                self.acknowledged.append(int(found[1]))
            else:
                self.refused += 1
            time.sleep(0.02)
        client.close()

    def _again(self, old: httpx.Client) -> httpx.Client:
        fresh = self.node.client()
        fresh.cookies = old.cookies
        old.close()
        return fresh


@pytest.fixture(scope="module")
def node() -> Iterator[LiveNode]:
    with live_node("kill") as running:
        yield running


@contextmanager
def under_load(node: LiveNode) -> Iterator[list[Load]]:
    """Three people who do not stop while the block runs."""
    loads = [Load(node) for _ in range(3)]
    threads = [threading.Thread(target=load.run, daemon=True) for load in loads]
    for thread in threads:
        thread.start()
    try:
        yield loads
    finally:
        for load in loads:
            load.over.set()
        for thread in threads:
            thread.join(30)


def test_each_process_is_killed_under_load(node: LiveNode) -> None:
    with page_of(node, "leader") as page:
        page.goto(f"{node.address}/node/")
        with under_load(node) as loads:
            for name in PROGRAMS:
                kill_and_see_it_return(node, name, page)
        a_page_that_stayed_open_still_learns_of_changes(page)
    acknowledged = {number for load in loads for number in load.acknowledged}
    assert len(acknowledged) > 50
    eventually(lambda: unfinished(node) == 0, 60, "every self-check went through the whole chain")
    kept = {int(str(row[0])) for row in node.sql("SELECT id FROM kernel_selfcheck")}
    assert acknowledged <= kept


def kill_and_see_it_return(node: LiveNode, name: str, page: Page) -> None:
    before = node.programs()[name]
    node.kill(name)

    def is_back() -> bool:
        now = node.programs()[name]
        return now["pid"] != before["pid"] and now["state"] == "running"

    eventually(is_back, 30, f"{name} runs again")
    eventually(lambda: answers(node), 30, f"pages answer after {name} was killed")
    page.wait_for_selector("[data-behaviour~=connection]", state="hidden", timeout=30_000)


def a_page_that_stayed_open_still_learns_of_changes(page: Page) -> None:
    page.get_by_role("button", name="自检").click()
    page.get_by_text("全程走通").wait_for(timeout=30_000)


def unfinished(node: LiveNode) -> int:
    return int(str(node.sql("SELECT count(*) FROM kernel_selfcheck WHERE relayed_at IS NULL")[0][0]))


def test_a_page_process_s_worker_is_killed_and_replaced(node: LiveNode) -> None:
    main = int(node.programs()["web2"]["pid"])
    children = [int(pid) for pid in Path(f"/proc/{main}/task/{main}/children").read_text().split()]
    os.kill(children[-1], signal.SIGKILL)
    eventually(lambda: answers(node), 30, "pages answer")
    assert node.programs()["web2"]["pid"] == main
