"""What is said is marked, filled in, and never changed afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from anlan.kernel.errors import DomainError, NotAllowed, NotFound, SecondFactorNeeded, StateConflict
from anlan.kernel.models import Entry, PrivateNote, RowChange
from anlan.message.channel import services
from anlan.message.channel.models import Delivery, Wording
from anlan.message.channel.services.ordering import ForeignWording
from anlan.message.channel.terms import Channel, Order
from tests.cast import acting
from tests.message.channels import hand_over, make_carrier, make_exercise, program, queue
from tests.organisation.people import make_contact, make_person

if TYPE_CHECKING:
    from tests.cast import World

ONE = "10000000001"


def test_nobody_changes_or_deletes_what_was_said(world: World) -> None:
    queue(world.town, [ONE])
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        Wording.objects.update(body="别的话")
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        Wording.objects.filter(body__contains="")._raw_delete("default")


def test_the_ids_of_what_is_ordered_at_once_are_in_its_order(world: World) -> None:
    wording = services.keep_wording(program(), Channel.SMS, "甲", "请到岗。")
    orders = [Order(wording.pk, str(n), f"100{n:08}", world.town.pk) for n in range(5000)]
    services.queue_deliveries(program(), "callout", orders)
    found = list(Delivery.unscoped.order_by("pk").values_list("key", "id"))
    assert [key for key, _ in found] == [one.key for one in orders]
    assert {key.version for _, key in found} == {7}
    services.queue_deliveries(program(), "callout", orders)
    assert Delivery.unscoped.count() == 10_000, "in the same moment no two have the same"


def test_a_mark_that_is_there_is_not_put_twice(world: World) -> None:
    sham = make_carrier(world.city, "sham", simulated=True)
    queue(world.town, [ONE], exercise=make_exercise(), body="【演练】请到岗。")
    assert [item.text for item in hand_over(sham)] == ["【演练】请到岗。"]


def test_what_is_said_in_real_life_cannot_be_sent_in_an_exercise(world: World) -> None:
    wording = services.keep_wording(program(), Channel.SMS, "甲", "请到岗。")
    order = Order(wording.pk, "1", ONE, world.town.pk)
    with pytest.raises(ForeignWording), transaction.atomic():
        services.queue_deliveries(program(make_exercise()), "callout", [order])
    assert not Delivery.unscoped.exists()


def test_ordering_asks_for_the_capability(world: World) -> None:
    wording = services.keep_wording(acting(world.officer), Channel.SMS, "甲", "请到岗。")
    order = [Order(wording.pk, "1", ONE, world.town.pk)]
    assert services.queue_deliveries(acting(world.officer), "callout", order) == 1
    with pytest.raises(NotAllowed):
        services.queue_deliveries(acting(world.clerk), "callout", order)


# --- permits and tests ----------------------------------------------------------------------------------------------


def test_opening_a_real_carrier_needs_a_second_factor_and_a_reason(world: World) -> None:
    real, drill = make_carrier(world.city, "real"), make_exercise()
    leader = world.person("opener", "leader", world.city)
    with pytest.raises(SecondFactorNeeded):
        services.open_carrier(
            acting(leader, second_factor=False), real.pk, exercise_id=drill.pk, reason="实发"
        )
    with pytest.raises(ValidationError):
        services.open_carrier(acting(leader), real.pk, exercise_id=drill.pk, reason="  ")
    services.open_carrier(acting(leader), real.pk, exercise_id=drill.pk, reason="市里要求实发")
    entry = Entry.objects.get(event="message.channel.opened")
    assert entry.data["exercise"] == drill.pk
    assert "市里" not in str(entry.data)
    assert PrivateNote.objects.get(entry=entry).text == "市里要求实发"
    with pytest.raises(StateConflict):
        services.open_carrier(acting(leader), real.pk, exercise_id=drill.pk, reason="再来")


def test_only_real_carriers_in_reach_are_opened_and_closed(world: World) -> None:
    near, far = make_carrier(world.district, "near"), make_carrier(world.neighbour_district, "far")
    sham = make_carrier(world.district, "sham", simulated=True)
    ctx = acting(world.approver)
    permit = services.open_carrier(ctx, near.pk, exercise_id=None, reason="联调")
    with pytest.raises(NotFound):
        services.open_carrier(ctx, far.pk, exercise_id=None, reason="联调")
    with pytest.raises(ValidationError):
        services.open_carrier(ctx, sham.pk, exercise_id=None, reason="联调")
    neighbour = acting(world.person("neighbour-leader", "leader", world.neighbour_district))
    with pytest.raises(NotFound):
        services.close_carrier(neighbour, permit.pk)
    services.close_carrier(ctx, permit.pk)
    with pytest.raises(NotFound):
        services.close_carrier(ctx, permit.pk)


def test_a_test_goes_to_oneself_once_the_carrier_is_open_to_tests(world: World) -> None:
    real, other = make_carrier(world.city, "real", rank=2), make_carrier(world.city, "first")
    admin = world.administrator
    ctx = acting(admin)
    with pytest.raises(DomainError) as refused:
        services.send_test(ctx, real.pk)
    assert refused.value.code == "test_not_open"
    services.open_carrier(ctx, real.pk, exercise_id=None, reason="联调")
    with pytest.raises(DomainError) as refused:
        services.send_test(ctx, real.pk)
    assert refused.value.code == "test_no_number"
    make_contact(make_person(world.city, user=admin), ONE)
    services.send_test(ctx, real.pk)
    assert hand_over(other) == []
    (item,) = hand_over(real)
    assert item.number == ONE
    assert item.text.startswith("【测试】")


# --- carriers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        ("sms", "ftp://127.0.0.1/"),
        ("sms", "http://user:pass@127.0.0.1/"),
        ("sms", "http://"),
        ("sms", "http://127.0.0.1/?key=1"),
        ("sms", "http://[::1/"),
        ("sms", "http://127.0.0.1:99999/"),
        ("email", "https://127.0.0.1/"),
    ],
)
def test_an_address_that_cannot_be_is_refused(world: World, channel: str, address: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        make_carrier(world.city, "x", channel, address=address)
    assert list(wrong.value.message_dict) == ["address"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("rank", 0), ("batch", 0), ("batch", 501), ("pace_per_s", 0), ("price_cny", -1), ("driver", "none")],
)
def test_a_figure_that_cannot_be_is_refused_at_its_field(world: World, field: str, value: float) -> None:
    with pytest.raises(ValidationError) as wrong:
        services.create_carrier(
            acting(world.holder("message.channel.edit")),
            **{
                "unit": world.town,
                "code": "x",
                "name": "x",
                "driver": "sms_http",
                "address": "http://127.0.0.1",
                field: value,
            },
        )
    assert list(wrong.value.message_dict) == [field]


def test_a_carrier_s_state_leaves_no_history(world: World) -> None:
    real = make_carrier(world.city, "real")
    services.note_fault(program(), real.pk, [], "unreachable")
    assert not RowChange.objects.filter(table="channel_carrier").exists()
