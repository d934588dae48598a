"""Enlisting on the spot: registered people, who comes unregistered, who is at it now, and letting go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from anlan.kernel.errors import DomainError, NotAllowed, NotFound
from anlan.kernel.pages import needs
from anlan.kernel.register import choosing
from anlan.kernel.requests import MOST_CHOSEN
from anlan.kernel.scope import can
from anlan.organisation.helper import selectors, services
from anlan.organisation.helper.forms import EnlistForm, WalkInForm
from anlan.organisation.helper.selectors import ENLIST, READ

if TYPE_CHECKING:
    from collections.abc import Callable

    from django import forms
    from django.http import HttpResponse

    from anlan.kernel.requests import PageRequest


@require_safe
@needs(READ)
def helper_enlisted(request: PageRequest) -> HttpResponse:
    """Who is enlisted now: where, in which group, for what, since when."""
    ctx, asked = request.ctx, request.GET.get("unit", "")
    unit = selectors.find_unit(ctx, int(asked)) if asked.isdecimal() and len(asked) < 19 else None
    if asked and unit is None:
        raise NotFound
    shown = {
        "unit": unit,
        "counts": selectors.count_enlisted(ctx, unit),
        "rows": list(selectors.list_enlisted(ctx, unit)[: selectors.MOST_SHOWN]),
        "may_enlist": can(ctx, ENLIST),
        "most": selectors.MOST_SHOWN,
    }
    part = "helper/_enlisted.html" if "HX-Request" in request.headers else "helper/enlisted.html"
    return render(request, part, shown)


@require_POST
@needs(ENLIST)
def helper_enlist(request: PageRequest) -> HttpResponse:
    """The ticked ones: first to which group and for what, then they are enlisted."""
    ctx, ids = request.ctx, _ids(request)
    helpers = selectors.list_by_ids(ctx, ids)
    begun = choosing.begun_of(request) if choosing.SEARCH in request.POST else {}
    form = EnlistForm(
        ctx, request.POST if "done" in request.POST else None, initial=_team_of(helpers) | begun
    )
    done = _done(form, lambda: services.enlist_helpers(ctx, ids, **form.cleaned_data))
    if done:
        messages.success(request, _("已编入 %(number)s 人。") % {"number": len(helpers)})
        return redirect("helper_enlisted")
    shown = {"form": form, "helpers": helpers, "fields": _fields(request, form)}
    return render(
        request, "helper/enlist.html", {**shown, "title": _("现场编入"), "back": reverse("helper_list")}
    )


@require_http_methods(["GET", "POST"])
@needs(ENLIST)
def helper_walk_in(request: PageRequest) -> HttpResponse:
    """One who is not registered yet."""
    ctx = request.ctx
    form = WalkInForm(ctx, choosing.data_of(request), initial=choosing.begun_of(request))
    if _done(form, lambda: services.enlist_walk_in(ctx, **form.cleaned_data)):
        messages.success(request, _("已登记并编入。"))
        return redirect("helper_enlisted")
    shown = {"form": form, "helpers": [], "fields": _fields(request, form)}
    back = reverse("helper_enlisted")
    return render(request, "helper/enlist.html", {**shown, "title": _("现场报到并编入"), "back": back})


@require_POST
@needs(ENLIST)
def helper_release(request: PageRequest) -> HttpResponse:
    released = services.release_helpers(request.ctx, _ids(request))
    messages.success(request, _("已解除 %(number)s 人的编入。") % {"number": len(released)})
    return redirect("helper_enlisted")


@require_safe
@needs(READ)
def helper_enlistment(request: PageRequest, enlistment_id: UUID) -> HttpResponse:
    """Where the journal leads from an enlisting: to whom it was."""
    return redirect("helper_detail", selectors.get_enlistment(request.ctx, enlistment_id).helper_id)


def _team_of(helpers: list[Any]) -> dict[str, str]:
    """The group they are in already, where it is the same for all."""
    teams = {helper.team for helper in helpers}
    return {"team": teams.pop()} if len(teams) == 1 else {}


def _done(form: forms.Form, act: Callable[[], object]) -> bool:
    """Whether the act was done; what it refuses stands at its field."""
    if not form.is_valid():
        return False
    try:
        act()
    except ValidationError as wrong:
        form.add_error(None, wrong)
    except (NotFound, NotAllowed):
        raise
    except DomainError as refusal:
        form.add_error(None, str(refusal))
    else:
        return True
    return False


def _fields(request: PageRequest, form: forms.Form) -> list[dict[str, Any]]:
    return [choosing.shown(form, name, request.POST) for name in form.fields]


def _ids(request: PageRequest) -> list[UUID]:
    try:
        ids = [UUID(text) for text in request.POST.getlist("id")]
    except ValueError as error:
        raise DomainError("nothing_chosen") from error
    if not 0 < len(ids) <= MOST_CHOSEN:
        raise DomainError("nothing_chosen")
    return ids
