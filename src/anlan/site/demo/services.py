"""The demo's district, put in place set-wise; what is there already stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapely
from django.contrib.auth.hashers import make_password
from django.contrib.gis.geos import GEOSGeometry
from django.db import transaction

from anlan.kernel import seeds
from anlan.kernel.models import Grant, Role, Unit, User
from anlan.organisation.unit.models import UnitProfile
from anlan.site.demo import PASSWORD, areas, district

if TYPE_CHECKING:
    from typing import Any

    from anlan.site.demo.areas import Place
    from anlan.site.demo.district import Body


@transaction.atomic
def load(scale: int = 1) -> None:
    """All units and the cast. `scale` multiplies villages, grids and people."""
    bodies = list(district.units(scale))
    added = seeds.plant_units(bodies)
    _describe([body for body in bodies if body.code in added], areas.places(bodies))
    _welcome()


def _describe(bodies: list[Body], places: dict[str, Place]) -> None:
    """The profiles of new units."""
    ids = dict(Unit.unscoped.filter(code__isnull=False).values_list("code", "pk"))
    profiles = [
        UnitProfile(
            unit_id=ids[body.code],
            line=body.line,
            answers_to_id=ids.get(body.answers_to),
            **_lies(places.get(body.code)),
        )
        for body in bodies
        if body.line or body.code in places
    ]
    UnitProfile.unscoped.bulk_create(profiles, batch_size=seeds.BATCH)


def _lies(place: Place | None) -> dict[str, Any]:
    if place is None:
        return {}
    seat, area = (
        shape and GEOSGeometry(memoryview(shapely.to_wkb(shape)), srid=4326)
        for shape in (place.seat, place.area)
    )
    return {"seat": seat, "area": area, "is_sketch": True, "source": place.source}


def _welcome() -> None:
    """Those who may log in, each with the one role that he holds where the demo is set."""
    roles = {role.code: role for role in Role.objects.all()}
    password = make_password(PASSWORD)  # slow on purpose; all have the same
    for member in district.read_json("cast.json"):
        user, _is_new = User.objects.get_or_create(
            username=member["username"],
            defaults={"password": password, "display_name": member["display_name"]},
        )
        held = {"user": user, "role": roles[member["role"]], "scope_root": seeds.unit_by_code(member["unit"])}
        if not Grant.objects.filter(**held).exists():
            Grant.objects.create(**held)
