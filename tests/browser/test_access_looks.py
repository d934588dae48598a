"""The pages on access as the security administrator meets them: whole, accessible, units suggested while typing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.test_looks import SIZES, faults_of
from tests.browsers import log_in, new_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.nodes import LiveNode

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def security(node: LiveNode, chromium: Browser) -> object:
    page = new_page(chromium)
    log_in(page, node, "security")
    kept = page.context.storage_state()
    page.context.close()
    return kept


@pytest.mark.parametrize("size", ["phone", "laptop"])
def test_pages_on_access_are_whole_and_accessible(
    node: LiveNode, chromium: Browser, security: object, size: str
) -> None:
    page = new_page(chromium, *SIZES[size], state=security, base=node.address)
    addresses = ["/access/", "/access/roles/", "/access/roles/new/", *person(page), *role(page)]
    faults = [fault for address in addresses for fault in faults_of(page, address)]
    page.context.close()
    assert not faults, "\n".join(faults)


def person(page: Page) -> list[str]:
    """A person's page and the acts that it leads to."""
    page.goto("/access/?q=clerk")
    page.click("tbody a")
    page.wait_for_url("**/users/*/")
    acts = page.locator("main a[href*='/grant']").evaluate_all("links => links.map(link => link.href)")
    return [page.url, *acts]


def role(page: Page) -> list[str]:
    page.goto("/access/roles/")
    page.click("tbody a")
    page.wait_for_url("**/roles/*/")
    return [page.url, f"{page.url}edit/"]


def test_units_are_suggested_while_their_name_is_typed(
    node: LiveNode, chromium: Browser, security: object
) -> None:
    page = new_page(chromium, state=security, base=node.address)
    page.goto(next(address for address in person(page) if address.endswith("/grant/")))
    assert page.locator("#unit-choices label").count() > 1
    page.fill("input[name=words]", "尔王庄镇人民")
    page.locator("#unit-choices label").first.get_by_text("尔王庄镇人民政府").wait_for()
    assert page.locator("#unit-choices label").count() == 1
    page.context.close()
