"""Ladders: pages beyond those of every register."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from anlan.kernel.pages import needs
from anlan.kernel.register.acts import get_record
from anlan.message.ladder import selectors, services
from anlan.message.ladder.forms import AdoptForm, RatesForm
from anlan.message.ladder.register import LADDERS, picture_of

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpResponse

    from anlan.kernel.requests import PageRequest


@require_http_methods(["GET", "POST"])
@needs("message.ladder.edit")
def ladder_adopt(request: PageRequest) -> HttpResponse:
    form = AdoptForm(request.ctx, request.POST or None)
    if form.is_valid():
        made = services.adopt_examples(request.ctx, form.cleaned_data["unit"])
        messages.success(request, _("已采用 %(count)s 个示例阶梯，请核实时限后修改。") % {"count": len(made)})
        return redirect("ladder_list")
    return render(request, "ladder/adopt.html", {"form": form})


@require_safe
@needs(selectors.READ)
def ladder_simulate(request: PageRequest, key: UUID) -> HttpResponse:
    """How many would be left after each step, at the rates that were entered."""
    ladder = get_record(request.ctx, LADDERS, key)
    form = RatesForm(request.GET or None)
    asked = form.cleaned_data if form.is_valid() else {}
    shown = {"given": picture_of(ladder, asked), "form": form, "ladder": ladder}
    return render(request, "ladder/simulate.html", shown)
