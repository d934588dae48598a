"""What carriers tell: doubled, late, in any order; which reply answers what."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anlan.kernel.clock import real_now
from anlan.kernel.errors import NotFound
from anlan.kernel.models import Clock, Entry
from anlan.message.channel import selectors, services
from anlan.message.channel.models import Carrier, Delivery, Reply
from anlan.message.channel.terms import Answer, Channel, DeliveryState, Event, Fault, Happened, Outcome
from tests.cast import acting
from tests.message.channels import hand_over, make_carrier, make_exercise, program, queue

if TYPE_CHECKING:
    from tests.cast import World

ONE, TWO = "10000000001", "10000000002"
ANSWERED, FAILED = "message.channel.answered", "message.channel.failed"


def tell(carrier: Carrier, *events: Event) -> int:
    return services.take_events(program(), carrier, events)


def of(delivery: Delivery, what: Happened, seconds: float = 0, **more: object) -> Event:
    return Event(what, real_now() - timedelta(seconds=60 - seconds), delivery.pk, **more)  # type: ignore[arg-type]


def reply(text: str, number: str = ONE, ref: str = "") -> Event:
    return Event(Happened.REPLY, real_now(), ref=ref or f"{number}:{text}", number=number, text=text)


def called(world: World) -> tuple[Carrier, Delivery]:
    """A call that a carrier has taken."""
    voice = make_carrier(world.city, "voice-1", "voice")
    (delivery,) = queue(world.town, [ONE], channel=Channel.VOICE)
    hand_over(voice)
    return voice, delivery


def sent(world: World, *numbers: str, carrier: Carrier | None = None) -> tuple[Carrier, list[Delivery]]:
    """Short messages that ask for a digit, with the carrier; each of another matter."""
    sms = carrier or make_carrier(world.city)
    made = []
    for place, number in enumerate(numbers, start=1):
        title = f"第{place}件"
        made += queue(world.town, [number], body="请回复{reply}", subject=title, first_key=place)
        hand_over(sms)
    return sms, made


def state(delivery: Delivery) -> DeliveryState:
    delivery.refresh_from_db()
    return DeliveryState(delivery.state)


# --- calls and receipts ---------------------------------------------------------------------------------------------


def test_a_key_after_the_full_text_answers_and_is_told(world: World) -> None:
    voice, delivery = called(world)
    tell(voice, of(delivery, Happened.PICKED_UP, 1), of(delivery, Happened.HEARD, 20))
    assert state(delivery) == DeliveryState.HEARD
    tell(voice, of(delivery, Happened.KEY, 22, full=True))
    assert state(delivery) == DeliveryState.ANSWERED
    assert delivery.answer == Answer.KEY
    entry = Entry.objects.get(event=ANSWERED)
    assert (entry.data["use"], entry.data["keys"], entry.data["how"]) == ("callout", ["1"], ["key"])
    assert delivery.answered_at
    assert entry.data["at"] == [delivery.answered_at.isoformat()]


def test_a_key_before_the_end_of_the_text_answers_nothing(world: World) -> None:
    voice, delivery = called(world)
    tell(voice, of(delivery, Happened.KEY, 5, full=False))
    assert state(delivery) == DeliveryState.DELIVERED
    tell(voice, of(delivery, Happened.HUNG_UP, 9))
    assert state(delivery) == DeliveryState.DELIVERED
    assert not Entry.objects.filter(event=ANSWERED).exists()


@pytest.mark.parametrize("what", [Happened.BUSY, Happened.NO_ANSWER, Happened.HUNG_UP])
def test_who_was_not_reached_may_be_reached_another_time(world: World, what: Happened) -> None:
    voice, delivery = called(world)
    tell(voice, of(delivery, what))
    assert state(delivery) == DeliveryState.FAILED
    assert (delivery.fault, delivery.permanent) == (what, False)
    assert not Entry.objects.filter(event=FAILED).exists()


def test_a_number_that_is_none_is_told_once(world: World) -> None:
    sms, (delivery,) = sent(world, ONE)
    event = of(delivery, Happened.UNDELIVERABLE, fault="no_number", permanent=True)
    assert tell(sms, event) == 1
    assert tell(sms, event) == 0
    assert state(delivery) == DeliveryState.FAILED
    assert Entry.objects.get(event=FAILED).data["fault"] == ["no_number"]


def test_that_somebody_was_reached_outweighs_that_he_was_given_up(world: World) -> None:
    sms, (delivery,) = sent(world, ONE)
    tell(sms, of(delivery, Happened.UNDELIVERABLE))
    tell(sms, of(delivery, Happened.DELIVERED))
    assert state(delivery) == DeliveryState.DELIVERED
    assert delivery.fault == ""
    tell(sms, of(delivery, Happened.UNDELIVERABLE, permanent=True))
    assert state(delivery) == DeliveryState.DELIVERED
    assert not Entry.objects.filter(event=FAILED).exists()


def test_what_is_heard_before_the_hand_over_is_noted_stands(world: World) -> None:
    sms = make_carrier(world.city)
    (delivery,) = queue(world.town, [ONE])
    (item,) = services.claim_deliveries(program(), sms.pk)
    tell(sms, of(delivery, Happened.DELIVERED))
    services.note_outcomes(program(), sms.pk, [Outcome(item.id, "r1")])
    assert state(delivery) == DeliveryState.DELIVERED
    assert delivery.carrier_ref == "r1"


STORY = (
    (Happened.PICKED_UP, 1, False),
    (Happened.KEY, 5, False),
    (Happened.HEARD, 20, False),
    (Happened.KEY, 22, True),
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations([0, 1, 2, 3, 3, 2, 0]), cuts=st.sets(st.integers(1, 6)))
def test_events_in_any_order_and_doubled_come_to_the_same(
    world: World, order: list[int], cuts: set[int]
) -> None:
    voice = Carrier.unscoped.filter(code="voice-1").first() or make_carrier(world.city, "voice-1", "voice")
    (delivery,) = queue(world.town, [ONE], channel=Channel.VOICE)
    hand_over(voice)
    base = real_now() - timedelta(seconds=60)
    events = [
        Event(what, base + timedelta(seconds=at), delivery.pk, full=full)
        for what, at, full in (STORY[number] for number in order)
    ]
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(events)], strict=True):
        tell(voice, *events[start:end])
    assert state(delivery) == DeliveryState.ANSWERED
    seconds = [
        (moment - base).total_seconds()
        for moment in (delivery.delivered_at, delivery.heard_at, delivery.answered_at, delivery.ended_at)
        if moment
    ]
    assert seconds == [1, 20, 22, 22]
    told = Entry.objects.filter(event=ANSWERED, data__deliveries=[str(delivery.pk)])
    assert told.count() == 1


def test_a_carrier_cannot_tell_of_what_was_never_its_to_have(world: World) -> None:
    real, sham = make_carrier(world.city, "real"), make_carrier(world.city, "sham", simulated=True)
    other = make_carrier(world.city, "voice-1", "voice")
    (delivery,) = queue(world.town, [ONE])
    hand_over(real)
    assert tell(sham, of(delivery, Happened.DELIVERED)) == 0
    assert tell(other, of(delivery, Happened.KEY, full=True)) == 0
    assert state(delivery) == DeliveryState.HANDED
    assert tell(real, of(delivery, Happened.DELIVERED)) == 1


def test_what_the_first_of_two_carriers_tells_late_counts_all_the_same(world: World) -> None:
    first, second = make_carrier(world.city, "a"), make_carrier(world.city, "b")
    (delivery,) = queue(world.town, [ONE])
    hand_over(second)
    assert tell(first, of(delivery, Happened.DELIVERED)) == 1


def test_times_are_those_of_the_exercise(world: World) -> None:
    drill = make_exercise()
    Clock.objects.filter(pk=drill.clock_id).update(
        origin_at=real_now() - timedelta(days=100), started_at=real_now()
    )
    drill.refresh_from_db()
    sham = make_carrier(world.city, "sham", simulated=True)
    (delivery,) = queue(world.town, [ONE], exercise=drill)
    hand_over(sham)
    tell(sham, Event(Happened.DELIVERED, real_now(), delivery.pk))
    delivery.refresh_from_db()
    for at in (delivery.queued_at, delivery.handed_at, delivery.delivered_at):
        assert at
        assert abs(at - drill.clock.at(real_now())) < timedelta(seconds=30)


def test_a_reply_counts_in_an_exercise_that_is_set_in_another_season(world: World) -> None:
    drill = make_exercise()
    Clock.objects.filter(pk=drill.clock_id).update(origin_at=real_now() - timedelta(days=100))
    drill.refresh_from_db()
    sham = make_carrier(world.city, "sham", simulated=True)
    (delivery,) = queue(world.town, [ONE], exercise=drill, body="请回复{reply}")
    hand_over(sham)
    tell(sham, reply("收到", ONE))
    assert state(delivery) == DeliveryState.ANSWERED


def test_while_an_exercise_s_clock_stands_what_has_not_happened_has_no_time(world: World) -> None:
    drill = make_exercise()
    Clock.objects.filter(pk=drill.clock_id).update(paused_at=real_now())
    sham = make_carrier(world.city, "sham", simulated=True)
    (delivery,) = queue(world.town, [ONE], exercise=drill)
    hand_over(sham)
    tell(sham, Event(Happened.DELIVERED, real_now(), delivery.pk))
    delivery.refresh_from_db()
    assert delivery.delivered_at
    assert (delivery.heard_at, delivery.answered_at, delivery.ended_at) == (None, None, None)
    assert not Entry.objects.filter(event=ANSWERED).exists()


def test_an_exercise_s_answers_are_journalled_in_the_exercise(world: World) -> None:
    drill = make_exercise()
    sham = make_carrier(world.city, "sham", simulated=True)
    queue(world.town, [ONE], exercise=drill, body="请回复{reply}")
    queue(world.town, [TWO], is_test=True, body="请回复{reply}")
    hand_over(sham)
    tell(sham, reply("1", ONE), reply("1", TWO))
    entries = Entry.objects.filter(event=ANSWERED)
    assert {entry.exercise_id for entry in entries} == {drill.pk, None}


def test_more_than_a_batch_is_refused(world: World) -> None:
    sms, (delivery,) = sent(world, ONE)
    with pytest.raises(ValueError, match="too many"):
        tell(sms, *[of(delivery, Happened.DELIVERED)] * 501)


# --- replies --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["1", "１", " 1。", "收到", "已收到！", "好的", "1收到", "回复1", "OK", "[1]"]
)
def test_with_one_matter_open_yes_in_any_form_answers_it(world: World, text: str) -> None:
    sms, (delivery,) = sent(world, ONE)
    tell(sms, reply(text))
    assert state(delivery) == DeliveryState.ANSWERED
    assert delivery.answer == Answer.REPLY
    assert Reply.unscoped.get().delivery_id == delivery.pk


@pytest.mark.parametrize("text", ["1人受伤", "不去", "7", "", "你是谁", "11收到不"])
def test_anything_else_is_kept_for_people_to_read(world: World, text: str) -> None:
    sms, (delivery,) = sent(world, ONE)
    tell(sms, reply(text))
    assert state(delivery) == DeliveryState.HANDED
    kept = selectors.list_unmatched(acting(world.officer)).get()
    assert (kept.delivery_id, kept.text, kept.unit_id) == (None, text, world.town.pk)


def test_with_two_open_the_digit_says_which(world: World) -> None:
    sms, (first, second) = sent(world, ONE, ONE)
    tell(sms, reply("2"))
    assert (state(first), state(second)) == (DeliveryState.HANDED, DeliveryState.ANSWERED)
    tell(sms, reply("收到"))
    assert state(first) == DeliveryState.ANSWERED, "only one is open now"


def test_with_two_open_and_no_digit_we_ask_back_once(world: World) -> None:
    sms, (first, second) = sent(world, ONE, ONE)
    tell(sms, reply("收到"))
    assert (state(first), state(second)) == (DeliveryState.HANDED, DeliveryState.HANDED)
    (question,) = hand_over(sms)
    assert question.number == ONE
    assert question.text == "您有 2 件事待答复：1 第1件；2 第2件。请回复前面的数字。"
    tell(sms, reply("好的"))
    assert hand_over(sms) == [], "not more than once in a while"
    tell(sms, reply("2"))
    assert state(second) == DeliveryState.ANSWERED


def test_a_question_back_in_an_exercise_says_so(world: World) -> None:
    sham, drill = make_carrier(world.city, "sham", simulated=True), make_exercise()
    for place in (1, 2):
        queue(
            world.town, [ONE], exercise=drill, body="请回复{reply}", subject=f"第{place}件", first_key=place
        )
    hand_over(sham)
    tell(sham, reply("收到"))
    assert [item.text[:4] for item in hand_over(sham)] == ["【演练】"]


def test_a_copy_of_a_reply_is_no_second_one(world: World) -> None:
    sms, (first, second) = sent(world, ONE, ONE)
    tell(sms, reply("1", ref="r1"), reply("1", ref="r1"))
    tell(sms, reply("1", ref="r1"))
    assert Reply.unscoped.count() == 1
    assert (state(first), state(second)) == (DeliveryState.ANSWERED, DeliveryState.HANDED)


def test_a_late_reply_to_a_closed_matter_does_not_answer_another(world: World) -> None:
    sms, (first, second) = sent(world, ONE, ONE)
    services.withdraw_deliveries(program(), "callout", ["1"])  # he confirmed by another way
    tell(sms, reply("1"))
    assert state(second) == DeliveryState.HANDED
    assert Reply.unscoped.get().delivery_id == first.pk


def test_a_reply_to_what_the_carrier_took_without_our_hearing_of_it_is_its_answer(world: World) -> None:
    sms, (earlier,) = sent(world, ONE)
    services.withdraw_deliveries(program(), "callout", ["1"])
    (delivery,) = queue(world.town, [ONE], body="请回复{reply}", first_key=2)
    (item,) = services.claim_deliveries(program(), sms.pk)
    services.note_fault(program(), sms.pk, [item.id], Fault.UNREACHABLE, may_be_there=True)
    tell(sms, reply("收到"))
    assert Reply.unscoped.get().delivery_id == delivery.pk
    assert (state(delivery), state(earlier)) == (DeliveryState.ANSWERED, DeliveryState.HANDED)
    assert services.claim_deliveries(program(), sms.pk) == []


def test_a_reply_does_not_answer_what_was_not_handed_over(world: World) -> None:
    sms, (earlier,) = sent(world, ONE)
    (delivery,) = queue(world.town, [ONE], body="请回复{reply}", first_key=2)
    (item,) = services.claim_deliveries(program(), sms.pk)
    services.note_fault(program(), sms.pk, [item.id], Fault.UNREACHABLE)
    tell(sms, reply("收到"))
    assert (state(earlier), state(delivery)) == (DeliveryState.ANSWERED, DeliveryState.QUEUED)


def test_a_reply_from_a_number_we_never_wrote_to_is_the_carrier_s_unit_s(world: World) -> None:
    sms, _ = sent(world, ONE)
    tell(sms, reply("1", TWO))
    kept = Reply.unscoped.get()
    assert (kept.delivery_id, kept.unit_id) == (None, world.city.pk)


def test_a_reply_to_one_carrier_answers_nothing_of_another(world: World) -> None:
    first, (delivery,) = sent(world, ONE)
    other = make_carrier(world.city, "other", rank=2)
    tell(other, reply("1"))
    assert state(delivery) == DeliveryState.HANDED
    tell(first, reply("1", ref="r2"))
    assert state(delivery) == DeliveryState.ANSWERED


def test_numbers_are_known_with_the_country_s_code_and_without(world: World) -> None:
    sms, (delivery,) = sent(world, "13900000001")
    tell(sms, reply("1", "+8613900000001"))
    assert state(delivery) == DeliveryState.ANSWERED


def settled(world: World, ids: list[int], unit: str) -> int:
    user = world.holder("message.channel.settle", getattr(world, unit))
    return services.settle_replies(acting(user), ids)


def test_settling_is_for_one_s_own_units_and_happens_once(world: World) -> None:
    sms, _ = sent(world, ONE)
    tell(sms, reply("什么事"))
    (kept,) = Reply.unscoped.values_list("pk", flat=True)
    with pytest.raises(NotFound):
        settled(world, [kept], "neighbour_district")
    ctx = acting(world.officer)
    assert services.settle_replies(ctx, [kept]) == 1
    with pytest.raises(NotFound):
        services.settle_replies(ctx, [kept])


def test_steps_tell_how_far_each_key_has_come(world: World) -> None:
    sms, (first, _second) = sent(world, ONE, TWO)
    tell(sms, of(first, Happened.DELIVERED))
    steps = {step.key: step.state for step in selectors.list_steps("callout", ["1", "2", "3"])}
    assert steps == {"1": DeliveryState.DELIVERED, "2": DeliveryState.HANDED}
