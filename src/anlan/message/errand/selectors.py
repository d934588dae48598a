"""Reads of errands, within the actor's scope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anlan.kernel.errors import NotFound
from anlan.kernel.scope import can, visible
from anlan.message.errand.models import Errand
from anlan.message.errand.terms import ErrandState
from anlan.message.neighbour.selectors import list_neighbours

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    from django.db.models import QuerySet

    from anlan.kernel.context import Context

READ = "message.errand.read"
MOST_SHOWN = 200
ALONG = ("unit", "person", "at_unit", "at_unit__parent", "visited_by")


def get_errand(ctx: Context, errand_id: UUID, capability: str = READ) -> Errand:
    return _one(visible(ctx, Errand, capability).select_related(*ALONG), errand_id)


def lock_errand(ctx: Context, errand_id: UUID, capability: str) -> Errand:
    return _one(visible(ctx, Errand, capability).select_for_update(of=("self",)), errand_id)


def lock_open(about_kind: str, keys: Collection[str]) -> list[Errand]:
    """The open errands about these records, for update: whoever ends what they are about ends them, wherever they are."""
    found = Errand.unscoped.filter(about_kind=about_kind, about__in=list(keys), state=ErrandState.OPEN)
    return list(found.select_for_update().order_by("pk"))


def list_errands(ctx: Context, *, ended: bool = False) -> QuerySet[Errand]:
    """Those within scope that wait, the longest waiting first; or those that have ended, the last one first."""
    found = visible(ctx, Errand, READ).select_related(*ALONG)
    if ended:
        return found.exclude(state=ErrandState.OPEN).order_by("-ended_at", "pk")
    return found.filter(state=ErrandState.OPEN).order_by("ordered_at", "pk")


def list_of(about_kind: str, about: str) -> QuerySet[Errand]:
    """All errands about one record, which the caller has within scope."""
    return Errand.unscoped.filter(about_kind=about_kind, about=about).select_related(*ALONG).order_by("ordered_at")


def count_open(ctx: Context) -> int:
    """How many wait within scope; none for whom they are no business of."""
    return visible(ctx, Errand, READ).filter(state=ErrandState.OPEN).count() if can(ctx, READ) else 0


def list_goers(ctx: Context, unit_ids: Collection[int]) -> dict[int, int]:
    """Whose people go to each of these units."""
    return list_neighbours(ctx, unit_ids)


def _one(found: QuerySet[Errand], errand_id: UUID) -> Errand:
    errand = found.filter(pk=errand_id).first()
    if errand is None:
        raise NotFound
    return errand
