"""Long tasks: what is under way for me, how far it is, cancel it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.urls import URLPattern

PREFIX = "tasks/"
urlpatterns: list[URLPattern] = []
