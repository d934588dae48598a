"""Kinds of warning: taking over those that come with us, and what is said for each colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from anlan.kernel.errors import NotFound, StateConflict
from anlan.kernel.pages import needs
from anlan.kernel.register import choosing
from anlan.kernel.terms import WarningColour
from anlan.watch.kind import selectors, services
from anlan.watch.kind.forms import LoadForm, TemplateForm

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpResponse

    from anlan.kernel.requests import PageRequest

ask = require_http_methods(["GET", "POST"])


@ask
@needs(selectors.EDIT)
def kind_load(request: PageRequest) -> HttpResponse:
    """Which kinds come with us, and for which unit they are taken over."""
    ctx = request.ctx
    form = LoadForm(ctx, choosing.data_of(request), initial=choosing.begun_of(request))
    if form.is_valid():
        made = services.load_standard_kinds(ctx, form.cleaned_data["unit"])
        if made:
            messages.success(request, _("已装入 %(count)s 种。请按本地规定逐种核改。") % {"count": len(made)})
        else:
            messages.info(request, _("该单位或其上级单位已有这些种类，没有新增。"))
        return redirect("kind_list")
    shown = {
        "form": form,
        "one": choosing.shown(form, "unit", request.POST),
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
    shown = {"form": form, "kind": kind, "colour": colour, "colour_name": WarningColour(colour).label}
    return render(request, "kind/template.html", shown)
