"""The pages of the acts on the tree: who comes too late keeps what he filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from anlan.kernel.models import Unit
from anlan.organisation.unit import services
from anlan.organisation.unit.services import EDIT
from tests.cast import acting

if TYPE_CHECKING:
    from django.test import Client

    from tests.cast import World


@pytest.mark.parametrize("name", ["unit_move", "unit_merge", "unit_split"])
def test_a_unit_that_was_abolished_meanwhile_gives_the_form_back(
    world: World, door: Client, name: str
) -> None:
    keeper = world.holder(EDIT, world.city)
    services.retire_unit(acting(keeper), key=world.town.pk, reason="撤销")
    door.force_login(keeper)
    given = {"parent": world.neighbour_district.pk, "names": "甲二镇", "reason": "区划调整"}
    page = door.post(reverse(name, args=[world.town.pk]), given).content.decode()
    for said in ("刚刚有了变更", "撤销单位", "区划调整"):
        assert said in page
    assert Unit.unscoped.get(pk=world.town.pk).parent == world.district
