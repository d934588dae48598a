"""Callouts: who is called, what a ladder does, and how it ends for each."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from anlan.kernel import rules
from anlan.kernel.errors import DomainError, NotFound, StateConflict
from anlan.kernel.models import Due, Entry, Obligation
from anlan.message.callout import selectors, services
from anlan.message.callout.models import Callout, Recipient, UpperNotice
from anlan.message.callout.terms import USE, CalloutState, RecipientState
from anlan.message.channel.models import Delivery
from anlan.message.channel.terms import DeliveryState
from anlan.message.errand.models import Errand
from anlan.message.ladder.models import Ladder
from anlan.organisation.post import services as posts
from tests.cast import acting
from tests.message.callouts import (
    call,
    climber,
    confirm,
    hold,
    listener,
    make_village,
    opener,
    recipient,
)
from tests.organisation.people import make_contact, make_person
from tests.organisation.posts import NODE, appoint, make_post

if TYPE_CHECKING:
    from anlan.kernel.models import Unit
    from tests.cast import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def village(world: World) -> Unit:
    return make_village(world.town, 1)


def sent(one: Recipient, channel: str = "") -> list[Delivery]:
    keys = [str(one.pk), f"{one.pk}s"]
    found = Delivery.unscoped.filter(use=USE, key__in=keys).order_by("queued_at", "pk")
    return list(found.filter(channel=channel) if channel else found)


def step(callout: Callout, rung: int) -> int:
    """Let the time of a rung come for the first ladder."""
    return services.take_due_rungs(climber(), [callout.step_key(1, 0, rung)])


def rung_of(callout: Callout, target: str) -> int:
    rungs = Callout.unscoped.get(pk=callout.pk).ladders[0]["rungs"]
    return next(number for number, rung in enumerate(rungs) if rung["target"] == target)


# --- who is called ------------------------------------------------------------------------------------------------


def test_posts_in_the_area_and_up_the_line_are_called(world: World, village: Unit) -> None:
    secretary = hold(village, "party_first", "王秀兰", "10000000001")
    mayor = hold(world.town, "government_first", "李建国", "10000000002")
    head = hold(world.district, "party_first", "赵主任", "10000000003")
    hold(make_village(world.town, 2), "party_first", "邻村", "10000000004")
    hold(world.neighbour_town, "party_first", "外镇", "10000000005")
    members = selectors.list_audience(opener(), world.district, [village.pk]).members
    assert {one.person_id for one in members if one.person_id} == {secretary.pk, mayor.pk, head.pk}


def test_a_person_is_called_once_for_the_first_of_his_posts(world: World, village: Unit) -> None:
    person = hold(village, "grid_member", "王秀兰", "10000000001")
    appoint(make_post(village, "party_first"), person)
    members = selectors.list_audience(opener(), world.town, [village.pk]).members
    assert [one.post for one in members if one.person_id == person.pk] == ["party_first"]


def test_a_grid_s_people_answer_for_their_village(world: World, village: Unit) -> None:
    grid = make_village(village, 1, "第一网格")
    type(grid).unscoped.filter(pk=grid.pk).update(kind="grid")
    person = hold(grid, "grid_member", "王秀兰", "10000000001")
    members = selectors.list_audience(opener(), world.town, [village.pk]).members
    assert [one.unit_id for one in members if one.person_id == person.pk] == [village.pk]


def test_who_is_away_is_stood_in_for_and_who_is_not_has_a_stand_in_next(world: World, village: Unit) -> None:
    post = make_post(village, "party_first")
    holder, deputy = make_person(village, "王秀兰"), make_person(village, "李建国")
    appoint(post, holder)
    posts.put_stand_in(NODE, post.pk, deputy.pk)
    there = selectors.list_audience(opener(), world.town, [village.pk]).members
    assert [(one.person_id, one.stand_in_id) for one in there if one.person_id] == [(holder.pk, deputy.pk)]
    now = NODE.now()
    posts.report_absence(NODE, holder.pk, from_at=now - timedelta(hours=1), until_at=None, reason="leave")
    away = selectors.list_audience(opener(), world.town, [village.pk]).members
    assert [(one.person_id, one.holder_id, one.stand_in_id) for one in away if one.person_id] == [
        (deputy.pk, holder.pk, None)
    ]


def test_gaps_say_why_nobody_is_called(world: World, village: Unit) -> None:
    make_post(village, "party_first")
    unreachable = hold(village, "grid_member", "王秀兰")
    gaps = selectors.list_audience(opener(), world.town, [village.pk]).gaps
    assert {(one.post, str(one.lack), one.person_id) for one in gaps if one.unit_id == village.pk} == {
        ("party_first", "vacant", None),
        ("grid_member", "no_way", unreachable.pk),
    }


def test_a_place_without_people_is_called_on_its_line(world: World, village: Unit) -> None:
    make_contact(village, "000-22345678", kind="land_line")
    audience = selectors.list_audience(opener(), world.town, [village.pk])
    assert [(one.person_id, dict(one.ways)) for one in audience.members if one.unit_id == village.pk] == [
        (None, {"voice": "000-22345678"})
    ]


def test_units_out_of_scope_are_not_called(world: World) -> None:
    hold(world.neighbour_town, "party_first", "外镇", "10000000005")
    ctx = acting(world.holder("message.callout.open"))
    hold(world.town, "party_first", "本镇", "10000000006")
    audience = selectors.list_audience(ctx, world.district, [world.town.pk, world.neighbour_town.pk])
    assert world.neighbour_town.pk not in audience.units
    assert world.town.pk in audience.units


def test_nobody_to_call_is_said(world: World) -> None:
    with pytest.raises(DomainError, match="没有可以叫应的"):
        call(world, world.neighbour_town, ctx=acting(world.holder("message.callout.open")))


def test_one_who_may_not_open_opens_nothing(world: World) -> None:
    hold(world.town, "party_first", "本镇", "10000000006")
    with pytest.raises(DomainError):
        call(world, ctx=acting(world.clerk))
    assert not Callout.unscoped.exists()


# --- the ladder ---------------------------------------------------------------------------------------------------


def test_opening_sends_the_first_rung_and_sets_the_others(world: World) -> None:
    person = hold(world.town, "party_first", "王秀兰", "10000000001")
    callout = call(world)
    assert [(one.channel, one.number) for one in sent(recipient(callout, person))] == [("sms", "10000000001")]
    rungs = callout.ladders[0]["rungs"]
    assert Due.objects.filter(kind=services.STEP).count() == len(rungs) - 1


def test_a_rung_is_taken_for_those_who_have_not_answered(world: World) -> None:
    silent = hold(world.town, "party_first", "王秀兰", "10000000001")
    quick = hold(world.town, "government_first", "李建国", "10000000002")
    callout = call(world)
    confirm(recipient(callout, quick))
    assert step(callout, 1) >= 1
    assert len(sent(recipient(callout, silent), "voice")) == 1
    assert sent(recipient(callout, quick), "voice") == []


def test_a_rung_is_taken_once(world: World) -> None:
    person = hold(world.town, "party_first", "王秀兰", "10000000001")
    callout = call(world)
    step(callout, 1)
    assert step(callout, 1) == 0
    assert len(sent(recipient(callout, person), "voice")) == 1


def test_a_second_call_waits_for_one_that_has_not_gone_out(world: World) -> None:
    person = hold(world.town, "party_first", "王秀兰", "10000000001")
    callout = call(world)
    step(callout, 1)
    step(callout, 2)
    assert len(sent(recipient(callout, person), "voice")) == 1
    Delivery.unscoped.update(state=DeliveryState.HANDED)
    step(callout, 3)
    assert len(sent(recipient(callout, person), "voice")) == 2


def test_without_a_number_for_a_rung_the_next_is_taken_at_once(world: World) -> None:
    person = make_person(world.town, "王秀兰")
    appoint(make_post(world.town, "party_first"), person)
    make_contact(person, "000-22345678", kind="land_line")
    callout = call(world)
    one = recipient(callout, person)
    assert [delivery.channel for delivery in sent(one)] == ["voice"]
    assert one.rung == 1


def test_a_number_that_is_none_climbs_at_once(world: World) -> None:
    person = hold(world.town, "party_first", "王秀兰", "10000000001")
    callout = call(world)
    one = recipient(callout, person)
    Delivery.unscoped.filter(key=str(one.pk)).update(state=DeliveryState.FAILED, permanent=True)
    services.climb_recipients(climber(), [one.pk])
    assert [delivery.channel for delivery in sent(one)] == ["sms", "voice"]
    services.climb_recipients(climber(), [one.pk])  # the call is still on its way
    assert len(sent(one)) == 2


def test_the_stand_in_is_asked_and_his_answer_counts(world: World) -> None:
    post = make_post(world.town, "party_first")
    holder, deputy = make_person(world.town, "王秀兰"), make_person(world.town, "李建国")
    make_contact(holder, "10000000001")
    make_contact(deputy, "10000000002")
    appoint(post, holder)
    posts.put_stand_in(NODE, post.pk, deputy.pk)
    callout = call(world)
    step(callout, rung_of(callout, "stand_in"))
    one = recipient(callout, holder)
    assert {delivery.number for delivery in sent(one) if delivery.key.endswith("s")} == {"10000000002"}
    confirm(one, how="stand_in")
    one.refresh_from_db()
    assert (one.state, one.how) == (RecipientState.CONFIRMED, "stand_in")


def test_the_desk_above_is_told_once_how_many(world: World, village: Unit) -> None:
    hold(village, "party_first", "王秀兰", "10000000001")
    hold(village, "grid_member", "李建国", "10000000002")
    make_contact(world.town, "000-22345678", kind="land_line")
    callout = call(world, village)
    for number in range(len(callout.ladders)):
        rungs = callout.ladders[number]["rungs"]
        upper = next(n for n, rung in enumerate(rungs) if rung["target"] == "upper_duty")
        services.take_due_rungs(climber(), [callout.step_key(1, number, upper)])
    told = UpperNotice.objects.filter(unit=world.town)
    assert [one.people for one in told] == [1, 1]  # each ladder has its own time
    queued = Delivery.unscoped.filter(use="callout_upper", unit=world.town)
    assert {one.number for one in queued} == {"000-22345678"}


def test_the_last_rung_sends_a_neighbour_and_his_visit_ends_it(world: World, village: Unit) -> None:
    other = make_village(world.town, 2)
    clerk = hold(other, "grid_member", "邻村干部", "10000000009")
    person = hold(village, "party_first", "王秀兰", "10000000001")
    callout = call(world, village)
    step(callout, rung_of(callout, "errand"))
    errand = Errand.unscoped.get(person=person)
    assert errand.unit == other
    assert Delivery.unscoped.filter(use="errand", key=str(errand.pk)).exists(), clerk
    services.record_visits(listener(), [int(errand.about)])
    one = recipient(callout, person)
    assert one.state == RecipientState.VISITED


def test_whoever_answers_ends_the_errand_to_his_door(world: World, village: Unit) -> None:
    make_village(world.town, 2)
    person = hold(village, "party_first", "王秀兰", "10000000001")
    callout = call(world, village)
    step(callout, rung_of(callout, "errand"))
    confirm(recipient(callout, person))
    assert Errand.unscoped.get(person=person).state == "withdrawn"


def test_a_failed_visit_leaves_him_to_people_who_can_still_reach_him(world: World, village: Unit) -> None:
    make_village(world.town, 2)
    person = hold(village, "party_first", "王秀兰", "10000000001")
    callout = call(world, village)
    step(callout, rung_of(callout, "errand"))
    services.note_failed_visits(listener(), [recipient(callout, person).pk])
    assert recipient(callout, person).state == RecipientState.UNREACHABLE
    assert confirm(recipient(callout, person))


def test_a_reach_test_tells_no_desk_and_sends_nobody(world: World) -> None:
    hold(world.town, "party_first", "王秀兰", "10000000001")
    callout = call(world, purpose="reach_test", colour="")
    targets = {rung["target"] for ladder in callout.ladders for rung in ladder["rungs"]}
    assert targets <= {"person", "stand_in"}
    assert Delivery.unscoped.filter(is_test=True).exists()


# --- answers ------------------------------------------------------------------------------------------------------


def test_an_answer_counts_once_and_withdraws_what_waits(world: World) -> None:
    person = hold(world.town, "party_first", "王秀兰", "10000000001")
    hold(world.town, "government_first", "李建国", "10000000002")
    callout = call(world)
    step(callout, 1)
    one = recipient(callout, person)
    assert confirm(one, how="sms") == {one.pk}
    assert confirm(one, how="link") == set()
    one.refresh_from_db()
    assert one.how == "sms"
    assert {delivery.state for delivery in sent(one)} == {DeliveryState.WITHDRAWN}
    assert Entry.objects.filter(event="message.callout.confirmed").count() == 1


def test_a_batch_is_one_entry(world: World) -> None:
    people = [hold(world.town, "grid_member", f"网格员{n}", f"1000000000{n}", code=f"P{n}") for n in range(1)]
    people.append(hold(world.town, "party_first", "王秀兰", "10000000011"))
    callout = call(world)
    confirm(*(recipient(callout, person) for person in people))
    entry = Entry.objects.get(event="message.callout.confirmed")
    assert len(entry.data["recipients"]) == 2


def test_a_unit_is_complete_with_its_last_answer_and_the_callout_with_its_last_unit(
    world: World, village: Unit
) -> None:
    rules.load_all()
    first = hold(village, "party_first", "王秀兰", "10000000001")
    second = hold(world.town, "party_first", "李建国", "10000000002")
    callout = call(world, village, unit=world.town)
    owed = Obligation.unscoped.filter(subject=str(callout.pk))
    assert {duty.unit_id for duty in owed} == {village.pk, world.town.pk}
    confirm(recipient(callout, first))
    assert owed.get(unit=village).state == "fulfilled"
    assert owed.get(unit=world.town).state == "open"
    confirm(recipient(callout, second))
    callout.refresh_from_db()
    assert callout.state == CalloutState.COMPLETE
    assert not Due.objects.filter(kind=services.STEP).exists()
    assert not owed.filter(state="open").exists()


def test_an_answer_from_another_exercise_is_none(world: World) -> None:
    from anlan.kernel.models import Clock, Exercise  # noqa: PLC0415

    person = hold(world.town, "party_first", "王秀兰", "10000000001")
    callout = call(world)
    exercise = Exercise.objects.create(name="演练", clock=Clock.objects.create())
    assert confirm(recipient(callout, person), ctx=listener(exercise)) == set()


def test_a_drill_calls_real_people_within_itself(world: World) -> None:
    from anlan.kernel.models import Clock, Exercise  # noqa: PLC0415

    person = hold(world.town, "party_first", "王秀兰", "10000000001")
    exercise = Exercise.objects.create(name="演练", clock=Clock.objects.create())
    callout = call(world, ctx=opener(exercise))
    one = recipient(callout, person)
    assert {delivery.exercise_id for delivery in sent(one)} == {exercise.pk}
    assert confirm(one, ctx=listener(exercise))


# --- what people do -----------------------------------------------------------------------------------------------


@pytest.fixture
def called(world: World) -> Recipient:
    person = hold(world.town, "party_first", "王秀兰", "10000000001")
    hold(world.town, "government_first", "李建国", "10000000002")
    return recipient(call(world), person)


@pytest.fixture
def handler(world: World) -> Any:
    return acting(world.holder("message.callout.handle"))


def test_confirming_on_behalf_keeps_who_and_why(called: Recipient, handler: Any) -> None:
    services.confirm_on_behalf(handler, called.pk, reason="电话中本人确认")
    called.refresh_from_db()
    assert (called.how, called.ended_by_id) == ("on_behalf", handler.actor.pk)
    entry = Entry.objects.get(event="message.callout.confirmed_on_behalf")
    assert "sha256" in entry.data["reason"]
    with pytest.raises(StateConflict):
        services.confirm_on_behalf(handler, called.pk, reason="再来一次")


def test_a_neighbour_confirms_nobody_here(world: World, called: Recipient) -> None:
    outsider = acting(world.holder("message.callout.handle", world.neighbour_district))
    with pytest.raises(NotFound):
        services.confirm_on_behalf(outsider, called.pk, reason="无")


def test_whoever_is_being_phoned_is_not_called_by_a_machine(called: Recipient, handler: Any) -> None:
    services.take_recipient(handler, called.pk)
    step(called.callout, 1)
    assert sent(called, "voice") == []


def test_two_cannot_take_the_same_one(world: World, called: Recipient, handler: Any) -> None:
    services.take_recipient(handler, called.pk)
    services.take_recipient(handler, called.pk)  # himself again
    other = acting(world.person("other", "duty_officer", world.district))
    with pytest.raises(StateConflict):
        services.take_recipient(other, called.pk)


def test_a_visit_is_recorded_without_an_errand(called: Recipient, handler: Any) -> None:
    services.record_visit(handler, called.pk, words="当面告知")
    called.refresh_from_db()
    assert called.state == RecipientState.VISITED


def test_one_answers_for_himself_and_nobody_else(world: World) -> None:
    own = hold(world.town, "party_first", "王秀兰", "10000000001", user=world.clerk)
    other = hold(world.town, "government_first", "李建国", "10000000002")
    callout = call(world)
    ctx = acting(world.clerk)
    assert [one.recipient.person for one in selectors.list_mine(ctx)] == [own]
    assert services.answer_own(ctx, recipient(callout, own).pk)
    assert selectors.list_mine(ctx) == []
    with pytest.raises(NotFound):
        services.answer_own(ctx, recipient(callout, other).pk)


# --- stopped, superseded, extended --------------------------------------------------------------------------------


def test_stopping_ends_everything_that_waits(world: World, called: Recipient) -> None:
    ctx = acting(world.holder("message.callout.stop"))
    services.stop_callout(ctx, called.callout_id, reason="误发")
    assert {one.state for one in sent(called)} == {DeliveryState.WITHDRAWN}
    assert not Due.objects.filter(kind=services.STEP).exists()
    assert confirm(called) == set()
    with pytest.raises(StateConflict):
        services.stop_callout(ctx, called.callout_id, reason="再来")


def test_an_update_of_the_same_matter_stops_the_earlier_callout(world: World, called: Recipient) -> None:
    matter = called.callout.matter
    later = call(world, matter=matter)
    called.callout.refresh_from_db()
    assert called.callout.state == CalloutState.STOPPED
    assert later.follows_id == called.callout_id
    assert Callout.unscoped.filter(state=CalloutState.RUNNING).count() == 1


def test_extending_calls_only_who_is_new(world: World, called: Recipient, village: Unit) -> None:
    person = hold(village, "party_first", "新来", "10000000007")
    # opening took the whole town, so the village's new secretary is the only one who is missing
    ctx = acting(world.holder("message.callout.open"))
    assert services.extend_callout(ctx, called.callout_id, [village.pk]) >= 1
    one = recipient(called.callout, person)
    assert one.wave == 2
    assert len(sent(called)) == 1
    with pytest.raises(DomainError):
        services.extend_callout(ctx, called.callout_id, [village.pk])


def test_opening_and_climbing_take_as_many_statements_for_many_as_for_few(world: World) -> None:
    counts = []
    for first, many in ((1, 2), (10, 30)):
        villages = [make_village(world.town, number) for number in range(first, first + many)]
        for number, village in enumerate(villages, first):
            hold(village, "party_first", "责任人", f"100000{number:05}")
        with CaptureQueriesContext(connection) as opening:
            callout = call(world, *villages, unit=world.town)
        with CaptureQueriesContext(connection) as climbing:
            assert step(callout, 1) == many
        counts.append((len(opening), len(climbing)))
    assert counts[0] == counts[1]


# --- what is only told --------------------------------------------------------------------------------------------


@pytest.fixture
def told(world: World, village: Unit) -> Callout:
    """The end of a warning, for three: one whom texts reach, one whom they do not, one without a mobile number."""
    rules.load_all()
    Ladder.unscoped.create(
        unit=world.district, name="夜间", steps="立即 本人 语音 3次 间隔60秒\n2分钟 上级值班\n3分钟 上门"
    )
    hold(world.town, "party_first", "王秀兰", "10000000001")
    hold(world.town, "government_first", "李建国", "10000000002")
    hold(village, "party_first", "无手机")
    return call(
        world, purpose="end", colour="", texts={"app": ("解除", "解除"), "sms": ("", "解除暴雨红色预警。")}
    )


def settle(callout: Callout) -> Callout:
    """Let the moment come at which it is looked whom the text has reached."""
    Due.objects.filter(kind=services.SETTLE).delete()
    services.settle_told(listener(), [callout.pk])
    return Callout.unscoped.get(pk=callout.pk)


def person_named(callout: Callout, name: str) -> Recipient:
    return Recipient.unscoped.get(callout=callout, person__name=name)


def arrives(one: Recipient) -> None:
    (delivery,) = sent(one, "sms")
    Delivery.unscoped.filter(pk=delivery.pk).update(
        state=DeliveryState.DELIVERED, delivered_at=opener().now()
    )


def test_the_end_is_told_by_text_alone_whatever_ladders_are_laid_down(told: Callout) -> None:
    assert {one.channel for one in Delivery.unscoped.all()} == {"sms"}
    assert not Due.objects.filter(kind=services.STEP).exists()
    assert not Errand.unscoped.exists()
    assert not UpperNotice.objects.exists()
    assert not Obligation.unscoped.filter(subject_kind="callout.callout").exists()


def test_whom_the_text_has_reached_has_been_told_and_the_board_says_so(told: Callout) -> None:
    reached, other = person_named(told, "王秀兰"), person_named(told, "李建国")
    arrives(reached)
    assert settle(told).state == CalloutState.RUNNING
    reached.refresh_from_db()
    assert (reached.state, reached.how, reached.state_label) == (
        RecipientState.CONFIRMED,
        "delivered",
        "已送达",
    )
    other.refresh_from_db()
    assert other.state == RecipientState.PENDING
    assert person_named(told, "无手机").state == RecipientState.UNREACHABLE
    assert Due.objects.filter(kind=services.SETTLE, key=str(told.pk)).exists(), "it is looked again"


def test_it_is_complete_when_all_are_told_and_over_after_its_time(told: Callout) -> None:
    for name in ("王秀兰", "李建国"):
        arrives(person_named(told, name))
    rest = Recipient.unscoped.filter(callout=told, state__lt=RecipientState.CONFIRMED)
    alone = [one for one in rest if one.person is None or one.person.name == "无手机"]
    assert settle(told).state == CalloutState.RUNNING
    Callout.unscoped.filter(pk=told.pk).update(begun_at=[opener().now() - timedelta(hours=2)])
    over = settle(told)
    assert (over.state, over.is_running) == (CalloutState.OVER, False)
    assert Entry.objects.get(event="message.callout.over").data == {"left": len(alone)}
    assert not Due.objects.filter(kind=services.SETTLE).exists()
    with pytest.raises(StateConflict):
        services.extend_callout(opener(), told.pk, [told.unit_id])


def test_when_everybody_has_been_told_it_is_complete(told: Callout) -> None:
    for name in ("王秀兰", "李建国"):
        arrives(person_named(told, name))
    confirm(*Recipient.unscoped.filter(callout=told, state=RecipientState.UNREACHABLE), how="app")
    confirm(*Recipient.unscoped.filter(callout=told, person=None), how="app")
    complete = settle(told)
    assert (complete.state, complete.state_label) == (CalloutState.COMPLETE, "全部告知")
