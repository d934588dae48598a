"""Kinds of warning: what comes with us, who uses whose kinds, and what is said for each colour."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from anlan.kernel.errors import NotAllowed, NotFound, StateConflict
from anlan.kernel.models import Entry
from anlan.kernel.terms import WarningColour
from anlan.watch.kind import selectors, services
from anlan.watch.kind.models import WarningKind, WarningTemplate
from tests.cast import World, acting
from tests.watch.kinds import make_kind

if TYPE_CHECKING:
    from django.test import Client

EDIT = "watch.kind.edit"
CMA = {
    "台风": "blue yellow orange red",
    "暴雨": "blue yellow orange red",
    "暴雪": "blue yellow orange red",
    "寒潮": "blue yellow orange red",
    "大风": "blue yellow orange red",
    "沙尘暴": "yellow orange red",
    "高温": "yellow orange red",
    "干旱": "orange red",
    "雷电": "yellow orange red",
    "冰雹": "orange red",
    "霜冻": "blue yellow orange",
    "大雾": "yellow orange red",
    "霾": "yellow orange red",
    "道路结冰": "yellow orange red",
}


def test_the_fourteen_signals_come_with_their_colours_criteria_and_guidance() -> None:
    rows = {row["name"]: row for row in selectors.list_standard()}
    assert {name: " ".join(rows[name]["colours"]) for name in CMA} == CMA
    assert {"雷雨大风", "森林火险", "低温", "地质灾害气象风险", "重污染天气"} < set(rows)
    for row in rows.values():
        assert row["source"]
        assert re.fullmatch(r"11[A-Z]\d\d", row["event_type"])
        for said in row["colours"].values():
            assert said["criteria"].endswith("。")
            assert 20 < len(said["guidance"]) < 160


def test_what_was_not_checked_against_its_source_says_so() -> None:
    rows = {row["name"]: row for row in selectors.list_standard()}
    assert rows["暴雨"]["certain"]
    assert not rows["森林火险"]["certain"]
    assert rows["暴雪"]["colours"]["blue"]["certain"]
    assert not rows["暴雪"]["colours"]["red"]["certain"]


def test_the_measures_of_article_67_are_for_orange_and_red_alone() -> None:
    def articles(colour: WarningColour) -> set[str]:
        return {one.code.split("-")[0] for one in selectors.list_measures_for(colour)}

    assert articles(WarningColour.BLUE) == articles(WarningColour.YELLOW) == {"64", "65", "66"}
    assert articles(WarningColour.ORANGE) == articles(WarningColour.RED) == {"64", "65", "66", "67"}


def test_kinds_are_taken_over_once_and_used_by_all_below(world: World) -> None:
    ctx = acting(world.holder(EDIT))
    made = services.load_standard_kinds(ctx, world.district)
    assert len(made) == len(selectors.list_standard())
    assert services.load_standard_kinds(ctx, world.district) == []
    assert services.load_standard_kinds(ctx, world.town) == [], "the district's kinds hold in the town"
    entry = Entry.objects.get(event="watch.kind.loaded")
    assert entry.data["templates"] == WarningTemplate.unscoped.count()
    clerk = acting(world.holder("watch.warning.draft", world.town))
    used = selectors.list_kinds_of(clerk, world.town, "watch.warning.draft")
    assert {kind.unit for kind in used} == {world.district}
    with pytest.raises(NotAllowed):
        services.load_standard_kinds(ctx, world.neighbour_town)
    with pytest.raises(NotAllowed):
        selectors.list_kinds_of(clerk, world.district, "watch.warning.draft")


def test_a_unit_s_own_kind_takes_the_place_of_the_one_above(world: World) -> None:
    make_kind(world.district)
    own = WarningKind.unscoped.create(
        unit=world.town, name="暴雨", event_type="11B03", authority="甲", colours=["red"], source="甲"
    )
    clerk = acting(world.holder("watch.warning.draft", world.town))
    used = {one.name: one for one in selectors.list_kinds_of(clerk, world.town, "watch.warning.draft")}
    assert used["暴雨"] == own
    assert used["大风"].unit == world.district


def test_orange_and_red_are_for_a_leader_unless_the_kind_says_otherwise(world: World) -> None:
    kind = make_kind(world.district)
    assert [kind.needs_leader(colour) for colour in WarningColour] == [True, True, False, False]
    assert kind.needs_leader("blue", "red")
    frost = make_kind(world.district, "霜冻")
    assert frost.leader_colours == ["orange"], "it knows no red"


def test_a_code_that_is_none_is_refused_at_its_field(world: World, door: Client) -> None:
    kind = make_kind(world.district)
    door.force_login(world.holder(EDIT))
    given = {"name": kind.name, "event_type": "11I03", "authority": "甲", "colours": ["red"], "version": 1}
    page = door.post(reverse("kind_edit", args=[kind.pk]), given).content.decode()
    assert "五位代码，如 11B03。" in page


def test_a_template_is_written_once_and_the_second_writer_is_told(world: World) -> None:
    kind = make_kind(world.district)
    ctx = acting(world.holder(EDIT))
    said = {"guidance": "往高处走。", "hours": 4}
    template = services.write_template(ctx, kind.pk, "red", version=1, **said)
    assert (template.guidance, template.hours, template.version) == ("往高处走。", 4, 2)
    assert Entry.objects.get(event="watch.kind.template_written").data["fields"] == ["guidance", "hours"]
    with pytest.raises(StateConflict):
        services.write_template(ctx, kind.pk, "red", version=1, **said)
    with pytest.raises(NotFound):
        services.write_template(ctx, make_kind(world.neighbour_town).pk, "red", version=1, **said)


def test_kinds_are_taken_over_and_a_template_is_written_on_pages(world: World, door: Client) -> None:
    door.force_login(world.person("keeper", "leader", world.district))
    kind = None
    page = door.get(reverse("kind_list")).content.decode()
    assert reverse("kind_load") in page
    assert "气象灾害预警信号发布与传播办法" in door.get(reverse("kind_load")).content.decode()
    done = door.post(reverse("kind_load"), {"unit": world.district.pk}, follow=True).content.decode()
    assert "已装入 23 种" in done
    kind = WarningKind.unscoped.get(name="暴雨")
    page = door.get(reverse("kind_detail", args=[kind.pk])).content.decode()
    assert "由领导审批，须两步验证" in page
    assert "值班员可以审批" in page
    address = reverse("kind_template", args=[kind.pk, "red"])
    refused = door.post(address, {"guidance": "", "hours": "3", "version": "1", "criteria": "甲乙丙"})
    assert "甲乙丙" in refused.content.decode(), "what was typed stays"
    given = {"guidance": "往高处走。", "hours": "3", "version": "1", "measures": ["66-1"]}
    assert "往高处走。" in door.post(address, given, follow=True).content.decode()
    assert WarningTemplate.unscoped.get(kind=kind, colour="red").measures == ["66-1"]
