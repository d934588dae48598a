"""How a warning of another body goes on: raised, lowered, ended, in both formats and out of order, while ours is being made."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import pytest
from django.urls import reverse

from anlan.connect.alert import services
from anlan.connect.alert.terms import MessageState, Why
from anlan.kernel.numbering import load_series
from anlan.protocols.cap.message import MessageType, Severity
from anlan.watch.warning import services as warnings
from anlan.watch.warning.models import EarlyWarning, WarningIssue
from anlan.watch.warning.terms import IssueState, WarningState
from tests.cast import acting, enter
from tests.connect.alerts import NODE, alert, alert_12379, carry, come, make_source
from tests.watch.kinds import make_kind
from tests.watch.warnings import NODE as OFFICE
from tests.watch.warnings import approve, coded

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from anlan.connect.alert.models import AlertMessage, AlertSource
    from anlan.protocols import cap, cn12379
    from tests.cast import World

    Sent = cap.Alert | cn12379.Alert
    Story = Callable[[str], tuple[Sent, Sent, Sent, Sent]]

pytestmark = pytest.mark.django_db
SEVERITIES = {"blue": Severity.MINOR, "orange": Severity.SEVERE, "red": Severity.EXTREME}


@pytest.fixture
def source(world: World) -> AlertSource:
    load_series()
    coded(world.district)
    make_kind(world.district)
    return make_source(world.district)


def in_cap(code: str) -> tuple[Sent, Sent, Sent, Sent]:
    """Blue, orange, red, over: each follows the one before it."""
    blue = alert("A", code=code)
    orange = alert("B", MessageType.UPDATE, follows=(blue,), minutes=5, severity=Severity.SEVERE, code=code)
    red = alert("C", MessageType.UPDATE, follows=(orange,), minutes=10, severity=Severity.EXTREME, code=code)
    return blue, orange, red, alert("D", MessageType.CANCEL, follows=(red,), minutes=15, code=code)


def in_12379(code: str) -> tuple[Sent, Sent, Sent, Sent]:
    """The same as the release system has it: each names the first."""
    blue = alert_12379("Blue", code=code)
    orange = alert_12379("Orange", "Update", first=blue, minutes=5, code=code)
    red = alert_12379("Red", "Update", first=blue, minutes=10, code=code)
    return blue, orange, red, alert_12379("Red", "Cancel", first=blue, minutes=15, code=code)


both = pytest.mark.parametrize("story", [in_cap, in_12379])


def warning() -> EarlyWarning:
    """The only one there is."""
    found: EarlyWarning = EarlyWarning.unscoped.get()
    return found


def making() -> WarningIssue:
    """The message of it that is being made."""
    found: WarningIssue = WarningIssue.unscoped.get(state=IssueState.DRAFT)
    return found


def publish() -> None:
    """What the duty room does with a draft."""
    issue = warnings.submit_issue(OFFICE, making().pk)
    warnings.publish_issue(OFFICE, approve(issue).pk)


def states_of(*messages: AlertMessage) -> list[str]:
    for message in messages:
        message.refresh_from_db()
    return [message.why for message in messages]


@both
def test_a_warning_is_raised_twice_and_ended_as_its_source_does(source: AlertSource, story: Story) -> None:
    blue, orange, red, over = story(source.unit.code)
    assert come(source, blue).why == Why.DRAFTED
    publish()
    assert come(source, orange).why == Why.UPDATED
    publish()
    assert come(source, red).why == Why.UPDATED
    publish()
    assert (warning().state, warning().colour) == (WarningState.IN_FORCE, "red")
    assert come(source, over).why == Why.CANCELLED
    assert making().message_type == "cancel"
    assert making().reason == over.note
    publish()
    assert warning().state == WarningState.CANCELLED


@both
def test_what_comes_out_of_order_never_goes_back_in_time(source: AlertSource, story: Story) -> None:
    """Red overtakes orange; nothing is drafted twice, and what is in force is never lowered by what was overtaken."""
    blue, orange, red, over = story(source.unit.code)
    come(source, blue)
    publish()
    early = come(source, red)
    late = come(source, orange)
    assert states_of(early, late) == [Why.UPDATED, Why.OVERTAKEN]
    publish()
    assert warning().colour == "red"
    assert come(source, over).why == Why.CANCELLED
    publish()
    assert come(source, orange).copies == 1
    assert WarningIssue.unscoped.count() == 3
    assert warning().state == WarningState.CANCELLED


@both
def test_the_end_comes_before_all_it_ends(source: AlertSource, story: Story) -> None:
    blue, orange, red, over = story(source.unit.code)
    ended = come(source, over)
    assert ended.why == Why.PARENT
    later = [come(source, one) for one in (red, orange, blue)]
    assert states_of(ended, *later) == [Why.NOTHING, *[Why.OVERTAKEN] * 3]
    assert not EarlyWarning.unscoped.exists()


def test_what_follows_one_that_was_taken_as_the_first_is_known_by_what_both_name(source: AlertSource) -> None:
    """The first message was lost for good: the cancellation must still find the warning that came of the update."""
    _lost, orange, red, over = in_12379(source.unit.code)
    waiting = come(source, orange)
    services.end_patience(NODE, waiting.pk)
    assert states_of(waiting) == [Why.DRAFTED]
    assert come(source, red).why == Why.REVISED
    publish()
    assert come(source, over).why == Why.CANCELLED
    assert making().warning == warning()


# --- while ours is being made -------------------------------------------------------------------------------------


class Approval(NamedTuple):
    """The draft of a first message is with its approver, and an update has come; what is still to come."""

    issue: WarningIssue
    waits: AlertMessage
    red: Sent
    over: Sent


@pytest.fixture
def approval(source: AlertSource) -> Approval:
    blue, orange, red, over = in_12379(source.unit.code)
    come(source, blue)
    issue = warnings.submit_issue(OFFICE, making().pk)
    waits = come(source, orange)
    assert (waits.state, waits.why) == (MessageState.WAITING, Why.DRAFT)
    issue.refresh_from_db()
    assert (issue.state, issue.colour) == (IssueState.IN_REVIEW, "blue"), (
        "what is being approved is left alone"
    )
    return Approval(issue, waits, red, over)


def test_what_waits_for_an_approval_goes_on_when_the_draft_is_returned(approval: Approval) -> None:
    issue, waits = approval[:2]
    warnings.return_low_issue(OFFICE, issue.pk, reason="请核对")
    carry()
    assert states_of(waits) == [Why.REVISED]
    assert (making().pk, making().colour) == (issue.pk, "orange")


def test_what_waits_for_an_approval_goes_on_when_it_is_published(approval: Approval) -> None:
    issue, waits = approval[:2]
    warnings.publish_issue(OFFICE, approve(issue).pk)
    carry()
    assert states_of(waits) == [Why.UPDATED]
    assert (making().message_type, making().colour, warning().colour) == ("update", "orange", "blue")


def test_what_waits_for_an_approval_goes_on_when_the_draft_is_discarded(approval: Approval) -> None:
    issue, waits = approval[:2]
    warnings.discard_issue(OFFICE, issue.pk, reason="误报")
    carry()
    assert states_of(waits) == [Why.DRAFTED]
    assert making().warning_id != issue.warning_id


def test_who_approves_sees_that_an_update_waits(approval: Approval, world: World, door: Client) -> None:
    services.settle_message(NODE, approval.waits.pk)  # whoever comes by while it waits says it no second time
    enter(door, world.approver)
    page = door.get(reverse("warning_detail", args=[approval.issue.warning_id])).content.decode()
    assert page.count("外部来源有更新的报文，等正在审批的信息办完") == 1


def test_what_waits_for_the_approval_of_what_has_expired_begins_anew(source: AlertSource) -> None:
    blue, orange, red, _over = in_12379(source.unit.code)
    come(source, blue)
    publish()
    come(source, orange)
    update = warnings.submit_issue(OFFICE, making().pk)
    waits = come(source, red)
    assert waits.why == Why.DRAFT
    EarlyWarning.unscoped.update(expires_at="2000-01-01T00:00Z")
    warnings.expire_warnings(OFFICE, [update.warning_id])
    carry()
    assert states_of(waits) == [Why.DRAFTED]
    assert (making().message_type, making().colour) == ("alert", "red")
    update.refresh_from_db()
    assert update.state == IssueState.DISCARDED


def test_of_two_that_wait_the_later_counts(source: AlertSource, approval: Approval) -> None:
    issue, first = approval[:2]
    second = come(source, approval.red)
    warnings.return_low_issue(OFFICE, issue.pk, reason="请核对")
    carry()
    assert states_of(first, second) == [Why.OVERTAKEN, Why.REVISED]
    assert making().colour == "red"


def test_what_was_remarked_on_what_waits_is_said_once(source: AlertSource) -> None:
    first = alert("A", code=source.unit.code)
    come(source, first)
    issue = warnings.submit_issue(OFFICE, making().pk)
    update = alert(
        "B", MessageType.UPDATE, follows=(first,), minutes=5, code=f"{source.unit.code},110000000000"
    )
    waits = come(source, update)
    warnings.return_low_issue(OFFICE, issue.pk, reason="请核对")
    carry()
    assert states_of(waits) == [Why.REVISED]
    assert [one["code"] for one in waits.remarks] == ["unknown_codes"]


def test_an_update_after_the_end_takes_the_end_back(source: AlertSource) -> None:
    blue, orange, red, over = in_12379(source.unit.code)
    come(source, blue)
    publish()
    early = replace(over, sent_at=orange.sent_at, identifier=orange.identifier)
    ended = come(source, early)
    assert ended.why == Why.CANCELLED
    assert come(source, red).why == Why.UPDATED
    assert WarningIssue.unscoped.get(pk=ended.issue_id).state == IssueState.DISCARDED
    assert (making().message_type, making().colour) == ("update", "red")


def test_an_end_that_a_person_has_begun_is_left_to_him(source: AlertSource, world: World) -> None:
    """An update waits for it; the source's own end comes to the same draft."""
    blue, orange, _red, over = in_12379(source.unit.code)
    come(source, blue)
    publish()
    his = warnings.draft_cancel(acting(world.officer), warning().pk, reason="雨停了。")
    assert come(source, orange).why == Why.DRAFT
    ended = come(source, over)
    assert (ended.why, ended.issue_id) == (Why.CANCELLED, his.pk)
    assert making().reason == "雨停了。"


@pytest.mark.parametrize("is_published", [True, False])
def test_an_update_that_leaves_us_out_ends_it_here(source: AlertSource, *, is_published: bool) -> None:
    first = alert("A", code=source.unit.code)
    taken = come(source, first)
    if is_published:
        publish()
    moved = come(source, alert("B", MessageType.UPDATE, follows=(first,), minutes=5, code="110000000000"))
    assert (moved.state, moved.why) == (MessageState.TAKEN, Why.MOVED)
    if is_published:
        assert (making().message_type, making().reason) == ("cancel", "来源变更后，范围不再涉及辖区。")
    else:
        assert EarlyWarning.unscoped.get(pk=taken.warning_id).state == WarningState.DISCARDED


def test_a_cancellation_takes_back_what_is_being_approved(source: AlertSource, approval: Approval) -> None:
    issue, waits = approval[:2]
    ended = come(source, approval.over)
    assert states_of(waits, ended) == [Why.OVERTAKEN, Why.WITHDRAWN]
    issue.refresh_from_db()
    assert (issue.state, warning().state) == (IssueState.DISCARDED, WarningState.DISCARDED)
    carry()


def test_a_cancellation_of_what_is_in_force_gives_up_its_update_first(source: AlertSource) -> None:
    blue, orange, _red, over = in_12379(source.unit.code)
    come(source, blue)
    publish()
    update = come(source, orange)
    assert come(source, over).why == Why.CANCELLED
    assert WarningIssue.unscoped.get(pk=update.issue_id).state == IssueState.DISCARDED
    assert making().message_type == "cancel"


def test_an_update_of_what_has_expired_meanwhile_begins_anew(source: AlertSource) -> None:
    """Its own draft of an update could never be published any more."""
    blue, orange, red, _over = in_12379(source.unit.code)
    come(source, blue)
    publish()
    update = come(source, orange)
    EarlyWarning.unscoped.update(expires_at="2000-01-01T00:00Z")
    warnings.expire_warnings(OFFICE, [update.warning_id])
    again = come(source, red)
    assert again.why == Why.DRAFTED
    assert WarningIssue.unscoped.get(pk=update.issue_id).state == IssueState.DISCARDED
    assert making().warning_id != update.warning_id
    assert (making().message_type, making().colour) == ("alert", "red")
