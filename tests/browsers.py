"""A real Chromium before a real node."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

from anlan.site.demo import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from tests.nodes import LiveNode

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-smooth-scrolling",  # what has the focus is in sight at once
]


@contextmanager
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGUMENTS)
        try:
            yield running
        finally:
            running.close()


def new_page(
    running: Browser,
    width: int = 1366,
    height: int = 768,
    *,
    scheme: str = "light",
    state: Any = None,
    base: str | None = None,
    script: bool = True,
) -> Page:
    """A page of its own context, in Chinese, as in a duty room."""
    context = running.new_context(
        viewport={"width": width, "height": height},
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        ignore_https_errors=True,
        color_scheme="dark" if scheme == "dark" else "light",
        storage_state=state,
        base_url=base,
        java_script_enabled=script,
    )
    return context.new_page()


def log_in(page: Page, node: LiveNode, username: str) -> None:
    page.goto(f"{node.address}/account/login/")
    page.fill("input[name=login]", username)
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url(f"{node.address}/")


@contextmanager
def page_of(node: LiveNode, username: str) -> Iterator[Page]:
    """A browser page in which that member of the demo's cast has logged in."""
    with browser() as running:
        page = new_page(running)
        log_in(page, node, username)
        yield page
