"""One node and one Chromium for all browser tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browsers import browser, log_in, new_page
from tests.nodes import LiveNode, live_node

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="session")
def node() -> Iterator[LiveNode]:
    with live_node("browser") as running:
        yield running


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with browser() as running:
        yield running


@pytest.fixture(scope="session")
def state(node: LiveNode, chromium: Browser) -> object:
    """What the browser remembers of a duty officer who has logged in."""
    page = new_page(chromium)
    log_in(page, node, "duty")
    kept = page.context.storage_state()
    page.context.close()
    return kept


@pytest.fixture
def page(node: LiveNode, chromium: Browser, state: object) -> Iterator[Page]:
    """A page of the duty officer on a laptop; what its console complains of fails the test."""
    opened = new_page(chromium, state=state, base=node.address)
    complaints: list[str] = []
    opened.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    opened.context.close()
    assert not complaints
