"""Rooms are found by their folder, the house's and a node's own."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from anlan.kernel import rooms
from anlan.wings import WINGS

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_rooms_are_found_by_their_folder() -> None:
    assert "anlan.organisation.unit" in {room.module for room in rooms.find()}


def test_every_door_asks_for_a_capability_that_is_declared() -> None:
    declared = rooms.capabilities()
    assert {door.capability for door in rooms.doors()} <= set(declared)


def test_rooms_of_one_s_own_stand_beside_the_house_s(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    room = make_room(tmp_path / "any name", "respond/siren", terms="CAPABILITIES = {}")
    take_in(monkeypatch, tmp_path / "any name")
    found = rooms.find.__wrapped__()
    assert [one.wing for one in found] == sorted((one.wing for one in found), key=WINGS.index)
    (own,) = [one for one in found if one.module == "rooms.respond.siren"]
    assert own.folder == room
    assert own.part("terms").__file__ == str(room / "terms.py")
    assert own.part("views") is None
    assert str(tmp_path) not in sys.path


def test_what_is_no_room_is_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "docs/respond").mkdir(parents=True)
    make_room(tmp_path, "respond/siren")
    take_in(monkeypatch, tmp_path)
    own = [one.module for one in rooms.find.__wrapped__() if not one.module.startswith("anlan.")]
    assert own == ["rooms.respond.siren"]


def make_room(folder: Path, name: str, **parts: str) -> Path:
    place = folder / name
    place.mkdir(parents=True)
    for part, text in {"__init__": "", "apps": "", **parts}.items():
        (place / f"{part}.py").write_text(text)
    return place


def take_in(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Take in a folder for the length of a test; what the tests' own rooms are to others stays as it is."""
    monkeypatch.setattr(rooms, "_homes", {"anlan": rooms.HOUSE})
    for name in [name for name in sys.modules if name.split(".")[0] == rooms.OWN]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, rooms.OWN, None)
    rooms.add_own(folder)
