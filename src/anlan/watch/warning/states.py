"""Warnings and their messages: which act leads from which state to which."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anlan.kernel.errors import DomainError
from anlan.kernel.states import Life, Move
from anlan.watch.warning.terms import IssueState, WarningState

if TYPE_CHECKING:
    from anlan.kernel.context import Context
    from anlan.watch.warning.models import WarningIssue

LOW, HIGH = "watch.warning.approve_low", "watch.warning.approve_high"
DRAFT, PUBLISH, URGENT = "watch.warning.draft", "watch.warning.publish", "watch.warning.publish_urgent"
MAKING = (IssueState.DRAFT, IssueState.IN_REVIEW, IssueState.APPROVED)


def is_low(_ctx: Context, issue: WarningIssue) -> None:
    if issue.needs_leader:
        raise DomainError("warning_needs_leader")


def is_high(ctx: Context, issue: WarningIssue) -> None:
    if not issue.needs_leader:
        raise DomainError("warning_needs_no_leader")
    is_anothers(ctx, issue)


def is_anothers(ctx: Context, issue: WarningIssue) -> None:
    """What a leader answers for, two pairs of eyes have seen."""
    if ctx.actor is not None and issue.author_id == ctx.actor.pk:
        raise DomainError("warning_own_draft")


ISSUE_LIFE = Life(
    Move("submit", (IssueState.DRAFT,), IssueState.IN_REVIEW, DRAFT),
    Move("approve_low", (IssueState.IN_REVIEW,), IssueState.APPROVED, LOW, guard=is_low),
    Move("approve_high", (IssueState.IN_REVIEW,), IssueState.APPROVED, HIGH, guard=is_high),
    Move("return_low", (IssueState.IN_REVIEW, IssueState.APPROVED), IssueState.DRAFT, LOW, guard=is_low),
    Move("return_high", (IssueState.IN_REVIEW, IssueState.APPROVED), IssueState.DRAFT, HIGH, guard=is_high),
    Move("publish", (IssueState.APPROVED,), IssueState.PUBLISHED, PUBLISH),
    Move("publish_urgent", (IssueState.DRAFT, IssueState.IN_REVIEW), IssueState.PUBLISHED, URGENT),
    Move("discard", MAKING, IssueState.DISCARDED, DRAFT),
)

WARNING_LIFE = Life(
    Move("publish", (WarningState.PENDING, WarningState.IN_FORCE), WarningState.IN_FORCE, PUBLISH),
    Move("publish_urgent", (WarningState.PENDING, WarningState.IN_FORCE), WarningState.IN_FORCE, URGENT),
    Move("cancel", (WarningState.IN_FORCE,), WarningState.CANCELLED, PUBLISH),
    Move("cancel_urgent", (WarningState.IN_FORCE,), WarningState.CANCELLED, URGENT),
    Move("expire", (WarningState.IN_FORCE,), WarningState.EXPIRED, "watch.warning.expire"),
    Move("discard", (WarningState.PENDING,), WarningState.DISCARDED, DRAFT),
)
