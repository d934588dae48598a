"""Warnings: acts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import F, Max

from anlan.kernel import timers
from anlan.kernel.act import act
from anlan.kernel.clock import real_now
from anlan.kernel.errors import DomainError, StateConflict
from anlan.kernel.events import PrivateText
from anlan.kernel.ids import uuid7
from anlan.kernel.numbering import next_number
from anlan.kernel.scope import require
from anlan.kernel.sharing import share_matter
from anlan.message.callout.selectors import lock_running
from anlan.message.callout.services import open_callout, stop_callout
from anlan.watch.warning import events
from anlan.watch.warning.models import (
    Countersignature,
    EarlyWarning,
    Presence,
    WarningArea,
    WarningIssue,
    WarningMeasure,
    WarningReview,
)
from anlan.watch.warning.selectors import areas, messages, warnings, wording
from anlan.watch.warning.states import ISSUE_LIFE, WARNING_LIFE, is_anothers
from anlan.watch.warning.terms import IssueState, MessageType, WarningState

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from uuid import UUID

    from anlan.kernel.context import Context
    from anlan.kernel.models import Unit
    from anlan.watch.kind.models import WarningKind
    from anlan.watch.warning.selectors.areas import Placed

EXPIRE = "watch.warning.expire"  # the capability, which no person needs, and the timer
FIELDS = ("colour", "description", "guidance", "reason", "onset_at", "expires_at", "measures", "polygon")
ISSUED = {
    MessageType.ALERT: events.WarningPublished,
    MessageType.UPDATE: events.WarningUpdated,
    MessageType.CANCEL: events.WarningCancelled,
}
# What publishing does with callouts by itself.
CALLS = frozenset({"message.callout.open", "message.callout.stop", "message.callout.read"})
A_SECOND = timedelta(seconds=1)


# --- drafting -----------------------------------------------------------------------------------------------------


@act("watch.warning.draft")
def draft_warning(
    ctx: Context,
    *,
    unit: Unit,
    kind: WarningKind,
    colour: str,
    issuer: Unit | None = None,
    relayed_from: str = "",
) -> WarningIssue:
    """Begin a warning with what its template says.

    issuer        None: the unit itself
    relayed_from  the body outside the tree whose warning is passed on
    raises        NotAllowed; DomainError `warning_colour`, `warning_authority`
    """
    require(ctx, "watch.warning.draft", unit)
    if colour not in kind.colours:
        raise DomainError("warning_colour", kind=kind.name)
    by = issuer or unit
    if not relayed_from and not warnings.find_authority(kind, by):
        raise DomainError("warning_authority", kind=kind.name, authority=kind.authority)
    key = uuid7()
    warning = EarlyWarning.objects.create(
        id=key,
        matter=key,
        unit=unit,
        exercise=ctx.exercise,
        kind=kind,
        issuer=by,
        relayed_from=relayed_from,
        colour=colour,
        drafted_at=ctx.now(),
    )
    issue = _new_issue(ctx, warning, MessageType.ALERT, colour)
    template = warnings.find_template_of(warning, colour)
    if template:
        issue.guidance, issue.measures = template.guidance, list(template.measures)
        issue.expires_at = ctx.now() + timedelta(hours=template.hours)
        issue.save(update_fields=("guidance", "measures", "expires_at"))
    return issue


@act("watch.warning.draft")
def draft_update(ctx: Context, warning_id: UUID, *, colour: str) -> WarningIssue:
    """Begin an update of a warning in force, with what it says now; another colour brings its own template.

    raises  NotFound; StateConflict; DomainError `warning_colour`, `warning_in_the_making`
    """
    warning, last = _in_force(ctx, warning_id)
    if colour not in warning.kind.colours:
        raise DomainError("warning_colour", kind=warning.kind.name)
    issue = _new_issue(ctx, warning, MessageType.UPDATE, colour)
    template = warnings.find_template_of(warning, colour) if colour != last.colour else None
    issue.description, issue.polygon = last.description, last.polygon
    issue.guidance = template.guidance if template else last.guidance
    issue.measures = list(template.measures) if template else list(last.measures)
    hours = timedelta(hours=template.hours) if template else None
    issue.expires_at = ctx.now() + hours if hours else last.expires_at
    issue.save(update_fields=("description", "polygon", "guidance", "measures", "expires_at"))
    _place(issue, areas.list_placed(warnings.list_areas(last)))
    return issue


@act("watch.warning.draft")
def draft_cancel(ctx: Context, warning_id: UUID, *, reason: str) -> WarningIssue:
    """Begin the end of a warning in force; it tells the same area as the last message did.

    raises  NotFound; StateConflict; DomainError `warning_in_the_making`
    """
    warning, last = _in_force(ctx, warning_id)
    issue = _new_issue(ctx, warning, MessageType.CANCEL, last.colour)
    issue.reason, issue.polygon = reason, last.polygon
    issue.save(update_fields=("reason", "polygon"))
    _place(issue, areas.list_placed(warnings.list_areas(last)))
    return issue


@act("watch.warning.draft")
def edit_issue(
    ctx: Context, /, issue_id: UUID, *, version: int, placed: Sequence[Placed] | None = None, **values: Any
) -> WarningIssue:
    """Change a draft, unless somebody has changed it since the actor saw `version`.

    placed  its area; None: as it is
    values  of FIELDS
    raises  NotFound; StateConflict; DomainError `warning_colour`
    """
    issue = warnings.lock_issue(ctx, issue_id, "watch.warning.draft")
    if issue.state != IssueState.DRAFT or issue.version != version:
        raise StateConflict
    if wrong := set(values) - set(FIELDS):
        raise ValueError(f"no fields of a draft: {wrong}")
    colour = values.get("colour", issue.colour)
    if colour not in issue.warning.kind.colours:
        raise DomainError("warning_colour", kind=issue.warning.kind.name)
    changed = sorted(name for name, value in values.items() if getattr(issue, name) != value)
    before = areas.list_placed(warnings.list_areas(issue)) if placed is not None else []
    moved = placed is not None and _keys(before) != _keys(placed)
    if not changed and not moved:
        return issue
    for name in changed:
        setattr(issue, name, values[name])
    if "colour" in changed:
        _recolour(issue)
        if issue.message_type == MessageType.ALERT:
            issue.warning.colour = colour
            issue.warning.save(update_fields=("colour",))
    if moved and placed is not None:
        _place(issue, placed)
    issue.version += 1
    issue.save(update_fields={*changed, "headline", "needs_leader", "version"})
    fields = (*changed, "areas") if moved else tuple(changed)
    ctx.journal(events.WarningEdited(str(issue.pk), fields), issue.warning)
    return issue


@act("watch.warning.draft")
def discard_issue(ctx: Context, issue_id: UUID, *, reason: str) -> WarningIssue:
    """Give up a message that is not published; with the first one the warning itself. raises NotFound; StateConflict"""
    issue = warnings.lock_issue(ctx, issue_id, "watch.warning.draft")
    ISSUE_LIFE.move(ctx, issue, "discard")
    warning = issue.warning
    if issue.message_type == MessageType.ALERT:
        _end(ctx, warning, "discard")
    ctx.journal(events.WarningDiscarded(str(issue.pk), PrivateText(reason)), warning)
    return issue


@act("watch.warning.draft")
def show_presence(ctx: Context, issue_id: UUID) -> list[Presence]:
    """Say that the actor has a draft's form open; who else has. Not journalled: it is gone in less than a minute."""
    issue = warnings.get_issue(ctx, issue_id, "watch.warning.draft")
    if ctx.actor is not None:
        Presence.objects.update_or_create(issue=issue, user=ctx.actor, defaults={"seen_at": real_now()})
    return warnings.list_present(issue, without=ctx.actor)


def _new_issue(ctx: Context, warning: EarlyWarning, message_type: MessageType, colour: str) -> WarningIssue:
    last = WarningIssue.unscoped.filter(warning=warning).aggregate(last=Max("number"))["last"] or 0
    issue = WarningIssue(
        unit=warning.unit,
        exercise=warning.exercise,
        matter=warning.pk,
        warning=warning,
        number=last + 1,
        message_type=message_type,
        colour=colour,
        author=ctx.actor,
    )
    _recolour(issue)
    try:
        with transaction.atomic():
            issue.save(force_insert=True)
    except IntegrityError as error:  # another message of it is being made
        raise DomainError("warning_in_the_making") from error
    ctx.journal(events.WarningDrafted(str(issue.pk), message_type, colour), warning)
    return issue


def _recolour(issue: WarningIssue) -> None:
    """What follows from a colour: headline and approver. Who lowers a red warning answers for it like who raised it."""
    warning = issue.warning
    issue.headline = wording.get_headline(warning, issue.message_type, issue.colour)
    issue.needs_leader = warning.kind.needs_leader(
        issue.colour, *([warning.colour] if warning.is_running else [])
    )


def _in_force(ctx: Context, warning_id: UUID) -> tuple[EarlyWarning, WarningIssue]:
    warning = warnings.lock_warning(ctx, warning_id, "watch.warning.draft")
    last = warnings.find_issue_in_force(warning)
    if not warning.is_running or last is None:
        raise StateConflict
    return warning, last


def _place(issue: WarningIssue, placed: Sequence[Placed]) -> None:
    issue.areas.all().delete()
    WarningArea.objects.bulk_create(
        WarningArea(issue=issue, unit=one.unit, below=one.below, share=one.share, how=one.how)
        for one in placed
    )


def _keys(placed: Sequence[Placed]) -> set[tuple[int, bool]]:
    return {(one.unit.pk, one.below) for one in placed}


# --- approving ----------------------------------------------------------------------------------------------------


@act("watch.warning.draft")
def submit_issue(ctx: Context, issue_id: UUID) -> WarningIssue:
    """Hand a draft to whoever approves it. raises NotFound; StateConflict; DomainError `warning_incomplete`"""
    issue = warnings.lock_issue(ctx, issue_id, "watch.warning.draft")
    _refuse_incomplete(ctx, issue)
    ISSUE_LIFE.move(ctx, issue, "submit")
    _recolour(issue)  # the warning may have another colour by now than when it was drafted
    issue.save(update_fields=("needs_leader",))
    said = events.WarningSubmitted(str(issue.pk), issue.message_type, issue.colour, issue.needs_leader)
    ctx.journal(said, issue.warning)
    return issue


@act("watch.warning.approve_low")
def approve_low_issue(ctx: Context, issue_id: UUID) -> WarningIssue:
    """Approve what the duty officer may, his own draft as well: at night he is alone.

    raises  NotFound; StateConflict; DomainError `warning_needs_leader`
    """
    return _approve(ctx, warnings.lock_issue(ctx, issue_id, "watch.warning.approve_low"), "approve_low")


@act("watch.warning.approve_high")
def approve_high_issue(ctx: Context, issue_id: UUID) -> WarningIssue:
    """Approve what a leader must, never what he drafted himself.

    raises  NotFound; StateConflict; DomainError `warning_own_draft`, `warning_needs_no_leader`
    """
    return _approve(ctx, warnings.lock_issue(ctx, issue_id, "watch.warning.approve_high"), "approve_high")


@act("watch.warning.approve_low")
def return_low_issue(ctx: Context, issue_id: UUID, *, reason: str) -> WarningIssue:
    """Give it back to its author. raises NotFound; StateConflict; DomainError `warning_needs_leader`"""
    issue = warnings.lock_issue(ctx, issue_id, "watch.warning.approve_low")
    return _return(ctx, issue, "return_low", reason)


@act("watch.warning.approve_high")
def return_high_issue(ctx: Context, issue_id: UUID, *, reason: str) -> WarningIssue:
    """Give it back to its author. raises NotFound; StateConflict"""
    issue = warnings.lock_issue(ctx, issue_id, "watch.warning.approve_high")
    return _return(ctx, issue, "return_high", reason)


def _approve(ctx: Context, issue: WarningIssue, how: str) -> WarningIssue:
    ISSUE_LIFE.move(ctx, issue, how)
    issue.approver, issue.approved_at = ctx.actor, ctx.now()
    issue.save(update_fields=("approver", "approved_at"))
    approved = events.WarningApproved(str(issue.pk), issue.colour, issue.needs_leader)
    ctx.journal(approved, issue.warning)
    return issue


def _return(ctx: Context, issue: WarningIssue, how: str, reason: str) -> WarningIssue:
    ISSUE_LIFE.move(ctx, issue, how)
    issue.approver, issue.approved_at = None, None
    issue.save(update_fields=("approver", "approved_at"))
    ctx.journal(events.WarningReturned(str(issue.pk), PrivateText(reason)), issue.warning)
    return issue


def _refuse_incomplete(ctx: Context, issue: WarningIssue) -> None:
    missing = warnings.list_missing(ctx, issue)
    if missing:
        raise DomainError("warning_incomplete", missing=missing)


# --- publishing ---------------------------------------------------------------------------------------------------


@act("watch.warning.publish")
def publish_issue(ctx: Context, issue_id: UUID) -> WarningIssue:
    """Put an approved message into force, tell those responsible, and open it to the units it warns.

    raises  NotFound; StateConflict; DomainError `warning_incomplete` where it expired while it waited
    """
    issue = warnings.lock_issue(ctx, issue_id, "watch.warning.publish")
    return _publish(ctx, issue, "publish", capability="watch.warning.publish")


@act("watch.warning.publish_urgent")
def publish_urgent_issue(ctx: Context, issue_id: UUID) -> WarningIssue:
    """Put it into force before anybody approves it; a leader's countersignature is owed from then on.

    raises  NotFound; StateConflict; DomainError `warning_incomplete`
    """
    issue = warnings.lock_issue(ctx, issue_id, "watch.warning.publish_urgent")
    return _publish(ctx, issue, "publish_urgent", capability="watch.warning.publish_urgent")


@act("watch.warning.countersign")
def countersign_issue(ctx: Context, issue_id: UUID) -> WarningIssue:
    """Stand for what was published without approval; never for what one drafted or published oneself.

    raises  NotFound; StateConflict; DomainError `warning_own_draft`
    """
    issue = warnings.lock_issue(ctx, issue_id, "watch.warning.countersign")
    if not (issue.is_published and issue.urgent) or Countersignature.objects.filter(issue=issue).exists():
        raise StateConflict
    is_anothers(ctx, issue)
    if ctx.actor is None or issue.publisher_id == ctx.actor.pk:
        raise DomainError("warning_own_draft")
    Countersignature.objects.create(issue=issue, user=ctx.actor, at=ctx.now())
    ctx.journal(events.WarningCountersigned(str(issue.pk)), issue.warning)
    return issue


@act("watch.warning.expire")
def expire_warnings(ctx: Context, warning_ids: Collection[UUID]) -> list[EarlyWarning]:
    """End those that have come to the end they were given; one that was prolonged meanwhile goes on."""
    ended = warnings.lock_expired(ctx, warning_ids, EXPIRE)
    for warning in ended:
        _end(ctx, warning, "expire")
        _stop_calls(ctx, warning, str(WarningState.EXPIRED.label))
        ctx.journal(events.WarningExpired(warning.colour), warning)
    return ended


def _publish(ctx: Context, issue: WarningIssue, how: str, *, capability: str) -> WarningIssue:
    if issue.state not in ISSUE_LIFE.moves[how].frm:
        raise StateConflict
    _refuse_incomplete(ctx, issue)
    warning = issue.warning
    placed = areas.list_placed(warnings.list_areas(issue))
    now = ctx.now()
    _recolour(issue)
    issue.publisher, issue.published_at, issue.urgent = ctx.actor, now, how == "publish_urgent"
    issue.identifier = _identifier(issue)
    issue.texts = {channel: list(text) for channel, text in wording.list_texts(issue, placed).items()}
    issue.units = areas.count_units(placed)
    # All that is said stands in the row before its state changes: from then on it never changes again.
    names = (
        "publisher",
        "published_at",
        "urgent",
        "identifier",
        "texts",
        "units",
        "headline",
        "needs_leader",
    )
    issue.save(update_fields=names)
    ISSUE_LIFE.move(ctx, issue, how)
    if issue.is_end:
        _end(ctx, warning, "cancel_urgent" if issue.urgent else "cancel")
        timers.disarm(EXPIRE, [str(warning.pk)])
    else:
        _put_in_force(ctx, warning, issue, how)
    share_matter(ctx, warning, areas.list_warned(placed, warning.unit), capability=capability)
    _tell(ctx, issue, placed)
    _call_out(ctx, issue, placed)
    return issue


def _call_out(ctx: Context, issue: WarningIssue, placed: Sequence[Placed]) -> None:
    """Call those who answer for its area, in this same act: who may publish need not be allowed to call otherwise.

    The end of a warning stops the calls for it, and is only told: a text that arrives is enough.
    """
    caller = replace(ctx, powers=CALLS)
    if issue.is_end:
        _stop_calls(ctx, issue.warning, issue.headline)
    called = areas.list_called(areas.get_territory(issue.unit), placed)
    try:
        open_callout(
            caller,
            unit=issue.unit,
            purpose="end" if issue.is_end else "warning",
            title=issue.headline,
            colour="" if issue.is_end else issue.colour,
            unit_ids=called.unit_ids,
            alone=called.alone,
            texts={channel: (subject, body) for channel, (subject, body) in issue.texts.items()},
            subject=issue,
            matter=issue.warning.pk,
        )
    except DomainError as refusal:
        # A place without anybody to call is warned all the same; the preview has said so.
        if refusal.code != "callout_nobody":
            raise


def _stop_calls(ctx: Context, warning: EarlyWarning, reason: str) -> None:
    caller = replace(ctx, powers=CALLS)
    for callout in lock_running(caller, warning.pk, "warning"):
        stop_callout(caller, callout.pk, reason=reason)


def _tell(ctx: Context, issue: WarningIssue, placed: Sequence[Placed]) -> None:
    """Write down what was published."""
    said = ISSUED[MessageType(issue.message_type)](
        str(issue.pk),
        issue.colour,
        tuple(one.unit.pk for one in placed),
        tuple(one.unit.pk for one in placed if one.below),
        issue.urgent,
    )
    ctx.journal(said, issue.warning)
    if issue.message_type == MessageType.ALERT and not issue.measures:
        ctx.journal(events.MeasuresDone(0), issue.warning)


def _put_in_force(ctx: Context, warning: EarlyWarning, issue: WarningIssue, how: str) -> None:
    warning.colour, warning.expires_at = issue.colour, issue.expires_at
    if warning.published_at is None:
        warning.published_at = issue.published_at
        warning.number = next_number(ctx, "watch.warning", warning.unit)
    warning.save(update_fields=("colour", "expires_at", "published_at", "number"))
    WARNING_LIFE.move(ctx, warning, how)
    if issue.expires_at:
        timers.arm(ctx, EXPIRE, str(warning.pk), issue.expires_at)
    there = warnings.list_measure_codes(warning)
    WarningMeasure.unscoped.bulk_create(
        WarningMeasure(
            unit=warning.unit, exercise=warning.exercise, matter=warning.pk, warning=warning, code=code
        )
        for code in issue.measures
        if code not in there
    )


def _end(ctx: Context, warning: EarlyWarning, how: str) -> None:
    WARNING_LIFE.move(ctx, warning, how, ended_at=ctx.now())


def _identifier(issue: WarningIssue) -> str:
    """Of the message as others know it: the sender's code and the second; no two messages of a node bear the same."""
    sender = messages.get_sender_code(issue.warning)
    at = issue.published_at or real_now()
    taken = WarningIssue.unscoped.filter(exercise=issue.exercise)
    while taken.filter(identifier=(found := messages.get_identifier(sender, at))).exists():
        at += A_SECOND
    return found


# --- what follows -------------------------------------------------------------------------------------------------


@act("watch.warning.tick")
def take_measure(ctx: Context, warning_id: UUID, code: str, *, note: str) -> WarningMeasure:
    """Say that a measure has been taken. raises NotFound; StateConflict where somebody has said so already"""
    measure = warnings.lock_measure(ctx, warning_id, code, "watch.warning.tick")
    taken = WarningMeasure.unscoped.filter(pk=measure.pk, done_at=None)
    if not taken.update(done_at=ctx.now(), done_by=ctx.actor, note=note, version=F("version") + 1):
        raise StateConflict
    warning = measure.warning
    ctx.journal(events.MeasureTaken(code, PrivateText(note)), warning)
    if not warnings.count_open_measures(warning):
        ctx.journal(events.MeasuresDone(len(warnings.list_measure_codes(warning))), warning)
    return measure


@act("watch.warning.review")
def review_warning(
    ctx: Context, warning_id: UUID, *, accuracy: str, timeliness: str, missed: str, lesson: str
) -> WarningReview:
    """Say how a warning turned out, once it has ended. raises NotFound; StateConflict, too, where it was said already"""
    warning = warnings.lock_warning(ctx, warning_id, "watch.warning.review")
    if (
        warning.state not in {WarningState.CANCELLED, WarningState.EXPIRED}
        or warnings.find_review(warning) is not None
    ):
        raise StateConflict
    review: WarningReview = WarningReview.objects.create(
        unit=warning.unit,
        exercise=warning.exercise,
        matter=warning.pk,
        warning=warning,
        accuracy=accuracy,
        timeliness=timeliness,
        missed=missed,
        lesson=lesson,
        reviewer=ctx.actor,
        reviewed_at=ctx.now(),
    )
    ctx.journal(events.WarningReviewed(accuracy, timeliness, PrivateText(missed)), warning)
    return review
