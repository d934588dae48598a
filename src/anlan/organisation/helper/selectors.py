"""Reads of those who have registered with communities, and of who is enlisted now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Count, Exists, OuterRef

from anlan.kernel.errors import NotFound
from anlan.kernel.models import Unit
from anlan.kernel.scope import visible
from anlan.organisation.helper.models import Enlistment, Helper

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    from django.db.models import QuerySet

    from anlan.kernel.context import Context

READ, ENLIST = "organisation.helper.read", "organisation.helper.enlist"
MOST_SHOWN = 500  # of one page


def list_helpers(ctx: Context, unit: Unit) -> QuerySet[Helper]:
    """Who has registered with one community, by team, each with `enlisted`: whether he is enlisted now."""
    helpers = visible(ctx, Helper, READ).filter(unit=unit, retired_at=None)
    return helpers.annotate(enlisted=Exists(_open())).order_by("team", "name", "pk")


def list_by_enlistment(helpers: QuerySet[Helper], *, enlisted: bool) -> QuerySet[Helper]:
    """Of these, who the caller has within scope: those that are enlisted now, or those that are not."""
    return helpers.filter(Exists(_open()) if enlisted else ~Exists(_open()))


def _open() -> QuerySet[Enlistment]:
    return Enlistment.unscoped.filter(helper=OuterRef("pk"), until_at=None)


def list_by_ids(ctx: Context, ids: Collection[UUID]) -> list[Helper]:
    """These, where one may enlist them. raises NotFound unless all are there and in use"""
    return _all(visible(ctx, Helper, ENLIST).filter(pk__in=ids, retired_at=None), ids)


def lock_helpers(ctx: Context, ids: Collection[UUID]) -> list[Helper]:
    """The same, for update."""
    found = visible(ctx, Helper, ENLIST).filter(pk__in=ids, retired_at=None)
    return _all(found.select_for_update(of=("self",)), ids)


def list_enlisted(ctx: Context, unit: Unit | None = None) -> QuerySet[Enlistment]:
    """Who is enlisted now within scope, or below a unit: by community and group."""
    found = visible(ctx, Enlistment, READ).filter(until_at=None)
    if unit is not None:
        found = found.filter(unit__path__startswith=unit.path)
    return found.select_related("helper", "unit").order_by("unit__path", "team", "from_at", "pk")


def count_enlisted(ctx: Context, unit: Unit | None = None) -> dict[str, int]:
    """How many, in how many communities."""
    counts: dict[str, int] = (
        list_enlisted(ctx, unit).order_by().aggregate(people=Count("pk"), units=Count("unit", distinct=True))
    )
    return counts


def list_enlistments(ctx: Context, helper: Helper) -> QuerySet[Enlistment]:
    """All of one helper, the latest first."""
    return visible(ctx, Enlistment, READ).filter(helper=helper).order_by("-from_at", "-pk")


def get_enlistment(ctx: Context, enlistment_id: UUID) -> Enlistment:
    found: Enlistment | None = visible(ctx, Enlistment, READ).filter(pk=enlistment_id).first()
    if found is None:
        raise NotFound
    return found


def lock_enlistments(ctx: Context, ids: Collection[UUID]) -> list[Enlistment]:
    """For update, where one may enlist. raises NotFound unless all are there"""
    found = visible(ctx, Enlistment, ENLIST).filter(pk__in=ids).select_related("unit")
    locked = list(found.select_for_update(of=("self",)).order_by("pk"))
    if not ids or len(locked) != len(set(ids)):
        raise NotFound
    return locked


def find_unit(ctx: Context, unit_id: int) -> Unit | None:
    return visible(ctx, Unit, READ).filter(pk=unit_id).first()


def list_busy(ids: Collection[UUID]) -> list[str]:
    """The names of those, whom the caller has within scope, that are enlisted already."""
    busy = Enlistment.unscoped.filter(helper__in=ids, until_at=None)
    return list(busy.order_by("helper__name").values_list("helper__name", flat=True))


def _all(found: QuerySet[Helper], ids: Collection[UUID]) -> list[Helper]:
    helpers = list(found.select_related("unit").order_by("name", "pk"))
    if not ids or len(helpers) != len(set(ids)):
        raise NotFound
    return helpers
