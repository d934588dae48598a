"""Attachments: fetch, add and remove them, authorised by the record that holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.urls import URLPattern

PREFIX = "attachments/"
urlpatterns: list[URLPattern] = []
