"""The journal: timeline and history of a record, search for auditors, what is stuck."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.urls import URLPattern

PREFIX = "journal/"
urlpatterns: list[URLPattern] = []
