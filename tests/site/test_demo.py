"""The demo's log-ins are known to everybody: its data and real data never share a database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anlan.kernel import seeds
from anlan.kernel.models import Grant, Unit
from anlan.organisation.unit.terms import UnitKind
from anlan.site import demo
from anlan.site.demo import district
from tests.cast import make_user

if TYPE_CHECKING:
    from tests.cast import World


@pytest.fixture
def roles(db: None) -> None:
    seeds.load_roles()


def test_an_empty_database_serves_both(db: None) -> None:
    assert not demo.why_not("up")
    assert not demo.why_not("demo")


def test_a_database_of_the_older_demo_is_a_demo_s_and_takes_the_district(roles: None) -> None:
    root = seeds.plant_unit("D-1", "安澜市（演示）", UnitKind.CITY, None)
    old = seeds.plant_unit("D-1-1", "临河区（演示）", UnitKind.DISTRICT, root)
    officer = make_user("duty", "区值班员（演示）")
    seeds.plant_unit("X-1", "另一个", UnitKind.CITY, None)
    assert "ANLAN_VAR" in demo.why_not("up")
    assert not demo.why_not("demo")
    demo.ensure(1)
    assert Unit.unscoped.get(code=district.COUNTY).parent == root
    assert Unit.unscoped.get(pk=old.pk).name == "临河区（演示）"
    assert Grant.objects.get(user=officer).scope_root.code == district.COUNTY


def test_a_real_database_takes_no_demo_log_ins_and_goes_on_as_real(world: World) -> None:
    assert world.officer.pk
    seeds.plant_unit(district.COUNTY, "武清区", UnitKind.DISTRICT, world.city)
    assert "ANLAN_VAR" in demo.why_not("demo")
    assert not demo.why_not("up")
