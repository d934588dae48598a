"""The account of a warning: each figure of a night that was played by hand, who sees which of them, and how much it asks."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from anlan.watch.warning.selectors.account import Account, Told, get_account
from tests.watch import nights
from tests.watch.nights import minute
from tests.watch.warnings import with_rules

if TYPE_CHECKING:
    from datetime import datetime

    from tests.cast import World


@pytest.fixture
def night(world: World) -> nights.Night:
    with_rules()
    return nights.begin(world)


@pytest.fixture
def told(night: nights.Night) -> Told:
    """The first message, once everybody was through."""
    issue = nights.published(night)
    nights.called(night)
    return account_of(night, issue).told[0]


def account_of(night: nights.Night, issue: nights.WarningIssue) -> Account:
    return get_account(night.ctx(night.world.officer), issue.warning_id)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def test_each_step_of_a_message_has_its_moment_its_author_and_its_entry(told: Told) -> None:
    def step(name: str) -> tuple[datetime, str]:
        moment = getattr(told, name)
        assert moment.entry_id
        return moment.at, moment.who

    assert step("drafted") == (minute("1:00"), "officer")
    assert step("submitted") == (minute("1:05"), "officer"), "the one that was approved"
    assert told.returns == 1
    assert step("approved") == (minute("1:09"), "approver")
    assert step("published") == (minute("1:10"), "officer")
    assert (told.received, told.countersigned) == (None, None)
    assert (told.in_the_making, told.to_approval, told.to_publication) == (
        minutes(10),
        minutes(4),
        minutes(1),
    )
    assert (told.to_first_hand_over, told.to_last_hand_over) == (minutes(2), minutes(8))
    assert told.to_settled == minutes(30)
