"""Anchors: signed by the node, an hour apart, on disk; a forged or unreadable one is found."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings

from anlan.kernel import anchors, verify
from anlan.kernel.anchors import Anchorage, anchor_if_due
from anlan.kernel.models import Seal
from tests.cast import World, acting
from tests.kernel.sealing import write_and_seal

if TYPE_CHECKING:
    from pathlib import Path

HOUR = timedelta(hours=1)
NOON = datetime(2026, 11, 21, 4, tzinfo=UTC)


@pytest.fixture
def where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Anchorage:
    """The node's own anchors, on a disk of their own."""
    monkeypatch.setattr(settings.ANLAN, "var", tmp_path / "var")
    monkeypatch.setattr(settings.ANLAN, "anchors", tmp_path / "other-disk/anchors")
    return anchors.anchorage()


@pytest.fixture
def seal(world: World) -> Seal:
    write_and_seal(acting(world.officer), world.town, 2)
    return Seal.objects.get()


def lines(where: Anchorage) -> list[dict[str, Any]]:
    return [json.loads(line) for line in where.file.read_text().splitlines()]


def flaws(where: Anchorage) -> list[tuple[str, int | None]]:
    return [(finding.flaw.value, finding.anchor) for finding in verify.run(where=where).findings]


def test_an_anchor_names_the_last_seal_and_is_signed(where: Anchorage, seal: Seal) -> None:
    assert where.anchor(seal, NOON, HOUR)
    ((_, anchor),) = where.anchors()
    assert anchor is not None
    assert (anchor.number, anchor.hash, anchor.at) == (1, bytes(seal.hash).hex(), "2026-11-21T04:00:00+00:00")
    assert where.is_genuine(anchor)
    report = verify.run(where=where)
    assert (report.ok, report.anchors, report.last_anchor) == (True, 1, 1)


def test_the_next_anchor_is_due_when_the_pause_is_over(where: Anchorage, seal: Seal) -> None:
    moments = [NOON, NOON + HOUR / 2, NOON + HOUR, NOON + 2 * HOUR - timedelta(seconds=1)]
    assert [where.anchor(seal, at, HOUR) for at in moments] == [True, False, True, False]
    assert len(lines(where)) == 2


def test_an_anchor_from_the_future_holds_up_no_other(where: Anchorage, seal: Seal) -> None:
    """As after a start with a wrong clock."""
    assert where.anchor(seal, NOON + timedelta(days=3650), HOUR)
    assert where.anchor(seal, NOON, HOUR)
    assert not where.anchor(seal, NOON, HOUR)


def test_nothing_is_anchored_before_there_is_a_seal(where: Anchorage, db: None) -> None:
    assert not anchor_if_due()
    assert not where.file.exists()


def test_the_node_anchors_where_its_settings_say_and_its_key_is_closed_to_others(
    where: Anchorage, seal: Seal
) -> None:
    assert anchor_if_due()
    assert not anchor_if_due()
    assert where.folder.name == "anchors"
    assert where.folder.parent.name == "other-disk"
    assert where.key_file.stat().st_mode & 0o777 == 0o600
    assert where.key_file.parent.stat().st_mode & 0o777 == 0o700
    assert [file.name for file in where.folder.glob("*.pem")] == [f"{lines(where)[0]['key']}.pem"]
    assert b"PRIVATE" not in b"".join(file.read_bytes() for file in where.folder.iterdir())


def test_all_anchors_are_signed_with_the_same_key(where: Anchorage, seal: Seal) -> None:
    where.anchor(seal, NOON, HOUR)
    where.anchor(seal, NOON + HOUR, HOUR)
    assert len({line["key"] for line in lines(where)}) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("number", 2),
        ("hash", "00" * 32),
        ("algorithm", "sm3"),
        ("at", "2026-11-21T05:00:00+00:00"),
        ("key", "0" * 32),
        ("signature", "AAAA"),
        ("signature", "?"),
    ],
)
def test_an_anchor_that_was_changed_is_found(where: Anchorage, seal: Seal, field: str, value: object) -> None:
    where.anchor(seal, NOON, HOUR)
    where.anchor(seal, NOON + HOUR, HOUR)
    first, second = lines(where)
    where.file.write_text(json.dumps({**first, field: value}) + "\n" + json.dumps(second) + "\n")
    assert flaws(where) == [("anchor_forged", 1)]


def test_an_anchor_signed_by_a_stranger_is_found(where: Anchorage, seal: Seal, tmp_path: Path) -> None:
    stranger = Anchorage(tmp_path / "stranger", tmp_path / "stranger.key")
    stranger.anchor(seal, NOON, HOUR)
    where.folder.mkdir(parents=True)
    where.file.write_bytes(stranger.file.read_bytes())
    assert flaws(where) == [("anchor_forged", 1)]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b"\xff",
        b'{"number": 1}',
        b'{"number": "x", "at": "2026-11-21T04:00:00+00:00"}',
    ],
)
def test_a_line_that_cannot_be_read_is_found_and_holds_up_nothing(
    where: Anchorage, seal: Seal, line: bytes
) -> None:
    where.anchor(seal, NOON, HOUR)
    with where.file.open("ab") as file:
        file.write(line + b"\n")
    assert where.anchor(seal, NOON + HOUR, HOUR)
    assert flaws(where) == [("anchor_unreadable", 2)]


def test_what_a_power_cut_left_of_a_line_does_not_spoil_the_next(where: Anchorage, seal: Seal) -> None:
    where.anchor(seal, NOON, HOUR)
    with where.file.open("ab") as file:
        file.write(b'{"number": 1, "algo')
    assert where.anchor(seal, NOON + HOUR, HOUR)
    assert flaws(where) == [("anchor_unreadable", 2)]
    assert verify.run(where=where).anchors == 2


def test_a_broken_public_key_beside_them_stops_nothing(where: Anchorage, seal: Seal) -> None:
    where.anchor(seal, NOON, HOUR)
    (where.folder / "broken.pem").write_text("-----BEGIN PUBLIC KEY-----\n")
    assert flaws(where) == []


def test_a_folder_that_cannot_be_used_is_logged_and_raises_nothing(
    where: Anchorage, seal: Seal, caplog: pytest.LogCaptureFixture
) -> None:
    where.folder.parent.mkdir(parents=True)
    where.folder.write_text("a file stands where the folder is to be")
    assert not anchor_if_due()
    assert "could not be anchored" in caplog.text


def test_a_key_that_cannot_be_read_is_logged_and_not_replaced(
    where: Anchorage, seal: Seal, caplog: pytest.LogCaptureFixture
) -> None:
    where.key_file.parent.mkdir(parents=True)
    where.key_file.write_text("torn")
    assert not anchor_if_due()
    assert "could not be anchored" in caplog.text
    assert where.key_file.read_text() == "torn"
