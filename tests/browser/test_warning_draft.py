"""A warning as the duty officer drafts it: what is typed stays while the area is chosen, and the other one is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browsers import log_in, new_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.nodes import LiveNode

pytestmark = pytest.mark.browser
OUTLINE = "117.00,39.45 117.12,39.45 117.12,39.60 117.00,39.60 117.00,39.45"
TYPED = "预计未来3小时我区西北部有暴雨。"


def test_the_area_is_chosen_beside_what_is_typed_and_a_second_editor_is_seen(
    node: LiveNode, chromium: Browser, page: Page
) -> None:
    page.goto("/warnings/new/")
    page.click("a[aria-label='暴雨橙色']")
    page.click("main form button.btn-primary")
    page.fill("[name=description]", TYPED)
    page.fill("#area-outline", OUTLINE)
    page.click("button[name=area_do_draw]")
    page.locator("#area strong", has_text="部分覆盖的已标出比例").wait_for()
    assert page.locator("#area path.an-area-part").count() > 1
    assert page.input_value("[name=description]") == TYPED
    page.fill("[name=area_words]", "hexiwu")
    page.press("[name=area_words]", "Enter")
    page.locator("#area li", has_text="河西务镇").first.wait_for()
    assert page.input_value("[name=description]") == TYPED, "Enter in the search box looks, and saves nothing"

    other = new_page(chromium, base=node.address)
    log_in(other, node, "leader")
    other.goto(page.url)
    other.locator("#present", has_text="区值班员").wait_for()
    assert other.input_value("[name=description]") == "", "nothing has been saved yet"
    page.click("form.an-draft-form button.btn-primary")
    page.wait_for_url("**/warnings/issues/*/")
    page.locator("h3", has_text="短信").wait_for()
    other.locator("#present", has_text="他人刚刚保存了修改").wait_for()  # it asks by itself
    other.fill("[name=description]", "领导写的")
    other.click("button[name=stay]")
    other.locator("td", has_text=TYPED).wait_for()
    assert other.input_value("[name=description]") == "领导写的"
    other.context.close()
