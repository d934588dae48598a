"""Alarm bells: pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from anlan.kernel import owed, shelf, timeline
from anlan.kernel.pages import needs
from anlan.kernel.requests import chosen
from anlan.kernel.scope import can
from rooms.respond.bell import selectors, services
from rooms.respond.bell.forms import AnswerForm, CloseForm, RingForm
from rooms.respond.bell.states import LIFE
from rooms.respond.bell.terms import BellState

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpResponse

    from anlan.kernel.requests import PageRequest

ON_A_PAGE = 50


@require_safe
@needs(selectors.READ)
def bell_list(request: PageRequest) -> HttpResponse:
    words, state = request.GET.get("q", "").strip()[:100], request.GET.get("state", "")
    state = state if state in BellState.values else ""
    found = selectors.list_bell(request.ctx, words=words, state=state)
    shown = {
        "page": Paginator(found, ON_A_PAGE).get_page(request.GET.get("page")),
        "words": words,
        "state": state,
        "states": BellState.choices,
        "may_ring": can(request.ctx, "respond.bell.ring"),
        "may_silence": can(request.ctx, "respond.bell.silence"),
    }
    return render(request, "bell/list.html", shown)


@require_safe
@needs(selectors.READ)
def bell_detail(request: PageRequest, bell_id: UUID) -> HttpResponse:
    bell = selectors.get_bell(request.ctx, bell_id)
    shown = {
        "bell": bell,
        "calls": selectors.list_call(request.ctx, bell),
        "acts": LIFE.list_acts(request.ctx, bell),
        "owed": owed.of(request.ctx, bell, selectors.READ),
        "timeline": timeline.of(request.ctx, bell, selectors.READ),
        "shelf": shelf.shelf_of(request.ctx, bell),
    }
    return render(request, "bell/record.html", shown)


@require_http_methods(["GET", "POST"])
@needs("respond.bell.ring")
def bell_ring(request: PageRequest) -> HttpResponse:
    form = RingForm(request.ctx, request.POST or None)
    if form.is_valid():
        bell = services.ring_bell(request.ctx, **form.cleaned_data)
        messages.success(request, _("警铃已登记，已通知救援队。"))
        return redirect("bell_detail", bell.pk)
    return render(request, "bell/act.html", {"form": form, "heading": _("登记警铃"), "verb": _("登记")})


@require_http_methods(["GET", "POST"])
@needs("respond.bell.answer")
def bell_answer(request: PageRequest, bell_id: UUID) -> HttpResponse:
    bell = selectors.get_bell(request.ctx, bell_id, "respond.bell.answer")
    form = AnswerForm(request.POST or None)
    if form.is_valid():
        services.answer_bell(request.ctx, bell.pk, **form.cleaned_data)
        messages.success(request, _("已应答。"))
        return redirect("bell_detail", bell.pk)
    shown = {"form": form, "heading": _("应答警铃"), "verb": _("应答"), "bell": bell}
    return render(request, "bell/act.html", shown)


@require_http_methods(["GET", "POST"])
@needs("respond.bell.close")
def bell_close(request: PageRequest, bell_id: UUID) -> HttpResponse:
    bell = selectors.get_bell(request.ctx, bell_id, "respond.bell.close")
    form = CloseForm(request.POST or None)
    if form.is_valid():
        services.close_bell(request.ctx, bell.pk, **form.cleaned_data)
        messages.success(request, _("已办结。"))
        return redirect("bell_detail", bell.pk)
    shown = {"form": form, "heading": _("办结警铃"), "verb": _("办结"), "bell": bell}
    return render(request, "bell/act.html", shown)


@require_POST
@needs("respond.bell.silence")
def bell_silence(request: PageRequest) -> HttpResponse:
    """Silence one or many, as ticked."""
    silenced = services.silence_many_bell(request.ctx, chosen(request))
    messages.success(request, _("已作为误报撤销 %(count)s 个。") % {"count": len(silenced)})
    return redirect("bell_list")
