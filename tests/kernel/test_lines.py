"""Grants that a business line narrows: they reach the units of that line with all below them, wherever scope is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from anlan.kernel import access, obligation_lists, scope
from anlan.kernel.errors import DomainError
from anlan.kernel.live import REAL_LIFE, Hint, viewer
from anlan.kernel.models import Grant, Role, Unit
from anlan.kernel.seeds import plant_unit
from anlan.kernel.terms import BusinessLine
from tests.cast import acting, forget_grants, make_user

if TYPE_CHECKING:
    from anlan.kernel.context import Context
    from anlan.kernel.models import User
    from tests.cast import World

pytestmark = pytest.mark.django_db
READ = "organisation.unit.read"
WATER = BusinessLine.WATER


@dataclass
class Waterworks:
    """The district's water bureau with a station below it, the town's water office; the fire brigade; the neighbour's bureau."""

    officer: User
    bureau: Unit
    station: Unit
    office: Unit
    brigade: Unit
    neighbours: Unit

    @property
    def ctx(self) -> Context:
        return acting(self.officer)


@pytest.fixture
def water(world: World) -> Waterworks:
    bureau = plant_unit(None, "甲区水务局", "department", world.district, line=WATER)
    officer = make_user("water-officer", "水务员")
    role = Role.objects.get(code="duty_officer")
    Grant.objects.create(user=officer, role=role, scope_root=world.district, line=WATER)
    return Waterworks(
        officer,
        bureau,
        plant_unit(None, "甲一泵站", "department", bureau),
        plant_unit(None, "甲一镇水务所", "department", world.town, line=WATER),
        plant_unit(None, "甲区消防大队", "department", world.district, line=BusinessLine.FIRE),
        plant_unit(None, "乙区水务局", "department", world.neighbour_district, line=WATER),
    )


def seen(ctx: Context) -> set[str]:
    return {unit.name for unit in scope.visible(ctx, Unit, READ)}


def test_it_reaches_the_units_of_the_line_with_all_below_and_nothing_else(water: Waterworks) -> None:
    assert seen(water.ctx) == {"甲区水务局", "甲一泵站", "甲一镇水务所"}


def test_can_and_who_can_say_the_same(world: World, water: Waterworks) -> None:
    for unit in Unit.unscoped.all():
        may = scope.can(water.ctx, READ, unit)
        assert may == (water.officer in scope.who_can(READ, unit))
        assert may == (unit in {water.bureau, water.station, water.office})


def test_what_a_line_is_given_to_later_is_reached_from_then_on(world: World, water: Waterworks) -> None:
    ctx = water.ctx
    Unit.unscoped.filter(pk=water.brigade.pk).update(line=WATER)
    Unit.unscoped.filter(pk=water.office.pk).update(line="")
    forget_grants(ctx)
    assert seen(ctx) == {"甲区水务局", "甲一泵站", "甲区消防大队"}


def test_where_there_is_no_unit_of_the_line_nobody_is_let_in(world: World, water: Waterworks) -> None:
    Grant.objects.filter(user=water.officer).update(line=BusinessLine.GAS)
    assert not scope.can(water.ctx, READ)
    assert [str(held) for held in water.ctx.postings] == ["值班员 · 甲区 · 燃气供热"]


def test_beside_a_grant_of_the_whole_it_takes_nothing_away(world: World, water: Waterworks) -> None:
    role = Role.objects.get(code="clerk")
    Grant.objects.create(user=water.officer, role=role, scope_root=world.town)
    assert seen(water.ctx) == {"甲区水务局", "甲一泵站", "甲一镇", "甲一镇水务所"}


def test_open_pages_hear_of_the_same_units_and_lose_them(world: World, water: Waterworks) -> None:
    holdings = scope.holdings_of_many([water.officer.pk])[water.officer.pk]
    before = viewer(holdings, REAL_LIFE)

    def hears(unit: Unit) -> bool:
        return before.may_hear(Hint("kernel.unit:1", 1, READ, REAL_LIFE, (unit.path,)))

    assert [hears(unit) for unit in (water.station, water.office, water.brigade, world.town)] == [
        True, True, False, False,
    ]  # fmt: skip
    Unit.unscoped.filter(pk=water.office.pk).update(line="")
    after = viewer(scope.holdings_of_many([water.officer.pk])[water.officer.pk], REAL_LIFE)
    assert before.has_lost(after)


def test_many_units_of_a_line_are_one_query_and_the_same_answer(world: World, water: Waterworks) -> None:
    for number in range(2 * scope.FEW_ROOTS):
        station = plant_unit(None, f"{number}号水务站", "department", world.town, line=WATER)
        plant_unit(None, f"{number}号泵房", "department", station)
    ctx = water.ctx
    assert len(ctx.roots(READ)) > scope.FEW_ROOTS
    with CaptureQueriesContext(
        connection,
    ) as asked:
        found = seen(ctx)
    assert len(asked) == 1
    assert len(found) == 3 + 4 * scope.FEW_ROOTS
    assert {"甲一镇", "甲区消防大队", "乙区水务局"}.isdisjoint(found)
    users = get_user_model().objects.filter(pk=water.officer.pk)
    assert list(scope.who_can(READ, Unit.unscoped.get(name="3号泵房")).filter(pk__in=users)) == [
        water.officer
    ]


def test_the_units_of_a_line_are_found_by_an_index(world: World, water: Waterworks) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        sql, values = scope.units_of_line(world.district, WATER).query.sql_with_params()
        cursor.execute(f"EXPLAIN {sql}", values)
        plan = " ".join(row[0] for row in cursor.fetchall())
    assert "unit_of_line" in plan


def test_what_one_owes_is_what_the_units_of_the_line_owe(water: Waterworks) -> None:
    posts = obligation_lists._postings(water.ctx, obligation_lists.FULFIL)
    assert set(posts) == {(water.bureau.pk, "duty_officer"), (water.office.pk, "duty_officer")}


def test_an_administrator_is_not_narrowed(world: World) -> None:
    granter = acting(world.person("security", "security_administrator", world.city))
    role = Role.objects.get(code="audit_administrator")
    with pytest.raises(DomainError, match="条线"):
        access.grant_role(granter, world.stranger, role, world.district, line=WATER)
    clerk = Role.objects.get(code="clerk")
    grant = access.grant_role(granter, world.stranger, clerk, world.district, line=WATER)
    assert grant.where == "甲区 · 水务"
