"""Import: checked first, nothing written; wrong rows told at their cells; repeatable; all or nothing, or the good ones."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.gis.geos import Point
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from anlan.kernel import files, tasks
from anlan.kernel.errors import DomainError, NotAllowed, NotFound
from anlan.kernel.models import Entry, Exercise, Grant, LongTask, RowChange, StoredFile, Unit
from anlan.kernel.models.clock import Clock
from anlan.kernel.register import importing, reading
from anlan.kernel.register.judging import WHOLE
from anlan.kernel.search import question
from anlan.kernel.storage import store
from anlan.kernel.tasks import open_line
from anlan.kernel.terms import TaskState
from anlan.organisation.unit.register import UNITS
from rooms.prevent.hydrant.models import Hydrant
from rooms.prevent.hydrant.register import HYDRANTS
from tests.cast import acting
from tests.kernel.register.tables import HEAD, Desk, csv, faults_of, xlsx
from tests.prevent.hydrant.hydrants import hydrant

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cast import World

pytestmark = pytest.mark.django_db
TOWN, NEIGHBOUR = "T-1-1-1", "T-1-2-1"
ROW = (TOWN, "A-1", "东街")


def counts(checked: importing.Checked) -> tuple[int, ...]:
    return tuple(checked.found[name] for name in ("new", "changed", "unchanged", "wrong"))


def only() -> Hydrant:
    return Hydrant.unscoped.get()


# --- what goes well -------------------------------------------------------------------------------------------------


def test_a_check_writes_nothing(desk: Desk) -> None:
    checked = desk.check(xlsx(HEAD, ROW))
    assert counts(checked) == (1, 0, 0, 0)
    assert not Hydrant.unscoped.exists()
    assert checked.task.result["url"].endswith(f"/{checked.task.pk}/")


def test_a_field_of_every_kind_comes_in(desk: Desk, world: World) -> None:
    hydrant(world.town, "南门", code="UP-1")
    head = (
        "编号", "所属单位", "名称", "类型", "水压（kPa）", "口径（mm）", "完好", "检查日期", "安装时间", "用途", "管护人电话",
        "位置", "上游消火栓", "备注",
    )  # fmt: skip
    row = (
        "A-1", "甲一镇", "东街", "市政消火栓", 350, 65.5, "否", datetime(2026, 1, 31), "2025/6/1 8:30", "灭火、冲洗",  # noqa: DTZ001
        "13800001234", "117.05，39.38", "UP-1", "=不是公式".removeprefix("="),
    )  # fmt: skip
    assert desk.take_in(head, row)["created"] == 1
    made = Hydrant.unscoped.get(code="A-1")
    assert (made.unit, made.name, made.kind, made.works) == (world.town, "东街", "street", False)
    assert (made.pressure_kpa, made.bore_mm) == (350, Decimal("65.5"))
    assert (made.checked_on.isoformat(), made.installed_at) == (
        "2026-01-31",
        datetime(2025, 6, 1, 0, 30, tzinfo=UTC),
    )
    assert (made.uses, made.keeper_phone) == (["fire", "flush"], "13800001234")
    assert made.place == Point(117.05, 39.38, srid=4326)
    assert (made.feeds_from.code, made.note) == ("UP-1", "不是公式")
    assert Hydrant.unscoped.filter(search__holds=question("dj")).get() == made


def test_headings_in_another_language_or_by_field_name_are_known(desk: Desk) -> None:
    assert counts(desk.check(xlsx(("unit", "code", "*名称"), ROW))) == (1, 0, 0, 0)


def test_the_same_file_twice_changes_nothing(desk: Desk) -> None:
    rows = (HEAD, ROW, (TOWN, "A-2", "西街"))
    desk.take_in(*rows)
    before = (
        list(Hydrant.unscoped.values_list("pk", "version")),
        Entry.objects.count(),
        RowChange.objects.count(),
    )
    again = desk.take_in(*rows)
    assert (again["created"], again["changed"], again["unchanged"]) == (0, 0, 2)
    after = (
        list(Hydrant.unscoped.values_list("pk", "version")),
        Entry.objects.count(),
        RowChange.objects.count(),
    )
    assert after == before


def test_what_differs_is_changed_and_columns_that_are_missing_stay(desk: Desk, world: World) -> None:
    there = hydrant(world.town, "东街", code="A-1", note="旧", pressure_kpa=300)
    result = desk.take_in(("编号", "名称", "水压（kPa）"), ("A-1", "东门", ""))
    assert result["changed"] == 1
    there.refresh_from_db()
    assert (there.name, there.note, there.pressure_kpa, there.version) == ("东门", "旧", None, 2)
    assert Hydrant.unscoped.filter(search__holds=question("dm")).exists()


def test_personal_data_left_blank_or_masked_stays(desk: Desk, world: World) -> None:
    there = hydrant(world.town, code="A-1", keeper_phone="13800001234")
    for said in ("", "138••••1234"):
        assert desk.take_in(("编号", "管护人电话"), ("A-1", said))["unchanged"] == 1
    desk.take_in(("编号", "管护人电话"), ("A-1", "13900005678"))
    there.refresh_from_db()
    assert there.keeper_phone == "13900005678"


def test_each_batch_has_one_entry_that_names_the_file(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "BATCH", 2)
    desk.take_in(HEAD, ROW, (TOWN, "A-2", "西街"), (TOWN, "A-3", "南街"))
    entries = list(Entry.objects.filter(event="prevent.hydrant.imported").order_by("id"))
    assert [entry.data["created"] for entry in entries] == [2, 1]
    upload = LongTask.objects.get(kind=importing.CHECK).arguments["file"]
    assert {entry.data["file"] for entry in entries} == {upload}
    assert entries[1].data["subjects"] == [str(Hydrant.unscoped.get(code="A-3").pk)]


def test_a_row_may_point_to_one_that_comes_before_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "BATCH", 2)
    head = (*HEAD, "上游消火栓")
    desk.take_in(head, (*ROW, ""), (TOWN, "A-2", "西街", "A-1"), (TOWN, "A-3", "南街", "A-1"))
    assert {one.code: one.feeds_from and one.feeds_from.code for one in Hydrant.unscoped.all()} == {
        "A-1": None,
        "A-2": "A-1",
        "A-3": "A-1",
    }
    assert "后面第 3 行" in desk.faults(head, (TOWN, "B-1", "北街", "B-2"), (TOWN, "B-2", "北街", ""))[2][3]


def test_in_an_exercise_a_code_of_real_life_is_free_only_where_it_may_be(desk: Desk, world: World) -> None:
    hydrant(world.neighbour_town, code="A-1")
    clock = Clock.objects.create(
        origin_at=datetime(2026, 1, 1, tzinfo=UTC), started_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    drill = Exercise.objects.create(name="演练", clock=clock)
    other = Desk(acting(desk.ctx.actor))  # type: ignore[arg-type]  # somebody
    other.ctx.exercise = drill
    checked = other.check(xlsx(HEAD, (TOWN, "A-2", "东街")))
    assert other.apply(checked).state == TaskState.DONE
    assert Hydrant.unscoped.get(code="A-2").exercise == drill
    with pytest.raises(NotFound):
        importing.get_checked(desk.ctx, HYDRANTS, checked.task.pk)


# --- what is wrong with rows ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "text", "said"),
    [
        ("类型", "泉水", "泉水"),
        ("水压（kPa）", "很高", "整数"),
        ("水压（kPa）", -1, "0"),
        ("口径（mm）", "65.55", "小数"),
        ("完好", "也许", "“是”或“否”"),
        ("检查日期", "2026-02-30", "没有这一天"),
        ("检查日期", "昨天", "2026-01-31"),
        ("安装时间", "2026-01-31 25:00", "没有这一天或这一时刻"),
        ("安装时间", "2026-01-31 上午", "08:30"),
        ("用途", "灭火、洗车", "洗车"),
        ("位置", "39.38", "经度,纬度"),
        ("位置", "217.0,39.0", "经度,纬度"),
        ("上游消火栓", "没有的", "没有找到"),
        ("备注", "长" * 501, "最多 500 个字，现在是 501 个。请缩短。"),
        ("备注", "长" * 2001, "2,000"),
        ("备注", "=A1", "公式"),
        ("管护人电话", 1234567890123456789, "15 位"),
        ("备注", "#N/A", "公式出错"),
    ],
)
def test_a_wrong_cell_is_told_in_its_place(desk: Desk, heading: str, text: Any, said: str) -> None:
    faults = desk.faults((*HEAD, heading), (*ROW, text), (TOWN, "A-2", "西街", ""))
    assert list(faults) == [2]
    assert list(faults[2]) == [3]
    assert said in faults[2][3]


def test_key_name_and_unit_must_be_there(desk: Desk) -> None:
    faults = desk.faults(
        HEAD, (TOWN, "", "东街"), (TOWN, "A-2", ""), ("", "A-3", "东街"), (TOWN, "小写", "东街")
    )
    assert [list(faults[line]) for line in (2, 3, 4, 5)] == [[1], [2], [0], [1]]
    assert "大写字母" in faults[5][1]
    assert "没有这一列" in desk.faults(("编号", "名称"), ("A-9", "东街"))[2][WHOLE]


def test_a_key_in_two_lines_is_wrong_in_both(desk: Desk) -> None:
    faults = desk.faults(HEAD, ROW, (TOWN, "A-2", "西街"), (TOWN, " A-1 ", "南街"))
    assert {line: list(places) for line, places in faults.items()} == {2: [1], 4: [1]}
    assert "2、4" in faults[2][1]


def test_what_lies_outside_scope_cannot_be_named_or_taken(desk: Desk, world: World) -> None:
    hydrant(world.neighbour_town, code="N-1")
    assert "没有找到" in desk.faults(HEAD, (NEIGHBOUR, "A-1", "东街"))[2][0]
    assert "没有找到" in desk.faults(HEAD, ("乙一镇", "A-1", "东街"))[2][0]
    assert "已有相同编号" in desk.faults(HEAD, (TOWN, "N-1", "东街"))[2][1]
    assert "没有找到" in desk.faults((*HEAD, "上游消火栓"), (*ROW, "N-1"))[2][3]


def test_units_of_one_name_want_their_code(desk: Desk, world: World) -> None:
    from anlan.kernel.seeds import plant_unit  # noqa: PLC0415 - for this test

    plant_unit("T-1-1-9", "甲一镇", "township", world.district)
    assert "同名" in desk.faults(HEAD, ("甲一镇", "A-1", "东街"))[2][0]


def test_a_retired_record_is_left_alone(desk: Desk, world: World) -> None:
    from anlan.kernel.clock import real_now  # noqa: PLC0415 - for this test

    hydrant(world.town, code="A-1", retired_at=real_now())
    assert "已停用" in desk.faults(HEAD, ROW)[2][1]


def test_what_stands_under_no_heading_is_wrong(desk: Desk) -> None:
    faults = desk.faults((*HEAD, "", "备注"), (*ROW, "甲", "乙"), (TOWN, "A-2", "西街", "", "", "丙"))
    assert {line: list(places) for line, places in faults.items()} == {2: [3], 3: [5]}


def test_what_only_the_database_refuses_is_told_when_it_is_imported(desk: Desk) -> None:
    head = (*HEAD, "类型", "水压（kPa）")
    rows = (head, (*ROW, "取水码头", 300), (TOWN, "A-2", "西街", "取水码头", ""))
    checked = desk.check(xlsx(*rows))
    assert counts(checked) == (2, 0, 0, 0)
    task = desk.apply(checked)
    assert task.state == TaskState.FAILED
    assert "第 2 行" in task.error
    assert not Hydrant.unscoped.exists()
    result = desk.apply(checked, importing.GOOD).result
    assert (result["created"], result["skipped"]) == (1, 1)
    assert "第 2 行" in result["told"][0]
    assert only().code == "A-2"


# --- what is wrong with the file ------------------------------------------------------------------------------------


def problem(desk: Desk, content: bytes) -> str:
    checked = desk.check(content)
    assert checked.problems
    assert checked.task.file is not None, "what was uploaded is kept as long as the task"
    return " ".join(checked.problems)


def test_unknown_headings_are_told_with_the_nearest_known(desk: Desk) -> None:
    said = problem(desk, xlsx((*HEAD, "管护电话", "??", "名称"), ROW))
    assert "“管护电话”，最接近的是“管护人电话”" in said
    assert "不认识的列“??”" in said
    assert "两列都是“名称”" in said


def test_headings_are_known_however_they_are_spaced_out_or_marked(desk: Desk) -> None:
    head = ("所属 单位*", "编号（必填）", "名\u3000称", "水 压\n（kPa）(选填)")
    assert counts(desk.check(xlsx(head, (*ROW, 200)))) == (1, 0, 0, 0)


def test_a_title_above_the_headings_is_told(desk: Desk) -> None:
    said = problem(desk, xlsx(("消火栓一览表", "", ""), HEAD, ROW))
    assert "第一行应是列的标题：所属单位" in said
    assert "不认识" not in said


def test_codes_in_wide_letters_are_the_same_codes(desk: Desk, world: World) -> None:
    assert counts(desk.check(xlsx(HEAD, ("Ｔ－１－１－１", "Ａ－１", "Ａ街"), (TOWN, "A-1", "Ａ街"))))[3] == 2
    desk.take_in(HEAD, ("Ｔ－１－１－１", "Ａ－１", "Ａ街"))
    assert (only().unit, only().code, only().name) == (world.town, "A-1", "Ａ街")


def test_merged_cells_are_told_with_their_place(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def merged(*places: str) -> bytes:
        book = Workbook()
        for row in (HEAD, ROW, (TOWN, "A-2", "西街"), (TOWN, "A-3", '<mergeCell ref="X1">')):
            book.active.append(list(row))
        for place in places:
            book.active.merge_cells(place)
        kept = io.BytesIO()
        book.save(kept)
        return kept.getvalue()

    monkeypatch.setattr(reading, "MEGABYTE", 100)  # the places lie across what is read at once
    said = problem(desk, merged("A2:A3", "C2:C4"))
    for shown in ("2 处合并的单元格", "A2:A3", "C2:C4", "取消合并"):
        assert shown in said
    assert counts(desk.check(merged()))[0] == 3


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.4\n1 0 obj",
        b"<html><table><tr><td>a</td></tr></table></html>",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
    ],
)
def test_what_only_bears_the_name_of_a_table_is_told(desk: Desk, content: bytes) -> None:
    assert "不是可以导入的文件" in problem(desk, content)
    document = io.BytesIO()
    with zipfile.ZipFile(document, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    assert "不是可以导入的文件" in problem(desk, document.getvalue())


def test_the_unicode_text_of_excel_is_read(desk: Desk) -> None:
    rows = "\r\n".join("\t".join(row) for row in (HEAD, ROW))
    assert counts(desk.check(rows.encode("utf-16"))) == (1, 0, 0, 0)


def test_without_the_key_nothing_can_be_imported(desk: Desk) -> None:
    assert "缺少“编号”" in problem(desk, xlsx(("所属单位", "名称"), ("甲", "乙")))


@pytest.mark.parametrize("content", [xlsx(), xlsx(HEAD), csv(HEAD), b"\r\n\r\n"])
def test_a_table_without_rows_is_told(desk: Desk, content: bytes) -> None:
    said = problem(desk, content)
    assert "什么也没有" in said or "只有标题" in said


def test_a_truncated_workbook_is_told(desk: Desk) -> None:
    whole = xlsx(HEAD, *[(TOWN, f"A-{number}", "东街") for number in range(200)])
    for length in (100, len(whole) // 2, len(whole) - 10):
        assert "损坏" in problem(desk, whole[:length])


def test_a_workbook_whose_sheet_is_no_xml_is_told(desk: Desk) -> None:
    assert "损坏" in problem(desk, _altered(xlsx(HEAD, ROW), "xl/worksheets/sheet1.xml", b"<worksheet><row"))
    assert "损坏" in problem(desk, _altered(xlsx(HEAD, ROW), "xl/workbook.xml", b""))


def _altered(content: bytes, name: str, part: bytes) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(kept, "w") as new:
        for one in old.namelist():
            new.writestr(one, part if one == name else old.read(one))
    return kept.getvalue()


def test_a_bomb_is_not_unpacked(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_UNPACKED", 100_000)
    kept = io.BytesIO(xlsx(HEAD, ROW))
    with zipfile.ZipFile(kept, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/bomb", b"\0" * 1_000_000)
    assert "展开后过大" in problem(desk, kept.getvalue())


def test_an_old_workbook_and_what_is_no_table_are_told(desk: Desk) -> None:
    assert ".xls" in problem(desk, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    assert "编码" in problem(desk, b"\x89PNG\r\n\x1a\n\xff\xff\xff")


def test_too_many_rows_are_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_ROWS", 2)
    assert counts(desk.check(xlsx(HEAD, ROW, (TOWN, "A-2", "西街"))))[0] == 2
    assert "超过 2 行" in problem(desk, xlsx(HEAD, ROW, (TOWN, "A-2", "西街"), (TOWN, "A-3", "南街")))


def test_too_large_or_empty_a_file_is_refused_at_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "MOST_BYTES", 10)
    for content, code in ((b"x" * 11, "import_too_large"), (b"", "import_empty")):
        with pytest.raises(DomainError) as refused:
            importing.begin_check(desk.ctx, HYDRANTS, [content], "甲.csv")
        assert refused.value.code == code
    assert not LongTask.objects.exists()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_is_read_in_the_encodings_that_are_in_use(desk: Desk, encoding: str) -> None:
    desk.apply(desk.check(csv(HEAD, (TOWN, "A-1", "龘街"), encoding=encoding), "甲.csv"))
    assert only().name == "龘街"


@pytest.mark.parametrize("mark", [";", "\t"])
def test_csv_may_be_parted_by_other_marks(desk: Desk, mark: str) -> None:
    rows = (HEAD, (TOWN, "A-1", f'"东{mark}街"'))
    content = "\n".join(mark.join(row) for row in rows)
    assert counts(desk.check(content.encode(), "甲.csv")) == (1, 0, 0, 0)


def test_csv_with_an_open_quote_is_told(desk: Desk) -> None:
    assert "引号" in problem(desk, csv(HEAD, (TOWN, "A-1", '"东街')))


def test_a_cell_that_holds_a_nul_is_told(desk: Desk) -> None:
    assert "不可见" in faults_of(desk.check(csv(HEAD, (TOWN, "A-1", "东\0街")), "甲.csv"))[2][2]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_whatever_is_uploaded_is_read_or_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "upload"
    path.write_bytes(content)
    rows: list[reading.Row] = []
    with suppress(reading.Unreadable):
        rows = list(reading.read_table(path))
    assert all(any(row.cells) or row.faults for row in rows)


# --- choosing and applying ------------------------------------------------------------------------------------------


def test_wrong_rows_bar_all_or_nothing_and_are_skipped_otherwise(desk: Desk) -> None:
    checked = desk.check(xlsx(HEAD, ROW, (TOWN, "a", "西街")))
    assert counts(checked) == (1, 0, 0, 1)
    with pytest.raises(DomainError):
        importing.begin_import(desk.ctx, HYDRANTS, checked, importing.ALL)
    assert desk.apply(checked, importing.GOOD).result["created"] == 1
    assert only().code == "A-1"


def test_nothing_good_cannot_be_imported(desk: Desk) -> None:
    with pytest.raises(DomainError):
        importing.begin_import(
            desk.ctx, HYDRANTS, desk.check(xlsx(HEAD, (TOWN, "a", "西街"))), importing.GOOD
        )


def test_rows_are_judged_anew_when_they_are_imported(desk: Desk, world: World) -> None:
    checked = desk.check(xlsx(HEAD, ROW, (TOWN, "A-2", "西街")))
    hydrant(world.neighbour_town, code="A-1")  # somebody was faster
    task = desk.apply(checked)
    assert task.state == TaskState.FAILED
    assert "第 2 行" in task.error
    assert not Hydrant.unscoped.filter(code="A-2").exists()
    assert desk.apply(checked, importing.GOOD).result["skipped"] == 1
    assert Hydrant.unscoped.filter(code="A-2").exists()


def test_who_has_lost_the_right_meanwhile_imports_nothing(desk: Desk) -> None:
    checked = desk.check(xlsx(HEAD, ROW))
    task = importing.begin_import(desk.ctx, HYDRANTS, checked, importing.ALL)
    Grant.objects.filter(user=desk.ctx.actor).delete()
    assert desk.run(task).state == TaskState.FAILED
    assert not Hydrant.unscoped.exists()


def test_another_s_check_cannot_be_seen_or_imported(desk: Desk, world: World) -> None:
    checked = desk.check(xlsx(HEAD, ROW))
    with pytest.raises(NotFound):
        importing.get_checked(acting(world.officer), HYDRANTS, checked.task.pk)
    with pytest.raises(NotFound):
        importing.get_checked(desk.ctx, UNITS, checked.task.pk)


def test_who_may_only_read_can_have_nothing_checked(world: World) -> None:
    with pytest.raises(NotAllowed):
        importing.begin_check(acting(world.officer), HYDRANTS, [b"x"], "甲.csv")


def test_what_is_imported_is_what_was_checked(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    checked = desk.check(xlsx(HEAD, ROW))
    assert checked.task.file is not None
    monkeypatch.setattr(type(store()), "read", lambda *_: iter([b"[2, [], {}]\n"]))
    task = desk.apply(checked)
    assert (task.state, "重新上传" in task.error) == (TaskState.FAILED, True)


def test_a_check_is_forgotten_after_a_week(desk: Desk) -> None:
    from datetime import timedelta  # noqa: PLC0415 - for this test

    checked = desk.check(xlsx(HEAD, ROW))
    held = checked.task.file_id
    StoredFile.objects.update(stored_at=checked.task.ended_at - timedelta(days=30))
    files.sweep()
    assert StoredFile.objects.filter(pk=held).exists(), "held by the task"
    LongTask.objects.update(ended_at=checked.task.ended_at - timedelta(days=8))
    tasks.sweep()
    files.sweep()
    assert not StoredFile.objects.filter(pk=held).exists()
    gone = importing.get_checked(desk.ctx, HYDRANTS, checked.task.pk)
    with pytest.raises(DomainError):
        importing.begin_import(desk.ctx, HYDRANTS, gone, importing.ALL)


@pytest.mark.parametrize("breaks_off", [tasks.Cancelled, tasks.WorkerStops])
def test_an_import_that_ends_in_the_middle_leaves_nothing_and_can_run_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, breaks_off: type[BaseException]
) -> None:
    monkeypatch.setattr(importing, "BATCH", 2)
    checked = desk.check(xlsx(HEAD, *[(TOWN, f"A-{number}", "东街") for number in range(6)]))
    steps: list[int] = []

    def step(progress: tasks.Progress, number: int = 1) -> None:
        steps.append(number)
        if len(steps) == 2:
            raise breaks_off

    with monkeypatch.context() as broken:
        broken.setattr(tasks._Told, "step", step)
        task = importing.begin_import(desk.ctx, HYDRANTS, checked, importing.ALL)
        if breaks_off is tasks.Cancelled:
            assert desk.run(task).state == TaskState.CANCELLED
            task = importing.begin_import(desk.ctx, HYDRANTS, checked, importing.ALL)
        else:
            with pytest.raises(tasks.WorkerStops):
                desk.run(task)
    assert not Hydrant.unscoped.exists()
    assert desk.run(task).result["created"] == 6
    assert Hydrant.unscoped.count() == 6


def test_an_import_waits_for_another_of_the_same_register_and_may_be_cancelled_meanwhile(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = open_line()  # another worker's
    key, waited = [f"{importing.APPLY}:{HYDRANTS.prefix}"], []

    def go_on(seconds: float) -> None:
        waited.append(seconds)
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", key)

    monkeypatch.setattr(importing, "sleep", go_on)
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", key)
        assert desk.take_in(HEAD, ROW)["created"] == 1
    finally:
        other.close()
    assert waited == [importing.PAUSE]


# --- registers with acts of their own ---------------------------------------------------------------------------


def test_units_come_in_through_their_own_act_in_the_order_of_the_table(desk: Desk, world: World) -> None:
    units = Desk(desk.ctx, UNITS)
    head = ("上级单位", "代码", "名称", "类别")
    result = units.take_in(head, (TOWN, "V-1", "东村", "村"), ("V-1", "G-1", "一网格", "网格"))
    assert result["created"] == 2
    grid = Unit.unscoped.get(code="G-1")
    assert grid.path == f"{world.town.path}{grid.parent_id}.{grid.pk}."
    assert Unit.unscoped.filter(search__holds=question("dongcun")).exists()
    assert (
        units.take_in(head, (TOWN, "V-1", "东村", "村"), ("V-1", "G-1", "一网格", "网格"))["unchanged"] == 2
    )
    assert list(units.faults(("代码", "名称", "类别"), ("R-1", "无主", "村"))[2]) == [WHOLE]
    assert list(units.faults(head, ("", "R-1", "无主", "村"))[2]) == [0]
    assert "不能修改" in units.faults(head, (TOWN, "G-1", "一网格", "网格"))[2][0]
    assert units.take_in(("代码", "名称"), ("V-1", "东庄"))["changed"] == 1
    later = units.faults(
        head, ("V-8", "V-9", "西村", "村"), (TOWN, "V-8", "南村", "村"), ("无", "V-7", "北村", "村")
    )
    assert later == {
        2: {0: "它在后面第 3 行。请把那一行移到本行之前。"},
        4: {0: "没有找到，或不在您的管理范围内。"},
    }


@pytest.mark.parametrize("moment", ["0001-01-01 00:00", "9999-12-31 23:59"])
def test_a_moment_that_nobody_could_read_again_is_a_fault_of_its_cell(
    desk: Desk, world: World, moment: str
) -> None:
    head = (*HEAD, "安装时间")
    faults = desk.faults(head, (*ROW, moment))
    assert list(faults[2]) == [3]
    assert "1900" in faults[2][3]
