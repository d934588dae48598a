"""Obligations: my work, my unit, the subtree, the calendar, the overdue, the counts; the rules they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.urls import URLPattern

PREFIX = "obligations/"
urlpatterns: list[URLPattern] = []
