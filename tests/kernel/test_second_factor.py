"""What a password alone does not open: acts and pages ask for a second factor, buttons are shown all the same."""

from __future__ import annotations

import pytest

from anlan.kernel import access, roles, rooms
from anlan.kernel.context import Context
from anlan.kernel.errors import NotAllowed, SecondFactorNeeded
from anlan.kernel.models import Role, Unit, User
from anlan.kernel.scope import can, require, visible
from tests.cast import World, acting


@pytest.fixture
def security(world: World) -> User:
    return world.person("security", "security_administrator", world.city)


def test_every_marked_capability_is_one() -> None:
    assert rooms.with_second_factor() <= set(rooms.capabilities())
    assert access.GRANT in rooms.with_second_factor()


def test_a_marked_act_is_done_with_a_second_factor_and_refused_without(world: World, security: User) -> None:
    clerk = Role.objects.get(code="clerk")
    with pytest.raises(SecondFactorNeeded) as refused:
        access.grant_role(acting(security, second_factor=False), world.stranger, clerk, world.town)
    assert (refused.value.status, refused.value.code) == (403, "second_factor_needed")
    assert not world.stranger.grants.exists()
    access.grant_role(acting(security), world.stranger, clerk, world.town)
    assert world.stranger.grants.exists()


def test_without_it_buttons_are_shown_and_reasons_told(world: World, security: User) -> None:
    ctx = acting(security, second_factor=False)
    assert can(ctx, access.GRANT, world.town)
    assert roles.why_not_edit(ctx, Role.objects.get(code="clerk")) == ""
    with pytest.raises(SecondFactorNeeded):
        visible(ctx, Unit, access.GRANT)


def test_who_does_not_hold_the_capability_is_told_that_and_nothing_else(world: World) -> None:
    with pytest.raises(NotAllowed):
        require(acting(world.officer, second_factor=False), access.GRANT)


def test_what_is_not_marked_asks_for_nothing(world: World) -> None:
    require(acting(world.auditor, second_factor=False), access.READ)


def test_the_node_itself_is_never_asked(world: World) -> None:
    assert world
    require(Context(None, powers=frozenset({access.GRANT})), access.GRANT)
