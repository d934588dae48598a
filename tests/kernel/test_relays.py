"""Relays: every entry reaches its handlers, in order for its subject; one that fails holds up nobody else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.utils.translation import gettext_lazy

from anlan.kernel.clock import real_now
from anlan.kernel.events import event
from anlan.kernel.handlers import subscribe
from anlan.kernel.journal import shard_of
from anlan.kernel.models import Parked, Pending, Shard
from anlan.kernel.relays import BATCH, LEASE, Relay
from tests.cast import World, acting

if TYPE_CHECKING:
    from anlan.kernel.context import Context
    from anlan.kernel.models import Entry, Unit

seen: list[tuple[str, int]] = []
broken: set[int] = set()
knotted: set[int] = set()


@event("test.bell.rung", gettext_lazy("打铃"))
@dataclass(frozen=True)
class BellRung:
    number: int


@subscribe("test.bell.rung", handler="test.listener")
def listen(_ctx: Context, entry: Entry) -> None:
    if entry.data["number"] in broken:
        raise ValueError("cannot hear this one")
    if entry.data["number"] in knotted:
        knotted.clear()
        with connection.cursor() as cursor:
            cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'as of a deadlock' USING ERRCODE = '40P01'; END $$")
    seen.append(("listener", entry.data["number"]))


@subscribe("test.bell.rung", handler="test.counter", powers=frozenset({"kernel.node.check"}))
def count(ctx: Context, entry: Entry) -> None:
    assert ctx.roots("kernel.node.check") == ("",)
    assert ctx.cause_id == entry.pk
    seen.append(("counter", entry.data["number"]))


@pytest.fixture(autouse=True)
def nothing_seen() -> None:
    seen.clear()
    broken.clear()
    knotted.clear()


def ring(world: World, number: int, where: Unit | None = None) -> Entry:
    return acting(world.officer).journal(BellRung(number), where or world.town)


def shard_of_unit(unit: Unit) -> int:
    return shard_of("kernel.unit", str(unit.pk))


def run_all(relay: Relay) -> None:
    relay.carry(relay.waiting(relay.lease()))


def heard(handler: str) -> list[int]:
    return [number for name, number in seen if name == handler]


def test_every_handler_sees_every_entry_in_order_and_once(world: World) -> None:
    for number in range(5):
        ring(world, number)
    relay = Relay()
    run_all(relay)
    run_all(relay)
    assert heard("listener") == heard("counter") == [0, 1, 2, 3, 4]
    assert not Pending.objects.exists()


def test_a_failing_entry_holds_up_its_subject_for_that_handler_only(world: World) -> None:
    broken.add(1)
    for number in range(3):
        ring(world, number)
    ring(world, 9, world.neighbour_town)
    run_all(Relay())
    assert sorted(heard("counter")) == [0, 1, 2, 9]
    assert sorted(heard("listener")) == [0, 9]
    stuck = Parked.objects.order_by("entry_id")
    assert [(row.attempts, bool(row.again_at)) for row in stuck] == [(1, True), (0, False)]
    assert "cannot hear" in stuck[0].error


def test_a_deadlock_undoes_the_turn_and_parks_nothing(world: World) -> None:
    knotted.add(1)
    for number in range(3):
        ring(world, number)
    relay = Relay()
    assert relay.carry(relay.lease()) == []
    assert Pending.objects.count() == 3
    assert not Parked.objects.exists()
    seen.clear()  # what these handlers keep is not in the database, which has undone its part
    assert len(relay.carry(relay.lease())) == 3
    assert heard("listener") == heard("counter") == [0, 1, 2]
    assert not Parked.objects.exists()


def test_a_deadlock_when_it_is_tried_again_is_no_attempt(world: World) -> None:
    broken.add(1)
    ring(world, 1)
    relay = Relay()
    run_all(relay)
    broken.clear()
    knotted.add(1)
    Parked.objects.update(again_at=real_now())
    assert relay.retry() == 0
    assert Parked.objects.get().attempts == 1
    assert relay.retry() == 1


def test_an_entry_of_a_bulk_act_that_fails_holds_up_no_other(world: World) -> None:
    broken.add(0)
    for number in range(3):
        acting(world.officer).journal_bulk(BellRung(number), [world.town, world.neighbour_town])
    relay = Relay()
    run_all(relay)
    assert heard("listener") == [1, 2]
    (stuck,) = Parked.objects.all()
    broken.clear()
    Parked.objects.update(again_at=real_now())
    assert relay.retry() == 1
    assert heard("listener") == [1, 2, 0]
    assert stuck.attempts == 1


def test_what_was_parked_goes_on_in_order_once_the_handler_is_mended(world: World) -> None:
    broken.add(1)
    for number in range(4):
        ring(world, number)
    relay = Relay()
    run_all(relay)
    broken.clear()
    ring(world, 4)
    run_all(relay)
    for _ in range(5):
        Parked.objects.filter(again_at__isnull=False).update(again_at=real_now())
        relay.retry()
    assert heard("listener") == [0, 1, 2, 3, 4]
    assert not Parked.objects.exists()


def test_a_parked_entry_is_tried_again_with_growing_pauses(world: World) -> None:
    broken.add(1)
    ring(world, 1)
    relay = Relay()
    run_all(relay)
    pauses = []
    for _ in range(3):
        Parked.objects.update(again_at=real_now())
        relay.retry()
        pauses.append(Parked.objects.get().again_at - real_now())  # type: ignore[operator]  # it is parked, so set
    assert pauses == sorted(pauses)
    assert pauses[2] > pauses[0] * 2
    assert relay.retry() == 0
    assert Parked.objects.get().attempts == 4


def test_two_relays_never_hold_the_same_shard(world: World) -> None:
    del world
    first, second = Relay(), Relay()
    assert len(first.lease()) == 16
    assert second.lease() == []
    first.release()
    assert len(second.lease()) == 16


def test_the_shards_of_a_dead_relay_are_taken_over_when_its_lease_ends(world: World) -> None:
    ring(world, 1)
    dead, heir = Relay(), Relay()
    dead.lease()
    assert heir.lease() == []
    Shard.objects.update(until=real_now() - timedelta(seconds=1))
    run_all(heir)
    assert heard("listener") == [1]
    assert all(shard.until and shard.until <= real_now() + LEASE for shard in Shard.objects.all())


def test_a_relay_that_lost_its_lease_carries_nothing(world: World) -> None:
    entry = ring(world, 1)
    late = Relay()
    shards = late.lease()
    Shard.objects.update(holder=None)
    assert late.carry(shards) == []
    assert Pending.objects.filter(entry=entry).exists()


def test_more_than_a_batch_is_carried_over_several_rounds(world: World) -> None:
    for number in range(BATCH + 3):
        ring(world, number)
    relay = Relay()
    run_all(relay)
    assert len(heard("listener")) == BATCH
    run_all(relay)
    assert heard("listener") == list(range(BATCH + 3))


def test_a_turn_ends_with_its_time_and_carries_at_least_one(world: World) -> None:
    for number in range(5):
        ring(world, number)
    relay = Relay()
    shards = relay.lease()
    assert len(relay.carry(shards, seconds=0)) == 1
    assert heard("listener") == heard("counter") == [0]
    assert len(relay.carry(shards, seconds=60)) == 4
    assert heard("listener") == [0, 1, 2, 3, 4]


def test_a_flood_in_one_shard_lets_the_others_go_first(world: World) -> None:
    for number in range(BATCH):
        ring(world, number)
    others = (world.city, world.district, world.neighbour_district, world.neighbour_town)
    ring(world, 9999, next(unit for unit in others if shard_of_unit(unit) != shard_of_unit(world.town)))
    relay = Relay()
    relay.carry(relay.waiting(relay.lease()))
    assert heard("listener")[:3] == [0, 9999, 1]
    assert len(heard("listener")) == BATCH // 2 + 1


def test_a_relay_knows_whether_it_took_over_from_one_that_died(world: World) -> None:
    del world
    dead, heir, next_one = Relay(), Relay(), Relay()
    dead.lease()
    assert not dead.inherited
    Shard.objects.update(until=real_now() - timedelta(seconds=1))
    heir.lease()
    assert heir.inherited
    heir.lease()
    assert not heir.inherited
    heir.release()
    next_one.lease()
    assert not next_one.inherited
