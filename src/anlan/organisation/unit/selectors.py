"""Reads of the tree, always within the actor's scope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anlan.kernel.errors import NotFound
from anlan.kernel.models import Unit
from anlan.kernel.scope import visible
from anlan.organisation.unit.models import UnitProfile

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from anlan.kernel.context import Context

READ = "organisation.unit.read"
MOST_CHILDREN = 200  # that a unit's page lists


def get_unit(ctx: Context, unit_id: int, capability: str = READ) -> Unit:
    unit = visible(ctx, Unit, capability).select_related("parent").filter(pk=unit_id).first()
    if unit is None:
        raise NotFound
    return unit


def lock_unit(ctx: Context, unit_id: int, capability: str) -> Unit:
    """The unit for update, where the actor holds the act's capability."""
    found = visible(ctx, Unit, capability).select_related("parent").select_for_update(of=("self",))
    unit = found.filter(pk=unit_id).first()
    if unit is None:
        raise NotFound
    return unit


def find_profile(
    ctx: Context, unit: Unit, capability: str = READ, *, area: bool = False
) -> UnitProfile | None:
    """What is known of a unit; None where nobody said anything yet. area: with its area, which may be large"""
    profiles = visible(ctx, UnitProfile, capability).select_related("answers_to").filter(unit=unit)
    found: UnitProfile | None = (profiles if area else profiles.defer("area")).first()
    return found


def list_ancestors(ctx: Context, unit: Unit) -> QuerySet[Unit]:
    """The units above, as far as they lie within scope, the highest first."""
    ids = [int(part) for part in unit.path.split(".")[:-2]]
    return visible(ctx, Unit, READ).filter(pk__in=ids).order_by("path")


def list_children(ctx: Context, unit: Unit) -> QuerySet[Unit]:
    """The units directly below within scope: the official order is that of their codes."""
    return visible(ctx, Unit, READ).filter(parent=unit).order_by("code", "path")
