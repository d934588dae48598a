"""Warnings: submitted, approved, returned, published, countersigned, discarded; measures taken; the end reviewed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from anlan.kernel.errors import DomainError, StateConflict
from anlan.kernel.pages import needs
from anlan.watch.warning import services
from anlan.watch.warning.forms import MeasureForm, ReasonForm, ReviewForm
from anlan.watch.warning.selectors import warnings
from anlan.watch.warning.views.drafting import act_page

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from django.http import HttpResponse

    from anlan.kernel.context import Context
    from anlan.kernel.requests import PageRequest
    from anlan.watch.warning.models import WarningIssue

LOW, HIGH = warnings.LOW, warnings.HIGH
ask = require_http_methods(["GET", "POST"])


@require_POST
@needs(warnings.DRAFT)
def warning_submit(request: PageRequest, issue_id: UUID) -> HttpResponse:
    return _deed(request, issue_id, services.submit_issue, _("已送审。审批人的履责事项已开始计时。"))


@require_POST
@needs(LOW)
def warning_approve_low(request: PageRequest, issue_id: UUID) -> HttpResponse:
    return _deed(request, issue_id, services.approve_low_issue, _("已批准，可以发布。"))


@require_POST
@needs(HIGH)
def warning_approve_high(request: PageRequest, issue_id: UUID) -> HttpResponse:
    return _deed(request, issue_id, services.approve_high_issue, _("已批准，可以发布。"))


@require_POST
@needs("watch.warning.publish")
def warning_publish(request: PageRequest, issue_id: UUID) -> HttpResponse:
    return _published(request, issue_id, services.publish_issue, _("已发布。"))


@require_POST
@needs("watch.warning.publish_urgent")
def warning_publish_urgent(request: PageRequest, issue_id: UUID) -> HttpResponse:
    said = _("已紧急发布。请领导尽快补签，逾期将逐级告知。")
    return _published(request, issue_id, services.publish_urgent_issue, said)


@require_POST
@needs("watch.warning.countersign")
def warning_countersign(request: PageRequest, issue_id: UUID) -> HttpResponse:
    return _published(request, issue_id, services.countersign_issue, _("已补签。"))


@ask
@needs(LOW)
def warning_return_low(request: PageRequest, issue_id: UUID) -> HttpResponse:
    return _return(request, warnings.get_issue(request.ctx, issue_id, LOW), services.return_low_issue)


@ask
@needs(HIGH)
def warning_return_high(request: PageRequest, issue_id: UUID) -> HttpResponse:
    return _return(request, warnings.get_issue(request.ctx, issue_id, HIGH), services.return_high_issue)


@ask
@needs(warnings.DRAFT)
def warning_discard(request: PageRequest, issue_id: UUID) -> HttpResponse:
    ctx = request.ctx
    issue = warnings.get_issue(ctx, issue_id, warnings.DRAFT)
    form = ReasonForm(request.POST or None)
    return act_page(
        request,
        form,
        lambda: services.discard_issue(ctx, issue.pk, **form.cleaned_data),
        to="warning_preview",
        heading=_("作废草稿：%(issue)s") % {"issue": issue},
        verb=_("作废"),
        effects=(_("这份草稿不再送审、发布，作废的原因留痕"), _("已经发布的预警不受影响")),
        back=reverse("warning_preview", args=[issue.pk]),
        about=issue.headline,
    )


@require_POST
@needs("watch.warning.tick")
def warning_measure(request: PageRequest, warning_id: UUID, code: str) -> HttpResponse:
    """Say that one of the law's measures has been taken."""
    form = MeasureForm(request.POST)
    if form.is_valid():
        services.take_measure(request.ctx, warning_id, code, **form.cleaned_data)
        messages.success(request, _("已登记。"))
    else:
        messages.error(request, _("落实情况不超过 300 字，没有登记。请改短后再登记。"))
    return redirect("warning_detail", warning_id)


@ask
@needs("watch.warning.review")
def warning_review(request: PageRequest, warning_id: UUID) -> HttpResponse:
    """How it turned out, once it has ended."""
    warning = warnings.get_warning(request.ctx, warning_id, "watch.warning.review")
    form = ReviewForm(request.POST or None)
    if form.is_valid():
        services.review_warning(request.ctx, warning.pk, **form.cleaned_data)
        messages.success(request, _("已保存评价。"))
        return redirect("warning_detail", warning.pk)
    shown = {
        "form": form,
        "heading": _("评价预警效果：%(warning)s") % {"warning": warning},
        "verb": _("保存评价"),
        "effects": (_("评价写入留痕，不能修改"), _("评价后办结“评价预警效果”的履责事项")),
        "back": reverse("warning_detail", args=[warning.pk]),
        "about": str(warning),
    }
    return render(request, "warning/act.html", shown)


def _deed(
    request: PageRequest, issue_id: UUID, act: Callable[[Context, UUID], WarningIssue], done: str
) -> HttpResponse:
    """Do it and come back to the preview; a refusal that a person can mend is told there."""
    try:
        act(request.ctx, issue_id)
    except StateConflict:
        raise
    except DomainError as refusal:
        if refusal.status != DomainError.status:
            raise
        messages.error(request, str(refusal))
    else:
        messages.success(request, done)
    return redirect("warning_preview", issue_id)


def _published(
    request: PageRequest, issue_id: UUID, act: Callable[[Context, UUID], WarningIssue], done: str
) -> HttpResponse:
    """The same, and on to the warning's own page."""
    try:
        issue = act(request.ctx, issue_id)
    except StateConflict:
        raise
    except DomainError as refusal:
        if refusal.status != DomainError.status:
            raise
        messages.error(request, str(refusal))
        return redirect("warning_preview", issue_id)
    messages.success(request, done)
    return redirect("warning_detail", issue.warning_id)


def _return(request: PageRequest, issue: WarningIssue, act: Callable[..., WarningIssue]) -> HttpResponse:
    form = ReasonForm(request.POST or None)
    return act_page(
        request,
        form,
        lambda: act(request.ctx, issue.pk, **form.cleaned_data),
        to="warning_preview",
        heading=_("退回：%(issue)s") % {"issue": issue},
        verb=_("退回"),
        effects=(_("退回起草人修改，原因起草人可以看到"), _("改后须重新送审")),
        back=reverse("warning_preview", args=[issue.pk]),
        about=issue.headline,
    )
