"""Units over the programming interface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from ninja import Query, Router, Schema

from anlan.kernel.words import lazy as _
from anlan.organisation.unit import selectors

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from anlan.kernel.models import Unit
    from anlan.kernel.requests import PageRequest

PREFIX = "/units"
MOST = 500
router = Router(tags=["organisation"])


class UnitOut(Schema):
    """A unit; `path` is the ids from the root, each followed by a dot."""

    id: int
    parent_id: int | None
    path: str
    code: str | None
    name: str
    kind: str


@router.get("", response=list[UnitOut], summary=_("单位列表（按层级排序，限管理范围内）"))
def units(
    request: PageRequest, q: str = "", after: str = "", limit: Annotated[int, Query(ge=1, le=MOST)] = 100
) -> QuerySet[Unit]:
    """`after` is the path of the last unit received: the next page begins behind it."""
    found = selectors.list_units(request.ctx, search=q.strip()[:100])
    return found.filter(path__gt=after).order_by("path")[:limit] if after else found.order_by("path")[:limit]


@router.get("/{int:unit_id}", response=UnitOut, summary=_("单个单位"))
def unit(request: PageRequest, unit_id: int) -> Unit:
    return selectors.get_unit(request.ctx, unit_id)
