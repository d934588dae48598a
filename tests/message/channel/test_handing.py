"""Taking deliveries for carriers: who may have what, in which order, how fast, and what comes of failures."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.db import connection, transaction

from anlan.kernel import exercises
from anlan.kernel.clock import real_now
from anlan.kernel.models import Entry, Exercise, NodeState, Parked
from anlan.kernel.relays import Relay
from anlan.message.channel import selectors, services
from anlan.message.channel.models import Carrier, CarrierPermit, CarrierState, Delivery
from anlan.message.channel.terms import Channel, DeliveryState, Fault, Outcome, Priority
from tests.cast import acting, make_world
from tests.message.channels import (
    Watch,
    claimed,
    hand_over,
    make_carrier,
    make_exercise,
    program,
    queue,
    stop_clock,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.cast import World

ONE, TWO, THREE = "10000000001", "10000000002", "10000000003"


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    return stop_clock(monkeypatch)


def ready() -> set[str]:
    """The carriers that a sender would wake now."""
    now = real_now() + timedelta(seconds=1)
    return {one.code for one in selectors.list_ready(now, now - services.GIVEN_UP)}


# --- who may have what ----------------------------------------------------------------------------------------------


def make_sides(world: World) -> dict[str, Exercise | None]:
    """A real carrier and a simulated one; something waits in real life, in an exercise and of a test."""
    make_carrier(world.city, "real")
    make_carrier(world.city, "sham", simulated=True)
    drill = make_exercise()
    queue(world.town, [ONE])
    queue(world.town, [TWO], exercise=drill)
    queue(world.town, [THREE], is_test=True)
    return {"drill": drill, "tests": None}


def carrier(code: str) -> Carrier:
    found: Carrier = Carrier.unscoped.get(code=code)
    return found


def test_an_exercise_and_a_test_never_reach_a_real_carrier(world: World) -> None:
    make_sides(world)
    assert ready() == {"real", "sham"}
    assert claimed(carrier("real")) == [ONE]
    assert claimed(carrier("real")) == []
    assert sorted(claimed(carrier("sham"))) == [TWO, THREE]


def test_without_a_simulation_an_exercise_waits_beside_a_real_carrier(world: World) -> None:
    real = make_carrier(world.city, "real")
    queue(world.town, [TWO], exercise=make_exercise())
    assert claimed(real) == []
    assert ready() == set()


def test_a_real_delivery_never_reaches_a_simulation(world: World) -> None:
    sham = make_carrier(world.city, "sham", simulated=True)
    queue(world.town, [ONE])
    assert claimed(sham) == []
    assert ready() == set()


def test_in_a_demo_a_simulation_stands_for_the_real_thing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sham = make_carrier(world.city, "sham", simulated=True)
    queue(world.town, [ONE])
    monkeypatch.setitem(settings.ANLAN.__dict__, "mode", "demo")
    assert ready() == {"sham"}
    assert claimed(sham) == [ONE]


@pytest.mark.parametrize(("side", "number"), [("drill", TWO), ("tests", THREE)])
def test_a_real_carrier_serves_what_it_was_opened_to_and_nothing_else(
    world: World, side: str, number: str
) -> None:
    opened_to = make_sides(world)[side]
    ctx = acting(world.person("opener", "leader", world.city))
    exercise_id = opened_to.pk if opened_to else None
    permit = services.open_carrier(ctx, carrier("real").pk, exercise_id=exercise_id, reason="联调")
    assert sorted(claimed(carrier("real"))) == sorted([ONE, number])
    services.close_carrier(ctx, permit.pk)
    queue(world.town, [THREE], exercise=opened_to, is_test=opened_to is None)
    assert claimed(carrier("real")) == []


def test_a_permit_to_one_exercise_opens_nothing_to_another(world: World) -> None:
    real = make_carrier(world.city, "real")
    CarrierPermit.objects.create(carrier=real, exercise=make_exercise("防汛演练"))
    queue(world.town, [TWO], exercise=make_exercise("森林防火演练"))
    assert claimed(real) == []


def test_a_carrier_of_an_exercise_serves_that_exercise_only(world: World) -> None:
    drill, other = make_exercise(), make_exercise()
    own = make_carrier(world.city, "own", simulated=True, exercise=drill)
    queue(world.town, [ONE], exercise=other)
    queue(world.town, [TWO], exercise=drill)
    queue(world.town, [THREE], is_test=True)
    assert claimed(own) == [TWO]


@pytest.mark.django_db(transaction=True)
def test_closing_waits_for_who_is_taking_and_nothing_is_taken_after_it() -> None:
    world = make_world()
    real, drill = make_carrier(world.city, "real"), make_exercise()
    ctx = acting(world.person("opener", "leader", world.city))
    permit = services.open_carrier(ctx, real.pk, exercise_id=drill.pk, reason="实发演练")
    queue(world.town, [ONE], exercise=drill)
    taking, closed = threading.Event(), threading.Event()
    taken: list[str] = []

    def take() -> None:
        with transaction.atomic():
            taken.extend(claimed(real))
            taking.set()
            closed.wait(0.3)
            assert not closed.is_set(), "the permit was closed under a claim that relies on it"
        connection.close()

    def close() -> None:
        taking.wait(5)
        services.close_carrier(ctx, permit.pk)
        closed.set()
        connection.close()

    run_together(take, close)
    assert taken == [ONE]
    assert closed.is_set()
    queue(world.town, [TWO], exercise=drill)
    assert claimed(real) == []


def run_together(*works: Callable[[], None]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)


def test_a_held_node_sends_nothing(world: World) -> None:
    sms = make_carrier(world.city)
    queue(world.town, [ONE])
    NodeState.objects.create(pk=1, held_since=real_now())
    assert claimed(sms) == []
    assert ready() == set()
    NodeState.objects.filter(pk=1).update(held_since=None)
    assert claimed(sms) == [ONE]


# --- order and pace -------------------------------------------------------------------------------------------------


def test_the_most_urgent_goes_first_then_the_oldest(world: World) -> None:
    sms = make_carrier(world.city, batch=2)
    queue(world.town, [ONE])
    queue(world.town, [TWO])
    queue(world.town, [THREE], priority=Priority.FLASH)
    assert claimed(sms) == [THREE, ONE]
    assert claimed(sms) == [TWO]


def test_a_pace_is_kept_to_and_nothing_of_it_is_lost(world: World, watch: Watch) -> None:
    sms = make_carrier(world.city, pace_per_s=20)
    queue(world.town, [str(10000000000 + number) for number in range(200)])
    sent = []
    for _look in range(200):  # every 50 ms, ten seconds long
        sent.append(len(claimed(sms)))
        watch.pass_(0.05)
    assert sum(sent) == 200
    assert (
        max(sum(sent[at : at + 20]) for at in range(len(sent) - 20)) <= 22
    )  # a second's worth, and the credit


def test_two_senders_together_keep_to_the_pace(world: World, watch: Watch) -> None:
    sms = make_carrier(world.city, pace_per_s=10)
    queue(world.town, [str(10000000000 + number) for number in range(100)])
    both = 0
    for _look in range(20):  # two seconds
        both += len(claimed(sms)) + len(claimed(sms))
        watch.pass_(0.1)
    assert 19 <= both <= 22


def test_a_slow_pace_has_no_burst_after_a_rest(world: World, watch: Watch) -> None:
    sms = make_carrier(world.city, pace_per_s=0.5)
    queue(world.town, [ONE, TWO, THREE])
    assert claimed(sms) == [ONE]
    watch.pass_(1)
    assert claimed(sms) == []
    watch.pass_(60)
    assert claimed(sms) == [TWO]
    watch.pass_(1.8)
    assert claimed(sms) == []
    watch.pass_(0.2)
    assert claimed(sms) == [THREE]


# --- leases ---------------------------------------------------------------------------------------------------------


def test_what_is_leased_is_nobody_else_s_and_comes_back_to_the_same_carrier(
    world: World, watch: Watch
) -> None:
    first, second = make_carrier(world.city, "a"), make_carrier(world.city, "b")
    delivery, *_ = queue(world.town, [ONE])
    (item,) = services.claim_deliveries(program(), first.pk)
    assert claimed(first) == claimed(second) == []
    watch.pass_(services.LEASE.total_seconds() + 1)  # who took it was killed
    assert claimed(second) == [], "it may be in the first one's hands"
    (again,) = services.claim_deliveries(program(), first.pk)
    assert (again.id, again.attempt) == (item.id, 2)
    delivery.refresh_from_db()
    assert delivery.attempts == 2


def test_what_may_be_with_a_carrier_that_is_away_for_good_goes_to_another(world: World, watch: Watch) -> None:
    first, second = make_carrier(world.city, "a"), make_carrier(world.city, "b", rank=2)
    queue(world.town, [ONE])
    for _ in range(2):
        ids = [item.id for item in services.claim_deliveries(program(), first.pk)]
        services.note_fault(program(), first.pk, ids, Fault.UNREACHABLE, may_be_there=True)
        watch.pass_(5)
    assert claimed(second) == []
    watch.pass_(services.GIVEN_UP.total_seconds())
    assert claimed(second) == [ONE]


def test_a_late_outcome_of_a_lease_that_ran_out_counts(world: World, watch: Watch) -> None:
    sms = make_carrier(world.city)
    (delivery,) = queue(world.town, [ONE])
    (item,) = services.claim_deliveries(program(), sms.pk)
    watch.pass_(20)
    services.claim_deliveries(program(), sms.pk)
    for _ in range(2):
        services.note_outcomes(program(), sms.pk, [Outcome(item.id, "r1")])
    delivery.refresh_from_db()
    assert (delivery.state, delivery.carrier_ref) == (DeliveryState.HANDED, "r1")


# --- failures -------------------------------------------------------------------------------------------------------


def test_what_would_fail_again_is_over_and_told(world: World) -> None:
    sms = make_carrier(world.city)
    delivery, fine = queue(world.town, [ONE, TWO])
    services.claim_deliveries(program(), sms.pk)
    outcomes = [Outcome(delivery.pk, fault="no_number", permanent=True), Outcome(fine.pk, "r")]
    services.note_outcomes(program(), sms.pk, outcomes)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.permanent, delivery.fault) == (DeliveryState.FAILED, True, "no_number")
    entry = Entry.objects.get(event="message.channel.failed")
    assert entry.data["keys"] == [delivery.key]
    assert (entry.data["use"], entry.data["deliveries"]) == ("callout", [str(delivery.pk)])


def test_what_passes_is_tried_again_with_growing_pauses_until_it_is_enough(
    world: World, watch: Watch
) -> None:
    sms = make_carrier(world.city)
    (delivery,) = queue(world.town, [ONE])
    pauses = []
    for _try in range(8):
        waited = 0
        while not (items := services.claim_deliveries(program(), sms.pk)):
            watch.pass_(1)
            waited += 1
            assert waited < 200
        pauses.append(waited)
        services.note_outcomes(program(), sms.pk, [Outcome(items[0].id, fault="busy")])
    delivery.refresh_from_db()
    assert pauses == [0, 1, 2, 4, 8, 16, 32, 60]
    assert (delivery.state, delivery.permanent, delivery.attempts) == (DeliveryState.FAILED, False, 8)
    assert not Entry.objects.filter(event="message.channel.failed").exists()


def test_what_one_carrier_does_not_want_another_may_have(world: World, watch: Watch) -> None:
    first, second = make_carrier(world.city, "a"), make_carrier(world.city, "b")
    queue(world.town, [ONE])
    (item,) = services.claim_deliveries(program(), first.pk)
    services.note_outcomes(program(), first.pk, [Outcome(item.id, fault="not_now")])
    watch.pass_(2)
    assert claimed(second) == [ONE]


def test_a_carrier_that_is_down_is_passed_over_tried_and_taken_back(world: World, watch: Watch) -> None:
    first, second = make_carrier(world.city, "a"), make_carrier(world.city, "b", rank=2)
    queue(world.town, [ONE, TWO, THREE])
    assert claimed(second) == [], "the first is up"
    for _ in range(2):
        ids = [item.id for item in services.claim_deliveries(program(), first.pk)]
        services.note_fault(program(), first.pk, ids, Fault.UNREACHABLE)
        watch.pass_(1.5)
    assert Entry.objects.filter(event="message.channel.went_down", subject=str(first.pk)).count() == 1
    assert len(claimed(second)) == 3
    queue(world.town, [ONE, TWO])
    watch.pass_(10)
    assert len(hand_over(first)) == 1, "one is risked on it"
    assert Entry.objects.filter(event="message.channel.came_back", subject=str(first.pk)).count() == 1
    assert CarrierState.objects.get(pk=first.pk).down_since is None
    assert claimed(second) == []
    assert len(claimed(first)) == 1


def test_after_a_failure_one_message_is_risked_and_no_more(world: World, watch: Watch) -> None:
    sms = make_carrier(world.city)
    queue(world.town, [ONE, TWO, THREE])
    ids = [item.id for item in services.claim_deliveries(program(), sms.pk)]
    services.note_fault(program(), sms.pk, ids, Fault.UNREACHABLE, may_be_there=True)
    watch.pass_(2)
    assert len(hand_over(sms)) == 1
    assert len(claimed(sms)) == 2


def test_a_carrier_that_asks_for_a_rest_gets_it_and_is_not_down(world: World, watch: Watch) -> None:
    sms = make_carrier(world.city)
    queue(world.town, [ONE])
    for _ in range(3):
        ids = [item.id for item in services.claim_deliveries(program(), sms.pk)]
        services.note_fault(program(), sms.pk, ids, Fault.THROTTLED, pause=timedelta(seconds=7))
        watch.pass_(6.9)
        assert claimed(sms) == []
        watch.pass_(0.2)
    assert CarrierState.objects.get(pk=sms.pk).down_since is None
    assert claimed(sms) == [ONE]


def test_a_dead_carrier_blocks_no_other_channel(world: World, watch: Watch) -> None:
    sms, voice = make_carrier(world.city), make_carrier(world.city, "voice-1", "voice")
    for _ in range(5):
        services.note_fault(program(), sms.pk, [], Fault.UNREACHABLE)
    queue(world.town, [ONE])
    queue(world.town, [TWO], channel=Channel.VOICE)
    assert claimed(voice) == [TWO]
    assert ready() == set()  # the dead one rests, the other has what there was


# --- texts, digits, calling off -------------------------------------------------------------------------------------


def test_an_exercise_and_a_test_say_so_before_anything_else(world: World) -> None:
    sham = make_carrier(world.city, "sham", simulated=True)
    queue(world.town, [ONE], exercise=make_exercise(), body="请到岗。")
    queue(world.town, [TWO], is_test=True, body="请到岗。")
    texts = {item.number: (item.subject, item.text) for item in hand_over(sham)}
    assert texts[ONE] == ("【演练】暴雨红色预警", "【演练】请到岗。")
    assert texts[TWO] == ("【测试】暴雨红色预警", "【测试】请到岗。")


def test_places_are_filled_by_who_ordered_and_only_they(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sms = make_carrier(world.city)
    monkeypatch.setitem(
        selectors.FILLS, "kitchen", lambda keys: {key: {"name": f"第{key}位"} for key in keys}
    )
    queue(world.town, [ONE, TWO], use="kitchen", body="{name}：{{x}} {0} {link}%s{reply}")
    filled = {item.text for item in hand_over(sms)}  # of one moment, in any order
    assert filled == {"第1位：{{x}} {0} %s1", "第2位：{{x}} {0} %s1"}


def test_who_cannot_fill_places_does_not_keep_the_message_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_keys: Sequence[str]) -> dict[str, dict[str, str]]:
        Delivery.unscoped.create()  # the database refuses that
        raise AssertionError

    sms = make_carrier(world.city)
    monkeypatch.setitem(selectors.FILLS, "kitchen", broken)
    queue(world.town, [ONE], use="kitchen", body="{name}请到岗")
    assert [item.text for item in hand_over(sms)] == ["请到岗"]


def test_each_open_matter_of_a_number_has_a_digit_of_its_own(world: World) -> None:
    sms = make_carrier(world.city)
    queue(world.town, [ONE, ONE, TWO], body="请回复{reply}")
    assert sorted((item.number, item.text[-1]) for item in hand_over(sms)) == [
        (ONE, "1"),
        (ONE, "2"),
        (TWO, "1"),
    ]
    queue(world.town, [ONE, TWO], body="请回复{reply}", first_key=9)
    assert [item.text[-1] for item in hand_over(sms)] == ["3", "2"]
    services.withdraw_deliveries(program(), "callout", ["1"])
    queue(world.town, [ONE], body="请回复{reply}", first_key=20)
    assert [item.text[-1] for item in hand_over(sms)] == ["1"], "the smallest that is free again"


def test_what_is_withdrawn_does_not_go_out(world: World) -> None:
    sms = make_carrier(world.city)
    queue(world.town, [ONE, TWO])
    assert services.withdraw_deliveries(program(), "callout", ["1", "7"]) == 1
    assert claimed(sms) == [TWO]


def test_withdrawn_while_it_was_being_sent_it_is_not_tried_again(world: World, watch: Watch) -> None:
    sms = make_carrier(world.city)
    (delivery,) = queue(world.town, [ONE])
    (item,) = services.claim_deliveries(program(), sms.pk)
    services.withdraw_deliveries(program(), "callout", ["1"])
    services.note_fault(program(), sms.pk, [item.id], Fault.UNREACHABLE, may_be_there=True)
    watch.pass_(30)
    assert claimed(sms) == []
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.WITHDRAWN


def test_a_call_that_a_carrier_has_is_called_off_once(world: World) -> None:
    voice = make_carrier(world.city, "voice-1", "voice")
    with_carrier, waiting = queue(world.town, [ONE, TWO], channel=Channel.VOICE)
    services.claim_deliveries(program(), voice.pk)
    services.note_outcomes(program(), voice.pk, [Outcome(with_carrier.pk), Outcome(waiting.pk, fault="busy")])
    services.withdraw_deliveries(program(), "callout", ["1", "2"])
    assert "voice-1" in ready()
    assert selectors.list_to_call_off(voice.pk, real_now(), 10) == [with_carrier.pk]
    services.note_called_off(program(), [with_carrier.pk])
    assert selectors.list_to_call_off(voice.pk, real_now(), 10) == []
    assert set(Delivery.unscoped.values_list("state", flat=True)) == {DeliveryState.WITHDRAWN}


def test_a_call_under_way_to_the_carrier_is_called_off_once_it_is_there(world: World) -> None:
    voice = make_carrier(world.city, "voice-1", "voice")
    (delivery,) = queue(world.town, [ONE], channel=Channel.VOICE)
    (item,) = services.claim_deliveries(program(), voice.pk)
    services.withdraw_deliveries(program(), "callout", ["1"])
    assert selectors.list_to_call_off(voice.pk, real_now(), 10) == [], "it would not be known there yet"
    services.note_outcomes(program(), voice.pk, [Outcome(item.id, "r")])
    assert selectors.list_to_call_off(voice.pk, real_now(), 10) == [delivery.pk]


def test_a_page_of_one_s_own_needs_no_carrier(world: World) -> None:
    (delivery,) = queue(world.town, [""], channel=Channel.APP)
    assert (delivery.state, delivery.handed_at) == (DeliveryState.HANDED, delivery.queued_at)


def test_costs_are_reckoned_by_parts(world: World) -> None:
    sms = make_carrier(world.city, price_cny=Decimal("0.045"))
    (delivery,) = queue(world.town, [ONE])
    services.claim_deliveries(program(), sms.pk)
    services.note_outcomes(program(), sms.pk, [Outcome(delivery.pk, "r", parts=3)])
    delivery.refresh_from_db()
    assert (delivery.parts, str(delivery.cost_cny)) == (3, "0.1350")


def test_when_an_exercise_is_over_nothing_of_it_goes_out_and_no_reply_counts(world: World) -> None:
    drill, other = make_exercise(), make_exercise()
    Exercise.objects.filter(pk=drill.pk).update(unit=world.district)
    sham = make_carrier(world.city, "sham", simulated=True)
    (sent,) = queue(world.town, ["10000000001"], exercise=drill, body="请回复{reply}")
    hand_over(sham)
    (waits,) = queue(world.town, ["10000000002"], exercise=drill)
    (others,) = queue(world.town, ["10000000003"], exercise=other)
    exercises.close_exercise(acting(world.approver), drill.pk)
    import_module("anlan.message.channel.handlers")  # as the process of relays does
    relay = Relay()
    relay.carry(relay.waiting(relay.lease()))
    assert not Parked.objects.exists()
    for one in (sent, waits, others):
        one.refresh_from_db()
    assert (sent.state, waits.state, others.state) == (
        DeliveryState.HANDED,
        DeliveryState.WITHDRAWN,
        DeliveryState.QUEUED,
    )
    assert sent.ended_at
