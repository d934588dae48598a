"""Errands: the list of a village clerk on the phone, and what he writes down at the door."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from anlan.kernel import owed, shelf, timeline
from anlan.kernel.pages import needs
from anlan.kernel.scope import can
from anlan.message.errand import selectors, services
from anlan.message.errand.forms import VisitForm
from anlan.message.errand.terms import ErrandState

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpResponse

    from anlan.kernel.requests import PageRequest

VISIT = "message.errand.visit"


@require_safe
@needs(selectors.READ)
def errand_list(request: PageRequest) -> HttpResponse:
    ended = "ended" in request.GET
    shown = {
        "errands": selectors.list_errands(request.ctx, ended=ended)[: selectors.MOST_SHOWN],
        "ended": ended,
        "most": selectors.MOST_SHOWN,
    }
    return render(request, "errand/list.html", shown)


@require_safe
@needs(selectors.READ)
def errand_detail(request: PageRequest, errand_id: UUID) -> HttpResponse:
    ctx = request.ctx
    errand = selectors.get_errand(ctx, errand_id)
    is_open = errand.state == ErrandState.OPEN
    shown = {
        "errand": errand,
        "form": VisitForm() if is_open and can(ctx, VISIT, errand) else None,
        "owed": owed.of(ctx, errand, selectors.READ),
        "timeline": timeline.of(ctx, errand, selectors.READ),
        "shelf": shelf.shelf_of(ctx, errand),
    }
    return render(request, "errand/record.html", shown)


@require_http_methods(["GET", "POST"])
@needs(VISIT)
def errand_visit(request: PageRequest, errand_id: UUID) -> HttpResponse:
    """Write down what came of it."""
    errand = selectors.get_errand(request.ctx, errand_id, VISIT)
    form = VisitForm(request.POST or None)
    if form.is_valid():
        services.record_visit(request.ctx, errand.pk, **form.cleaned_data)
        messages.success(request, _("已登记。"))
        may_read = can(request.ctx, selectors.READ, errand)
        return redirect("errand_detail", errand.pk) if may_read else redirect("home")
    return render(request, "errand/visit.html", {"errand": errand, "form": form})
