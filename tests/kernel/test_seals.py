"""The sealer: every committed entry comes into exactly one seal, and no writer waits for it."""

from __future__ import annotations

import hashlib
import json
import threading
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection, connections, transaction

from anlan.kernel import seals
from anlan.kernel.models import Entry, Seal, Unsealed
from tests.cast import World, acting, make_world
from tests.kernel.sealing import tamper, use_digest, write, write_and_seal

if TYPE_CHECKING:
    from collections.abc import Callable


def in_thread(work: Callable[[], Any]) -> Any:
    """Do something on a connection of its own; what came of it."""
    found: list[Any] = []

    def run() -> None:
        found.append(work())
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(20)
    assert found, "it did not come back"
    return found[0]


def text_of(entry: int) -> str:
    ((_number, text),) = seals.texts_of([entry])
    return text


def sealed() -> list[int]:
    return [number for seal in Seal.objects.order_by("number") for number in seal.entry_ids]


def test_a_seal_holds_what_waited_in_order_and_nothing_waits_any_more(world: World) -> None:
    numbers = write(acting(world.officer), world.town, 3)
    assert seals.seal_pending() == 3
    seal = Seal.objects.get()
    assert (seal.number, seal.entry_ids, seal.algorithm) == (1, numbers, "sha256")
    assert not Unsealed.objects.exists()


def test_nothing_waiting_makes_no_seal(world: World) -> None:
    assert seals.seal_pending() == 0
    assert not Seal.objects.exists()


def test_a_long_queue_becomes_several_seals_each_chained_to_the_one_before(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seals, "MOST", 4)
    write(acting(world.officer), world.town, 10)
    assert seals.seal_pending() == 10
    chain = list(Seal.objects.order_by("number"))
    assert [(seal.number, len(seal.entry_ids)) for seal in chain] == [(1, 4), (2, 4), (3, 2)]
    assert bytes(chain[0].previous) == seals.FIRST
    assert [bytes(seal.previous) for seal in chain[1:]] == [bytes(seal.hash) for seal in chain[:-1]]


def test_an_entry_s_text_names_every_column_it_has(world: World) -> None:
    """A new column must be given a place in the text, or said here to be left out."""
    (number,) = write(acting(world.officer), world.town)
    entry = Entry.objects.get(pk=number)
    told = json.loads(text_of(number))
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    microseconds = [round((at - epoch).total_seconds() * 1e6) for at in (entry.at, entry.recorded_at)]
    assert told[:4] == [1, number, *microseconds]
    assert told[4:6] == ["test.gauge.read", 1]
    assert told[6:10] == [world.officer.pk, None, world.town.pk, None]
    assert told[10:] == ["kernel.unit", str(world.town.pk), None, entry.act, entry.data]
    assert len(told) - 1 == len(Entry._meta.concrete_fields)


def test_an_entry_s_text_is_the_same_whatever_a_session_is_set_to(world: World) -> None:
    (number,) = write(acting(world.officer), world.town)
    before = text_of(number)
    with connection.cursor() as cursor:
        for setting in (
            "TimeZone = 'Asia/Urumqi'",
            "DateStyle = 'SQL, DMY'",
            "IntervalStyle = 'sql_standard'",
            "extra_float_digits = -5",
            "bytea_output = 'escape'",
        ):
            cursor.execute(f"SET LOCAL {setting}")
    assert text_of(number) == before


def test_a_seal_s_hash_is_over_the_bytes_that_its_document_tells(world: World) -> None:
    """Made again by hand, as docs/adr/0008-seals.md says."""
    write_and_seal(acting(world.officer), world.town, 1, 2)
    seal = Seal.objects.get(number=2)
    at = round((seal.sealed_at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1e6)
    content = b"anlan.seal.1"
    content += (2).to_bytes(8, "big") + b"sha256\0\0" + at.to_bytes(8, "big") + (2).to_bytes(8, "big")
    for number in seal.entry_ids:
        content += number.to_bytes(8, "big")
    for number in seal.entry_ids:
        content += hashlib.sha256(text_of(number).encode()).digest()
    content += bytes(Seal.objects.get(number=1).hash)
    assert bytes(seal.hash) == hashlib.sha256(content).digest()


def test_the_chain_goes_on_when_the_digest_is_changed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    write_and_seal(acting(world.officer), world.town, 1)
    use_digest(monkeypatch, "sm3")
    ((number,),) = write_and_seal(acting(world.officer), world.town, 1)
    first, second = Seal.objects.order_by("number")
    assert (first.algorithm, second.algorithm) == ("sha256", "sm3")
    assert bytes(second.previous) == bytes(first.hash)
    assert bytes(second.digests) == hashlib.new("sm3", text_of(number).encode()).digest()


def test_an_entry_that_is_gone_before_it_is_sealed_leaves_its_number_in_a_seal(world: World) -> None:
    first, second = write(acting(world.officer), world.town, 2)
    tamper("DELETE FROM kernel_privatenote WHERE entry_id = %s", first)
    tamper("DELETE FROM kernel_entry WHERE id = %s", first)
    assert seals.seal_pending() == 2
    seal = Seal.objects.get()
    assert seal.entry_ids == [first, second]
    assert bytes(seal.digests).startswith(seals.ABSENT)


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_is_never_sealed() -> None:
    world = make_world()
    with transaction.atomic():
        write(acting(world.officer), world.town, 2)
        transaction.set_rollback(True)
    with transaction.atomic():
        (number,) = write(acting(world.officer), world.town)
    assert seals.seal_pending() == 1
    assert sealed() == [number]


@pytest.mark.django_db(transaction=True)
def test_a_writer_who_commits_late_is_not_waited_for_and_comes_into_a_later_seal() -> None:
    world = make_world()
    ctx = acting(world.officer)
    with transaction.atomic():
        (late,) = write(ctx, world.town)

        def write_and_seal_elsewhere() -> int:
            with transaction.atomic():
                write(ctx, world.town, 2)
            return seals.seal_pending()

        assert in_thread(write_and_seal_elsewhere) == 2
        assert late not in sealed()
    assert seals.seal_pending() == 1
    assert sealed()[-1] == late
    assert late < sealed()[0]


@pytest.mark.django_db(transaction=True)
def test_of_two_sealers_one_seals_and_the_other_does_not_wait() -> None:
    world = make_world()
    with transaction.atomic():
        write(acting(world.officer), world.town, 3)
    with transaction.atomic():
        assert seals.seal_next() == 3
        assert in_thread(seals.seal_next) == 0  # the lock is held till the first one's commit
    assert Seal.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_sealers_and_writers_at_once_seal_each_entry_once() -> None:
    world = make_world()
    ctx = acting(world.officer)
    numbers: list[int] = []

    def write_some() -> None:
        for _ in range(15):
            with transaction.atomic():
                numbers.extend(write(ctx, world.town, 3))
        connections.close_all()

    def seal_some() -> None:
        while any(writer.is_alive() for writer in writers):
            seals.seal_pending()
        connections.close_all()

    writers = [threading.Thread(target=write_some) for _ in range(3)]
    sealers = [threading.Thread(target=seal_some) for _ in range(3)]
    for thread in (*writers, *sealers):
        thread.start()
    for thread in (*writers, *sealers):
        thread.join(60)
    seals.seal_pending()
    assert sorted(sealed()) == sorted(numbers)
    assert len(numbers) == 135
    chain = list(Seal.objects.order_by("number"))
    assert [seal.number for seal in chain] == list(range(1, len(chain) + 1))
    assert all(bytes(later.previous) == bytes(seal.hash) for seal, later in pairwise(chain))
