"""Kinds of warning: taking over those that come with us, and what is said for each colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from anlan.kernel.errors import NotFound, StateConflict
from anlan.kernel.pages import needs
from anlan.kernel.register import listing
from anlan.kernel.terms import WarningColour
from anlan.watch.kind import selectors, services
from anlan.watch.kind.forms import LoadForm, TemplateForm

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpResponse

    from anlan.kernel.requests import PageRequest

CHOICES = 10
ask = require_http_methods(["GET", "POST"])


@ask
@needs(selectors.EDIT)
def kind_load(request: PageRequest) -> HttpResponse:
    """Which kinds come with us, and for which unit they are taken over."""
    ctx = request.ctx
    asked = request.POST or request.GET
    form = LoadForm(ctx, request.POST or None)
    if form.is_valid():
        made = services.load_standard_kinds(ctx, form.cleaned_data["unit"])
        if made:
            messages.success(request, _("已装入 %(count)s 种。请按本地规定逐种核改。") % {"count": len(made)})
        else:
            messages.info(request, _("该单位或其上级单位已有这些种类，没有新增。"))
        return redirect("kind_list")
    words = asked.get("unit_words", "").strip()[:100]
    found = listing.find_units(ctx, selectors.EDIT, words, CHOICES)
    chosen = asked.get("unit", "") or (str(found[0].pk) if found and not words else "")
    choices = {"name": "unit", "found": found, "chosen": chosen, "most": CHOICES, "words": words}
    if request.headers.get("HX-Request"):
        return render(request, "kernel/register/_choices.html", choices)
    shown = {
        "form": form,
        "one": {"field": form["unit"], "address": reverse("kind_load"), **choices},
        "rows": selectors.list_standard(),
        "labels": dict(WarningColour.choices),
    }
    return render(request, "kind/load.html", shown)


@ask
@needs(selectors.EDIT)
def kind_template(request: PageRequest, kind_id: UUID, colour: str) -> HttpResponse:
    """What warnings of this kind and colour begin with."""
    kind = selectors.get_kind(request.ctx, kind_id, selectors.EDIT)
    if colour not in kind.colours:
        raise NotFound
    form = TemplateForm(kind, colour, request.POST or None)
    if form.is_valid():
        try:
            services.write_template(request.ctx, kind.pk, colour, **form.cleaned_data)
        except StateConflict as conflict:
            form.add_error(None, str(conflict))
        else:
            messages.success(request, _("已保存。以后起草的预警使用新的模板，已起草的不变。"))
            return redirect("kind_detail", kind.pk)
    shown = {"form": form, "kind": kind, "colour": colour, "label": WarningColour(colour).label}
    return render(request, "kind/template.html", shown)
