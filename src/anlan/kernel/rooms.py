"""Finds the rooms of the house: every folder with an apps.py under a wing. What a room declares, the site composes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

    from django.utils.functional import _StrPromise

WINGS = ("organisation", "message", "prevent", "watch", "respond", "review", "connect")
HOUSE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Door:
    """A room's entry in the navigation, shown to those who hold its capability."""

    wing: str
    title: _StrPromise
    url_name: str
    icon: str
    capability: str


@dataclass(frozen=True)
class Room:
    """One room, by its dotted module name."""

    module: str

    @property
    def wing(self) -> str:
        return self.module.split(".")[1]

    def part(self, name: str) -> ModuleType | None:
        """A file of the room as a module, or None where the room has none."""
        folder = HOUSE.joinpath(*self.module.split(".")[1:])
        if not (folder / f"{name}.py").exists() and not (folder / name).is_dir():
            return None
        return import_module(f"{self.module}.{name}")


@cache
def find() -> tuple[Room, ...]:
    """All rooms, wing by wing."""
    return tuple(
        Room(f"anlan.{wing}.{folder.parent.name}")
        for wing in WINGS
        for folder in sorted((HOUSE / wing).glob("*/apps.py"))
    )


@cache
def doors() -> tuple[Door, ...]:
    """What the rooms put into the navigation (`DOORS` in their urls)."""
    return tuple(
        door for room in find() if (urls := room.part("urls")) for door in getattr(urls, "DOORS", ())
    )


@cache
def capabilities() -> dict[str, _StrPromise]:
    """Every capability there is, with its term (`CAPABILITIES` in the rooms' terms)."""
    known: dict[str, _StrPromise] = {}
    for module in ("anlan.kernel", *(room.module for room in find())):
        if terms := Room(module).part("terms"):
            known.update(getattr(terms, "CAPABILITIES", {}))
    return known
