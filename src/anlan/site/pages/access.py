"""Access: who holds which role where, and what the roles may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.urls import URLPattern

PREFIX = "access/"
urlpatterns: list[URLPattern] = []
