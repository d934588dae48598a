"""The duty lists: what each kind of unit owes, how far it is done, and who may lay down a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from anlan.kernel import duties, escalation
from anlan.kernel.clock import real_now
from anlan.kernel.models import Due, Entry, Obligation, Rule
from anlan.kernel.obligations import fulfil_obligations
from anlan.kernel.periods import local_date
from tests.cast import World, acting

if TYPE_CHECKING:
    from django.test import Client

DRILL = {"name": "组织综合演练", "source": "甲文件", "every": "year", "unit_kinds": ["township"], "count": 1}


@pytest.fixture
def drill(world: World) -> Rule:
    rule = duties.add_duty(acting(world.administrator), **DRILL)
    escalation.open_recurring(acting(world.administrator), local_date(real_now()))
    return rule


def of_officer(world: World) -> duties.Duty:
    [found] = duties.list_duties(acting(world.officer))
    return found


def test_every_unit_of_the_kind_owes_it_and_a_reader_counts_those_of_his_scope(
    world: World, drill: Rule
) -> None:
    assert Obligation.unscoped.filter(rule=drill).count() == 2
    found = of_officer(world)
    assert (found.owed, found.open, found.done, found.overdue) == (1, 1, 0, 0)


def test_what_is_done_is_counted(world: World, drill: Rule) -> None:
    mine = Obligation.unscoped.get(rule=drill, unit=world.town)
    fulfil_obligations(acting(world.clerk), [mine.pk], proof="12 月 1 日在镇政府组织，120 人参加")
    found = of_officer(world)
    assert (found.owed, found.open, found.done, found.late) == (1, 0, 1, 0)


def test_laying_one_down_wakes_the_scanner_and_is_written_down(world: World, drill: Rule) -> None:
    assert Due.objects.filter(kind=escalation.DAY).exists()
    assert Entry.objects.get(event="kernel.rule.added").data["code"] == drill.code


def test_a_kind_of_unit_narrows_the_list(world: World, drill: Rule) -> None:
    ctx = acting(world.officer)
    assert [duty.rule for duty in duties.list_duties(ctx, unit_kind="township")] == [drill]
    assert duties.list_duties(ctx, unit_kind="village") == []


def test_the_page_leads_to_who_owes_what(world: World, drill: Rule, door: Client) -> None:
    door.force_login(world.officer)
    page = door.get(reverse("duty_list")).content.decode()
    assert "组织综合演练" in page
    assert "0/1" in page
    assert f"rule={drill.code}" in page
    assert reverse("duty_create") not in page


def test_the_form_adds_one(world: World, door: Client) -> None:
    door.force_login(world.administrator)
    answer = door.post(reverse("duty_create"), {**DRILL, "reminders": "30 天、7 天"})
    rule = Rule.objects.get(name="组织综合演练")
    assert answer.headers["Location"] == reverse("rule_detail", args=[rule.pk])
    assert [span.days for span in rule.reminders] == [30, 7]


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"unit_kinds": ["palace"]}, {"every": "never"}, {"count": "0"}, {"region": "津"}]
)
def test_a_wrong_form_adds_none_and_keeps_what_was_typed(
    world: World, door: Client, wrong: dict[str, object]
) -> None:
    door.force_login(world.administrator)
    answer = door.post(reverse("duty_create"), {**DRILL, **wrong})
    assert answer.status_code == 200
    assert "甲文件" in answer.content.decode()
    assert not Rule.objects.exists()


def test_proof_can_be_attached_by_who_may_fulfil(world: World, drill: Rule, door: Client) -> None:
    mine = Obligation.unscoped.get(rule=drill, unit=world.town)
    door.force_login(world.clerk)
    assert "data-attachments" in door.get(reverse("obligation_detail", args=[mine.pk])).content.decode()
    assert door.get(reverse("attachments_of", args=["kernel.obligation", mine.pk])).status_code == 200
