"""The small map of a warning's area: outlines on a flat sheet, drawn on the server."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians
from typing import TYPE_CHECKING, Any

from anlan.watch.warning.selectors import areas

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from anlan.kernel.models import Unit
    from anlan.watch.warning.selectors.areas import Placed

WIDTH, HIGHEST, EDGE = 640, 520, 8  # of the sheet, in its own units


@dataclass(frozen=True)
class Drawn:
    """One outline. look: around, part or whole"""

    name: str
    path: str
    look: str


@dataclass(frozen=True)
class Picture:
    """width, height of the sheet; `outline` is the path of the drawn area, blank: there is none."""

    width: int
    height: int
    shapes: tuple[Drawn, ...]
    outline: str


def draw(territory: Unit, placed: Sequence[Placed], polygon: Any) -> Picture | None:
    """None where no unit concerned has an area on file."""
    shapes = areas.list_shapes(territory, placed)
    rings = [ring for shape in shapes for ring in _rings(shape.geometry)]
    if not rings:
        return None
    sheet = _Sheet(rings)
    looks = {one.unit.pk: "part" if one.is_cut else "whole" for one in placed}
    everywhere = territory.pk in looks and looks[territory.pk] == "whole"
    around: list[Drawn] = []
    over: list[Drawn] = []
    for shape in shapes:
        look = looks.get(shape.unit_id, "whole" if everywhere else "around")
        drawn = Drawn(shape.name, sheet.path(_rings(shape.geometry)), look)
        # the territory lies below its parts, which show its borders
        is_below = shape.unit_id == territory.pk or shape.unit_id not in looks
        (around if is_below else over).append(drawn)
    outline = sheet.path(part.exterior_ring.coords for part in polygon) if polygon else ""
    return Picture(WIDTH, sheet.height, (*around, *over), outline)


def _rings(geometry: dict[str, Any]) -> Iterator[Any]:
    parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    for part in parts:
        yield from part


class _Sheet:
    """Degrees to the units of the sheet: degrees of longitude shrink with latitude, and south is below."""

    def __init__(self, rings: Sequence[Any]) -> None:
        xs: list[float] = [point[0] for ring in rings for point in ring]
        ys: list[float] = [point[1] for ring in rings for point in ring]
        self.west, self.north = min(xs), max(ys)
        self.narrow = cos(radians((min(ys) + max(ys)) / 2))
        wide, high = (max(xs) - self.west) * self.narrow or 1e-6, (self.north - min(ys)) or 1e-6
        self.scale = min((WIDTH - 2 * EDGE) / wide, (HIGHEST - 2 * EDGE) / high)
        self.left = (WIDTH - wide * self.scale) / 2
        self.height = round(high * self.scale + 2 * EDGE)

    def path(self, rings: Any) -> str:
        return " ".join(
            "M" + "L".join(f"{self._x(point[0]):.1f} {self._y(point[1]):.1f}" for point in ring) + "Z"
            for ring in rings
        )

    def _x(self, longitude: float) -> float:
        return self.left + (longitude - self.west) * self.narrow * self.scale

    def _y(self, latitude: float) -> float:
        return EDGE + (self.north - latitude) * self.scale
