"""Pages of the tree: a list with search, and a unit's record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.paginator import Paginator
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from anlan.kernel.finding import Hit
from anlan.kernel.pages import needs
from anlan.organisation.unit import selectors
from anlan.organisation.unit.terms import UnitKind

if TYPE_CHECKING:
    from django.http import HttpResponse

    from anlan.kernel.context import Context
    from anlan.kernel.models import Unit
    from anlan.kernel.requests import PageRequest

ROWS = 50


@require_safe
@needs("organisation.unit.read")
def unit_list(request: PageRequest) -> HttpResponse:
    search = request.GET.get("q", "").strip()[:100]
    page = Paginator(selectors.list_units(request.ctx, search=search), ROWS).get_page(request.GET.get("page"))
    rows = [{"unit": unit, "kind": _kind(unit.kind)} for unit in page]
    return render(request, "unit/list.html", {"rows": rows, "page": page, "search": search})


def find_units(ctx: Context, words: str, most: int) -> list[Hit]:
    """For the search over all registers."""
    return [_hit(unit) for unit in selectors.list_matches(ctx, words, most)]


@require_safe
@needs("organisation.unit.read")
def unit_detail(request: PageRequest, unit_id: int) -> HttpResponse:
    unit = selectors.get_unit(request.ctx, unit_id)
    shown = {
        "unit": unit,
        "kind": _kind(unit.kind),
        "ancestors": selectors.list_ancestors(request.ctx, unit),
        "children": [{"unit": u, "kind": _kind(u.kind)} for u in selectors.list_children(request.ctx, unit)],
    }
    return render(request, "unit/record.html", shown)


def _hit(unit: Unit) -> Hit:
    told = (_kind(unit.kind), unit.parent.name if unit.parent else "", unit.code or "")
    return Hit(unit.name, " · ".join(filter(None, told)), reverse("unit_detail", args=[unit.pk]))


def _kind(code: str) -> str:
    return str(UnitKind(code).label) if code in UnitKind.values else code
