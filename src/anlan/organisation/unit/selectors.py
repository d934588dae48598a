"""Reads of the tree, always within the actor's scope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Value
from django.db.models.functions import StrIndex

from anlan.kernel.errors import NotFound
from anlan.kernel.models import Unit
from anlan.kernel.scope import visible

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from anlan.kernel.context import Context

READ = "organisation.unit.read"


def list_units(ctx: Context, *, search: str = "") -> QuerySet[Unit]:
    """Units within scope in tree order; `search` matches part of a name or the whole code."""
    units = visible(ctx, Unit, READ).select_related("parent")
    return units.filter(name__icontains=search) | units.filter(code=search) if search else units


def list_matches(ctx: Context, words: str, most: int) -> list[Unit]:
    """The best matches of a search: what has that code or begins with the words comes before what holds them."""
    # The place of the words in the name is 0 where only the code matches.
    found = list_units(ctx, search=words).order_by(StrIndex("name", Value(words)), "path")
    return list(found[:most])


def get_unit(ctx: Context, unit_id: int) -> Unit:
    unit = visible(ctx, Unit, READ).select_related("parent").filter(pk=unit_id).first()
    if unit is None:
        raise NotFound
    return unit


def list_ancestors(ctx: Context, unit: Unit) -> QuerySet[Unit]:
    """The units above, as far as they lie within scope, the highest first."""
    ids = [int(part) for part in unit.path.split(".")[:-2]]
    return visible(ctx, Unit, READ).filter(pk__in=ids).order_by("path")


def list_children(ctx: Context, unit: Unit) -> QuerySet[Unit]:
    return visible(ctx, Unit, READ).filter(parent=unit).order_by("path")
