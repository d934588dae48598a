"""An import of units in the browser, from the list to the records; its pages are whole and accessible."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.test_looks import SIZES, faults_of
from tests.browsers import log_in, new_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.nodes import LiveNode

pytestmark = pytest.mark.browser
TABLE = "上级单位,代码,名称,类别\n120114001000,V-{0},新桥村,村\n120114001000,V-{0},新桥村,村\n无此单位,V-9{0},,镇子\n120114001000,V-8{0},老桥村,村\n"


@pytest.mark.parametrize(("size", "scheme"), [("phone", "light"), ("laptop", "light"), ("laptop", "dark")])
def test_a_table_is_checked_and_its_good_rows_come_in(
    node: LiveNode, chromium: Browser, size: str, scheme: str
) -> None:
    page = new_page(chromium, *SIZES[size], scheme=scheme, base=node.address)
    log_in(page, node, "security")
    faults = faults_of(page, "/units/export/") + faults_of(page, "/units/import/")
    number = f"{size}-{scheme}".upper()
    content = TABLE.format(number).encode("gb18030")
    page.set_input_files("input[type=file]", {"name": "单位.csv", "mimeType": "text/csv", "buffer": content})
    page.get_by_role("button", name="上传并核对").click()
    page.get_by_role("link", name="查看", exact=True).click()
    page.get_by_text("没有找到，或不在您的管理范围内。").wait_for()
    faults += faults_of(page, page.url)
    page.get_by_role("button", name="只导入无误的 1 行").click()
    page.get_by_role("link", name="查看", exact=True).wait_for()
    page.goto(f"/units/?q=V-8{number}")
    page.get_by_text("老桥村").first.wait_for()
    page.goto("/units/export/?q=老桥村")
    page.get_by_role("button", name="导出").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="下载").click()
    assert download.value.suggested_filename.endswith(".xlsx")
    page.context.close()
    assert not faults, "\n".join(faults)
