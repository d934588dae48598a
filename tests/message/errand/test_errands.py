"""Errands: ordered once, told to whoever goes, owed, and written down at the door."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from anlan.kernel import rules
from anlan.kernel.context import Context
from anlan.kernel.errors import NotFound, StateConflict
from anlan.kernel.models import Entry, Obligation
from anlan.message.channel.models import Delivery
from anlan.message.channel.selectors import FILLS
from anlan.message.errand import services
from anlan.message.errand.models import Errand
from tests.cast import acting, enter
from tests.message.callouts import hold
from tests.message.errand.matrix import ORDERS, errand
from tests.organisation.people import make_contact

if TYPE_CHECKING:
    from django.test import Client

    from tests.cast import World

NODE = Context(None, powers=ORDERS)


def test_one_at_a_time_about_a_record(world: World) -> None:
    made = errand(world.town, about="7")
    door = services.Door(world.town.pk, "7", None, world.town.pk)
    assert services.order_errands(NODE, "callout.recipient", "甲", [door]) == []
    services.withdraw_errands(NODE, "callout.recipient", ["7"])
    assert len(services.order_errands(NODE, "callout.recipient", "甲", [door])) == 1
    made.refresh_from_db()
    assert made.state == "withdrawn"


def test_whoever_goes_is_told_by_the_unit_s_line_else_by_who_is_on_duty(world: World) -> None:
    hold(world.town, "duty_contact", "值班员", "10000000021")
    first = errand(world.town)
    assert set(Delivery.unscoped.filter(key=str(first.pk)).values_list("number", flat=True)) == {
        "10000000021"
    }
    make_contact(world.town, "000-22345678", kind="land_line")
    second = errand(world.town)
    assert set(Delivery.unscoped.filter(key=str(second.pk)).values_list("number", flat=True)) == {
        "000-22345678"
    }


def test_the_text_says_whom_to_find_and_where(world: World) -> None:
    made = errand(world.town)
    filled = FILLS["errand"]([str(made.pk)])[str(made.pk)]
    assert "甲一镇" in filled["name"]
    assert str(made.pk) in filled["link"]


def test_a_visit_is_owed_and_done_whatever_came_of_it(world: World) -> None:
    rules.load_all()
    made = errand(world.town)
    duty = Obligation.unscoped.get(subject=str(made.pk))
    assert duty.unit == world.town
    ctx = acting(world.holder("message.errand.visit"))
    services.record_visit(ctx, made.pk, result="absent", words="敲门无人应")
    duty.refresh_from_db()
    assert duty.state == "fulfilled"
    assert Entry.objects.filter(event="message.errand.failed").exists()


def test_a_visit_is_written_down_once_and_by_no_neighbour(world: World) -> None:
    made = errand(world.town)
    with pytest.raises(NotFound):
        services.record_visit(
            acting(world.holder("message.errand.visit", world.neighbour_town)),
            made.pk,
            result="self",
            words="",
        )
    ctx = acting(world.person("goer", "clerk", world.town))
    services.record_visit(ctx, made.pk, result="self", words="")
    with pytest.raises(StateConflict):
        services.record_visit(ctx, made.pk, result="absent", words="")


def test_withdrawing_recalls_who_was_told_and_what_is_owed(world: World) -> None:
    rules.load_all()
    hold(world.town, "duty_contact", "值班员", "10000000021")
    made = errand(world.town, about="9")
    assert services.withdraw_errands(NODE, "callout.recipient", ["9", "10"]) == 1
    assert Obligation.unscoped.get(subject=str(made.pk)).state == "withdrawn"
    assert not Delivery.unscoped.filter(key=str(made.pk), ended_at=None, state=0).exists()


def test_a_clerk_sees_his_errands_and_writes_down_the_result(world: World, door: Client) -> None:
    made = errand(world.town)
    errand(world.neighbour_town)
    clerk = world.person("goer", "clerk", world.town)
    enter(door, clerk)
    page = door.get(reverse("errand_list")).content.decode()
    assert page.count("暴雨红色预警") == 1
    assert "登记上门结果" in door.get(reverse("errand_detail", args=[made.pk])).content.decode()
    door.post(reverse("errand_visit", args=[made.pk]), {"result": "told", "words": "告知其妻"})
    made.refresh_from_db()
    assert (made.state, made.visited_by) == ("met", clerk)
    assert "已当面告知" in door.get(reverse("errand_list"), {"ended": "1"}).content.decode()


def test_without_a_result_the_form_says_so_and_keeps_what_was_typed(world: World, door: Client) -> None:
    made = errand(world.town)
    enter(door, world.person("goer", "clerk", world.town))
    page = door.post(reverse("errand_visit", args=[made.pk]), {"words": "写了很多"}).content.decode()
    assert "写了很多" in page
    assert Errand.unscoped.get(pk=made.pk).state == "open"
