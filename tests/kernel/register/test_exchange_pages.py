"""The pages of import and export, as a person goes through them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from anlan.kernel.models import Grant, LongTask, Role
from anlan.kernel.register import exchange, exporting, importing
from rooms.prevent.hydrant.models import Hydrant
from tests.cast import enter, make_user
from tests.kernel.register.tables import HEAD, Desk, read_xlsx, xlsx
from tests.prevent.hydrant.hydrants import hydrant

if TYPE_CHECKING:
    from django.test import Client

    from tests.cast import World

pytestmark = pytest.mark.django_db
TOWN = "T-1-1-1"


@pytest.fixture
def browser(door: Client, desk: Desk) -> Client:
    door.force_login(desk.ctx.actor)  # type: ignore[arg-type]  # somebody
    return door


def text(browser: Client, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_import_from_the_list_to_the_records(browser: Client, desk: Desk) -> None:
    assert reverse("hydrant_import") in text(browser, reverse("hydrant_list"))
    file = SimpleUploadedFile("甲.xlsx", xlsx(HEAD, (TOWN, "A-1", "<b>东街"), (TOWN, "a", "西街")))
    sent = browser.post(reverse("hydrant_import"), {"file": file})
    check = LongTask.objects.get()
    assert sent.headers["Location"] == reverse("task_detail", args=[check.pk])
    desk.run(check)
    address = reverse("hydrant_import_check", args=[check.pk])
    assert address in text(browser, reverse("task_detail", args=[check.pk]))
    page = text(browser, address)
    assert "大写字母" in page
    assert "只导入无误的 1 行" in page
    assert not Hydrant.unscoped.exists()
    apply = reverse("hydrant_import_apply", args=[check.pk])
    for mode in ("all", "half"):
        refused = browser.post(apply, {"mode": mode}, follow=True)
        assert refused.redirect_chain[-1][0] == address
        assert "没有可以导入的行" in refused.content.decode()
    first, second = (browser.post(apply, {"mode": "good"}).headers["Location"] for _time in range(2))
    assert first == second
    desk.run(LongTask.objects.get(kind=importing.APPLY))
    assert Hydrant.unscoped.get().name == "<b>东街"
    assert "&lt;b&gt;东街" in text(browser, reverse("hydrant_list"))


def test_the_template_says_what_goes_where_and_can_be_uploaded(browser: Client, desk: Desk) -> None:
    content = browser.get(reverse("hydrant_import_template")).content
    book = load_workbook(io.BytesIO(content))
    first, second, _lists = book.worksheets
    headings = [cell.value for cell in first[1]]
    assert headings[:3] == list(HEAD)
    ways = {row[0].value: (row[1].value, row[2].value) for row in second.iter_rows(min_row=2)}
    assert list(ways) == headings
    assert ways["类型"] == (None, "填其中一项：市政消火栓；室内消火栓；取水码头")
    assert ways["所属单位"][0] == "是"
    assert "代码" in ways["所属单位"][1]
    assert ways["编号"][0] == "是"
    assert desk.check(content).problems == ["表里只有标题，没有要导入的行。"]


def test_what_is_typed_into_the_template_stays_as_it_is_and_choices_are_offered(browser: Client) -> None:
    book = load_workbook(io.BytesIO(browser.get(reverse("hydrant_import_template")).content))
    first, _guide, lists = book.worksheets
    headings = [cell.value for cell in first[1]]
    assert {
        first.column_dimensions[get_column_letter(n + 1)].number_format for n in range(len(headings))
    } == {"@"}
    assert lists.sheet_state == "hidden"
    offered = {
        str(rule.sqref): [cell.value for (cell,) in lists[rule.formula1.partition("!")[2].replace("$", "")]]
        for rule in first.data_validations.dataValidation
    }
    column = get_column_letter(headings.index("类型") + 1)
    assert offered[f"{column}2:{column}200001"] == ["市政消火栓", "室内消火栓", "取水码头"]


def test_a_table_that_stands_there_already_needs_no_import(browser: Client, desk: Desk) -> None:
    rows = (HEAD, (TOWN, "A-1", "东街"))
    desk.take_in(*rows)
    checked = desk.check(xlsx(*rows))
    page = text(browser, reverse("hydrant_import_check", args=[checked.task.pk]))
    assert "完全一致，不需要导入" in page
    assert 'name="mode"' not in page


def test_wrong_rows_are_downloaded_mended_and_uploaded_again(browser: Client, desk: Desk) -> None:
    checked = desk.check(xlsx((*HEAD, "备注"), (TOWN, "a", "西街", "=1"), (TOWN, "A-1", "东街", "")))
    content = browser.get(reverse("hydrant_import_wrong", args=[checked.task.pk])).content
    head, row = read_xlsx(content)
    assert head[-1] == "错误原因"
    assert "第 2 行" in row[-1]
    assert "编号：只用大写字母" in row[-1]
    again = desk.check(xlsx(head, [TOWN, "A-2", "西街", "", row[-1]]))
    assert not again.problems
    assert (again.found["new"], again.found["wrong"]) == (1, 0)


def test_wrong_rows_are_paged(browser: Client, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "PAGE", 2)
    checked = desk.check(xlsx(HEAD, *[(TOWN, "a", f"第{number}街") for number in range(5)]))
    address = reverse("hydrant_import_check", args=[checked.task.pk])
    pages = [text(browser, f"{address}?page={page}") for page in ("1", "2", "3", "99", "x")]
    assert ["第4街" in page for page in pages] == [False, False, True, True, False]
    assert "第 2 页，共 3 页" in pages[1]


def test_a_file_that_cannot_be_read_leads_back_to_the_upload(browser: Client, desk: Desk) -> None:
    checked = desk.check(b"nothing", "甲.xlsx")
    page = text(browser, reverse("hydrant_import_check", args=[checked.task.pk]))
    assert "没有核对" in page
    assert 'type="file"' in page


def test_an_upload_without_a_file_or_too_large_is_told_at_the_field(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = browser.post(reverse("hydrant_import"), {})
    assert (answer.status_code, "请选择" in answer.content.decode()) == (422, True)
    monkeypatch.setattr(exchange, "MOST_BYTES", 3)
    answer = browser.post(reverse("hydrant_import"), {"file": SimpleUploadedFile("甲.csv", b"1234")})
    assert (answer.status_code, "超过" in answer.content.decode()) == (422, True)
    assert not LongTask.objects.exists()


def test_an_export_takes_the_list_s_conditions_along(browser: Client, desk: Desk, world: World) -> None:
    hydrant(world.town, "东街", keeper_phone="13800001234")
    page = text(browser, reverse("hydrant_list") + "?q=dj&sort=-name")
    assert f"{reverse('hydrant_export')}?q=dj&amp;sort=-name" in page
    form = text(browser, reverse("hydrant_export") + "?q=dj&sort=-name")
    assert 'value="q=dj&amp;sort=-name"' in form
    asked = {"kind": "csv", "query": "q=dj", "personal": "on"}
    answer = browser.post(reverse("hydrant_export"), asked)
    assert (answer.status_code, "请写明理由" in answer.content.decode()) == (422, True)
    by_password = browser.post(reverse("hydrant_export"), asked | {"reason": "防汛"})
    assert by_password.status_code == 422
    assert "防汛</textarea>" in by_password.content.decode()
    assert reverse("second_factor") in form
    enter(browser, desk.ctx.actor)  # type: ignore[arg-type]  # somebody
    assert reverse("second_factor") not in text(browser, reverse("hydrant_export"))
    assert browser.post(reverse("hydrant_export"), asked | {"reason": "防汛"}).status_code == 302
    assert LongTask.objects.get().arguments["query"] == "q=dj"
    assert browser.post(reverse("hydrant_export"), {"kind": "pdf"}).status_code == 422


def test_who_may_not_look_is_offered_masked_data_only(door: Client, world: World) -> None:
    door.force_login(world.holder("prevent.hydrant.export"))
    page = text(door, reverse("hydrant_export"))
    assert "遮盖后的样子" in page
    assert 'name="personal"' not in page


def test_another_s_import_and_export_are_not_there_however_equal_his_rights(
    door: Client, desk: Desk, world: World
) -> None:
    hydrant(world.town, "东街")
    checked = desk.check(xlsx(HEAD, (TOWN, "A-1", "南街"), (TOWN, "a", "西街"))).task
    desk.export("csv")
    [exported] = LongTask.objects.filter(kind=exporting.EXPORT)
    colleague = make_user("colleague", "同事")
    Grant.objects.create(user=colleague, role=Role.objects.get(code="keeper"), scope_root=world.district)
    enter(door, colleague)
    assert door.get(reverse("hydrant_list")).status_code == 200
    for name in ("task_detail", "hydrant_import_check", "hydrant_import_wrong"):
        assert door.get(reverse(name, args=[checked.pk])).status_code == 404
    assert door.get(reverse("task_file", args=[exported.pk])).status_code == 404
    for name in ("task_cancel", "hydrant_import_apply"):
        assert door.post(reverse(name, args=[checked.pk]), {"mode": "good"}).status_code == 404
    assert not Hydrant.unscoped.filter(name="南街").exists()
