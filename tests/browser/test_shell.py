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


def test_a_record_is_found_and_opened_by_keyboard_alone(page: Page) -> None:
    page.goto("/node/")
    page.keyboard.press("/")
    page.keyboard.type("河西务")
    page.get_by_role("option").filter(has_text="河西务镇").first.wait_for()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/units/\d+/$"))
    assert "河西务镇" in page.locator("h1").inner_text()


def test_the_command_box_says_when_nothing_is_called_so_and_opens_clean(page: Page) -> None:
    page.goto("/")
    page.focus(".an-search")
    page.keyboard.press("Enter")
    page.keyboard.type("没有这个")
    page.locator(".an-command-note").get_by_text("没有这样的页面或记录").wait_for()
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.className") == "an-search"
    page.keyboard.press("Control+k")
    assert page.locator(".an-command input").input_value() == ""
    assert page.get_by_role("option").count() > 3


def test_search_is_a_page_where_no_script_runs(node: LiveNode, chromium: Browser, state: object) -> None:
    page = new_page(chromium, 360, 740, state=state, base=node.address, script=False)
    page.goto("/")
    page.click(".an-search")
    page.wait_for_url("**/find/")
    page.fill("input[name=q]", "大友垡村委会")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="大友垡村委会").click()
    page.wait_for_url(re.compile(r"/units/\d+/$"))
    page.context.close()


# What has the focus: its mark in the page, whether it is seen and how it shows that it has it.
FOCUSED = """(() => {
  const element = document.activeElement
  if (element === document.body) return null
  element.dataset.reached = ''
  const style = getComputedStyle(element)
  const box = element.getBoundingClientRect()
  const marked = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0 || style.boxShadow !== 'none'
  return { what: element.outerHTML.slice(0, 120), marked, seen: box.width > 0 && box.top > -4 && box.top < innerHeight }
})()"""
REACHABLE = "a[href], button, input:not([type=hidden]), select, textarea, summary"
MISSED = f"""[...document.querySelectorAll('{REACHABLE}')].filter(one => one.checkVisibility() &&
  !('reached' in one.dataset) && one.tabIndex >= 0).map(one => one.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("address", ["/", "/units/", "/obligations/", "/node/"])
def test_everything_on_a_page_is_reached_by_tab_and_shows_it(page: Page, address: str) -> None:
    page.goto(address)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "an-skip"
    unmarked = []
    while focused := page.evaluate(FOCUSED):
        if not (focused["marked"] and focused["seen"]):
            unmarked.append(focused["what"])
        page.keyboard.press("Tab")
    assert not unmarked
    assert not page.evaluate(MISSED)


def test_the_first_tab_skips_the_navigation(page: Page) -> None:
    page.goto("/units/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_the_user_s_menu_opens_walks_and_closes_by_keyboard(page: Page) -> None:
    page.goto("/")
    page.focus(".an-user")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.getElementById('user-menu').contains(document.activeElement)")
    page.keyboard.press("Escape")
    assert page.locator("#user-menu").is_hidden()
    assert page.evaluate("document.activeElement.classList.contains('an-user')")


def test_a_posting_is_chosen_in_the_menu_on_a_phone_and_stands_in_the_bar(
    node: LiveNode, chromium: Browser
) -> None:
    page = new_page(chromium, 360, 740, base=node.address)
    log_in(page, node, "leader")
    page.click(".an-user")
    page.get_by_role("button", name="单位负责人 · 武清区防汛抗旱指挥部").click()
    page.locator(".an-posting").get_by_text("武清区防汛抗旱指挥部").wait_for()
    bar = page.locator(".an-top").bounding_box()
    main = page.locator("main").bounding_box()
    assert bar
    assert main
    assert bar["y"] + bar["height"] <= main["y"] + 1
    page.goto("/units/")
    assert page.locator("tbody tr").count() == 1
    page.click(".an-posting")
    page.get_by_role("button", name="全部身份").click()
    page.locator(".an-posting").wait_for(state="detached")
    page.context.close()


def test_a_newcomer_is_welcomed_until_he_has_read_it(node: LiveNode, chromium: Browser) -> None:
    page = new_page(chromium, base=node.address)
    log_in(page, node, "town")
    page.get_by_role("heading", name="欢迎使用安澜").wait_for()
    assert page.locator(".an-first-steps a").count() == 3
    page.get_by_role("button", name="知道了").click()
    page.locator(".an-welcome").wait_for(state="detached")
    page.reload()
    assert page.locator(".an-welcome").count() == 0
    page.context.close()


def test_a_notice_reaches_everybody_and_is_closed_by_keyboard_without_losing_the_place(
    node: LiveNode, chromium: Browser, page: Page
) -> None:
    writer = new_page(chromium, base=node.address)
    log_in(writer, node, "system")
    writer.goto("/notices/new/")
    writer.fill("textarea[name=text]", "今晚停机维护")
    writer.fill("input[name=until_at]", "2099-01-01T08:00")
    writer.get_by_role("button", name="发布公告").click()
    writer.get_by_text("已发布系统公告").wait_for()
    page.goto("/styleguide/desk/")
    band = page.locator(".an-band-notice")
    band.get_by_text("今晚停机维护").wait_for()
    # The desk still needs no scrolling.
    page.wait_for_function("document.documentElement.scrollHeight <= window.innerHeight")
    page.get_by_role("button", name="关闭这条公告").focus()
    page.keyboard.press("Enter")
    band.wait_for(state="detached")
    assert page.evaluate("document.activeElement.id") == "main"
    page.goto("/")
    assert page.locator(".an-band-notice").count() == 0
    writer.get_by_role("button", name="撤下").click()
    writer.get_by_text("已撤下").wait_for()
    writer.context.close()


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
