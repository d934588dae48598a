"""Hints: who may hear of what, weighed without asking the database for each listener."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.db import connection
from django.test.utils import CaptureQueriesContext

from anlan.kernel import live
from anlan.kernel.clock import real_now
from anlan.kernel.live import EITHER, MOST_OF_ONE, REAL_LIFE, RESET, Kind, decode, encode, hints_of, viewer
from anlan.kernel.models import Entry, Share, Unit
from anlan.kernel.seeds import plant_unit
from tests.cast import acting

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from anlan.kernel.live import Hint, Viewer
    from anlan.kernel.models import User
    from tests.cast import World


def said(number: int, about: Unit | None, kind: str = "kernel.obligation", **fields: Any) -> Entry:
    """An entry about record 5 of a unit."""
    told = {"subject": "5", "data": {}} | fields
    return Entry(pk=number, subject_kind=kind, unit_id=about and about.pk, **told)


def said_of_many(number: int, units: Sequence[Unit], above: Unit | None = None) -> Entry:
    """A bulk act's entry about units; `above` is the lowest one over all."""
    keys = [str(unit.pk) for unit in units]
    told = {"unit_id": above and above.pk, "subject": "", "data": {"subjects": keys}}
    return Entry(pk=number, subject_kind="kernel.unit", **told)


def ears_of(user: User, side: int = REAL_LIFE) -> Viewer:
    return viewer(acting(user).holdings, side)


def heard_by(user: User, entries: list[Entry], side: int = REAL_LIFE) -> list[str]:
    return [hint.subject for hint in hints_of(entries) if ears_of(user, side).may_hear(hint)]


def test_a_record_is_heard_of_in_its_unit_and_above_and_not_next_door(world: World) -> None:
    entries = [said(1, world.town)]
    for user in (world.clerk, world.officer, world.auditor):
        assert heard_by(user, entries) == ["kernel.obligation:5"]
    assert heard_by(world.neighbour, entries) == []
    assert heard_by(world.clerk, [said(1, world.district)]) == []


def test_who_may_not_read_the_kind_hears_nothing_in_his_own_unit(world: World) -> None:
    reader, other = world.holder("kernel.obligation.read"), world.holder("kernel.node.read")
    assert heard_by(reader, [said(1, world.town)])
    assert heard_by(other, [said(1, world.town)]) == []
    assert heard_by(world.stranger, [said(1, world.town)]) == []


def test_a_kind_that_nobody_declared_is_heard_of_by_nobody(world: World) -> None:
    assert hints_of([said(1, world.town, "kernel.longtask")]) == []


def test_what_belongs_to_the_node_is_heard_of_by_whoever_may_read_it_anywhere(world: World) -> None:
    entries = [said(1, None, "kernel.selfcheck")]
    assert heard_by(world.officer, entries) == heard_by(world.neighbour, entries) == ["kernel.selfcheck:5"]
    assert heard_by(world.clerk, entries) == []


def test_many_entries_of_a_record_make_one_hint_with_the_latest_number(world: World) -> None:
    hints = hints_of([said(3, world.town), said(9, world.district), said(4, world.town)])
    assert [(hint.subject, hint.version) for hint in hints] == [("kernel.obligation:5", 9)]
    assert hints[0].paths == (world.district.path, world.town.path)


def test_an_exercise_is_heard_of_on_its_own_side_only(world: World) -> None:
    drill, real = [said(1, world.town, exercise_id=7)], [said(1, world.town)]
    assert heard_by(world.officer, drill, side=7)
    assert not heard_by(world.officer, drill)
    assert heard_by(world.officer, real)
    assert not heard_by(world.officer, real, side=7)
    assert [hint.side for hint in hints_of([said_of_many(1, [world.town])])] == [EITHER]


def test_a_bulk_entry_is_heard_of_record_by_record_where_each_belongs(world: World) -> None:
    entries = [said_of_many(1, [world.town, world.neighbour_town], world.city)]
    assert heard_by(world.clerk, entries) == [f"kernel.unit:{world.town.pk}"]
    assert heard_by(world.officer, entries) == [f"kernel.unit:{world.town.pk}"]
    assert heard_by(world.neighbour, entries) == [f"kernel.unit:{world.neighbour_town.pk}"]


def test_a_large_bulk_entry_makes_one_hint_of_its_kind_for_the_units_concerned(world: World) -> None:
    villages = [plant_unit(f"V-{n}", f"村{n}", "village", world.town) for n in range(MOST_OF_ONE + 1)]
    assert len(hints_of([said_of_many(1, villages[1:])])) == MOST_OF_ONE
    entries = [said_of_many(2, villages, world.town)]
    assert heard_by(world.officer, entries) == heard_by(world.clerk, entries) == ["kernel.unit:*"]
    assert heard_by(world.neighbour, entries) == []


def test_a_record_of_a_shared_matter_is_heard_of_where_it_is_shared_and_as_long(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A share stands in for a record: it has a unit and a matter, too.
    kind = Kind("kernel.obligation.read", "unit__path", "matter", has_sides=True)
    monkeypatch.setattr(live, "kind_of", lambda _: kind)
    record = Share.objects.create(matter=uuid4(), unit=world.town)
    entries = [said(1, world.town, "kernel.share", subject=str(record.pk))]
    assert heard_by(world.neighbour, entries) == []
    share = Share.objects.create(matter=record.matter, unit=world.neighbour_district)
    assert (
        heard_by(world.neighbour, entries) == heard_by(world.clerk, entries) == [f"kernel.share:{record.pk}"]
    )
    Share.objects.filter(pk=share.pk).update(until_at=real_now())
    assert heard_by(world.neighbour, entries) == []


def test_hints_cost_no_query_for_each_entry(world: World) -> None:
    units = [world.city, world.district, world.town, world.neighbour_town]
    entries = [said(n, units[n % 4], subject=str(n)) for n in range(200)]
    entries += [said_of_many(300 + n, units) for n in range(50)]
    hints_of(entries[:1])
    with CaptureQueriesContext(connection) as queries:
        assert len(hints_of(entries)) == 204
    assert len(queries) <= 3


def test_a_listener_has_lost_where_a_subtree_or_a_capability_shrank(world: World) -> None:
    of_town, of_district = ears_of(world.clerk), ears_of(world.person("head", "clerk", world.district))
    assert of_district.has_lost(of_town)
    assert not of_town.has_lost(of_district)
    assert not of_town.has_lost(of_town)
    assert of_town.has_lost(ears_of(world.stranger))
    assert of_town.has_lost(ears_of(world.clerk, side=7))


def test_hints_arrive_as_they_were_sent(world: World) -> None:
    hints: list[Hint] = hints_of([said(1, world.town), said(2, None, "kernel.selfcheck")])
    assert decode(encode(hints)) == hints
    assert decode(RESET) is None
