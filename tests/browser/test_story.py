"""The story `callout` from its first message to its last page: the duty officer in a real browser with a second factor, all
others of the cast by the player, two simulated carriers, one program of each kind killed on the way.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import psycopg
import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings
from playwright.sync_api import expect

from anlan.site.demo import PASSWORD
from anlan.site.story.moves import MOVES
from anlan.site.story.script import read
from tests.browsers import log_in, new_page
from tests.nodes import LiveNode, eventually, live_node

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.browser
STORY = read("callout", frozenset(MOVES))
OVER, AS_EXPECTED = "演完：", "演完：每一步都达到预期。"
PATIENCE, AGAIN = 600, 20  # seconds: for all of it; until she sees that something was not taken
NEXT = """
SELECT i.number, i.title FROM kernel_inject i JOIN kernel_user u ON u.display_name = i.who
WHERE i.done_at IS NULL AND u.username = 'duty' AND i.address <> ''
  AND i.number = (SELECT min(number) FROM kernel_inject WHERE done_at IS NULL)
"""


kept: set[str] = set()  # names of pictures


@pytest.fixture(scope="module")
def node() -> Iterator[LiveNode]:
    options = ("--story", "callout", "--pace", "fast", "--await", "duty")
    with live_node("story", "demo", *options, ANLAN_SECOND_FACTOR="required") as running:
        yield running


@pytest.fixture
def page(node: LiveNode, chromium: Browser) -> Iterator[Page]:
    opened = new_page(chromium, base=node.address)
    set_up_second_factor(opened, node)
    yield opened
    opened.context.close()


def code_of(secret: str, *, ahead: int = 0) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + ahead)))


def set_up_second_factor(page: Page, node: LiveNode) -> None:
    """Set one up, log out, and log in with it."""
    log_in(page, node, "duty")
    page.goto("/account/2fa/totp/activate/")
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url("**/totp/activate/**")
    secret = page.locator("#secret").inner_text()
    page.fill("input[name=code]", code_of(secret))
    page.click("main button[type=submit]")
    page.wait_for_url(re.compile(r"/account/2fa/(recovery-codes/)?$"))
    page.context.clear_cookies()
    page.goto("/account/login/")
    page.fill("input[name=login]", "duty")
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url("**/2fa/authenticate/")
    page.fill("input[name=code]", code_of(secret, ahead=1))
    page.click("main button[type=submit]")
    page.wait_for_url(f"{node.address}/")


def enter_exercise(page: Page, node: LiveNode) -> str:
    """By the list, as whoever takes part; the exercise's page."""
    eventually(lambda: bool(node.sql("SELECT 1 FROM kernel_inject")), 60, "the exercise has begun")
    page.goto("/exercises/")
    page.get_by_role("button", name="进入演练").click()
    page.wait_for_url(f"{node.address}/")
    page.locator(".an-band-exercise").wait_for()
    page.goto("/exercises/")
    page.get_by_role("link", name=STORY.title).first.click()
    return page.url


def test_a_night_from_the_first_message_to_the_last_person_confirmed(page: Page, node: LiveNode) -> None:
    exercise = enter_exercise(page, node)
    done: dict[int, float] = {}
    deadline = time.monotonic() + PATIENCE
    while OVER not in node.said and time.monotonic() < deadline:
        number, title = next_move(node)
        if not number or time.monotonic() - done.get(number, 0) < AGAIN:
            time.sleep(0.2)
            continue
        page.goto(exercise)
        page.get_by_role("link", name="去办理").click()
        act(page, title)
        done[number] = time.monotonic()
    assert AS_EXPECTED in node.said, node.said[-5000:]
    assert len(done) == sum(step.who == "duty" for step in STORY.steps)
    look_back(page, node)


def next_move(node: LiveNode) -> tuple[int, str]:
    """Number and title of what the duty officer is to do now; 0: nothing, or it is not known yet where."""
    try:
        rows = node.sql(NEXT)
    except psycopg.OperationalError:  # the story has killed the database
        return 0, ""
    return (int(str(rows[0][0])), str(rows[0][1])) if rows else (0, "")


def act(page: Page, title: str) -> None:
    """What the duty officer does on the page that she was led to."""
    main = page.locator("main")
    if "/alerts/" in page.url:
        main.get_by_label("处置情况").fill("电话核实系传输中断，对方重发")
        press(main.get_by_role("button", name="登记处置"))
    elif page.url.endswith("/review/"):
        main.get_by_label("准确", exact=True).check()
        main.get_by_label("及时", exact=True).check()
        main.get_by_label("遗漏").fill("毛窑村断电，手机全部不通")
        press(main.get_by_role("button", name="保存评价"))
    elif "/issues/" in page.url:
        decide(page, title)
    elif "/warnings/" in page.url:
        measures = main.get_by_role("button", name="已落实")
        for left in range(measures.count(), 0, -1):
            expect(measures).to_have_count(left)
            press(measures.first)
    else:
        keep_picture(page, "home")
        press(main.get_by_role("button", name="我已收到").first)
        page.goto("/message/callouts/")
        main.locator("a[href^='/message/callouts/']").filter(has_text="预警").first.click()
        page.wait_for_load_state()
        keep_picture(page, "board")


def decide(page: Page, title: str) -> None:
    """On the preview of a message: hand it on, approve it, publish it."""
    main = page.locator("main")
    if "紧急" in title:
        main.get_by_role("button", name="紧急发布").click()
        press(page.get_by_role("dialog").get_by_role("button", name="立即发布"))
    elif "发布" in title:
        main.get_by_role("button", name="发布预警").click()
        press(page.get_by_role("dialog").get_by_role("button", name="发布", exact=True))
    elif "送审" in title:
        press(main.get_by_role("button", name="送审"))
    else:
        press(main.get_by_role("button", name="批准"))


def press(button: Locator) -> None:
    """And wait for the answer."""
    with button.page.expect_navigation():
        button.click()


def look_back(page: Page, node: LiveNode) -> None:
    """The last page says what happened, and each of its figures leads to what it comes from."""
    (rain,) = (row[0] for row in node.sql("SELECT id FROM warning_earlywarning WHERE colour = 'red'"))
    page.goto(f"/warnings/{rain}/account/")
    assert "126" in page.locator("main").inner_text()
    keep_picture(page, "account")
    leads = page.locator("main a[href*='/journal/of/']")
    assert leads.count() > len(STORY.cast)
    leads.first.click()
    page.wait_for_load_state()
    assert "/journal/of/" in page.url


def keep_picture(page: Page, name: str) -> None:
    """The first of that name, below the tests' data; the README's are copies of them."""
    folder = settings.ANLAN.var / "pictures"
    if name not in kept:
        folder.mkdir(exist_ok=True)
        page.wait_for_timeout(1000)  # charts and maps come after the page
        page.screenshot(path=folder / f"{name}.png")
        kept.add(name)
