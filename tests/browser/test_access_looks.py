"""The pages on access as the security administrator meets them: whole, accessible, units suggested while typing."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from anlan.kernel.clock import real_now
from anlan.kernel.periods import local_date
from tests.browser.test_looks import SIZES, faults_of
from tests.browsers import log_in, new_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.nodes import LiveNode

pytestmark = pytest.mark.browser
# What a security administrator would do on his pages, which another test shows.
GRANT_CLERK = """
INSERT INTO kernel_grant (user_id, role_id, scope_root_id, line, from_at)
SELECT {user}, role.id, unit.id, '', now() - interval '1 minute' FROM kernel_role AS role, kernel_unit AS unit
WHERE role.code = 'clerk' AND unit.code = '120114109000' RETURNING id
"""


@pytest.fixture(scope="module")
def security(node: LiveNode, chromium: Browser) -> object:
    page = new_page(chromium)
    log_in(page, node, "security")
    kept = page.context.storage_state()
    page.context.close()
    return kept


@pytest.fixture(scope="module")
def system(node: LiveNode, chromium: Browser) -> object:
    page = new_page(chromium)
    log_in(page, node, "system")
    kept = page.context.storage_state()
    page.context.close()
    return kept


@pytest.mark.parametrize("size", ["phone", "laptop"])
def test_pages_on_access_are_whole_and_accessible(
    node: LiveNode, chromium: Browser, security: object, size: str
) -> None:
    page = new_page(chromium, *SIZES[size], state=security, base=node.address)
    addresses = ["/access/", "/access/roles/", "/access/roles/new/", *person(page), *role(page)]
    addresses += [f"{person(page)[0]}do/disable/", "/account/devices/"]
    faults = [fault for address in addresses for fault in faults_of(page, address)]
    page.context.close()
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("size", ["phone", "laptop"])
def test_pages_on_machines_are_whole_and_accessible(
    node: LiveNode, chromium: Browser, system: object, size: str
) -> None:
    page = new_page(chromium, *SIZES[size], state=system, base=node.address)
    page.goto("/access/users/new/")
    page.fill("[name=display_name]", "雨量站接口")
    page.fill("[name=username]", f"gauges-{size}")
    page.check("[name=is_machine]")
    page.click("main button[type=submit]")
    page.wait_for_url("**/users/*/")
    address = page.url
    number = int(address.rstrip("/").rpartition("/")[2])
    node.sql(GRANT_CLERK.format(user=number))
    page.goto(f"{address}tokens/new/")
    page.fill("[name=name]", "雨量站数据接入")
    page.check("[name=scopes] >> nth=0")
    until = local_date(real_now()) + timedelta(days=30)
    page.fill("[name=expires_at]", f"{until:%Y-%m-%d}T08:00")
    page.click("main button[type=submit]")
    token = page.inner_text("#machine-token")
    with node.client() as machine:
        told = machine.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert told.json()["username"] == f"gauges-{size}"
    addresses = [address, f"{address}tokens/new/", f"{address}reset-password/", "/access/users/new/"]
    faults = [fault for each in addresses for fault in faults_of(page, each)]
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
    assert page.locator("#choices-unit label").count() > 1
    page.fill("input[name=unit_words]", "尔王庄镇人民")
    page.locator("#choices-unit label").first.get_by_text("尔王庄镇人民政府").wait_for()
    assert page.locator("#choices-unit label").count() == 1
    # Whoever chooses before the last suggestions are there chooses from what is about to be replaced.
    with page.expect_response(re.compile("/choices/")):
        page.fill("input[name=unit_words]", "大友垡村委会")
    with page.expect_response(re.compile("/choices/")):
        page.press("input[name=unit_words]", "Enter")
    page.locator("#choices-unit label").first.get_by_text("大友垡村委会").wait_for()
    assert page.url.endswith("/grant/")
    page.locator("#choices-unit input").first.check()
    page.fill("input[name=unit_words]", "尔王庄镇人民")
    page.locator("#choices-unit label").nth(1).wait_for()
    assert (
        page.locator("#choices-unit label").first.inner_text().startswith("大友垡村委会")
    )  # what is chosen stays
    page.context.close()
