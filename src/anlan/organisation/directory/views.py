"""The directory's pages: search, the contact sheet of a unit, and what the public may call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_not_required
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from anlan.kernel.errors import NotFound
from anlan.kernel.pages import needs
from anlan.organisation.directory import selectors, services

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from anlan.kernel.requests import PageRequest


@require_safe
@never_cache
@needs(selectors.READ)
def directory_search(request: PageRequest) -> HttpResponse:
    words = request.GET.get("q", "").strip()[:100]
    digits = selectors.find_digits(words)
    groups = services.search_number(request.ctx, digits) if digits else []
    if not groups and words:
        groups = selectors.list_groups(request.ctx, words)
    shown = {
        "words": words,
        "groups": groups,
        "is_full": sum(len(group.people) for group in groups) >= selectors.MOST_PEOPLE,
        "most": selectors.MOST_PEOPLE,
        "fewest": selectors.FEWEST_DIGITS,
    }
    return render(request, "directory/search.html", shown)


@require_safe
@needs(selectors.READ)
def directory_sheet(request: PageRequest, unit_id: int) -> HttpResponse:
    """The contact sheet of a unit and all below it, to be printed and hung up."""
    groups = selectors.list_sheet(request.ctx, unit_id)
    if not groups:
        raise NotFound
    return render(request, "directory/sheet.html", {"groups": groups, "now": request.ctx.now()})


@require_safe
@login_not_required
def directory_public(request: HttpRequest) -> HttpResponse:
    """The lines that the public may call at any hour."""
    words = request.GET.get("q", "").strip()[:60]
    shown = {"groups": selectors.list_public(words), "words": words, "most": selectors.MOST_PUBLIC}
    return render(request, "directory/public.html", shown)
