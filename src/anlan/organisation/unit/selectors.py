"""Reads of the tree, always within the actor's scope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anlan.kernel.models import Unit
from anlan.kernel.scope import visible

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from anlan.kernel.context import Context

READ = "organisation.unit.read"
MOST_CHILDREN = 200  # that a unit's page lists


def list_ancestors(ctx: Context, unit: Unit) -> QuerySet[Unit]:
    """The units above, as far as they lie within scope, the highest first."""
    ids = [int(part) for part in unit.path.split(".")[:-2]]
    return visible(ctx, Unit, READ).filter(pk__in=ids).order_by("path")


def list_children(ctx: Context, unit: Unit) -> QuerySet[Unit]:
    return visible(ctx, Unit, READ).filter(parent=unit).order_by("path")
