"""The pages: choose, see what would change, start; and what they say where that can't be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anlan.kernel import tasks
from anlan.kernel.models import LongTask, Unit
from anlan.kernel.seeds import plant_unit, unit_by_code
from anlan.kernel.terms import TaskState
from anlan.organisation.division import selectors

if TYPE_CHECKING:
    from pathlib import Path

    from django.test import Client

    from tests.cast import World

WUQING = "/divisions/120114000000/"


@pytest.fixture
def admin(door: Client, world: World) -> Client:
    door.force_login(world.administrator)
    return door


def text(response: object) -> str:
    return response.content.decode()  # type: ignore[attr-defined,no-any-return]


def test_a_node_without_the_list_says_how_to_get_it(
    admin: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selectors, "get_folder", lambda: tmp_path)
    for address in ("/divisions/", WUQING):
        assert "./anlan divisions" in text(admin.get(address))


@pytest.mark.usefixtures("lists")
def test_one_chooses_level_by_level_or_by_name(admin: Client) -> None:
    assert "天津市" in text(admin.get("/divisions/"))
    below = text(admin.get("/divisions/?at=120000000000"))
    assert "武清区" in below
    assert "东城区" not in below
    found = text(admin.get("/divisions/?q=武清"))
    assert "120114000000" in found
    assert "东城区" not in found
    assert "没有名称或代码含" in text(admin.get("/divisions/?q=无此地"))
    assert "不设区县" in text(admin.get("/divisions/?at=441900000000"))


@pytest.mark.usefixtures("lists")
@pytest.mark.parametrize("address", ["/divisions/?at=abc", "/divisions/?at=999900000000", "/divisions/abc/"])
def test_what_is_no_division_is_not_found(admin: Client, address: str) -> None:
    assert admin.get(address).status_code == 404


@pytest.mark.usefixtures("lists")
def test_the_preview_tells_the_figures_and_changes_nothing(admin: Client, world: World, lists: Path) -> None:
    plant_unit("120114000000", "武清县", "district", world.city)
    plant_unit("120114101999", "旧村", "village", world.town)
    page = text(admin.get(WUQING))
    assert "武清县 → 武清区" in page
    assert "停用 1 个" in page
    assert "旧村" in page
    assert unit_by_code("120114000000").name == "武清县"
    (lists / "villages.csv").write_bytes(b"\xff\xfe")
    assert "UTF-8" in text(admin.get(WUQING))


@pytest.mark.usefixtures("lists")
def test_a_place_must_be_chosen_where_the_tree_has_none(admin: Client, world: World) -> None:
    refused = admin.post(WUQING, {"unit_words": "甲一"})
    assert "请查找并选定" in text(refused)
    assert 'value="甲一"' in text(refused)
    assert not LongTask.objects.exists()
    outside = plant_unit(None, "别处", "city", None)
    assert "没有找到" in text(admin.post(WUQING, {"unit": outside.pk}))
    assert not LongTask.objects.exists()


@pytest.mark.usefixtures("lists")
def test_words_to_search_for_hold_no_character_that_no_text_holds(admin: Client, world: World) -> None:
    refused = admin.post(WUQING, {"unit_words": "甲\0一", "find": "1"})
    assert refused.context["fields"][0]["words"] == "甲一"


@pytest.mark.usefixtures("lists")
def test_units_to_hang_it_below_are_found_within_scope(admin: Client, world: World) -> None:
    plant_unit(None, "甲外单位", "city", None)
    found = text(admin.get("/choices/units/organisation.division.import/unit/?unit_words=jia"))
    assert "甲一镇" in found
    assert "甲外单位" not in found


@pytest.mark.usefixtures("lists")
def test_the_import_runs_as_a_task_and_leads_to_what_it_changed(admin: Client, world: World) -> None:
    begun = admin.post(WUQING, {"unit": world.city.pk})
    task = LongTask.objects.get()
    assert begun.headers["Location"] == f"/tasks/{task.pk}/"
    assert not Unit.unscoped.filter(code="120114000000").exists()
    declared = tasks.of(task.kind)
    assert declared is not None
    result = declared.work(tasks._context_of(task), task.arguments, tasks.Progress())
    assert result == {"added": 11, "renamed": 0, "retired": 0, "url": f"/units/{world.city.pk}/"}
    assert task.state == TaskState.WAITING
    assert "单位与名录一致" in text(admin.get(WUQING))
    assert "武清区" in text(admin.get(result["url"]))


@pytest.mark.usefixtures("lists")
def test_a_new_node_s_own_unit_is_offered_to_become_the_division(door: Client, world: World) -> None:
    alone = plant_unit(None, "本级政府", "government", None)
    Unit.unscoped.exclude(pk=alone.pk).filter(parent=None).update(parent=alone)
    admin = world.holder(selectors.IMPORT, alone)
    door.force_login(admin)
    assert "“本级政府”就是该区划" in text(door.get(WUQING))
    assert "就是" not in text(door.get("/divisions/all/"))
    door.post(WUQING, {"place": "itself"})
    task = LongTask.objects.get()
    declared = tasks.of(task.kind)
    assert declared is not None
    declared.work(tasks._context_of(task), task.arguments, tasks.Progress())
    assert unit_by_code("120114000000") == alone
    assert "就是" not in text(door.get(WUQING))


@pytest.mark.usefixtures("lists")
@pytest.mark.parametrize("chosen", ["itself", "9" * 30, "abc"])
def test_what_is_no_unit_is_refused_at_the_field(admin: Client, chosen: str) -> None:
    assert "没有找到" in text(admin.post(WUQING, {"unit": chosen}))
    assert not LongTask.objects.exists()


@pytest.mark.usefixtures("lists")
def test_the_whole_country_is_not_compared_while_somebody_waits(
    admin: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selectors, "get_comparison", None)
    page = text(admin.get("/divisions/all/"))
    assert "不先逐个比较" in page
    assert "开始导入" in page
    assert admin.post("/divisions/all/", {"unit": world.city.pk}).status_code == 302
