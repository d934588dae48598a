"""Chains of messages: every order, what is late or missing, who may follow whom, and what contradicts itself."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from anlan.protocols import cap
from anlan.protocols.cap import Alert, Reference
from anlan.protocols.cap.chain import Chain, Refused, Void, resolve
from anlan.protocols.cap.message import MessageType, Status
from tests.protocols.cap import making, sample
from tests.protocols.cap.making import SENT, follow_up

UPDATE, CANCEL = MessageType.UPDATE, MessageType.CANCEL
FIRST = making.alert()


def only(*alerts: Alert) -> Chain:
    """The one chain they are, whichever way round they come."""
    (chain,) = resolve(alerts)
    assert resolve(reversed(alerts)) == resolve([*alerts, *alerts]) == [chain]
    return chain


def test_one_alert_is_a_chain_that_stands_until_it_expires() -> None:
    chain = only(FIRST)
    assert (chain.current, chain.is_cancelled, chain.missing) == (FIRST, False, ())
    assert chain.stands(SENT + timedelta(days=365))
    parts = tuple(making.info(expires=SENT + timedelta(hours=hours)) for hours in (1, 6))
    chain = only(replace(FIRST, infos=parts))
    assert chain.stands(SENT + timedelta(hours=5, minutes=59))
    assert not chain.stands(SENT + timedelta(hours=6))


def test_each_follows_the_last() -> None:
    second = follow_up(UPDATE, "A2", 10, FIRST)
    third = follow_up(UPDATE, "A3", 20, FIRST, second)
    end = follow_up(CANCEL, "A4", 30, third)
    assert only(FIRST, second, third).current == third
    chain = only(FIRST, second, third, end)
    assert (chain.messages, chain.current) == ((FIRST, second, third, end), end)
    assert chain.is_cancelled
    assert not chain.stands(SENT)
    assert (chain.rivals, chain.missing, chain.refused) == ((), (), ())


def test_a_part_that_comes_late_changes_nothing_that_is_known_better() -> None:
    second = follow_up(UPDATE, "A2", 10, FIRST)
    end = follow_up(CANCEL, "A3", 20, FIRST, second)
    early = only(end, FIRST)
    assert (early.current, early.missing) == (end, (second.reference,))
    late = only(end, FIRST, second)
    assert (late.current, late.missing) == (end, ())


def test_what_is_named_and_not_there_is_told() -> None:
    second = follow_up(UPDATE, "A2", 10, FIRST)
    third = follow_up(UPDATE, "A3", 20, second)
    chain = only(third)
    assert (chain.current, chain.missing) == (third, (second.reference,))
    # the missing one is what holds the two together, and nobody can know that
    assert [each.current for each in resolve([FIRST, third])] == [FIRST, third]


def test_two_that_follow_the_same_missing_one_belong_together() -> None:
    second, third = follow_up(UPDATE, "A2", 10, FIRST), follow_up(UPDATE, "A3", 20, FIRST)
    chain = only(second, third)
    assert (chain.current, chain.rivals, chain.missing) == (third, (second,), (FIRST.reference,))


def test_where_all_name_the_first_the_last_sent_counts() -> None:
    second, third = follow_up(UPDATE, "A2", 10, FIRST), follow_up(UPDATE, "A3", 20, FIRST)
    chain = only(FIRST, second, third)
    assert (chain.current, chain.rivals) == (third, (second,))
    end = follow_up(CANCEL, "A4", 30, FIRST)
    assert only(FIRST, second, end).is_cancelled


def test_a_warning_renewed_after_its_cancellation_stands_and_the_cancellation_is_told() -> None:
    end, again = follow_up(CANCEL, "A2", 10, FIRST), follow_up(UPDATE, "A3", 20, FIRST)
    chain = only(FIRST, end, again)
    assert (chain.current, chain.rivals) == (again, (end,))
    assert chain.stands(SENT)


def test_of_two_in_the_same_second_the_warning_stands() -> None:
    end, again = follow_up(CANCEL, "Z9", 10, FIRST), follow_up(UPDATE, "A2", 10, FIRST)
    chain = only(FIRST, end, again)
    assert (chain.current, chain.rivals) == (again, (end,))


def test_an_alert_cancelled_within_its_own_second_is_cancelled() -> None:
    assert only(FIRST, follow_up(CANCEL, "A2", 0, FIRST)).is_cancelled


def test_several_alerts_can_end_in_one() -> None:
    other = making.alert(identifier="B1", sent=SENT + timedelta(minutes=1))
    merged = follow_up(UPDATE, "A2", 10, FIRST, other)
    chain = only(FIRST, other, merged)
    assert (chain.messages, chain.current, chain.rivals) == ((FIRST, other, merged), merged, ())


def test_events_stay_apart_and_come_in_the_order_they_began() -> None:
    other = making.alert(identifier="B1", sent=SENT - timedelta(days=1))
    follow = follow_up(UPDATE, "A2", 10, FIRST)
    assert [each.messages for each in resolve([follow, FIRST, other])] == [(other,), (FIRST, follow)]


def test_a_stranger_ends_nothing_unless_he_may() -> None:
    end = follow_up(CANCEL, "X", 10, FIRST, sender="stranger@example.cn")
    mine, his = resolve([FIRST, end])
    assert mine.stands(SENT)
    assert his.refused == (Refused(end.reference, FIRST.reference, Void.STRANGER),)
    (chain,) = resolve(
        [FIRST, end], lambda alert, reference: reference.sender in (alert.sender, FIRST.sender)
    )
    assert chain.is_cancelled


def test_an_exercise_ends_no_actual_warning() -> None:
    end = follow_up(CANCEL, "X", 10, FIRST, status=Status.EXERCISE)
    actual, exercise = resolve([FIRST, end])
    assert actual.stands(SENT)
    assert exercise.refused[0].why is Void.STATUS


def test_a_message_cannot_follow_a_later_one() -> None:
    later = follow_up(UPDATE, "A2", 10, FIRST)
    first = replace(FIRST, references=(later.reference,))
    chain = only(first, replace(later, references=(first.reference,)))
    assert chain.current.identifier == "A2"
    assert chain.refused == (Refused(first.reference, later.reference, Void.LATER),)


def test_circles_within_a_second_count_for_nothing() -> None:
    names = ["A", "B", "C"]
    circle = [
        making.alert(identifier=name, references=(Reference(FIRST.sender, names[number - 1], SENT),))
        for number, name in enumerate(names)
    ]
    outside = making.alert(identifier="D", message_type=UPDATE, references=(circle[0].reference,))
    chains = resolve([*circle, outside])
    assert sum(len(each.refused) for each in chains) == 3
    assert {each.why for chain in chains for each in chain.refused} == {Void.CIRCLE}
    assert {tuple(each.identifier for each in chain.messages) for chain in chains} == {
        ("A", "D"),
        ("B",),
        ("C",),
    }
    itself = replace(FIRST, references=(FIRST.reference,))
    assert only(itself).refused == (Refused(itself.reference, itself.reference, Void.CIRCLE),)


def test_two_messages_under_one_name_are_told() -> None:
    other = replace(FIRST, note="another content")
    chain = only(FIRST, other)
    assert chain.altered == (FIRST.reference,)
    assert len(chain.messages) == 1


def test_the_same_moment_in_another_zone_is_the_same_message() -> None:
    elsewhere = Reference(FIRST.sender, FIRST.identifier, SENT.astimezone(tz=None))
    end = making.alert(identifier="A2", message_type=CANCEL, references=(elsewhere,), sent=SENT)
    assert only(FIRST, end).is_cancelled


def test_acknowledgements_are_no_part_of_a_chain() -> None:
    answer = follow_up(MessageType.ACK, "K", 5, FIRST)
    assert resolve([answer, FIRST]) == [Chain((FIRST,), FIRST)]
    assert resolve([answer]) == []


def test_the_standards_update_waits_for_its_first_report() -> None:
    chain = only(cap.parse(sample("earthquake_update.xml")))
    assert [each.identifier for each in chain.missing] == ["TRI13970876.1"]


@st.composite
def heaps(draw: st.DrawFn) -> list[Alert]:
    """Up to nine messages in few seconds, of two senders, that refer to each other as they please."""
    names = [
        Reference(
            f"s{number % 2}@example.cn", f"M{number}", SENT + timedelta(seconds=draw(st.integers(0, 3)))
        )
        for number in range(9)
    ]
    return [
        making.alert(
            identifier=name.identifier,
            sender=name.sender,
            sent=name.sent,
            status=draw(st.sampled_from([Status.ACTUAL, Status.EXERCISE])),
            message_type=draw(st.sampled_from([MessageType.ALERT, UPDATE, CANCEL])),
            references=tuple(draw(st.lists(st.sampled_from(names), max_size=3))),
        )
        for name in names[: draw(st.integers(0, 9))]
    ]


@given(heaps(), st.randoms(use_true_random=False))
def test_whatever_the_heap_every_message_is_in_one_chain_and_the_order_is_no_matter(
    alerts: list[Alert], chance: random.Random
) -> None:
    chains = resolve(alerts)
    assert sorted(each.identifier for chain in chains for each in chain.messages) == sorted(
        each.identifier for each in alerts
    )
    shuffled = [*alerts, *alerts[:3]]
    chance.shuffle(shuffled)
    assert resolve(shuffled) == chains
    for chain in chains:
        assert chain.current in chain.messages
        assert not {each.reference for each in chain.messages} & {*chain.missing}
        assert all(each.sent <= chain.current.sent for each in chain.rivals)


def test_tens_of_thousands_of_messages_are_resolved_soon() -> None:
    heap: list[Alert] = []
    for number in range(20_000):
        before = heap[-1:] if number % 5 else []
        heap.append(follow_up(UPDATE if before else MessageType.ALERT, f"M{number}", number, *before))
    everything = [making.alert(identifier="root")] + [
        follow_up(UPDATE, f"F{number}", 1, making.alert(identifier="root")) for number in range(10_000)
    ]
    random.Random(1).shuffle(heap)  # noqa: S311 - a test
    assert len(resolve(heap)) == 4_000
    assert len(only(*everything).rivals) == 9_999
