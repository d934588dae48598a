"""Warnings: the list, one warning, what a message will do before it is published, on paper, and as others read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from anlan.kernel import owed, shelf, subjects, timeline
from anlan.kernel.errors import DomainError, NotFound
from anlan.kernel.finding import Hit
from anlan.kernel.pages import needs
from anlan.kernel.scope import can
from anlan.kernel.terms import WarningColour
from anlan.protocols.cap import BrokenAlert
from anlan.protocols.cn12379 import NotWritten
from anlan.watch.warning.forms import MeasureForm
from anlan.watch.warning.selectors import areas, messages, reach, warnings, wording
from anlan.watch.warning.states import ISSUE_LIFE
from anlan.watch.warning.terms import IssueState, WarningState
from anlan.watch.warning.views.picture import draw

if TYPE_CHECKING:
    from uuid import UUID

    from anlan.kernel.context import Context
    from anlan.kernel.requests import PageRequest
    from anlan.watch.warning.models import EarlyWarning, WarningIssue

READ = warnings.READ
ON_A_PAGE = 40
ENDED = frozenset({WarningState.CANCELLED, WarningState.EXPIRED})
CHANNELS = {
    "app": gettext_lazy("本系统"),
    "sms": gettext_lazy("短信"),
    "voice": gettext_lazy("语音电话"),
    "email": gettext_lazy("电子邮件"),
}


@require_safe
@needs(READ)
def warning_list(request: PageRequest) -> HttpResponse:
    ctx = request.ctx
    words = request.GET.get("q", "").strip()[:100]
    state, colour = request.GET.get("state", ""), request.GET.get("colour", "")
    state = state if state in WarningState.values else ""
    colour = colour if colour in WarningColour.values else ""
    found = warnings.list_warnings(ctx, words=words, state=state, colour=colour)
    page = Paginator(found, ON_A_PAGE).get_page(request.GET.get("page"))
    shown = {
        "page": page,
        "rows": [_row(ctx, warning) for warning in page],
        "waiting": warnings.list_waiting(ctx),
        "running": [(WarningColour(one), number) for one, number in warnings.count_running(ctx).items()],
        "words": words,
        "state": state,
        "states": WarningState.choices,
        "colour": colour,
        "colours": WarningColour.choices,
        "may_draft": can(ctx, warnings.DRAFT),
        "may_keep": can(ctx, "watch.kind.edit"),
    }
    return render(request, "warning/list.html", shown)


def _row(ctx: Context, warning: EarlyWarning) -> dict[str, Any]:
    """A warning with the message that stands for it, and the one that is being made, if that is the reader's to see."""
    issues: list[WarningIssue] = warning.all_issues  # type: ignore[attr-defined]  # list_warnings reads them along
    making = next((one for one in issues if one.is_open and can(ctx, READ, warning.unit)), None)
    return {"warning": warning, "said": warnings.get_said(issues), "making": making}


def find_warnings(ctx: Context, words: str, most: int) -> list[Hit]:
    """What the search over all registers shows of warnings."""
    return [
        Hit(
            f"{warning} {warning.number}".strip(),
            f"{warning.unit} · {warning.get_state_display()}",
            reverse("warning_detail", args=[warning.pk]),
        )
        for warning in warnings.list_found(ctx, words, most)
    ]


@require_safe
@needs(READ)
def warning_detail(request: PageRequest, warning_id: UUID) -> HttpResponse:
    ctx = request.ctx
    warning = warnings.get_warning(ctx, warning_id)
    issues = warnings.list_issues(ctx, warning)
    current = next((one for one in issues if one.is_published), issues[0])
    making = next((one for one in issues if one.is_open), None)
    placed = areas.list_placed(warnings.list_areas(current))
    unsigned = [one for one in issues if one.urgent and not hasattr(one, "countersignature")]
    is_over = warning.state in ENDED
    is_own = can(ctx, READ, warning.unit)  # else it is shared with him: what was published, and what is his
    review = warnings.find_review(warning) if is_over and is_own else None
    callouts = _callouts(ctx, warning)
    shown = {
        "warning": warning,
        "issue": current,
        "making": making,
        "issues": issues,
        "placed": placed,
        "groups": areas.list_groups(placed),
        "picture": draw(areas.get_territory(warning.unit), placed, current.polygon),
        "measures": warnings.list_measures(ctx, warning),
        "measure_form": MeasureForm(),
        "unsigned": unsigned,
        "is_own": is_own,
        "may_tick": warning.is_running and can(ctx, "watch.warning.tick", warning),
        "may_draft": warning.is_running and not making and can(ctx, warnings.DRAFT, warning),
        "may_countersign": can(ctx, "watch.warning.countersign", warning.unit),
        "may_review": is_over and review is None and can(ctx, "watch.warning.review", warning),
        "review": review,
        "callouts": callouts,
        "owed": owed.of(ctx, warning, READ),
        "timeline": timeline.of(ctx, warning, READ),
        "shelf": shelf.shelf_of(ctx, warning),
    }
    return render(request, "warning/record.html", shown)


def _callouts(ctx: Context, warning: EarlyWarning) -> list[dict[str, Any]]:
    """The callouts about it, each with its own page."""
    found = reach.list_callouts_of(ctx, warning)
    kind = "callout.callout"
    shown = subjects.describe(ctx, ((kind, str(one.pk)) for one in found)) if found else {}
    return [{"callout": one, "url": shown[kind, str(one.pk)].url} for one in found]


@require_safe
@needs(READ)
def warning_preview(request: PageRequest, issue_id: UUID) -> HttpResponse:
    """What a message says, to whom, through what, at what cost; and what its reader can do with it now."""
    ctx = request.ctx
    issue = warnings.get_issue(ctx, issue_id)
    placed = areas.list_placed(warnings.list_areas(issue))
    reached = reach.list_told(ctx, issue, placed)
    shown = {
        "issue": issue,
        "warning": issue.warning,
        "placed": placed,
        "groups": areas.list_groups(placed),
        "area_words": wording.get_area_words(placed),
        "picture": draw(areas.get_territory(issue.unit), placed, issue.polygon),
        "units": issue.units if issue.is_published else areas.count_units(placed),
        "missing": warnings.list_missing(ctx, issue) if issue.is_open else "",
        "duplicates": [] if issue.is_end else warnings.list_duplicates(issue),
        "reach": reached,
        "by_unit": reached.units[: reach.MOST_SHOWN],
        "unreached": reached.unreached[: reach.MOST_SHOWN],
        "texts": [(CHANNELS[one.channel], one) for one in reached.told],
        "present": warnings.list_present(issue, without=ctx.actor) if issue.state == IssueState.DRAFT else [],
        "acts": _acts(ctx, issue),
    }
    return render(request, "warning/preview.html", shown)


def _acts(ctx: Context, issue: WarningIssue) -> set[str]:
    """What the reader may do with it, a leader's matters only where a leader is asked, and never his own draft."""
    acts = set(ISSUE_LIFE.list_acts(ctx, issue))
    acts -= {"approve_low", "return_low"} if issue.needs_leader else {"approve_high", "return_high"}
    if ctx.actor is not None and issue.author_id == ctx.actor.pk:
        acts -= {"approve_high", "return_high"}
    return acts


@require_safe
@needs(READ)
def warning_print(request: PageRequest, issue_id: UUID) -> HttpResponse:
    """The sheet that is filed: what was said, where, by whom it was made, approved and published."""
    issue = warnings.get_issue(request.ctx, issue_id)
    placed = areas.list_placed(warnings.list_areas(issue))
    shown = {
        "issue": issue,
        "warning": issue.warning,
        "placed": placed,
        "groups": areas.list_groups(placed),
        "picture": draw(areas.get_territory(issue.unit), placed, issue.polygon),
        "measures": warnings.list_measures_named(issue.measures),
        "signature": getattr(issue, "countersignature", None),
        "sender": wording.get_sender(issue.warning),
    }
    return render(request, "warning/print.html", shown)


@require_safe
@needs(READ)
def warning_cap(request: PageRequest, issue_id: UUID) -> HttpResponse:
    issue = _published(request.ctx, issue_id)
    try:
        document = messages.get_cap(issue)
    except BrokenAlert as broken:
        raise DomainError("warning_not_written", problems=_said(broken.problems)) from broken
    return _file(document, f"{issue.identifier}.cap.xml")


@require_safe
@needs(READ)
def warning_12379(request: PageRequest, issue_id: UUID) -> HttpResponse:
    issue = _published(request.ctx, issue_id)
    try:
        document = messages.get_12379(issue)
    except NotWritten as broken:
        raise DomainError("warning_not_written", problems=_said(broken.problems)) from broken
    return _file(document, f"{messages.get_file_name(issue)}.xml")


def _published(ctx: Context, issue_id: UUID) -> WarningIssue:
    issue = warnings.get_issue(ctx, issue_id)
    if issue.state != IssueState.PUBLISHED:
        raise NotFound
    return issue


def _said(problems: Any) -> str:
    return _("、").join(str(one.path) for one in problems)


def _file(document: bytes, name: str) -> HttpResponse:
    return HttpResponse(
        document,
        content_type="application/xml; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
