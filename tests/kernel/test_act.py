"""Acts: capability first, one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db import connection

from anlan.kernel.act import act
from anlan.kernel.errors import NotAllowed
from anlan.kernel.models import Role
from tests.cast import World, acting

if TYPE_CHECKING:
    from anlan.kernel.context import Context


class Failed(Exception):
    pass


@act("kernel.node.release")
def rename_role(ctx: Context, *, fail: bool) -> bool:
    Role.objects.filter(code="clerk").update(name=ctx.actor.username)
    if fail:
        raise Failed
    return connection.in_atomic_block


def test_an_act_is_refused_to_who_lacks_the_capability(world: World) -> None:
    with pytest.raises(NotAllowed):
        rename_role(acting(world.officer), fail=False)
    assert rename_role(acting(world.administrator), fail=False)


def test_an_act_that_fails_changes_nothing(world: World) -> None:
    with pytest.raises(Failed):
        rename_role(acting(world.administrator), fail=True)
    assert Role.objects.get(code="clerk").name == "信息员"
