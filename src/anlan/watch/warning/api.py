"""Warnings over the programming interface, to read: lists, one with its messages, and the account of one."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - the interface's description needs it
from typing import TYPE_CHECKING, Any
from uuid import UUID  # noqa: TC003 - the same

from ninja import Query, Router, Schema
from ninja.decorators import decorate_view

from anlan.kernel.interface import Asked, needs, page_of, refuse_unknown
from anlan.kernel.terms import WarningColour
from anlan.kernel.words import lazy as gettext_lazy
from anlan.watch.warning.selectors import reach, warnings
from anlan.watch.warning.selectors.account import get_account
from anlan.watch.warning.terms import WarningState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from anlan.kernel.requests import PageRequest
    from anlan.watch.warning.models import EarlyWarning, WarningIssue
    from anlan.watch.warning.selectors.account import Account, Course, Moment, Told

PREFIX = "/warnings"
READ = warnings.READ
router = Router(tags=["watch"])


class WarningOut(Schema):
    """One warning.

    event_type    of the national list
    relayed_from  the body outside whose warning it passes on; blank: the issuer's own
    colour        of what is in force; before that, of the draft
    headline      of the last message that was published; before that, of the draft
    """

    id: UUID
    number: str
    kind__name: str
    event_type: str
    colour: str
    state: str
    headline: str
    unit_id: int
    unit__name: str
    issuer_id: int
    issuer__name: str
    relayed_from: str
    drafted_at: datetime
    published_at: datetime | None
    expires_at: datetime | None
    ended_at: datetime | None


class WarningPage(Schema):
    """`next` is the `after` of the next page; blank: this is the last."""

    items: list[WarningOut]
    next: str


class IssueOut(Schema):
    """One message of a warning.

    urgent            published before anybody approved it
    countersigned_at  when a leader stood for that
    identifier        of the message, as it is known outside
    units             how many places lie in its area
    """

    id: UUID
    number: int
    message_type: str
    state: str
    colour: str
    headline: str
    description: str
    guidance: str
    reason: str
    identifier: str
    onset_at: datetime | None
    expires_at: datetime | None
    approved_at: datetime | None
    published_at: datetime | None
    urgent: bool
    countersigned: bool
    countersigned_at: datetime | None
    units: int


class WarningWhole(WarningOut):
    """One warning with its messages, the latest first, and the callouts about it.

    With whom it is only shared, he gets the messages that were published.
    """

    issues: list[IssueOut]
    callout_ids: list[UUID]


class WarningsAsked(Asked):
    """q: words in the name of the kind, the number or the headlines"""

    q: str = ""
    state: str = ""
    colour: str = ""


@router.get(
    "", response=WarningPage, summary=gettext_lazy("预警一览，生效中的在前"), operation_id="warning_table"
)
@decorate_view(needs(READ))
def table(request: PageRequest, asked: Query[WarningsAsked]) -> dict[str, Any]:
    refuse_unknown("state", asked.state, WarningState.values)
    refuse_unknown("colour", asked.colour, WarningColour.values)
    words = asked.q.replace("\0", "").strip()[:100]
    found = warnings.list_warnings(request.ctx, words=words, state=asked.state, colour=asked.colour)
    shown, following = page_of(found, asked)
    return {"items": [_out(one, one.all_issues) for one in shown], "next": following}


@router.get(
    "/{uuid:warning_id}",
    response=WarningWhole,
    summary=gettext_lazy("一条预警及其全部信息"),
    operation_id="warning_record",
)
@decorate_view(needs(READ))
def record(request: PageRequest, warning_id: UUID) -> dict[str, Any]:
    ctx = request.ctx
    warning = warnings.get_warning(ctx, warning_id)
    issues = warnings.list_issues(ctx, warning)
    return _out(warning, issues) | {
        "issues": [_issue(one) for one in issues],
        "callout_ids": [one.pk for one in reach.list_callouts_of(ctx, warning)],
    }


def _out(warning: EarlyWarning, issues: Sequence[WarningIssue]) -> dict[str, Any]:
    return {
        "id": warning.pk,
        "number": warning.number,
        "kind__name": warning.kind.name,
        "event_type": warning.kind.event_type,
        "colour": warning.colour,
        "state": warning.state,
        "headline": warnings.get_said(issues).headline,
        "unit_id": warning.unit_id,
        "unit__name": warning.unit.name,
        "issuer_id": warning.issuer_id,
        "issuer__name": warning.issuer.name,
        "relayed_from": warning.relayed_from,
        "drafted_at": warning.drafted_at,
        "published_at": warning.published_at,
        "expires_at": warning.expires_at,
        "ended_at": warning.ended_at,
    }


def _issue(issue: WarningIssue) -> dict[str, Any]:
    signature = getattr(issue, "countersignature", None)
    return {
        "id": issue.pk,
        "number": issue.number,
        "message_type": issue.message_type,
        "state": issue.state,
        "colour": issue.colour,
        "headline": issue.headline,
        "description": issue.description,
        "guidance": issue.guidance,
        "reason": issue.reason,
        "identifier": issue.identifier,
        "onset_at": issue.onset_at,
        "expires_at": issue.expires_at,
        "approved_at": issue.approved_at,
        "published_at": issue.published_at,
        "urgent": issue.urgent,
        "countersigned": signature is not None,
        "countersigned_at": signature.at if signature else None,
        "units": issue.units,
    }


# --- the account of one -------------------------------------------------------------------------------------------


class MomentSchema(Schema):
    """entry: number of the journal's entry that says so; who: blank for the node itself"""

    at: datetime
    entry: int
    who: str


class AttemptsSchema(Schema):
    """What was ordered for one use (callout: those called; callout_upper: desks above; errand: who goes) by one channel."""

    use: str
    channel: str
    ordered: int
    handed: int
    reached: int
    heard: int
    failed: int
    withdrawn: int
    withdrawn_after_answer: int
    waiting: int
    retries: int
    first_handed_at: datetime | None
    last_handed_at: datetime | None


class RungSchema(Schema):
    ladder: int
    rung: int
    first_at: datetime
    people: int
    deliveries: int
    errands: int


class DoorsSchema(Schema):
    sent: int
    met: int
    failed: int
    withdrawn: int
    open: int
    half_s: float | None


class CourseSchema(Schema):
    """What came of a callout; people within the asker's scope."""

    callout: UUID
    state: str
    people: int
    confirmed: int
    visited: int
    unreachable: int
    open: int
    by_way: dict[str, int]
    first_answer_at: datetime | None
    half_at: datetime | None
    ninety_percent_at: datetime | None
    last_answer_at: datetime | None
    settled_at: datetime | None
    attempts: list[AttemptsSchema]
    rungs: list[RungSchema]
    doors: DoorsSchema | None


class ToldSchema(Schema):
    """One message. Durations are in seconds."""

    issue: UUID
    number: int
    message_type: str
    state: str
    colour: str
    headline: str
    urgent: bool
    received: MomentSchema | None
    drafted: MomentSchema | None
    submitted: MomentSchema | None
    approved: MomentSchema | None
    published: MomentSchema | None
    countersigned: MomentSchema | None
    to_draft_s: float | None
    in_the_making_s: float | None
    to_countersignature_s: float | None
    to_first_hand_over_s: float | None
    to_last_hand_over_s: float | None
    to_settled_s: float | None
    callout: CourseSchema | None


class StretchSchema(Schema):
    colour: str
    from_at: datetime
    until_at: datetime | None


class OwedSchema(Schema):
    rule: str
    name: str
    in_time: int
    late: int
    open: int
    overdue: int
    released: int


class CostSchema(Schema):
    channel: str
    parts: int
    cost_cny: str


class AccountSchema(Schema):
    """whole: false where the warning is only shared with the asker: published messages and his own people alone."""

    warning: UUID
    state: str
    at: datetime
    whole: bool
    messages: list[ToldSchema]
    colours: list[StretchSchema]
    ended: MomentSchema | None
    owed: list[OwedSchema]
    measures: int
    measures_taken: int
    cost: list[CostSchema]
    cost_cny: str
    accuracy: str
    timeliness: str


@router.get(
    "/{uuid:warning_id}/account",
    response=AccountSchema,
    summary=gettext_lazy("一条预警的全程：经过、用时、叫应结果、费用"),
    operation_id="warning_account",
)
@decorate_view(needs(READ))
def account(request: PageRequest, warning_id: UUID) -> dict[str, Any]:
    return _account(get_account(request.ctx, warning_id))


def _account(account: Account) -> dict[str, Any]:
    review = account.review
    return {
        "warning": account.warning.pk,
        "state": account.warning.state,
        "at": account.at,
        "whole": account.whole,
        "messages": [_told(one) for one in account.told],
        "colours": [one._asdict() for one in account.colours],
        "ended": _moment(account.ended),
        "owed": [dict(one._asdict(), rule=one.code) for one in account.owed or ()],
        "measures": len(account.measures),
        "measures_taken": account.measures_done,
        "cost": [
            {"channel": channel, "parts": parts, "cost_cny": str(cost)}
            for channel, parts, cost in account.costs
        ],
        "cost_cny": str(account.cost_cny),
        "accuracy": review.accuracy if review else "",
        "timeliness": review.timeliness if review else "",
    }


def _told(told: Told) -> dict[str, Any]:
    issue = told.issue
    steps = ("received", "drafted", "submitted", "approved", "published", "countersigned")
    spans = (
        "to_draft",
        "in_the_making",
        "to_countersignature",
        "to_first_hand_over",
        "to_last_hand_over",
        "to_settled",
    )
    return {
        "issue": issue.pk,
        "number": issue.number,
        "message_type": issue.message_type,
        "state": issue.state,
        "colour": issue.colour,
        "headline": issue.headline,
        "urgent": issue.urgent,
        **{name: _moment(getattr(told, name)) for name in steps},
        **{f"{name}_s": _seconds(getattr(told, name)) for name in spans},
        "callout": _course(told.course) if told.course else None,
    }


def _course(course: Course) -> dict[str, Any]:
    doors = course.doors
    return {
        "callout": course.callout.pk,
        "state": course.callout.state,
        **{name: getattr(course, name) for name in ("people", "confirmed", "visited", "unreachable", "open")},
        "by_way": {str(way.value): count for way, count in course.by_way},
        "first_answer_at": course.first_at,
        "half_at": course.half_at,
        "ninety_percent_at": course.ninety_at,
        "last_answer_at": course.last_at,
        "settled_at": course.settled_at,
        "attempts": [
            dict(
                one._asdict(),
                withdrawn_after_answer=one.after,
                first_handed_at=one.first_at,
                last_handed_at=one.last_at,
            )
            for one in course.attempts
        ],
        "rungs": [one._asdict() for one in course.rungs],
        "doors": dict(doors._asdict(), half_s=_seconds(doors.half)) if doors else None,
    }


def _moment(moment: Moment | None) -> dict[str, Any] | None:
    return {"at": moment.at, "entry": moment.entry_id, "who": moment.who} if moment else None


def _seconds(span: timedelta | None) -> float | None:
    return round(span.total_seconds(), 3) if span is not None else None
