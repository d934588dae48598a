"""Every page at every size: nothing overflows, nothing fails axe (WCAG 2.1 AA), the console stays silent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browsers import new_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.nodes import LiveNode

pytestmark = pytest.mark.browser
FORMS = ("desk", "register", "record", "act", "board", "map", "wall")
PAGES = (
    "/",
    "/node/",
    "/units/",
    "/units/{county}/",
    "/people/",
    "/contact-points/",
    "/posts/",
    "/posts/vacancies/",
    "/directory/?q=武清区",
    "/directory/sheet/{county}/",
    "/contacts/",
    "/nothing-here/",
    "/ca/",
    "/account/password/",
    "/account/2fa/",
    "/styleguide/",
    *(f"/styleguide/{form}/" for form in FORMS),
)
SIZES = {"phone": (360, 740), "laptop": (1366, 768), "wall": (1920, 1080)}
THOROUGH = {("phone", "light"), ("laptop", "light"), ("laptop", "dark")}  # axe here, overflow everywhere
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_pages_are_whole_and_accessible(
    node: LiveNode, chromium: Browser, state: object, size: str, scheme: str
) -> None:
    page = new_page(chromium, *SIZES[size], scheme=scheme, state=state, base=node.address)
    complaints: list[str] = []
    page.on(
        "console",
        lambda said: complaints.append(f"{page.url}: {said.text}") if said.type == "error" else None,
    )
    thorough = (size, scheme) in THOROUGH
    ((county,),) = node.sql("SELECT id FROM kernel_unit WHERE code = '120114000000'")
    addresses = [address.format(county=county) for address in PAGES]
    faults = [fault for address in addresses for fault in faults_of(page, address, thorough=thorough)]
    page.context.close()
    # The page that is not there answers 404, and Chromium notes that in its console.
    complaints = [said for said in complaints if "/nothing-here/" not in said]
    assert not faults + complaints, "\n".join(faults + complaints)


def faults_of(page: Page, address: str, *, thorough: bool = True) -> list[str]:
    page.goto(address)
    found = []
    width, shown = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    if width > shown:
        found.append(f"{address}: {width} px wide in a window of {shown}")
    if not thorough:
        return found
    for broken in Axe().run(page, options=RULES).response["violations"]:
        where = json.dumps([node["target"] for node in broken["nodes"][:3]], ensure_ascii=False)
        found.append(f"{address}: {broken['id']}: {broken['help']} {where}")
    return found


def test_the_desk_needs_no_scrolling_on_a_duty_room_s_screen(page: Page) -> None:
    page.goto("/styleguide/desk/")
    assert page.evaluate("document.documentElement.scrollHeight <= window.innerHeight")


def test_the_log_in_page_is_whole_and_accessible(node: LiveNode, chromium: Browser) -> None:
    for width, height in SIZES.values():
        page = new_page(chromium, width, height, base=node.address)
        assert not faults_of(page, "/account/login/")
        page.context.close()
