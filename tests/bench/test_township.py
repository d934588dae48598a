"""The three ledgers of a callout: whatever one of them says that the others do not is found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from bench import township
from bench.township import Compared, Ours

AT = datetime(2026, 11, 30, 12, tzinfo=UTC)
SENT = Ours("callout", "7", 1, handed=True, answered=False)
ANSWERED = SENT._replace(answered=True)


def item(at: datetime = AT, *steps: tuple[str, datetime]) -> dict[str, Any]:
    return {"id": "a", "at": at.isoformat(), "steps": [[what, when.isoformat()] for what, when in steps]}


def judge(
    one: dict[str, Any] | None, ours: Ours | None, *, again: int = 0, known: datetime | None = None
) -> Compared:
    return township.judge(
        {"a": one} if one else {}, {"a": again}, {"a": ours} if ours else {}, {7: known} if known else {}
    )


def test_ledgers_that_agree_leave_nothing_to_account_for() -> None:
    found = judge(item(AT, ("replied", AT)), ANSWERED, again=1, known=AT)
    assert (found.handed, found.answered) == (1, 1)
    assert (found.unaccounted, found.bothered, found.rang) == ([], [], [])


def test_what_only_one_side_knows_is_found() -> None:
    assert judge(None, SENT).unaccounted == ["a"]
    assert judge(item(), None).unaccounted == ["a"]


def test_what_was_called_off_before_it_was_known_to_be_there_is_accounted_for_as_an_attempt() -> None:
    assert not judge(item(), SENT._replace(handed=False)).unaccounted
    assert judge(item(), SENT._replace(handed=False, attempts=0)).unaccounted == ["a"]


def test_more_requests_than_attempts_are_found() -> None:
    assert not judge(item(), SENT, again=1).unaccounted
    assert judge(item(), SENT, again=2).unaccounted == ["a"]


def test_an_answer_that_one_side_does_not_know_is_found() -> None:
    assert judge(item(AT, ("key", AT)), SENT).unaccounted == ["a: the answer, unknown here"]
    assert judge(item(), ANSWERED).unaccounted == ["a: the answer, ours"]


def test_whoever_is_sent_something_after_his_answer_was_bothered() -> None:
    late = AT + township.UNDER_WAY + timedelta(seconds=1)
    assert judge(item(late), SENT, known=AT).bothered == ["a"]
    assert judge(item(late), SENT._replace(key="7s"), known=AT).bothered == ["a"], "so was who stands in"
    assert not judge(item(AT + township.UNDER_WAY), SENT, known=AT).bothered


def test_a_call_that_rings_after_the_answer_is_told_with_how_late_it_was() -> None:
    late = AT + timedelta(seconds=9)
    assert judge(item(AT, ("begun", late)), SENT, known=AT).rang == [9.0]


def test_a_third_of_the_county_is_silent_at_first_and_every_rung_has_somebody() -> None:
    plan = township.people()["numbers"]
    people = {township.number(one) for one in range(1, township.PEOPLE + 1)}
    silent = [one for one in plan if one in people]
    assert len(silent) == township.SILENT == 177
    never = [one for one in silent if plan[one]["calls"].get("no_answer")]
    stood_in = {township.number(one) for one in range(1, township.STAND_INS + 1)}
    assert set(never) & stood_in
    assert set(never) - stood_in, "somebody must go to a door"
