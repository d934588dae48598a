"""What the search boxes of forms suggest: units over which the reader holds the capability that the form asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from anlan.kernel.register import choosing
from anlan.kernel.scope import require

if TYPE_CHECKING:
    from django.http import HttpResponse

    from anlan.kernel.requests import PageRequest


@require_safe
def unit_choices(request: PageRequest, capability: str, name: str) -> HttpResponse:
    require(request.ctx, capability)
    words = choosing.words_of(request.GET, name)
    reference = choosing.unit(request.ctx, capability, required=False)
    shown = choosing.choices(reference, name, words, request.GET.get(name, ""))
    return render(request, "kernel/register/_choices.html", shown)


PREFIX = "choices/"
urlpatterns = [
    path("units/<str:capability>/<slug:name>/", unit_choices, name="unit_choices"),
]
