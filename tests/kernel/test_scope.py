"""Scope: capabilities of roles × subtrees of grants."""

from __future__ import annotations

from datetime import timedelta

import pytest

from anlan.kernel import scope
from anlan.kernel.clock import real_now
from anlan.kernel.errors import NotAllowed, UnscopedRead
from anlan.kernel.models import Grant, Role, Unit
from tests.cast import World, acting

READ = "organisation.unit.read"


def names(units: object) -> set[str]:
    return {unit.name for unit in units}  # type: ignore[attr-defined]


def test_a_grant_reaches_its_unit_and_all_below_and_nothing_else(world: World) -> None:
    seen = names(scope.visible(acting(world.officer), Unit, READ))
    assert seen == {"甲区", "甲一镇"}
    assert names(scope.visible(acting(world.neighbour), Unit, READ)) == {"乙区", "乙一镇"}


def test_a_path_that_begins_with_the_same_digits_is_not_inside(world: World) -> None:
    inside = world.district.path
    twin = Unit.unscoped.create(path=f"{inside[:-1]}7.", name="邻号区", kind="district", parent=world.city)
    assert twin.path.startswith(inside[:-1])
    assert "邻号区" not in names(scope.visible(acting(world.officer), Unit, READ))


def test_who_holds_the_capability_nowhere_is_refused_rather_than_shown_an_empty_list(world: World) -> None:
    with pytest.raises(NotAllowed):
        scope.visible(acting(world.stranger), Unit, READ)


def test_several_grants_add_up(world: World) -> None:
    role = Role.objects.get(code="clerk")
    Grant.objects.create(user=world.clerk, role=role, scope_root=world.neighbour_town)
    assert names(scope.visible(acting(world.clerk), Unit, READ)) == {"甲一镇", "乙一镇"}


def test_a_grant_counts_only_between_its_dates(world: World) -> None:
    grant = Grant.objects.get(user=world.officer)
    assert scope.can(acting(world.officer), READ, world.town)
    Grant.objects.filter(pk=grant.pk).update(from_at=real_now() + timedelta(hours=1))
    assert not scope.can(acting(world.officer), READ, world.town)
    Grant.objects.filter(pk=grant.pk).update(
        from_at=real_now() - timedelta(hours=2), until_at=real_now() - timedelta(hours=1)
    )
    assert not scope.can(acting(world.officer), READ, world.town)


def test_can_asks_for_the_place_as_well_as_the_capability(world: World) -> None:
    ctx = acting(world.officer)
    assert scope.can(ctx, READ, world.town)
    assert not scope.can(ctx, READ, world.neighbour_town)
    assert not scope.can(ctx, "kernel.node.release", world.town)


def test_who_can_finds_holders_above_and_leaves_out_neighbours_and_the_inactive(world: World) -> None:
    everybody = (world.officer, world.clerk, world.neighbour, world.auditor, world.stranger)
    assert set(scope.who_can(READ, world.town)) == {world.officer, world.clerk, world.auditor}
    world.officer.is_active = False
    world.officer.save()
    assert set(scope.who_can(READ, world.town)) == {everybody[1], world.auditor}


def test_an_unscoped_read_is_refused(world: World) -> None:
    with pytest.raises(UnscopedRead):
        Unit.objects.all()
    with pytest.raises(UnscopedRead):
        world.city.children.all()


@pytest.mark.parametrize(
    ("paths", "kept"),
    [
        ((), ()),
        (("1.2.", "1.2.3."), ("1.2.",)),
        (("1.2.", "1.20."), ("1.2.", "1.20.")),
        (("1.2.3.", "1.", "4."), ("1.", "4.")),
    ],
)
def test_widest_keeps_the_enclosing_subtrees(paths: tuple[str, ...], kept: tuple[str, ...]) -> None:
    assert scope.widest(paths) == kept


def test_upward_names_every_unit_on_the_way() -> None:
    assert scope.upward("1.12.3.") == ["1.", "1.12.", "1.12.3."]
