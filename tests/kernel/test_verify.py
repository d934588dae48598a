"""Verification: what was changed, removed or put in past the journal is found and named, and nothing else."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connections, transaction

from anlan.kernel import seals, verify
from anlan.kernel.anchors import Anchorage
from anlan.kernel.clock import real_now
from anlan.kernel.models import Entry, PrivateNote, Seal
from tests.cast import World, acting, make_world
from tests.kernel.sealing import tamper, use_digest, write, write_and_seal

if TYPE_CHECKING:
    from pathlib import Path

HOUR = timedelta(hours=1)
SAME_ENTRY = """
INSERT INTO kernel_entry (at, recorded_at, event, version, subject_kind, subject, data, act)
SELECT at, recorded_at, event, version, subject_kind, subject, data, act FROM kernel_entry WHERE id = %s
"""


@pytest.fixture
def where(tmp_path: Path) -> Anchorage:
    return Anchorage(tmp_path / "anchors", tmp_path / "keys/anchor.key")


def found(where: Anchorage) -> list[tuple[str, int | None]]:
    """What verification names: the flaw, and the entry or else the seal."""
    report = verify.run(where=where)
    assert report.ok == (not report.findings)
    assert all(str(finding) for finding in report.findings)
    return [(one.flaw.value, one.seal if one.entry is None else one.entry) for one in report.findings]


def make_journal(world: World, *counts: int) -> list[list[int]]:
    return write_and_seal(acting(world.officer), world.town, *(counts or (3, 3, 3)))


def test_an_untouched_journal_is_whole_and_what_waits_is_told(world: World, where: Anchorage) -> None:
    make_journal(world)
    (waiting, _) = write(acting(world.officer), world.town, 2)
    report = verify.run(where=where)
    assert report.ok
    assert (report.entries, report.seals, report.last_seal, report.unsealed) == (9, 3, 3, 2)
    assert report.unsealed_since == Entry.objects.get(pk=waiting).recorded_at
    assert report.last_hash == bytes(Seal.objects.get(number=3).hash).hex()


def test_an_empty_journal_is_whole(world: World, where: Anchorage) -> None:
    report = verify.run(where=where)
    assert (report.ok, report.entries, report.seals, report.unsealed_since) == (True, 0, 0, None)


@pytest.mark.parametrize(
    "change",
    [
        "at = at + interval '1 microsecond'",
        "recorded_at = 'infinity'",
        "event = 'test.gauge.forged'",
        "version = 2",
        "actor_id = NULL",
        "posting_id = 7",
        "unit_id = unit_id + 1",
        "exercise_id = 1",
        "subject_kind = ''",
        "subject = ''",
        "cause_id = id",
        "act = act + 1",
        "data = jsonb_set(data, '{level_mm}', '9')",
    ],
)
def test_a_change_of_any_column_is_found(world: World, where: Anchorage, change: str) -> None:
    _, (_, changed, _), _ = make_journal(world)
    tamper(f"UPDATE kernel_entry SET {change} WHERE id = %s", changed)  # noqa: S608 - the changes above
    assert found(where) == [("entry_changed", changed)]


def test_a_removed_entry_is_found(world: World, where: Anchorage) -> None:
    _, (_, removed, _), _ = make_journal(world)
    tamper("DELETE FROM kernel_privatenote WHERE entry_id = %s", removed)
    tamper("DELETE FROM kernel_entry WHERE id = %s", removed)
    assert found(where) == [("entry_removed", removed)]


def test_an_entry_removed_before_it_was_sealed_is_found(world: World, where: Anchorage) -> None:
    (removed, _) = write(acting(world.officer), world.town, 2)
    tamper("DELETE FROM kernel_privatenote WHERE entry_id = %s", removed)
    tamper("DELETE FROM kernel_entry WHERE id = %s", removed)
    seals.seal_pending()
    assert found(where) == [("entry_removed", removed)]


def test_an_inserted_entry_is_found_at_the_end_and_in_a_gap(world: World, where: Anchorage) -> None:
    (first, *_), _, _ = make_journal(world)
    tamper(SAME_ENTRY, first)
    last = Entry.objects.latest("pk").pk
    assert found(where) == [("entry_inserted", last)]
    tamper("UPDATE kernel_entry SET id = %s WHERE id = %s", first - 1, last)
    assert found(where) == [("entry_inserted", first - 1)]


def test_two_entries_that_changed_places_are_both_found(world: World, where: Anchorage) -> None:
    (one, other, _), _, _ = make_journal(world)
    PrivateNote.objects.all().delete()
    for before, after in ((one, -1), (other, one), (-1, other)):
        tamper("UPDATE kernel_entry SET id = %s WHERE id = %s", after, before)
    assert found(where) == [("entry_changed", one), ("entry_changed", other)]


@pytest.mark.parametrize("counts", [(1,), (1, 2), (3, 3, 3)])
def test_a_change_that_was_sent_to_be_sealed_again_is_found(
    world: World, where: Anchorage, counts: tuple[int, ...]
) -> None:
    """Also where both seals are looked at together."""
    changed = make_journal(world, *counts)[-1][0]
    tamper("UPDATE kernel_entry SET version = 2 WHERE id = %s", changed)
    tamper("INSERT INTO kernel_unsealed VALUES (%s)", changed)
    assert seals.seal_pending() == 1
    assert found(where) == [("entry_changed", changed)]


@pytest.mark.parametrize(
    "change",
    [
        "sealed_at = sealed_at + interval '1 microsecond'",
        "algorithm = 'sm3'",
        "algorithm = 'md5'",
        "algorithm = 'none'",
        "entry_ids = array_append(entry_ids, 1::bigint)",
        "digests = ''",
    ],
)
def test_a_changed_seal_is_found_and_no_entry_is_called_changed_for_it(
    world: World, where: Anchorage, change: str
) -> None:
    make_journal(world)
    tamper(f"UPDATE kernel_seal SET {change} WHERE number = 2")  # noqa: S608 - the changes above
    names = found(where)
    assert names[0] == ("seal_changed", 2)
    assert {flaw for flaw, _ in names[1:]} <= {"entry_doubtful"}


@pytest.mark.parametrize("reading", [(1, 0), (1, verify.REACH), (verify.BATCH, 0)])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_changed_seal_casts_no_doubt_on_entries_that_agree_with_it(
    world: World,
    where: Anchorage,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    reading: tuple[int, int],
) -> None:
    """Wherever it stands, and however far the reading of the entries has come by then."""
    for name, entries in zip(("BATCH", "REACH"), reading, strict=True):
        monkeypatch.setattr(verify, name, entries)
    make_journal(world)
    tamper("UPDATE kernel_seal SET sealed_at = sealed_at + interval '1 second' WHERE number = %s", number)
    assert found(where) == [("seal_changed", number)]


def test_an_entry_changed_together_with_its_digest_leaves_a_changed_seal(
    world: World, where: Anchorage
) -> None:
    _, (changed, *_), _ = make_journal(world)
    tamper("UPDATE kernel_entry SET version = 2 WHERE id = %s", changed)
    seal = Seal.objects.get(number=2)
    ((_, text),) = seals.texts_of([changed])
    seal.digests = seals.digest_of("sha256", text) + bytes(seal.digests)[seals.SIZE :]
    seal.save()
    assert found(where) == [("seal_changed", 2)]


def test_a_seal_whose_entries_changed_places_is_found(world: World, where: Anchorage) -> None:
    _, numbers, _ = make_journal(world)
    Seal.objects.filter(number=2).update(entry_ids=numbers[::-1])
    assert found(where)[0] == ("seal_changed", 2)


def test_a_seal_made_anew_breaks_the_chain(world: World, where: Anchorage) -> None:
    _, (changed, *_), _ = make_journal(world)
    tamper("UPDATE kernel_entry SET version = 2 WHERE id = %s", changed)
    make_anew(2)
    assert found(where) == [("chain_broken", 3)]


def make_anew(number: int) -> None:
    """A seal as the sealer would make it of what the entries say now."""
    seal = Seal.objects.get(number=number)
    texts = dict(seals.texts_of(seal.entry_ids))
    seal.digests = b"".join(seals.digest_of(seal.algorithm, texts[entry]) for entry in seal.entry_ids)
    if number > 1:
        seal.previous = bytes(Seal.objects.get(number=number - 1).hash)
    seal.hash = seals.hash_of(seal)
    seal.save()


def test_a_seal_removed_from_the_middle_is_found_with_the_entries_it_held(
    world: World, where: Anchorage
) -> None:
    _, bare, _ = make_journal(world)
    tamper("DELETE FROM kernel_seal WHERE number = 2")
    assert found(where) == [("seals_removed", 2), *(("entry_inserted", entry) for entry in bare)]


def test_the_last_seal_removed_with_its_entries_is_found_by_its_anchor(
    world: World, where: Anchorage
) -> None:
    *_, last = make_journal(world)
    where.anchor(Seal.objects.get(number=3), real_now(), HOUR)
    PrivateNote.objects.filter(entry__in=last).delete()
    Entry.objects.filter(pk__in=last).delete()
    tamper("DELETE FROM kernel_seal WHERE number = 3")
    report = verify.run(where=where)
    (finding,) = report.findings
    assert (finding.flaw, finding.seal, finding.last) == (verify.Flaw.ANCHOR_AHEAD, 3, 2)
    assert "恢复了更早的备份" in str(finding)


def test_a_whole_chain_made_anew_is_found_by_an_anchor(world: World, where: Anchorage) -> None:
    (changed, *_), _, _ = make_journal(world)
    where.anchor(Seal.objects.get(number=3), real_now(), HOUR)
    assert found(where) == []
    tamper("UPDATE kernel_entry SET version = 2 WHERE id = %s", changed)
    for number in (1, 2, 3):
        make_anew(number)
    assert found(where) == [("anchor_differs", 3)]


def test_a_private_text_may_be_destroyed_but_not_changed(world: World, where: Anchorage) -> None:
    (destroyed, changed, _), _, _ = make_journal(world)
    PrivateNote.objects.filter(entry=destroyed).delete()
    assert found(where) == []
    PrivateNote.objects.filter(entry=changed).update(text="无渗水")
    assert found(where) == [("note_changed", changed)]


def test_a_chain_of_two_digests_is_verified_and_its_flaws_are_named(
    world: World, where: Anchorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    (early, *_), _, _ = make_journal(world)
    use_digest(monkeypatch, "sm3")
    ((late, *_),) = make_journal(world, 2)
    assert found(where) == []
    tamper("UPDATE kernel_entry SET version = 2 WHERE id IN (%s, %s)", early, late)
    assert found(where) == [("entry_changed", early), ("entry_changed", late)]


def test_entries_that_came_late_are_compared_too(
    world: World, where: Anchorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "BATCH", 1)  # a seal at a time, so that later ones hold what was read before
    (late,) = write(acting(world.officer), world.town)
    tamper("DELETE FROM kernel_unsealed")  # as if its transaction were still open
    _, (middle, *_) = make_journal(world, 2, 2)
    tamper("INSERT INTO kernel_unsealed VALUES (%s)", late)
    assert seals.seal_pending() == 1
    assert found(where) == []
    tamper("UPDATE kernel_entry SET version = 2 WHERE id IN (%s, %s)", late, middle)
    assert found(where) == [("entry_changed", middle), ("entry_changed", late)]


def test_findings_are_counted_beyond_those_that_are_kept(
    world: World, where: Anchorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "MOST", 2)
    make_journal(world)
    tamper("UPDATE kernel_entry SET version = 2")
    report = verify.run(where=where)
    assert (report.found, len(report.findings), report.ok) == (9, 2, False)


def test_a_report_can_be_kept_as_json(world: World, where: Anchorage) -> None:
    (changed, *_), _, _ = make_journal(world)
    tamper("UPDATE kernel_entry SET version = 2 WHERE id = %s", changed)
    told = json.loads(json.dumps(verify.run(where=where).as_json()))
    (finding,) = told["findings"]
    assert (told["ok"], told["entries"]) == (False, 9)
    assert (finding["flaw"], finding["entry"], finding["seal"]) == ("entry_changed", changed, 1)
    assert str(changed) in finding["text"]


def test_progress_is_told_and_may_end_the_run(world: World, where: Anchorage) -> None:
    make_journal(world)
    told: list[tuple[int, int]] = []

    def stop(done: int, total: int) -> None:
        told.append((done, total))
        if done >= 6:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        verify.run(stop, where)
    assert told[-1][0] >= 6
    assert all(done <= total for done, total in told)


def test_a_seal_made_while_the_last_things_are_looked_at_does_no_harm(
    world: World, where: Anchorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_journal(world)
    write(acting(world.officer), world.town, 2)
    seals_are_through = verify._Verification.end

    def end(verification: verify._Verification) -> None:
        assert seals.seal_pending() == 2
        seals_are_through(verification)

    monkeypatch.setattr(verify._Verification, "end", end)
    assert found(where) == []


@pytest.mark.django_db(transaction=True)
def test_a_journal_that_is_written_and_sealed_meanwhile_is_whole(where: Anchorage) -> None:
    world = make_world()
    ctx = acting(world.officer)
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            with transaction.atomic():
                write(ctx, world.town, 3)
            seals.seal_next()
        connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    try:
        reports = [verify.run(where=where) for _ in range(15)]
    finally:
        over.set()
        for worker in workers:
            worker.join(20)
    assert [str(finding) for report in reports for finding in report.findings] == []
    assert reports[-1].entries > reports[0].entries
