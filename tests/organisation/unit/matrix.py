from django.contrib.gis.geos import MultiPolygon, Polygon

from anlan.organisation.unit.models import UnitProfile
from anlan.organisation.unit.register import UNITS
from tests.cast import World
from tests.matrix import Arguments, Case
from tests.registers import cases_of

READ, EDIT = "organisation.unit.read", "organisation.unit.edit"


def placed(unit: str) -> Arguments:
    """A unit with an area."""

    def make(world: World) -> dict[str, int]:
        at = getattr(world, unit)
        square = MultiPolygon(Polygon.from_bbox((117.0, 39.0, 117.1, 39.1)), srid=4326)
        UnitProfile.unscoped.create(unit=at, area=square, source="试验")
        return {"key": at.pk}

    return make


CASES = (
    *cases_of(UNITS, lambda world: world.town, lambda world: world.neighbour_town, api="/units"),
    *(
        Case(
            f"unit_{act}",
            EDIT,
            own=lambda world: {"key": world.town.pk},
            other=lambda world: {"key": world.neighbour_town.pk},
            budget=8,
        )
        for act in ("describe", "place", "move", "merge", "split")
    ),
    Case("unit_area", READ, own=placed("town"), other=placed("neighbour_town"), budget=5),
)
