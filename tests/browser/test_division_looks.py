"""The pages of divisions as the system administrator meets them: whole, accessible, and an import from first to last."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.browser.test_looks import SIZES, faults_of
from tests.browsers import log_in, new_page
from tests.organisation.division import LISTS

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.nodes import LiveNode

pytestmark = pytest.mark.browser
PAGES = ("/divisions/", "/divisions/?at=120000000000", "/divisions/?q=无", "/divisions/120114000000/")


@pytest.fixture(scope="module")
def administrator(node: LiveNode, chromium: Browser) -> object:
    page = new_page(chromium)
    log_in(page, node, "system")
    kept = page.context.storage_state()
    page.context.close()
    return kept


@pytest.fixture
def listed(node: LiveNode) -> None:
    """The node has a list, as the command leaves it."""
    shutil.copytree(LISTS, node.var / "divisions", dirs_exist_ok=True)


@pytest.mark.parametrize("size", ["phone", "laptop"])
def test_pages_are_whole_and_accessible(
    node: LiveNode, chromium: Browser, administrator: object, size: str
) -> None:
    page = new_page(chromium, *SIZES[size], state=administrator, base=node.address)
    shutil.rmtree(node.var / "divisions", ignore_errors=True)
    faults = faults_of(page, "/divisions/")
    shutil.copytree(LISTS, node.var / "divisions")
    faults += [fault for address in PAGES for fault in faults_of(page, address)]
    page.context.close()
    assert not faults, "\n".join(faults)


@pytest.mark.usefixtures("listed")
def test_a_county_is_found_previewed_and_imported(
    node: LiveNode, chromium: Browser, administrator: object
) -> None:
    page = new_page(chromium, state=administrator, base=node.address)
    page.goto("/divisions/")
    page.fill("input[name=q]", "万州")  # the demo has 武清区 already
    page.press("input[name=q]", "Enter")
    page.click("tbody a")
    page.fill("input[name=unit_words]", "河西务镇")
    page.locator("#choices-unit label").first.get_by_text("河西务镇").first.wait_for()
    page.locator("#choices-unit label").first.click()
    page.click("main button:has-text('开始导入')")
    page.wait_for_url("**/tasks/*/")
    page.click("main a:has-text('查看')")
    page.click("main a:has-text('万州区')")
    page.locator("h1:has-text('万州区')").wait_for()
    page.context.close()
