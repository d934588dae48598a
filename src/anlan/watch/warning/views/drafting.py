"""Warnings: begun, written, changed and ended, as drafts that bind nobody yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from anlan.kernel.errors import DomainError, StateConflict
from anlan.kernel.pages import needs
from anlan.kernel.terms import WarningColour
from anlan.watch.warning import services
from anlan.watch.warning.forms import AreaPart, ColourForm, IssueForm, ReasonForm, StartForm
from anlan.watch.warning.selectors import areas, warnings
from anlan.watch.warning.terms import IssueState
from anlan.watch.warning.views.picture import draw

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from django import forms
    from django.http import HttpResponse

    from anlan.kernel.models import Unit
    from anlan.kernel.requests import PageRequest
    from anlan.watch.kind.models import WarningKind
    from anlan.watch.warning.models import WarningIssue

DRAFT = warnings.DRAFT
ask = require_http_methods(["GET", "POST"])


@ask
@needs(DRAFT)
def warning_create(request: PageRequest) -> HttpResponse:
    """First which kind and colour, then in whose name."""
    ctx = request.ctx
    units = warnings.list_units(ctx)
    unit = next((one for one in units if str(one.pk) == request.GET.get("unit")), units[0] if units else None)
    if unit is None:
        raise DomainError("unit_ended")
    kind = warnings.find_kind(ctx, unit, request.GET.get("kind", ""))
    colour = request.GET.get("colour", "")
    if kind is None or colour not in kind.colours:
        return _choose_kind(request, unit, units)
    form = StartForm(kind, unit, request.POST or None)
    if form.is_valid():
        issue = services.draft_warning(ctx, unit=unit, kind=kind, colour=colour, **form.values())
        return redirect("warning_edit", issue.pk)
    shown = {
        "form": form,
        "kind": kind,
        "colour": colour,
        "colour_name": WarningColour(colour).label,
        "unit": unit,
    }
    return render(request, "warning/start.html", shown)


def _choose_kind(request: PageRequest, unit: Unit, units: list[Unit]) -> HttpResponse:
    words = request.GET.get("q", "").strip()[:30]
    kinds = [one for one in warnings.list_kinds(request.ctx, unit) if words in one.name]
    shown = {
        "unit": unit,
        "units": units,
        "words": words,
        "rows": [(kind, _colours(kind)) for kind in kinds],
    }
    return render(request, "warning/choose.html", shown)


def _colours(kind: WarningKind) -> list[WarningColour]:
    return [colour for colour in reversed(WarningColour) if colour in kind.colours]


@ask
@needs(DRAFT)
def warning_edit(request: PageRequest, issue_id: UUID) -> HttpResponse:
    """What a draft says and where it holds. Buttons of the area change the page alone; saving is one act."""
    ctx = request.ctx
    issue = warnings.get_issue(ctx, issue_id, DRAFT)
    if issue.state != IssueState.DRAFT:
        messages.info(request, _("这份预警已经送审或办结，不能再改。要改，请先由审批人退回。"))
        return redirect("warning_preview", issue.pk)
    territory = areas.get_territory(issue.unit)
    part = AreaPart(ctx, issue, territory, request.POST or None)
    form = IssueForm(issue, request.POST or None)
    if request.method == "POST" and not part.was_pressed and form.is_valid() and not part.asked.error:
        values = form.values()
        if not issue.is_end:
            values |= {"polygon": part.polygon}
        try:
            services.edit_issue(
                ctx,
                issue.pk,
                version=form.cleaned_data["version"],
                placed=None if issue.is_end else part.placed,
                **values,
            )
        except StateConflict:
            return _both_versions(request, issue_id, part)
        messages.success(request, _("已保存。"))
        return redirect("warning_edit" if "stay" in request.POST else "warning_preview", issue.pk)
    return _form(request, issue, form, part)


def _both_versions(request: PageRequest, issue_id: UUID, part: AreaPart) -> HttpResponse:
    """Somebody was faster: what he wrote stands beside what was typed, and saving again is a decision."""
    issue = warnings.get_issue(request.ctx, issue_id, DRAFT)
    if issue.state != IssueState.DRAFT:
        messages.error(request, _("他人已将这份预警送审或作废，没有保存。"))
        return redirect("warning_preview", issue.pk)
    data = request.POST.copy()
    data["version"] = str(issue.version)
    form = IssueForm(issue, data)
    form.is_valid()
    differing = [
        {"label": form[name].label, "theirs": _shown(getattr(issue, name)), "mine": _shown(value)}
        for name, value in form.values().items()
        if value != getattr(issue, name)
    ]
    theirs = areas.list_placed(warnings.list_areas(issue))
    if not issue.is_end and {one.unit.pk for one in theirs} != {one.unit.pk for one in part.placed}:
        names = [_("、").join(one.unit.name for one in several) for several in (theirs, part.placed)]
        differing.append({"label": _("预警区域"), "theirs": names[0], "mine": names[1]})
    return _form(request, issue, form, part, differing=differing, status=409)


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return _("、").join(one.text for one in warnings.list_measures_named(value))
    if hasattr(value, "tzinfo"):
        return date_format(localtime(value), "DATETIME_FORMAT")
    labels = dict(WarningColour.choices)
    return str(labels.get(value, value or ""))


def _form(
    request: PageRequest,
    issue: WarningIssue,
    form: IssueForm,
    part: AreaPart,
    *,
    differing: list[dict[str, Any]] | None = None,
    status: int = 200,
) -> HttpResponse:
    asked = part.asked
    shown = {
        "issue": issue,
        "warning": issue.warning,
        "form": form,
        "part": part,
        "placed": part.placed,
        "groups": areas.list_groups(part.placed),
        "asked": asked,
        "found": areas.list_places_found(part.territory, asked.words),
        "children": areas.list_places_below(part.territory, asked.at),
        "above": areas.list_path(part.territory, asked.at),
        "chosen": {one.unit.pk for one in part.placed},
        "units": areas.count_units(part.placed),
        "picture": draw(part.territory, part.placed, part.polygon),
        "differing": differing,
        "present": services.show_presence(request.ctx, issue.pk),
    }
    return render(request, "warning/form.html", shown, status=status)


@require_POST
@needs(DRAFT)
def warning_presence(request: PageRequest, issue_id: UUID) -> HttpResponse:
    """Who else has this draft open; the page asks every few seconds, and is thereby seen itself."""
    present = services.show_presence(request.ctx, issue_id)
    issue = warnings.get_issue(request.ctx, issue_id, DRAFT)
    seen = request.POST.get("seen", "")
    shown = {"present": present, "issue": issue, "seen": seen, "is_old": seen != str(issue.version)}
    return render(request, "warning/_present.html", shown)


@ask
@needs(DRAFT)
def warning_update(request: PageRequest, warning_id: UUID) -> HttpResponse:
    ctx = request.ctx
    warning = warnings.get_warning(ctx, warning_id, DRAFT)
    form = ColourForm(warning.kind, request.POST or None, initial={"colour": warning.colour})
    return act_page(
        request,
        form,
        lambda: services.draft_update(ctx, warning.pk, **form.cleaned_data),
        to="warning_edit",
        heading=_("变更预警：%(warning)s") % {"warning": warning},
        verb=_("起草变更"),
        effects=(
            _("以现在的内容和区域为底稿，起草一份变更"),
            _("升级、降级后的审批按两个级别中较高的一个"),
            _("发布前，现在的预警继续有效"),
        ),
        back=reverse("warning_detail", args=[warning.pk]),
        about=str(warning),
    )


@ask
@needs(DRAFT)
def warning_cancel(request: PageRequest, warning_id: UUID) -> HttpResponse:
    ctx = request.ctx
    warning = warnings.get_warning(ctx, warning_id, DRAFT)
    form = ReasonForm(request.POST or None)
    return act_page(
        request,
        form,
        lambda: services.draft_cancel(ctx, warning.pk, **form.cleaned_data),
        to="warning_preview",
        heading=_("解除预警：%(warning)s") % {"warning": warning},
        verb=_("起草解除"),
        effects=(
            _("起草一份解除，按原级别送审后发布"),
            _("解除发布后，预警期终止，有关措施停止"),
            _("解除后须评价预警效果"),
        ),
        back=reverse("warning_detail", args=[warning.pk]),
        about=str(warning),
    )


def act_page(
    request: PageRequest, form: forms.Form, act: Callable[[], WarningIssue], *, to: str, **shown: Any
) -> HttpResponse:
    """The page of one act that leads to a message; what the act refuses stands above the form, and what was typed stays."""
    if form.is_valid():
        try:
            issue = act()
        except StateConflict:
            raise
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect(to, issue.pk)
    return render(request, "warning/act.html", {"form": form, **shown})
