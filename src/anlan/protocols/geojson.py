"""Areas in GeoJSON (RFC 7946): from what map programs write to the rings of polygons, and a unit's area back as a feature.

Positions are longitude, latitude in degrees (WGS-84, which CGCS2000 equals here); a height is left out.
"""

from __future__ import annotations

import json
from math import isfinite
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

    Position = tuple[float, float]
    Polygon = list[list[Position]]  # the outer ring, then holes; each closed

MOST_VERTICES = 50_000
DEEPEST = 8  # collections within collections
HERE = (
    "crs84",
    "4326",
    "4490",
)  # of the older standard's names of reference systems, those that are these degrees


class BrokenArea(Exception):
    """What is wrong with a file, as a word, and where.

    problem  not_json, not_geojson, no_area, other_shape, reference, numbers, degrees, swapped, ring, vertices
    """

    def __init__(self, problem: str, **where: Any) -> None:
        super().__init__(problem)
        self.problem, self.where = problem, where


def read_area(text: str | bytes) -> list[Polygon]:
    """The polygons of a geometry, a feature or a collection of them; whether they are valid shapes is not asked here.

    raises  BrokenArea
    """
    try:
        whole = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BrokenArea("not_json") from error
    if not isinstance(whole, dict) or "type" not in whole:
        raise BrokenArea("not_geojson")
    _refuse_reference(whole.get("crs"))
    polygons = list(_polygons(whole, DEEPEST))
    if not polygons:
        raise BrokenArea("no_area")
    vertices = sum(len(ring) for polygon in polygons for ring in polygon)
    if vertices > MOST_VERTICES:
        raise BrokenArea("vertices", number=vertices, most=MOST_VERTICES)
    return [[_ring(ring) for ring in polygon] for polygon in polygons]


def feature(geometry: str, properties: dict[str, Any]) -> bytes:
    """A file with one feature. geometry: as GeoJSON"""
    whole = {"type": "Feature", "geometry": json.loads(geometry), "properties": properties}
    return json.dumps(whole, ensure_ascii=False).encode()


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _refuse_reference(named: Any) -> None:
    """A file that says it is in other coordinates is not taken for degrees."""
    if named is None:
        return
    name = str(named.get("properties", {}).get("name", "") if isinstance(named, dict) else named)
    if not name.lower().endswith(HERE):
        raise BrokenArea("reference", name=name[:60])


def _polygons(part: Any, deeper: int) -> Iterator[list[Any]]:
    if not isinstance(part, dict) or deeper == 0:
        raise BrokenArea("not_geojson")
    kind, inside = part.get("type"), deeper - 1
    if kind == "Feature":
        if part.get("geometry") is not None:
            yield from _polygons(part["geometry"], inside)
    elif kind in {"FeatureCollection", "GeometryCollection"}:
        for one in _list(part.get("features" if kind == "FeatureCollection" else "geometries")):
            yield from _polygons(one, inside)
    elif kind == "Polygon":
        yield [_list(ring) for ring in _list(part.get("coordinates"))]
    elif kind == "MultiPolygon":
        for polygon in _list(part.get("coordinates")):
            yield [_list(ring) for ring in _list(polygon)]
    elif isinstance(kind, str):
        raise BrokenArea("other_shape", kind=kind[:30])
    else:
        raise BrokenArea("not_geojson")


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise BrokenArea("not_geojson")
    return value


def _ring(positions: list[Any]) -> list[Position]:
    ring = [_position(one) for one in positions]
    if len(ring) < 4 or ring[0] != ring[-1]:
        raise BrokenArea("ring", longitude=ring[0][0], latitude=ring[0][1])
    return ring


def _position(value: Any) -> Position:
    numbers = value[:2] if isinstance(value, list) else ()
    if len(numbers) != 2 or not all(type(n) in {int, float} and isfinite(n) for n in numbers):
        raise BrokenArea("numbers")
    longitude, latitude = float(numbers[0]), float(numbers[1])
    if abs(longitude) <= 90 < abs(latitude) <= 180:
        raise BrokenArea("swapped", longitude=longitude, latitude=latitude)
    if abs(longitude) > 180 or abs(latitude) > 90:
        raise BrokenArea("degrees", longitude=longitude, latitude=latitude)
    return longitude, latitude
