"""Saved views of registers: a person's own, and those that others share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.kernel.errors import NotFound
from anlan.kernel.models import SavedView
from anlan.kernel.register.listing import LONGEST_QUERY

if TYPE_CHECKING:
    from anlan.kernel.context import Context
    from anlan.kernel.register.declaration import Register

MOST = 50
CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class ViewForm(forms.Form):
    name = forms.CharField(label=_("名称"), max_length=40)
    shared = forms.BooleanField(label=_("共享给能看本册的人"), required=False)


def list_views(ctx: Context, register: Register) -> list[SavedView]:
    """One's own first, then those that are shared; each with `is_own`."""
    found = SavedView.objects.filter(Q(owner=ctx.actor) | Q(shared=True), register=register.prefix)
    views = list(found.order_by("name")[:MOST])
    for view in views:
        view.is_own = ctx.actor is not None and view.owner_id == ctx.actor.pk  # type: ignore[attr-defined]  # for the page
    return sorted(views, key=lambda view: not view.is_own)  # type: ignore[attr-defined]  # set above


def save_view(ctx: Context, register: Register, *, name: str, shared: bool, query: str) -> SavedView:
    """Keep a view; one of the same name of one's own is replaced."""
    view, _made = SavedView.objects.update_or_create(
        register=register.prefix, owner=ctx.actor, name=name, defaults={"query": query, "shared": shared}
    )
    return view


def drop_view(ctx: Context, register: Register, view_id: int) -> None:
    """Forget one of one's own. raises NotFound"""
    deleted, _by_model = SavedView.objects.filter(
        pk=view_id, register=register.prefix, owner=ctx.actor
    ).delete()
    if not deleted:
        raise NotFound


def query_of(text: str) -> str:
    """A list's address after "?" as it is kept for later: of one that somebody made up, what can be kept."""
    return CONTROL.sub("", text)[:LONGEST_QUERY]
