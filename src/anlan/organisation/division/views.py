"""Pages of the official list: choose a part of the country, see what would change, start the import."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from anlan.kernel.errors import DomainError, NotFound
from anlan.kernel.pages import needs
from anlan.kernel.register import choosing
from anlan.organisation.division import selectors, services
from anlan.organisation.division.forms import PlaceForm
from anlan.organisation.division.terms import DivisionLevel
from anlan.protocols.divisions import full_code

if TYPE_CHECKING:
    from django.http import HttpResponse

    from anlan.kernel.requests import PageRequest

COUNTRY = "all"  # stands in addresses for the blank code
WORDS = 100  # characters


@require_safe
@needs(selectors.IMPORT)
def division_list(request: PageRequest) -> HttpResponse:
    """The list level by level down to counties, or by words."""
    if selectors.find_lists() is None:
        return render(request, "division/missing.html")
    at, words = _code(request.GET.get("at", COUNTRY)), _words(request)
    line = selectors.list_line(at)
    rows = [
        {
            "division": division,
            "level": DivisionLevel(division.level).label,
            "opens": division.level < DivisionLevel.COUNTY,
        }
        for division in selectors.list_divisions(at, words)
    ]
    shown = {
        "rows": rows,
        "line": line,
        "here": line[-1] if line else None,
        "words": words,
        "most": selectors.MOST_FOUND,
    }
    return render(request, "division/list.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(selectors.IMPORT)
def division_import(request: PageRequest, code: str) -> HttpResponse:
    """What an import would change; POST starts it."""
    if selectors.find_lists() is None:
        return render(request, "division/missing.html")
    ctx, chosen = request.ctx, _code(code)
    line, there = selectors.list_line(chosen), selectors.find_unit(ctx, chosen)
    above = selectors.find_unit_above(ctx, chosen) if there is None else there.parent
    root = selectors.find_unnamed_root(ctx) if chosen and there is None else None
    initial = {"unit": above.pk if above else None} | choosing.begun_of(request)
    form = PlaceForm(ctx, choosing.data_of(request), there=there is not None, root=root, initial=initial)
    if form.is_valid():
        try:
            below = None if form.is_root else form.cleaned_data.get("unit")
            key = below.pk if below else None
            task = services.start_import(ctx, chosen, key, as_root=form.is_root)
        except NotFound:
            raise
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已开始导入，可以离开本页。"))
            return redirect("task_detail", task.pk)
    shown: dict[str, Any] = {
        "line": line,
        "here": line[-1] if line else None,
        "there": there,
        "above": above,
        "form": form,
    }
    shown["fields"] = [choosing.shown(form, name, request.POST) for name in form.fields]
    return render(request, "division/import.html", {**shown, **_compared(request, chosen)})


def _compared(request: PageRequest, code: str) -> dict[str, Any]:
    """What would change, or why that can't be said; of the whole country only the import itself finds out."""
    if not code:
        return {}
    try:
        return {"found": selectors.get_comparison(request.ctx, code)}
    except NotFound:
        raise
    except DomainError as refusal:
        return {"refusal": str(refusal)}


def _words(request: PageRequest, name: str = "q") -> str:
    return (request.POST or request.GET).get(name, "").replace("\0", "").strip()[:WORDS]


def _code(text: str) -> str:
    """The full code that an address names; blank for the country. raises NotFound"""
    if text == COUNTRY:
        return ""
    try:
        return full_code(text)
    except ValueError as error:
        raise NotFound from error
