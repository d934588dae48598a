"""Warnings and their messages: reads, each within the asker's scope and exercise."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from django.db.models import Case, Exists, IntegerField, OuterRef, Prefetch, Q, When
from django.utils.translation import gettext as _

from anlan.kernel.clock import real_now
from anlan.kernel.errors import NotFound
from anlan.kernel.models import Unit
from anlan.kernel.scope import can, require, units_where, visible
from anlan.kernel.terms import WarningColour
from anlan.watch.kind.selectors import find_template, list_kinds_found, list_kinds_of, list_measures_of
from anlan.watch.kind.selectors import list_measures as list_law
from anlan.watch.warning.models import (
    OPEN,
    EarlyWarning,
    Presence,
    WarningArea,
    WarningIssue,
    WarningMeasure,
    WarningReview,
)
from anlan.watch.warning.terms import IssueState, MessageType, WarningState

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from uuid import UUID

    from django.db.models import QuerySet

    from anlan.kernel.context import Context
    from anlan.kernel.models import User
    from anlan.watch.kind.models import WarningKind, WarningTemplate
    from anlan.watch.kind.selectors import Measure

READ, DRAFT = "watch.warning.read", "watch.warning.draft"
LOW, HIGH = "watch.warning.approve_low", "watch.warning.approve_high"
GONE_AFTER = timedelta(seconds=40)  # since somebody was seen on the form
MOST_MEASURES, MOST_ISSUERS = 40, 50
RANK = Case(
    *(When(colour=colour, then=rank) for rank, colour in enumerate(WarningColour)),
    output_field=IntegerField(),
)
RUNNING_FIRST = Case(
    When(state=WarningState.IN_FORCE, then=0),
    When(state=WarningState.PENDING, then=1),
    default=2,
    output_field=IntegerField(),
)


class Taken(NamedTuple):
    """A measure of the law, and this warning's row of it."""

    measure: Measure
    row: WarningMeasure


# --- many ---------------------------------------------------------------------------------------------------------


def list_warnings(
    ctx: Context, *, words: str = "", state: str = "", colour: str = ""
) -> QuerySet[EarlyWarning]:
    """What is in force first, the gravest of it at the top; then what is being made, then what has ended.

    words  are looked for in the name of the kind, the number and the headlines
    """
    found = _narrowed(ctx, words)
    if state:
        found = found.filter(state=state)
    if colour:
        found = found.filter(colour=colour)
    ordered = found.order_by(
        RUNNING_FIRST, Case(When(state=WarningState.IN_FORCE, then=RANK), default=0), "-drafted_at", "pk"
    )
    latest = WarningIssue.unscoped.select_related("author").order_by("number")
    return ordered.select_related("kind", "unit", "issuer").prefetch_related(
        Prefetch("issues", latest, to_attr="all_issues")
    )


def list_found(ctx: Context, words: str, most: int) -> list[EarlyWarning]:
    """The best few that words find, what is in force first."""
    found = _narrowed(ctx, words).select_related("kind", "unit")
    return list(found.order_by(RUNNING_FIRST, "-drafted_at", "pk")[:most])


def _narrowed(ctx: Context, words: str) -> QuerySet[EarlyWarning]:
    """Those that words find by the name of the kind, the number or a headline; without words all."""
    found: QuerySet[EarlyWarning] = visible(ctx, EarlyWarning, READ)
    if not words:
        return found
    headed = WarningIssue.unscoped.filter(warning=OuterRef("pk"), headline__icontains=words).filter(
        Q(state=IssueState.PUBLISHED) | Q(unit__in=units_where(ctx, READ))
    )
    kinds = list_kinds_found(words).values("pk")
    return found.filter(Q(number__icontains=words) | Q(Exists(headed)) | Q(kind__in=kinds))


def list_waiting(ctx: Context) -> list[WarningIssue]:
    """Messages that wait for an approval that this reader may give, the gravest first."""
    found: list[WarningIssue] = []
    for capability, needs_leader in ((HIGH, True), (LOW, False)):
        if can(ctx, capability):
            # asked of the roots alone: to look at what waits takes no second factor, to approve it does
            waiting = WarningIssue.objects.visible(ctx, capability).filter(
                state=IssueState.IN_REVIEW, needs_leader=needs_leader
            )
            found += waiting.select_related("warning__kind", "unit", "author").order_by(RANK, "pk")[:50]
    return found


def count_running(ctx: Context) -> dict[str, int]:
    """How many are in force, by colour."""
    running = visible(ctx, EarlyWarning, READ).filter(state=WarningState.IN_FORCE)
    colours = list(running.values_list("colour", flat=True))
    return {colour: colours.count(colour) for colour in WarningColour if colour in colours}


def list_issues(ctx: Context, warning: EarlyWarning) -> list[WarningIssue]:
    """The messages of a warning, the latest first, with who made, approved and countersigned them.

    Whom it is shared with meets what was published alone.
    """
    require(ctx, READ, warning)
    people = ("author", "approver", "publisher", "countersignature__user")
    found = WarningIssue.unscoped.filter(warning=warning).select_related(*people)
    if not can(ctx, READ, warning.unit):
        found = found.filter(state=IssueState.PUBLISHED)
    return list(found.order_by("-number"))


def get_said(issues: Sequence[WarningIssue]) -> WarningIssue:
    """Of a warning's messages the one that stands for it: the last that was published, before that the last."""
    published = [one for one in issues if one.is_published]
    return max(published or issues, key=lambda one: one.number)


def list_areas(issue: WarningIssue) -> list[WarningArea]:
    """The area of a message that the asker has been given already, in the order of the tree."""
    return list(issue.areas.select_related("unit").order_by("unit__path"))


def list_duplicates(issue: WarningIssue) -> list[EarlyWarning]:
    """Other warnings of the same type in force, where one of their units lies over or below one of this message's.

    Whoever publishes must know of them, in his scope or not: what is in force is public.
    """
    of = issue.warning
    ours = list(issue.areas.values_list("unit__path", flat=True))
    running = EarlyWarning.unscoped.filter(
        state=WarningState.IN_FORCE, kind__event_type=of.kind.event_type, exercise=of.exercise
    ).exclude(pk=of.pk)
    found: dict[UUID, EarlyWarning] = {}
    rows = WarningArea.objects.filter(issue__warning__in=running, issue__state=IssueState.PUBLISHED)
    later: QuerySet[WarningIssue] = WarningIssue.unscoped.filter(
        warning=OuterRef("issue__warning"), state=IssueState.PUBLISHED, number__gt=OuterRef("issue__number")
    )
    latest = rows.exclude(Exists(later))
    for area in latest.select_related("unit", "issue__warning__kind", "issue__warning__issuer"):
        path = area.unit.path
        if any(path.startswith(own) or own.startswith(path) for own in ours):
            found[area.issue.warning_id] = area.issue.warning
    return list(found.values())


def list_measures(ctx: Context, warning: EarlyWarning) -> list[Taken]:
    """What the law wants taken of this warning, in its order."""
    require(ctx, READ, warning)
    rows = {
        row.code: row
        for row in WarningMeasure.unscoped.filter(warning=warning).select_related("done_by")[:MOST_MEASURES]
    }
    return [Taken(measure, rows[measure.code]) for measure in list_measures_of(rows.keys())]


def list_all_measures() -> tuple[Measure, ...]:
    """The measures that the law knows."""
    return list_law()


def list_measures_named(codes: Collection[str]) -> list[Measure]:
    """Those of these codes, in the law's order."""
    return list_measures_of(codes)


def list_units(ctx: Context, capability: str = DRAFT) -> list[Unit]:
    """The units at the top of what the actor holds it over: he drafts for one of these, and says where it holds."""
    require(ctx, capability)
    return list(Unit.unscoped.filter(path__in=ctx.roots(capability), retired_at=None).order_by("path"))


def list_kinds(ctx: Context, unit: Unit) -> list[WarningKind]:
    """The kinds of which warnings can be drafted in a unit."""
    return list_kinds_of(ctx, unit, DRAFT)


def list_present(issue: WarningIssue, *, without: User | None) -> list[Presence]:
    """Who else has the form open right now."""
    seen = issue.presences.filter(seen_at__gt=real_now() - GONE_AFTER).select_related("user")
    return [one for one in seen.order_by("user_id") if without is None or one.user_id != without.pk]


# --- one ----------------------------------------------------------------------------------------------------------


def get_warning(ctx: Context, warning_id: UUID, capability: str = READ) -> EarlyWarning:
    """One warning; NotFound, too, where the actor doesn't hold the capability over its unit."""
    found = visible(ctx, EarlyWarning, capability).select_related("kind", "unit", "issuer")
    return _one(found, warning_id)


def lock_warning(ctx: Context, warning_id: UUID, capability: str) -> EarlyWarning:
    """The warning for update, where the actor holds the act's capability."""
    found = visible(ctx, EarlyWarning, capability).select_related("kind", "unit", "issuer")
    return _one(found.select_for_update(of=("self",)), warning_id)


def lock_expired(ctx: Context, warning_ids: Collection[UUID], capability: str) -> list[EarlyWarning]:
    """Those of these that are in force and have come to their end, for update."""
    running = visible(ctx, EarlyWarning, capability).filter(
        pk__in=warning_ids, state=WarningState.IN_FORCE, expires_at__lte=ctx.now()
    )
    return list(running.select_for_update(of=("self",)).order_by("pk"))


def get_issue(ctx: Context, issue_id: UUID, capability: str = READ) -> WarningIssue:
    """One message; NotFound, too, for one that is not published and only shared."""
    issue = _issue(visible(ctx, WarningIssue, capability), issue_id)
    if not issue.is_published and not can(ctx, capability, issue.unit):
        raise NotFound
    return issue


def lock_issue(ctx: Context, issue_id: UUID, capability: str) -> WarningIssue:
    """The message for update, and its warning: who changes the one has the other to himself."""
    found = visible(ctx, WarningIssue, capability)
    return _issue(found.select_for_update(of=("self", "warning")), issue_id)


def find_open_issue(warning: EarlyWarning) -> WarningIssue | None:
    """The message that is being made of a warning that the asker has been given already."""
    found: WarningIssue | None = WarningIssue.unscoped.filter(warning=warning, state__in=OPEN).first()
    return found


def find_issue_in_force(warning: EarlyWarning) -> WarningIssue | None:
    """The latest published message."""
    published = WarningIssue.unscoped.filter(warning=warning, state=IssueState.PUBLISHED)
    found: WarningIssue | None = published.order_by("-number").first()
    return found


def find_first_issue(warning: EarlyWarning) -> WarningIssue | None:
    """The first published message: by it the whole chain is known outside."""
    published = WarningIssue.unscoped.filter(warning=warning, state=IssueState.PUBLISHED)
    found: WarningIssue | None = published.order_by("number").first()
    return found


def find_template_of(warning: EarlyWarning, colour: str) -> WarningTemplate | None:
    return find_template(warning.kind, colour)


def find_kind(ctx: Context, unit: Unit, kind_id: str) -> WarningKind | None:
    """One of the kinds that the unit uses."""
    return next((kind for kind in list_kinds(ctx, unit) if str(kind.pk) == kind_id), None)


def list_issuers(kind: WarningKind, territory: Unit) -> list[Unit]:
    """The bodies of a territory that may issue warnings of this kind, by the kind's line."""
    bodies = Unit.unscoped.filter(path__startswith=territory.path, retired_at=None, line=kind.line)
    return list(bodies.order_by("path")[:MOST_ISSUERS])


def find_authority(kind: WarningKind, unit: Unit) -> bool:
    """Whether a body may issue warnings of this kind in its own name: only those of the kind's line may."""
    return not kind.line or Unit.unscoped.filter(pk=unit.pk, line=kind.line).exists()


def list_missing(ctx: Context, issue: WarningIssue) -> str:
    """What a message still lacks before it can be handed on, in words; blank: nothing."""
    missing = []
    if not issue.areas.exists():
        missing.append(_("预警区域"))
    if issue.is_end:
        if not issue.reason:
            missing.append(_("解除原因"))
    else:
        if not issue.description:
            missing.append(_("预警内容"))
        if not issue.guidance:
            missing.append(_("公众防护指引"))
        if issue.message_type == MessageType.UPDATE and not issue.reason:
            missing.append(_("变更原因"))
        if issue.expires_at is None or issue.expires_at <= ctx.now():
            missing.append(_("现在以后的失效时间"))
    return _("、").join(missing)


def find_review(warning: EarlyWarning) -> WarningReview | None:
    found: WarningReview | None = (
        WarningReview.unscoped.filter(warning=warning).select_related("reviewer").first()
    )
    return found


def lock_measure(ctx: Context, warning_id: UUID, code: str, capability: str) -> WarningMeasure:
    rows = visible(ctx, WarningMeasure, capability).select_for_update(of=("self",)).select_related("warning")
    row: WarningMeasure | None = rows.filter(warning=warning_id, code=code).first()
    if row is None:
        raise NotFound
    return row


def count_open_measures(warning: EarlyWarning) -> int:
    return WarningMeasure.unscoped.filter(warning=warning, done_at=None).count()


def list_measure_codes(warning: EarlyWarning) -> set[str]:
    return set(WarningMeasure.unscoped.filter(warning=warning).values_list("code", flat=True))


def _one(found: QuerySet[EarlyWarning], warning_id: UUID) -> EarlyWarning:
    warning = found.filter(pk=warning_id).first()
    if warning is None:
        raise NotFound
    return warning


def _issue(found: QuerySet[WarningIssue], issue_id: UUID) -> WarningIssue:
    along = ("warning__kind", "warning__unit", "warning__issuer", "unit", "author", "approver", "publisher")
    issue = found.select_related(*along).filter(pk=issue_id).first()
    if issue is None:
        raise NotFound
    return issue
