"""Warnings over the programming interface, to read."""

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
from anlan.watch.warning.terms import WarningState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anlan.kernel.requests import PageRequest
    from anlan.watch.warning.models import EarlyWarning, WarningIssue

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
