"""Alarm bells: reads, each within the asker's scope and exercise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anlan.kernel.errors import NotFound
from anlan.kernel.models import Unit
from anlan.kernel.scope import require, visible
from rooms.respond.bell.models import Bell, Call
from rooms.respond.bell.terms import BellState

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    from django.db.models import QuerySet

    from anlan.kernel.context import Context

READ = "respond.bell.read"


def list_bell(ctx: Context, *, words: str = "", state: str = "") -> QuerySet[Bell]:
    """The latest first; `words` keeps those whose place holds them, `state` those in it."""
    found = visible(ctx, Bell, READ).select_related("unit").order_by("-rang_at", "id")
    if words:
        found = found.filter(place__icontains=words)
    return found.filter(state=state) if state else found


def get_bell(ctx: Context, bell_id: UUID, capability: str = READ) -> Bell:
    """One bell; NotFound, too, where the actor doesn't hold the capability over its unit."""
    return _one(visible(ctx, Bell, capability).select_related("unit"), bell_id)


def lock_bell(ctx: Context, bell_id: UUID, capability: str) -> Bell:
    """The bell for update, where the actor holds the act's capability."""
    return _one(visible(ctx, Bell, capability).select_for_update(of=("self",)), bell_id)


def lock_unanswered(ctx: Context, bell_ids: Collection[UUID], capability: str) -> list[Bell]:
    """Those of these bells that nobody has answered yet, for update."""
    ringing = visible(ctx, Bell, capability).filter(pk__in=bell_ids, state=BellState.RUNG)
    return list(ringing.select_for_update(of=("self",)).order_by("pk"))


def list_call(ctx: Context, bell: Bell) -> QuerySet[Call]:
    require(ctx, READ, bell)
    return bell.calls.order_by("called_at", "id")


def list_unit(ctx: Context, capability: str) -> QuerySet[Unit]:
    """Units in which the actor holds the capability."""
    return visible(ctx, Unit, capability)


def _one(found: QuerySet[Bell], bell_id: UUID) -> Bell:
    bell = found.filter(pk=bell_id).first()
    if bell is None:
        raise NotFound
    return bell
