"""Where the demo's units lie: seats, and areas sketched round them, the same at each load."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from math import cos, radians
from random import Random
from typing import TYPE_CHECKING, Any

import shapely

from anlan.organisation.unit.terms import UnitKind
from anlan.site.demo import district

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from anlan.site.demo.district import Body

PARK_RADIUS = 0.009  # degrees of latitude: 1 km
NARROW = cos(
    radians(39.4)
)  # a degree of longitude here, in degrees of latitude: shapes are reckoned in a plane
ROUNDS = 3  # after which invented points lie evenly
SMALL = frozenset({UnitKind.VILLAGE, UnitKind.COMMUNITY, UnitKind.GRID})


@dataclass(frozen=True)
class Place:
    """A unit's area (MultiPolygon) and its seat if it has one (Point), EPSG:4326; `source` in words."""

    area: Any
    seat: Any
    source: str


def places(bodies: Iterable[Body]) -> dict[str, Place]:
    """Of both districts and all divisions below them, by their codes."""
    sources = district.words()["sources"]
    found: dict[str, Place] = {}
    for county, area in _counties().items():
        found[county] = Place(area, None, sources["county"])
        found |= _townships(county, area)
    below: defaultdict[str, list[str]] = defaultdict(list)
    for body in bodies:
        if body.kind in SMALL:
            below[body.parent].append(body.code)
    for (
        parent,
        codes,
    ) in below.items():  # each parent has been placed by then: units come behind the one above them
        area = found[parent].area
        seats = spread(area, len(codes), parent)
        for code, seat, cell in zip(codes, seats, divide(area, seats), strict=True):
            found[code] = Place(cell, seat, sources["sketch"])
    return {code: Place(_on_earth(p.area), _on_earth(p.seat), p.source) for code, p in found.items()}


def spread(area: Any, count: int, seed: str) -> list[Any]:
    """Points inside an area, about evenly; the same for the same seed."""
    random = Random(seed)  # noqa: S311 - an invented map, no secret
    west, south, east, north = area.bounds
    shapely.prepare(area)
    points: list[Any] = []
    while len(points) < count:
        tried = [(random.uniform(west, east), random.uniform(south, north)) for _ in range(4 * count)]
        inside = shapely.contains_xy(area, tried)
        points += [shapely.Point(place) for place, fits in zip(tried, inside, strict=True) if fits]
    points = points[:count]
    for _ in range(ROUNDS):
        centres = shapely.centroid(divide(area, points))
        fits = shapely.contains(area, centres)
        points = [centre if fit else point for centre, fit, point in zip(centres, fits, points, strict=True)]
    return points


def divide(area: Any, points: Sequence[Any]) -> list[Any]:
    """To each point the part of the area that lies nearest to it."""
    if len(points) == 1:
        return [area]
    cells = shapely.voronoi_polygons(shapely.MultiPoint(points), extend_to=area, ordered=True)
    return list(shapely.intersection(shapely.get_parts(cells), area))


def _counties() -> dict[str, Any]:
    features = district.read_json("boundaries.geojson")["features"]
    shapes = {row["properties"]["code"]: shapely.geometry.shape(row["geometry"]) for row in features}
    return {code: shapely.transform(shape, lambda at: at * [NARROW, 1]) for code, shape in shapes.items()}


def _townships(county: str, area: Any) -> dict[str, Place]:
    """Discs for the parks, and for the others what is left of the land nearest to them."""
    sources = district.words()["sources"]
    known, placed = (
        {row["code"]: _seat(row) for row in district.read_table(f"{name}.csv")}
        for name in ("seats", "placed")
    )
    seats = {code: seat for code, seat in (known | placed).items() if code.startswith(county[:6])}
    parks = {code: seat.buffer(PARK_RADIUS) for code, seat in seats.items() if district.is_park(code)}
    towns = [code for code in seats if code not in parks]
    left = shapely.difference(area, shapely.union_all(list(parks.values())))
    cells = dict(zip(towns, divide(left, [seats[code] for code in towns]), strict=True))
    return {
        code: Place(cell, seats[code], sources["town" if code in known else "sketch"])
        for code, cell in {**cells, **parks}.items()
    }


def _seat(row: dict[str, str]) -> Any:
    return shapely.Point(float(row["longitude"]) * NARROW, float(row["latitude"]))


def _on_earth(shape: Any) -> Any:
    """In degrees again; an area as the polygons it consists of."""
    if shape is None:
        return None
    turned = shapely.transform(shape, lambda at: at / [NARROW, 1])
    if turned.geom_type == "Point":
        return turned
    return shapely.MultiPolygon([part for part in shapely.get_parts(turned) if part.geom_type == "Polygon"])
