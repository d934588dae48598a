"""Export: the list as it is narrowed, in three forms; personal data masked unless somebody may look and says why."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.contrib.gis.geos import Point
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from anlan.kernel import tasks
from anlan.kernel.errors import DomainError, NotAllowed, NotFound, SecondFactorNeeded
from anlan.kernel.models import Entry, LongTask, PrivateNote
from anlan.kernel.register import acts, exporting, reading, sheets
from anlan.kernel.terms import TaskState
from anlan.organisation.contact.models import ContactPoint
from anlan.organisation.contact.register import CONTACTS
from anlan.organisation.post.register import POSTS
from rooms.prevent.hydrant.register import HYDRANTS
from tests.cast import acting, enter
from tests.kernel.register.tables import Desk, read_xlsx
from tests.organisation.people import make_person
from tests.organisation.posts import make_post
from tests.prevent.hydrant.hydrants import hydrant

if TYPE_CHECKING:
    from pathlib import Path

    from django.test import Client

    from tests.cast import World

pytestmark = pytest.mark.django_db
PHONE, MASKED = "13800001234", "138••••1234"


def test_excel_holds_the_columns_in_the_list_s_order_and_scope(desk: Desk, world: World) -> None:
    hydrant(world.town, "西街", code="A-2", pressure_kpa=300, keeper_phone=PHONE)
    hydrant(world.town, "东街", code="A-1", note="=1+1")
    hydrant(world.neighbour_town, "北街", code="N-1")
    head, *rows = read_xlsx(desk.export("xlsx"))
    assert head[:5] == ["名称", "编号", "所属单位", "类型", "水压（kPa）"]
    assert [row[:2] for row in rows] == [["东街", "A-1"], ["西街", "A-2"]]
    assert rows[1][4] == 300
    assert rows[1][6] == MASKED
    assert rows[0][-1] == "=1+1"


def test_conditions_and_order_travel_along(desk: Desk, world: World) -> None:
    hydrant(world.town, "东街", kind="indoor")
    hydrant(world.town, "西街", kind="indoor")
    hydrant(world.district, "南街")
    names = [row[0] for row in read_xlsx(desk.export("xlsx", "kind=indoor&sort=-name"))[1:]]
    assert names == ["西街", "东街"]
    assert len(read_xlsx(desk.export("xlsx", f"unit={world.town.pk}"))) == 3
    with pytest.raises(NotFound):
        desk.export("xlsx", f"unit={world.neighbour_town.pk}")


def test_csv_begins_with_the_mark_of_utf_8_and_holds_no_formula(desk: Desk, world: World) -> None:
    hydrant(world.town, "=东街", note="-1+2")
    text = desk.export("csv")
    assert text.startswith(b"\xef\xbb\xbf")
    assert "'=东街" in text.decode()
    assert "'-1+2" in text.decode()


def test_geojson_has_a_feature_a_record(desk: Desk, world: World) -> None:
    hydrant(world.town, "东街", place=Point(117.05, 39.38, srid=4326))
    hydrant(world.town, "西街")
    first, second = desk.features()
    assert first["geometry"] == {"type": "Point", "coordinates": [117.05, 39.38]}
    assert first["properties"]["名称"] == "东街"
    assert second["geometry"] is None


def test_an_empty_list_makes_a_file_with_headings(desk: Desk) -> None:
    assert len(read_xlsx(desk.export("xlsx"))) == 1
    assert desk.features() == []


def test_personal_data_leaves_unmasked_with_right_and_reason_only(desk: Desk, world: World) -> None:
    hydrant(world.town, keeper_phone=PHONE)
    assert PHONE not in desk.export("csv").decode()
    assert PHONE in desk.export("csv", personal=True, reason="防汛通知").decode()
    entries = list(Entry.objects.filter(event="prevent.hydrant.exported").order_by("id"))
    assert [entry.data["personal"] for entry in entries] == [False, True]
    assert entries[1].data["rows"] == 1
    assert entries[1].unit_id == world.district.pk
    assert PrivateNote.objects.get(entry=entries[1], field="reason").text == "防汛通知"
    with pytest.raises(DomainError) as refused:
        exporting.begin_export(desk.ctx, HYDRANTS, "csv", "", personal=True, reason=" ")
    assert refused.value.code == "export_reason"


def test_who_may_not_look_gets_it_masked(world: World) -> None:
    ctx = acting(world.holder("prevent.hydrant.export"))
    assert exporting.begin_export(ctx, HYDRANTS, "csv", "").kind == exporting.EXPORT
    with pytest.raises(NotAllowed):
        exporting.begin_export(ctx, HYDRANTS, "csv", "", personal=True, reason="好奇")


def test_words_that_were_searched_for_are_kept_apart_from_the_entry(desk: Desk, world: World) -> None:
    hydrant(world.town)
    desk.export("csv", "q=%E6%9D%8E%E5%BB%BA%E5%9B%BD&kind=indoor")
    entry = Entry.objects.get(event="prevent.hydrant.exported")
    assert entry.data["conditions"] == "kind=indoor"
    assert PrivateNote.objects.get(entry=entry, field="words").text == "李建国"


def test_unmasked_data_leaves_with_a_second_factor_only(desk: Desk, world: World) -> None:
    hydrant(world.town, keeper_phone=PHONE)
    by_password = Desk(acting(desk.ctx.actor, second_factor=False))  # type: ignore[arg-type]  # somebody
    assert MASKED in by_password.export("csv").decode()
    with pytest.raises(SecondFactorNeeded):
        by_password.export("csv", personal=True, reason="防汛通知")
    assert PHONE in desk.export("csv", personal=True, reason="防汛通知").decode()


def test_a_file_of_unmasked_data_is_downloaded_with_a_second_factor_only(
    desk: Desk, world: World, door: Client
) -> None:
    hydrant(world.town, keeper_phone=PHONE)
    desk.export("csv", personal=True, reason="防汛通知")
    address = reverse("task_file", args=[LongTask.objects.get(kind=exporting.EXPORT).pk])
    door.force_login(desk.ctx.actor)  # type: ignore[arg-type]  # somebody
    refused = door.get(address)
    assert (refused.status_code, reverse("second_factor") in refused.content.decode()) == (403, True)
    enter(door, desk.ctx.actor)  # type: ignore[arg-type]  # somebody
    assert door.get(address).status_code == 200


def test_one_look_at_one_record_asks_for_none(desk: Desk, world: World) -> None:
    found = hydrant(world.town, keeper_phone=PHONE)
    by_password = acting(desk.ctx.actor, second_factor=False)  # type: ignore[arg-type]  # somebody
    assert acts.look(by_password, HYDRANTS, found.pk, reason="夜间漏水").keeper_phone == PHONE  # type: ignore[attr-defined]  # a hydrant


def test_personal_data_is_unmasked_only_where_one_may_look(desk: Desk, world: World) -> None:
    from anlan.kernel.models import Grant, Role  # noqa: PLC0415 - for this test

    hydrant(world.town, "东街", keeper_phone=PHONE)
    hydrant(world.neighbour_town, "西街", keeper_phone="13900005678")
    role = Role.objects.create(code="exporter", name="导出", capabilities=["prevent.hydrant.export"])
    Grant.objects.create(user=desk.ctx.actor, role=role, scope_root=world.city)
    desk.ctx.__dict__.pop("_held", None)
    text = desk.export("csv", personal=True, reason="防汛通知").decode()
    assert PHONE in text
    assert "139••••5678" in text


def test_the_file_is_for_who_asked_and_for_a_week(desk: Desk, world: World, door: Client) -> None:
    hydrant(world.town)
    desk.export("csv")
    task = LongTask.objects.get(kind=exporting.EXPORT)
    door.force_login(desk.ctx.actor)  # type: ignore[arg-type]  # somebody
    answer = door.get(reverse("task_file", args=[task.pk]))
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert (
        reverse("task_file", args=[task.pk])
        in door.get(reverse("task_detail", args=[task.pk])).content.decode()
    )
    door.force_login(world.officer)
    assert door.get(reverse("task_file", args=[task.pk])).status_code == 404
    LongTask.objects.update(ended_at=task.ended_at - timedelta(days=8))  # type: ignore[operator]  # it has ended
    tasks.sweep()
    door.force_login(desk.ctx.actor)  # type: ignore[arg-type]  # somebody
    assert door.get(reverse("task_file", args=[task.pk])).status_code == 404


def test_an_export_that_is_cancelled_leaves_no_file(
    desk: Desk, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    hydrant(world.town)

    def step(*_args: object) -> None:
        raise tasks.Cancelled

    monkeypatch.setattr(tasks._Told, "step", step)
    task = desk.run(exporting.begin_export(desk.ctx, HYDRANTS, "xlsx", ""))
    assert (task.state, task.file) == (TaskState.CANCELLED, None)
    assert not Entry.objects.filter(event="prevent.hydrant.exported").exists()


def test_what_was_exported_can_be_imported_again(desk: Desk, world: World) -> None:
    hydrant(
        world.town, "东街", keeper_phone=PHONE, uses=["fire"], bore_mm="65.5", works=False, note="'=",
        place=Point(117.05, 39.38, srid=4326), checked_on="2026-01-31", installed_at="2026-01-31T00:30:00Z",
    )  # fmt: skip
    for kind in ("xlsx", "csv"):
        checked = desk.check(desk.export(kind), f"甲.{kind}")
        assert not checked.problems
        assert (checked.found["unchanged"], checked.found["wrong"]) == (1, 0)
        assert desk.apply(checked).state == TaskState.DONE


@pytest.mark.usefixtures("desk")  # tasks run at once
def test_contact_points_that_were_exported_can_be_imported_again_person_by_name(world: World) -> None:
    at = Desk(acting(world.person("head", "unit_head", world.town)), CONTACTS)
    person = make_person(world.town, "王秀兰", code="P-1")
    head = ("所属单位", "人员", "方式", "号码", "私人号码", "编号")
    at.take_in(head, ("T-1-1-1", "王秀兰", "手机", "10000001234", "是", "L-1"))
    point = ContactPoint.unscoped.get()
    assert point.person == person
    checked = at.check(at.export("xlsx"))
    assert not checked.problems
    assert (checked.found["unchanged"], checked.found["wrong"]) == (1, 0)
    make_person(world.town, "王秀兰", code="P-2")
    said = at.faults(head, ("T-1-1-1", "王秀兰", "手机", "10000001235", "是", "L-2"))
    assert said == {2: {1: "有几个同名的，请填编号。"}}


@pytest.mark.usefixtures("desk")  # tasks run at once
def test_what_the_database_holds_once_is_told_when_it_is_checked(world: World) -> None:
    at = Desk(acting(world.person("founder", "security_administrator", world.district)), POSTS)
    head = ("所属单位", "编号", "岗位类别", "岗位名称")
    make_post(world.town, "liaison")
    make_post(world.town, "duty_contact", code="G-9")
    faults = at.faults(
        head,
        ("T-1-1-1", "G-1", "联络员", ""),
        ("T-1-1-1", "G-2", "值班联系人", ""),
        ("T-1-1-1", "G-3", "网格员", "东片"),
        ("T-1-1-1", "G-4", "网格员", "东片"),
        ("T-1-1", "G-5", "联络员", ""),
    )
    assert faults == {
        2: {3: "与一条没有编号的记录重复。请先为它填上编号。"},
        3: {3: "与编号为 G-9 的记录重复。"},
        5: {3: "与第 4 行重复。请只留一行。"},
    }
    rows = (head, ("T-1-1-1", "G-9", "值班联系人", ""), ("T-1-1", "G-5", "联络员", ""))
    assert at.take_in(*rows)["created"] == 1
    assert at.take_in(*rows)["unchanged"] == 2


words = (
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
    .map(str.strip)
    .filter(bool)
)


@given(rows=st.lists(st.lists(words, min_size=2, max_size=2), max_size=5))
def test_csv_and_excel_give_back_what_was_put_in(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    folder: Path = tmp_path_factory.mktemp("tables")
    for kind in (sheets.CSV, sheets.EXCEL):
        path = folder / kind
        table = sheets.table_at(path, kind, ["甲", "乙"])
        for row in rows:
            table.add(row)
        table.close()
        if kind == sheets.CSV:
            cells = [line for line in path.read_text("utf-8-sig").splitlines() if line]
            assert not any(line.startswith(("=", "+", "-", "@")) for line in cells)
        head, *back = reading.read_table(path)
        assert head.cells == ["甲", "乙"]
        assert [row.cells for row in back] == rows
        assert not any(row.faults for row in back)


def test_features_are_json_whatever_they_hold(tmp_path: Path) -> None:
    table = sheets.table_at(tmp_path / "one", sheets.GEOJSON, ["甲"])
    table.add(['"</script>\\'])
    table.add([1], Point(1, 2))
    table.close()
    found = json.loads((tmp_path / "one").read_text())["features"]
    assert [one["properties"]["甲"] for one in found] == ['"</script>\\', 1]
