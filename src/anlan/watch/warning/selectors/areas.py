"""Where a warning holds: units found in the tree, by their neighbours, by a polygon or by codes; and their shapes for a map.

What is chosen from is the territory of the warning's unit: the division it belongs to, with all below. A bureau warns for
its district, though its own subtree is nothing but itself; names and codes of units are no secret.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import connection
from django.db.models import Q

from anlan.kernel.errors import NotFound
from anlan.kernel.models import Unit
from anlan.kernel.scope import require, upward
from anlan.kernel.search import question
from anlan.watch.warning.terms import AreaHow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from django.contrib.gis.geos import MultiPolygon
    from django.db.models import QuerySet

    from anlan.kernel.context import Context
    from anlan.watch.warning.models import WarningArea

DRAFT = "watch.warning.draft"
# Kinds of units that are places; the others are bodies that sit in one.
DIVISIONS = (
    "province",
    "city",
    "district",
    "county",
    "township",
    "street",
    "park",
    "village",
    "community",
    "grid",
)
MOST_FOUND, MOST_CHILDREN, MOST_SHAPES = 20, 400, 1200
WHOLE, NOTHING = 0.995, 0.005  # shares from which a unit is wholly covered, and below which not at all
LIES_IN = (
    0.05  # a unit in which so much of the outline lies is reached, however little of the unit that may be
)
CODE_DIGITS = 12
FINENESS = 400  # a shape on a small map needs no more detail than a 400th of its width
# Shares are taken in degrees: within one unit both areas are distorted alike. Grids follow their village.
COVERED = """
SELECT u.id, u.path,
       CASE WHEN p.area IS NULL THEN NULL
            ELSE cut.area / NULLIF(ST_Area(p.area), 0) END,
       cut.area / NULLIF(ST_Area(drawn.shape), 0)
FROM (SELECT ST_MakeValid(ST_GeomFromEWKB(%(shape)s)) AS shape) AS drawn
JOIN unit_unitprofile p ON p.area && drawn.shape OR (p.area IS NULL AND p.seat && drawn.shape)
JOIN kernel_unit u ON u.id = p.unit_id
CROSS JOIN LATERAL (SELECT ST_Area(ST_Intersection(p.area, drawn.shape)) AS area) AS cut
WHERE u.path LIKE %(below)s AND u.retired_at IS NULL AND u.kind = ANY(%(kinds)s)
  AND ST_Intersects(coalesce(p.area, p.seat), drawn.shape)
ORDER BY u.path
"""
NEIGHBOURS = """
SELECT DISTINCT other.id, other.path
FROM unit_unitprofile mine
JOIN kernel_unit own ON own.id = mine.unit_id
JOIN unit_unitprofile theirs ON theirs.area && ST_Expand(mine.area, %(near)s) AND theirs.unit_id <> mine.unit_id
JOIN kernel_unit other ON other.id = theirs.unit_id AND other.kind = ANY(%(kinds)s)
WHERE mine.unit_id = ANY(%(units)s) AND other.path LIKE %(below)s AND other.retired_at IS NULL
  AND NOT other.id = ANY(%(units)s)
  AND array_length(string_to_array(other.path, '.'), 1) = array_length(string_to_array(own.path, '.'), 1)
  AND ST_DWithin(mine.area, theirs.area, %(near)s)
ORDER BY other.path
"""
NEAR = 0.001  # degrees, about 100 m: sketched borders don't meet exactly
SHAPES = """
SELECT u.id, u.name, ST_AsGeoJSON(ST_SimplifyPreserveTopology(p.area, %(fine)s), 5)::json
FROM unit_unitprofile p JOIN kernel_unit u ON u.id = p.unit_id
WHERE p.unit_id = ANY(%(units)s) AND p.area IS NOT NULL
ORDER BY u.path
"""


@dataclass(frozen=True)
class Placed:
    """A unit in an area as it is being chosen."""

    unit: Unit
    below: bool = True
    share: float | None = None
    how: str = AreaHow.CHOSEN

    @property
    def is_cut(self) -> bool:
        """Whether the area takes only a part of it."""
        return self.share is not None and self.share < WHOLE

    @property
    def percent(self) -> int | None:
        return None if self.share is None else round(self.share * 100)


class Shape(NamedTuple):
    """A unit's outline; `geometry` is GeoJSON."""

    unit_id: int
    name: str
    geometry: dict[str, Any]


class Group(NamedTuple):
    """A unit of an area with those below it that are told as well: the parts of one that is cut."""

    one: Placed
    parts: list[Placed]


class Called(NamedTuple):
    """Ids of units: with all below them, and alone."""

    unit_ids: list[int]
    alone: list[int]


class Found(NamedTuple):
    """What codes came to."""

    placed: list[Placed]
    unknown: list[str]


def get_territory(unit: Unit) -> Unit:
    """The division a unit belongs to, itself where it is one; the top of the tree where it belongs to none."""
    above: list[Unit] = list(Unit.unscoped.filter(path__in=upward(unit.path)).order_by("-path"))
    return next((one for one in above if one.kind in DIVISIONS), above[-1])


def get_place(territory: Unit, unit_id: int) -> Unit:
    """A unit of the territory; NotFound for any other."""
    unit = _places(territory).filter(pk=unit_id).first()
    if unit is None:
        raise NotFound
    return unit


def list_places(ctx: Context, territory: Unit, unit: Unit, unit_ids: Collection[int]) -> dict[int, Unit]:
    """Those of these units that belong to the territory, by id; for who drafts in `unit`."""
    require(ctx, DRAFT, unit)
    return {one.pk: one for one in _places(territory).filter(pk__in=unit_ids)}


def list_places_found(territory: Unit, words: str) -> list[Unit]:
    """Places that the words find, the highest first."""
    asked = question(words)
    if not asked:
        return []
    found = _places(territory).filter(kind__in=DIVISIONS, search__holds=asked).select_related("parent")
    return list(found.order_by("path")[:MOST_FOUND])


def list_places_below(territory: Unit, above: Unit) -> list[Unit]:
    """The places directly below one: the official order is that of their codes."""
    below = _places(territory).filter(parent=above, kind__in=DIVISIONS)
    return list(below.order_by("code", "path")[:MOST_CHILDREN])


def list_path(territory: Unit, at: Unit) -> list[Unit]:
    """From the territory down to a place in it."""
    above = [path for path in upward(at.path) if path.startswith(territory.path)]
    return list(Unit.unscoped.filter(path__in=above).order_by("path"))


def list_neighbours(territory: Unit, placed: Sequence[Placed]) -> list[Placed]:
    """The units of the same level whose areas touch those chosen, and that are not chosen yet."""
    given: dict[str, Any] = {
        "units": [one.unit.pk for one in placed],
        "below": f"{territory.path}%",
        "kinds": list(DIVISIONS),
        "near": NEAR,
    }
    with connection.cursor() as cursor:
        cursor.execute(NEIGHBOURS, given)
        ids = [number for number, _path in cursor.fetchall()]
    return [Placed(unit, how=AreaHow.NEIGHBOUR) for unit in Unit.unscoped.filter(pk__in=ids).order_by("path")]


def list_units_in(territory: Unit, polygon: MultiPolygon) -> list[Placed]:
    """The units that a polygon covers: one that lies in it whole comes with all below, one that it cuts comes with its
    share and those below it that are reached. Nothing for a polygon that reaches none; the territory only as a whole.
    """
    given: dict[str, Any] = {
        "shape": bytes(polygon.ewkb),
        "below": f"{territory.path}%",
        "kinds": [kind for kind in DIVISIONS if kind != "grid"],
    }
    with connection.cursor() as cursor:
        cursor.execute(COVERED, given)
        rows = cursor.fetchall()
    reached = [
        (number, path, share)
        for number, path, share, of_outline in rows
        if share is None or share >= NOTHING or (of_outline or 0) >= LIES_IN
    ]
    kept: list[tuple[int, bool, float | None]] = []
    whole: list[str] = []
    paths = [path for _id, path, _share in reached]
    for number, path, share in reached:
        if any(path.startswith(above) for above in whole):
            continue
        is_whole = share is not None and share >= WHOLE
        has_below = any(other != path and other.startswith(path) for other in paths)
        if is_whole:
            whole.append(path)
        if is_whole or not has_below or number != territory.pk:
            kept.append((number, is_whole or not has_below, share))
    units = Unit.unscoped.in_bulk([number for number, _below, _share in kept])
    return [
        Placed(units[number], below, None if share is None else min(share, 1.0), AreaHow.POLYGON)
        for number, below, share in kept
    ]


def list_units_of_codes(territory: Unit, codes: Iterable[str]) -> Found:
    """The units that division codes name, each with all below; a code of a division above means the whole territory."""
    asked = {code: code.ljust(CODE_DIGITS, "0") for code in codes}
    there = {
        unit.code: unit
        for unit in _places(territory).filter(code__in=[*asked.keys(), *asked.values()])
        if unit.code
    }
    own = territory.code or ""
    placed: dict[int, Placed] = {}
    unknown = []
    for code, full in asked.items():
        unit = there.get(full) or there.get(code)
        stem = full.rstrip("0")
        if unit is None and own.isdecimal() and stem and own.startswith(stem):
            unit = territory
        if unit is None:
            unknown.append(code)
        else:
            placed[unit.pk] = Placed(unit, how=AreaHow.CODE)
    return Found(list(placed.values()), unknown)


def list_placed(areas: Iterable[WarningArea]) -> list[Placed]:
    """A message's area as it is chosen from."""
    return [Placed(area.unit, area.below, area.share, area.how) for area in areas]


def list_groups(placed: Iterable[Placed]) -> list[Group]:
    """An area in the order of the tree, the parts of each unit behind it."""
    groups: list[Group] = []
    for one in sorted(placed, key=lambda one: one.unit.path):
        if groups and one.unit.path.startswith(groups[-1].one.unit.path):
            groups[-1].parts.append(one)
        else:
            groups.append(Group(one, []))
    return groups


def list_called(territory: Unit, placed: Iterable[Placed]) -> Called:
    """For whom somebody answers in an area: the units that it takes with all below, and alone those that it cuts, those
    that were chosen alone, and all that stand above them in the territory.
    """
    whole = {one.unit.pk for one in placed if one.below}
    line = {
        int(part)
        for one in placed
        for part in one.unit.path.removeprefix(territory.path).split(".")[:-1]
        if one.unit.path.startswith(territory.path)
    }
    return Called(sorted(whole), sorted((line | {territory.pk}) - whole) if line or whole else [])


def list_warned(placed: Iterable[Placed], own: Unit) -> list[Unit]:
    """The units with whom a warning of `own` is shared: those of its area, in its own place those directly below it."""
    chosen = [one.unit for one in placed]
    below: list[Unit] = []
    if any(one.pk == own.pk for one in chosen):
        below = list(Unit.unscoped.filter(parent=own, retired_at=None).order_by("path"))
    return [*(one for one in chosen if one.pk != own.pk), *below]


def count_units(placed: Iterable[Placed]) -> int:
    """How many places (districts, townships, villages, grids) an area has."""
    within = [_within(one) for one in placed]
    if not within:
        return 0
    found: QuerySet[Unit] = Unit.unscoped.filter(reduce(or_, within), retired_at=None, kind__in=DIVISIONS)
    return found.count()


def list_shapes(territory: Unit, placed: Sequence[Placed]) -> list[Shape]:
    """Outlines of the territory's next lower places and of those chosen."""
    outlines = list(
        Unit.unscoped.filter(parent=territory, kind__in=DIVISIONS, retired_at=None).values_list(
            "pk", flat=True
        )[:MOST_CHILDREN]
    )
    units = [*(outlines or [territory.pk]), *(one.unit.pk for one in placed)][:MOST_SHAPES]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(max(ST_XMax(area) - ST_XMin(area)), 0) FROM unit_unitprofile WHERE unit_id = %s",
            [territory.pk],
        )
        width = float(cursor.fetchone()[0])
        cursor.execute(SHAPES, {"units": units, "fine": width / FINENESS})
        return [Shape(*row) for row in cursor.fetchall()]


def _places(territory: Unit) -> QuerySet[Unit]:
    places: QuerySet[Unit] = Unit.unscoped.filter(path__startswith=territory.path, retired_at=None)
    return places


def _within(one: Placed) -> Q:
    return Q(path__startswith=one.unit.path) if one.below else Q(pk=one.unit.pk)
