"""Finds the rooms: every folder with an apps.py under a wing, of the house and of a node's own (ANLAN_ROOMS).

What a room declares, the site composes.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anlan.wings import WINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from django.utils.functional import _StrPromise

    from anlan.kernel.finding import Search

HOUSE = Path(__file__).resolve().parents[1]
OWN = "rooms"  # the package of a node's own rooms, whatever their folder is called

_homes: dict[str, Path] = {"anlan": HOUSE}


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

    @property
    def folder(self) -> Path:
        home, *inside = self.module.split(".")
        return _homes[home].joinpath(*inside)

    def part(self, name: str) -> ModuleType | None:
        """A file of the room as a module, or None where the room has none."""
        if not (self.folder / f"{name}.py").exists() and not (self.folder / name).is_dir():
            return None
        return import_module(f"{self.module}.{name}")


def add_own(folder: Path) -> None:
    """Take in a folder of further rooms, laid out as here and imported as `rooms.<wing>.<room>`.

    The settings call it before anything asks for rooms. The folder becomes a package by itself: were its parent put on
    Python's path, whatever else lies there could take the place of a library.
    """
    spec = ModuleSpec(OWN, None, is_package=True)
    spec.submodule_search_locations = [str(folder)]
    sys.modules[OWN] = module_from_spec(spec)
    _homes[OWN] = folder


@cache
def find() -> tuple[Room, ...]:
    """All rooms, wing by wing; in each the house's first, then the node's own."""
    return tuple(
        Room(f"{home}.{wing}.{apps.parent.name}")
        for wing in WINGS
        for home, place in _homes.items()
        for apps in sorted((place / wing).glob("*/apps.py"))
    )


@dataclass(frozen=True)
class FirstStep:
    """What somebody who is here for the first time does, where he holds the capability (blank: anybody).

    why     what it is good for
    rank    the lowest come first: 1 what his work begins with, 5 what it rests on, 9 good for everybody
    """

    rank: int
    capability: str
    title: _StrPromise
    why: _StrPromise
    url_name: str


@dataclass(frozen=True)
class HomePart:
    """What a room puts on the home page or an exercise's: a template, and what it is given for a context (None: nothing)."""

    template: str
    given: Callable[[Any], dict[str, Any] | None]


@cache
def home_parts() -> tuple[HomePart, ...]:
    """What the rooms put on top of the home page (`HOME` in their urls)."""
    return tuple(_declared("HOME"))


@cache
def exercise_parts() -> tuple[HomePart, ...]:
    """What the rooms put on an exercise's page for who is in it (`EXERCISE` in their urls)."""
    return tuple(_declared("EXERCISE"))


@cache
def doors() -> tuple[Door, ...]:
    """What the rooms put into the navigation (`DOORS` in their urls)."""
    return tuple(_declared("DOORS"))


@cache
def first_steps() -> tuple[FirstStep, ...]:
    """What the rooms let a newcomer do first (`FIRST_STEPS` in their urls)."""
    return tuple(_declared("FIRST_STEPS"))


@cache
def searches() -> tuple[Search, ...]:
    """The registers that can be searched (`SEARCHES` in the rooms' urls)."""
    return tuple(_declared("SEARCHES"))


def _declared(name: str) -> Iterator[Any]:
    for room in find():
        if urls := room.part("urls"):
            yield from getattr(urls, name, ())


@cache
def capabilities() -> dict[str, _StrPromise]:
    """Every capability there is, with its term (`CAPABILITIES` in the rooms' terms)."""
    known: dict[str, _StrPromise] = {}
    for module in ("anlan.kernel", *(room.module for room in find())):
        if terms := Room(module).part("terms"):
            known.update(getattr(terms, "CAPABILITIES", {}))
    return known


@cache
def with_second_factor() -> frozenset[str]:
    """The capabilities that a password alone does not open (`SECOND_FACTOR` in the kernel's and the rooms' terms)."""
    modules = ("anlan.kernel", *(room.module for room in find()))
    marked = (
        getattr(terms, "SECOND_FACTOR", ()) for module in modules if (terms := Room(module).part("terms"))
    )
    return frozenset().union(*marked)
