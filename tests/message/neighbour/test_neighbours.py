"""Neighbours: whose people go and knock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.contrib.gis.geos import Point
from django.core.exceptions import ValidationError

from anlan.kernel.context import Context
from anlan.message.neighbour.models import Neighbour
from anlan.message.neighbour.selectors import list_neighbours
from anlan.organisation.unit.models import UnitProfile
from tests.message.callouts import make_village
from tests.message.neighbour.matrix import neighbour

if TYPE_CHECKING:
    from anlan.kernel.models import Unit
    from tests.cast import World

NODE = Context(None)


def goer(unit: Unit) -> int | None:
    return list_neighbours(NODE, [unit.pk]).get(unit.pk)


def lies(unit: Unit, x: float) -> None:
    UnitProfile.unscoped.create(unit=unit, seat=Point(x, 39, srid=4326))


def test_the_nearest_village_of_the_same_township_goes(world: World) -> None:
    one, near, far = (make_village(world.town, number) for number in (1, 2, 3))
    for unit, x in ((one, 117.0), (near, 117.1), (far, 118.0)):
        lies(unit, x)
    lies(make_village(world.neighbour_town, 1), 117.01)
    assert goer(one) == near.pk
    assert goer(far) == near.pk


def test_an_agreement_goes_before_nearness(world: World) -> None:
    one, near, agreed = (make_village(world.town, number) for number in (1, 2, 3))
    for unit, x in ((one, 117.0), (near, 117.1), (agreed, 118.0)):
        lies(unit, x)
    made = neighbour(one, agreed)
    assert goer(one) == agreed.pk
    Neighbour.unscoped.filter(pk=made.pk).update(retired_at="2026-01-01T00:00Z")
    assert goer(one) == near.pk


def test_one_of_unknown_place_still_goes_before_the_township(world: World) -> None:
    one, other = make_village(world.town, 1), make_village(world.town, 2)
    assert goer(one) == other.pk


def test_an_only_village_is_visited_by_its_township(world: World) -> None:
    assert goer(make_village(world.town, 1)) == world.town.pk


def test_a_township_and_what_is_above_it_send_people_of_their_own(world: World) -> None:
    for unit in (world.town, world.district, world.city):
        assert goer(unit) == unit.pk


def test_a_retired_village_goes_nowhere(world: World) -> None:
    one, other = make_village(world.town, 1), make_village(world.town, 2)
    type(other).unscoped.filter(pk=other.pk).update(retired_at="2026-01-01T00:00Z")
    assert goer(one) == world.town.pk


def test_nobody_is_his_own_neighbour(world: World) -> None:
    with pytest.raises(ValidationError):
        neighbour(world.town, world.town)
