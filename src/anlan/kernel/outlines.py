"""An area as a small picture: the path of an SVG, drawn by the server, and how large the area is."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.contrib.gis.geos import MultiPolygon, Point

SIDE = 320  # units of the picture along its longer side
MARGIN = 8
KM = 111.195  # a degree of latitude, on a sphere of 6,371 km
FINEST = 400  # the outline is simplified to this part of its longer side


@dataclass(frozen=True)
class Outline:
    """A picture.

    path           of all rings, for an SVG of that width and height
    seat           where the seat lies in it; None: nowhere, or far outside
    wide_km, high_km   from west to east, from south to north
    square_km      what it covers, in a plane that touches the earth at its middle
    """

    path: str
    width: int
    height: int
    seat: tuple[int, int] | None
    wide_km: float
    high_km: float
    square_km: float


def outline_of(area: MultiPolygon, seat: Point | None = None) -> Outline:
    """The picture of an area in EPSG:4326. Its figures hold for what a province is large as at most, within a percent."""
    west, south, east, north = area.extent
    narrow = cos(radians((south + north) / 2))
    wide, high = max((east - west) * narrow, 1e-9), max(north - south, 1e-9)
    scale = SIDE / max(wide, high)

    def place(x: float, y: float) -> tuple[int, int]:
        return round((x - west) * narrow * scale) + MARGIN, round((north - y) * scale) + MARGIN

    shown: Any = area.simplify(max(east - west, north - south) / FINEST, preserve_topology=True)
    polygons = [shown] if shown.geom_type == "Polygon" else shown
    path = "".join(_ring([place(x, y) for x, y, *_ in ring.coords]) for one in polygons for ring in one)
    width, height = round(wide * scale) + 2 * MARGIN, round(high * scale) + 2 * MARGIN
    at = place(seat.x, seat.y) if seat else None
    inside = at is not None and 0 <= at[0] <= width and 0 <= at[1] <= height
    square_km = area.area * narrow * KM * KM
    return Outline(path, width, height, at if inside else None, wide * KM, high * KM, square_km)


def _ring(points: list[tuple[int, int]]) -> str:
    return "M" + "L".join(f"{x} {y}" for x, y in points[:-1]) + "Z"
