"""One record of a register, and many: entered, changed, in conflict, retired, restored, looked at, set in bulk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from anlan.kernel.models import Entry, Grant, PrivateNote, Role
from anlan.kernel.register import acts
from rooms.prevent.hydrant.models import Hydrant
from rooms.prevent.hydrant.register import HYDRANTS
from tests.cast import acting
from tests.prevent.hydrant.hydrants import hydrant

if TYPE_CHECKING:
    from django.http import HttpResponse
    from django.test import Client

    from anlan.kernel.models import User
    from tests.cast import World

pytestmark = pytest.mark.django_db
PHONE = "13800001234"


@pytest.fixture
def browser(door: Client, keeper: User) -> Client:
    door.force_login(keeper)
    return door


def events(record: Hydrant) -> list[str]:
    found = Entry.objects.filter(subject=str(record.pk)).order_by("id")
    return [name.rpartition(".")[2] for name in found.values_list("event", flat=True)]


def form(record: Hydrant, **changed: Any) -> dict[str, Any]:
    """What the form sends back."""
    given = {
        "unit": record.unit_id,
        "name": record.name,
        "kind": record.kind,
        "works": "on" if record.works else "",
        "version": record.version,
    }
    return {name: value for name, value in (given | changed).items() if value != ""}


def edit(browser: Client, record: Hydrant, **data: Any) -> HttpResponse:
    answer: HttpResponse = browser.post(reverse("hydrant_edit", args=[record.pk]), data)
    return answer


def test_a_record_is_entered_with_a_field_of_every_kind(browser: Client, world: World) -> None:
    upstream = hydrant(world.district)
    given = {
        "unit": world.town.pk, "code": "A-1", "name": "东街", "kind": "shore", "bore_mm": "65.5", "works": "on",
        "checked_on": "2026-01-31", "installed_at": "2026-01-31 08:30", "uses": ["fire", "flush"],
        "keeper_phone": PHONE, "place": "117.05, 39.38", "feeds_from": upstream.pk, "note": "甲",
    }  # fmt: skip
    answer = browser.post(reverse("hydrant_create"), given)
    assert answer.status_code == 302, answer.content.decode()
    made = Hydrant.unscoped.get(code="A-1")
    assert (made.uses, made.place.coords, made.feeds_from) == (["fire", "flush"], (117.05, 39.38), upstream)
    assert events(made) == ["created"]
    text = browser.get(reverse("hydrant_detail", args=[made.pk])).content.decode()
    assert "灭火、冲洗" in text
    assert "117.05,39.38" in text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"code": "小写"}, "大写字母"),
        ({"name": ""}, "必填"),
        ({"unit": "10000000000"}, "没有找到，或不在您的管理范围内"),
        ({"place": "东边"}, "经度,纬度"),
        ({"pressure_kpa": "-5"}, "0"),
        ({"uses": ["wash"]}, "wash"),
        ({"checked_on": "2026-13-01"}, "日期"),
    ],
)
def test_wrong_input_is_told_and_what_was_typed_stays(
    browser: Client, world: World, wrong: dict[str, Any], said: str
) -> None:
    given = {"unit": world.town.pk, "code": "A-1", "name": "东街", "kind": "street", "note": "不要丢"}
    answer = browser.post(reverse("hydrant_create"), given | wrong)
    assert answer.status_code == 200
    text = answer.content.decode()
    assert said in text
    assert "不要丢" in text
    assert not Hydrant.unscoped.exists()


def test_a_code_that_is_taken_is_told_at_the_code(browser: Client, world: World) -> None:
    hydrant(world.neighbour_town, code="A-1")
    given = {"unit": world.town.pk, "code": "A-1", "name": "东街", "kind": "street"}
    assert "已有相同编号" in browser.post(reverse("hydrant_create"), given).content.decode()


def test_a_unit_out_of_reach_cannot_be_named(browser: Client, world: World) -> None:
    given = {"unit": world.neighbour_town.pk, "code": "A-1", "name": "东街", "kind": "street"}
    assert browser.post(reverse("hydrant_create"), given).status_code == 200
    assert not Hydrant.unscoped.exists()


@pytest.mark.parametrize("moment", ["0001-01-01T00:00", "9999-12-31T23:59"])
def test_a_moment_that_nobody_could_read_again_is_told_at_its_field(
    browser: Client, world: World, moment: str
) -> None:
    given = {"unit": world.town.pk, "code": "A-1", "name": "东街", "kind": "street", "installed_at": moment}
    assert browser.post(reverse("hydrant_create"), given).context["form"].errors.keys() == {"installed_at"}


def test_a_reference_that_no_key_can_be_is_told_at_its_field(browser: Client, world: World) -> None:
    given = {"unit": world.town.pk, "code": "A-1", "name": "东街", "kind": "street", "feeds_from": "x"}
    assert browser.post(reverse("hydrant_create"), given).context["form"].errors.keys() == {"feeds_from"}


def test_conditions_that_somebody_made_up_are_kept_without_what_no_address_holds(
    browser: Client, world: World
) -> None:
    answer = browser.post(reverse("hydrant_view_save"), {"name": "甲", "query": "q=a\0b\r\nSet-Cookie: c=d"})
    assert answer.headers["Location"] == f"{reverse('hydrant_list')}?q=abSet-Cookie:%20c=d"
    assert browser.post(reverse("hydrant_export"), {"kind": "csv", "query": "q=a\0b"}).status_code == 302


def test_who_was_slower_sees_both_versions_and_saves_on_the_newer(browser: Client, world: World) -> None:
    record = hydrant(world.town, "东街")
    assert edit(browser, record, **form(record, name="东门")).status_code == 302
    late = edit(browser, record, **form(record, name="西门", note="我的"))
    text = late.content.decode()
    assert late.status_code == 409
    for shown in ("东门", "西门", "我的"):
        assert shown in text
    record.refresh_from_db()
    assert (record.name, record.note) == ("东门", "")
    assert edit(browser, record, **form(record, name="西门")).status_code == 302
    record.refresh_from_db()
    assert (record.name, record.version) == ("西门", 3)
    assert events(record) == ["edited", "edited"]


def test_saving_without_a_change_makes_no_version_and_no_entry(browser: Client, world: World) -> None:
    record = hydrant(world.town)
    assert edit(browser, record, **form(record)).status_code == 302
    record.refresh_from_db()
    assert (record.version, events(record)) == (1, [])


def test_a_conflict_shows_personal_data_masked(browser: Client, world: World) -> None:
    record = hydrant(world.town, keeper_phone=PHONE)
    Hydrant.unscoped.filter(pk=record.pk).update(version=2)
    text = edit(browser, record, **form(record, keeper_phone="13900005678")).content.decode()
    assert PHONE not in text


def test_a_conflict_shows_what_no_column_shows_masked_as_well(
    browser: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = tuple(column for column in HYDRANTS.resolved if column.path != "keeper_phone")
    monkeypatch.setitem(HYDRANTS.__dict__, "resolved", shown)
    record = hydrant(world.town, keeper_phone=PHONE)
    Hydrant.unscoped.filter(pk=record.pk).update(version=2)
    late = edit(browser, record, **form(record, keeper_phone="13900005678"))
    [differing] = late.context["differing"]
    assert (differing["theirs"], differing["mine"]) == ("138••••1234", "139••••5678")


def test_retiring_and_restoring_happen_once(browser: Client, world: World) -> None:
    record = hydrant(world.town)
    retire, restore = (reverse(f"hydrant_{act}", args=[record.pk]) for act in ("retire", "restore"))
    assert browser.post(retire, {"reason": ""}).status_code == 200
    assert browser.post(retire, {"reason": "拆除"}).status_code == 302
    late = browser.post(retire, {"reason": "损坏"})
    assert late.status_code == 409
    for kept in ("损坏", "刚刚有了变更", "停用"):
        assert kept in late.content.decode()
    late = edit(browser, record, **form(record, version=2, name="改过的名称"))
    assert late.status_code == 409
    assert "该记录已停用，没有保存" in late.content.decode()
    assert "改过的名称" in late.content.decode()
    assert browser.post(restore).status_code == 302
    assert "不必恢复" in browser.post(restore, follow=True).content.decode()
    assert events(record) == ["retired", "restored"]
    record.refresh_from_db()
    assert (record.retired_at, record.version) == (None, 3)


def test_personal_data_is_shown_for_a_reason_which_is_kept(browser: Client, world: World) -> None:
    record = hydrant(world.town, keeper_phone=PHONE)
    look = reverse("hydrant_look", args=[record.pk])
    assert browser.post(look, {"reason": ""}).status_code == 302
    assert events(record) == []
    answer = browser.post(look, {"reason": "通知检修"})
    assert PHONE in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    entry = Entry.objects.get(event="prevent.hydrant.looked")
    assert (entry.data["fields"], PrivateNote.objects.get(entry=entry).text) == (["keeper_phone"], "通知检修")
    assert PHONE not in browser.get(reverse("hydrant_detail", args=[record.pk])).content.decode()


# --- many -----------------------------------------------------------------------------------------------------------


def test_bulk_sets_all_in_one_entry(browser: Client, world: World) -> None:
    records = [hydrant(world.town) for _number in range(3)]
    data = {"field": "kind", "id": [one.pk for one in records], "kind": "indoor"}
    assert "将修改 3 条记录" in browser.post(reverse("hydrant_bulk"), data).content.decode()
    assert browser.post(reverse("hydrant_bulk"), data | {"done": "1"}).status_code == 302
    assert set(Hydrant.unscoped.values_list("kind", "version")) == {("indoor", 2)}
    entry = Entry.objects.get(event="prevent.hydrant.edited")
    assert sorted(entry.data["subjects"]) == sorted(str(one.pk) for one in records)


def test_bulk_changes_none_where_one_is_out_of_reach(browser: Client, world: World) -> None:
    ours, theirs = hydrant(world.town), hydrant(world.neighbour_town)
    data = {"field": "kind", "id": [ours.pk, theirs.pk], "kind": "indoor", "done": "1"}
    late = browser.post(reverse("hydrant_bulk"), data)
    assert late.status_code == 409
    assert "其中 1 条刚被停用，或已不在您的管理范围内" in late.content.decode()
    assert str(ours.pk) in late.content.decode()
    assert str(theirs.pk) not in late.content.decode()
    assert browser.post(reverse("hydrant_bulk"), {**data, "id": [theirs.pk]}).status_code == 404
    assert set(Hydrant.unscoped.values_list("kind", flat=True)) == {"street"}


def test_bulk_refuses_other_fields_values_and_no_choice(browser: Client, world: World) -> None:
    record = hydrant(world.town)
    bulk = reverse("hydrant_bulk")
    assert browser.post(bulk, {"field": "note", "id": [record.pk]}).status_code == 404
    assert browser.post(bulk, {"field": "kind"}).status_code == 409
    assert browser.post(bulk, {"field": "kind", "id": ["x"]}).status_code == 409
    answer = browser.post(bulk, {"field": "kind", "id": [record.pk], "kind": "spring", "done": "1"})
    assert answer.status_code == 200
    with pytest.raises(ValueError, match="note"):
        acts.set_many(acting(world.officer), HYDRANTS, [record.pk], "note", "甲")


def test_bulk_moves_only_to_units_within_reach(browser: Client, world: World) -> None:
    record = hydrant(world.town)
    data = {"field": "unit", "id": [record.pk], "unit": world.neighbour_town.pk, "done": "1"}
    assert browser.post(reverse("hydrant_bulk"), data).status_code == 200
    assert browser.post(reverse("hydrant_bulk"), data | {"unit": world.district.pk}).status_code == 302
    record.refresh_from_db()
    assert record.unit == world.district


def test_who_edits_in_a_smaller_subtree_than_he_reads_in_cannot_edit_outside_it(
    door: Client, world: World
) -> None:
    user = world.holder("prevent.hydrant.read")
    role = Role.objects.create(code="editor", name="甲", capabilities=["prevent.hydrant.edit"])
    Grant.objects.create(user=user, role=role, scope_root=world.town)
    door.force_login(user)
    above, below = hydrant(world.district), hydrant(world.town)
    assert door.get(reverse("hydrant_detail", args=[above.pk])).status_code == 200
    assert door.get(reverse("hydrant_edit", args=[above.pk])).status_code == 404
    assert door.get(reverse("hydrant_edit", args=[below.pk])).status_code == 200
