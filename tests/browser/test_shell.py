"""The shell by keyboard and mouse, as a duty officer uses it."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from anlan.site.demo import PASSWORD
from tests.browsers import log_in, new_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.nodes import LiveNode

pytestmark = pytest.mark.browser


def test_keys_open_the_list_of_keys_the_command_box_and_the_search(page: Page) -> None:
    page.goto("/units/")
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "q"
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.get_by_role("dialog").wait_for()
    page.keyboard.type("运行")
    page.keyboard.press("Enter")
    page.wait_for_url("**/node/")


def test_looks_and_language_change_at_once_and_stay(page: Page) -> None:
    page.goto("/")
    change_preference(page, "theme", "dark")
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"
    change_preference(page, "language", "en")
    assert page.locator("html").get_attribute("lang") == "en"
    assert not re.search(r"[\u4e00-\u9fff]{4,}", page.locator("nav").first.inner_text())
    change_preference(page, "language", "zh-hans")
    change_preference(page, "theme", "auto")


def change_preference(page: Page, name: str, value: str) -> None:
    token = page.evaluate("document.querySelector('[name=csrfmiddlewaretoken]').value")
    form = {name: value, "csrfmiddlewaretoken": token, "next": "/"}
    page.request.post("/preferences/", form=form, headers={"Referer": page.url})
    page.goto("/")


def test_a_self_check_shows_each_leg_without_a_reload(page: Page) -> None:
    page.goto("/node/")
    page.get_by_role("button", name="自检").click()
    page.get_by_text("全程走通").wait_for(timeout=15_000)


def test_a_lost_connection_shows_itself_and_its_return(page: Page, node: LiveNode) -> None:
    page.goto("/")
    page.wait_for_timeout(500)
    node.kill("live")
    page.locator("#connection [data-when=down]").wait_for(state="visible", timeout=10_000)
    page.locator("#connection [data-when=down]").wait_for(state="hidden", timeout=20_000)


def test_a_second_factor_is_set_up_and_asked_for(node: LiveNode, chromium: Browser) -> None:
    page = new_page(chromium, base=node.address)
    log_in(page, node, "security")
    page.goto("/account/2fa/totp/activate/")
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url("**/totp/activate/**")
    secret = page.locator("#secret").inner_text()
    page.fill("input[name=code]", totp(secret))
    page.click("main button[type=submit]")
    page.wait_for_url(re.compile(r"/account/2fa/(recovery-codes/)?$"))
    page.context.close()
    page = new_page(chromium, base=node.address)
    page.goto("/account/login/")
    page.fill("input[name=login]", "security")
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url("**/2fa/authenticate/")
    page.fill("input[name=code]", totp(secret, ahead=1))
    page.click("main button[type=submit]")
    page.wait_for_url(f"{node.address}/")
    page.context.close()


def totp(secret: str, ahead: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + ahead))


def test_a_double_press_submits_once(page: Page) -> None:
    page.goto("/node/")
    posts: list[str] = []
    page.on("request", lambda asked: posts.append(asked.url) if asked.method == "POST" else None)
    page.get_by_role("button", name="自检").dblclick()
    page.wait_for_url("**/self-check/*/")
    assert len(posts) == 1
