"""The shape of a room as data: which files it has, and what each may import. To change it, change this and write an ADR."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """One file of a room.

    own       files of the same room it may import ("*" for all)
    lower     files of lower rooms (same wing or a wing below) it may import
    kernel    whether it may import the kernel (and the map, which rooms declare their layers with)
    pure      whether it may import protocols and decide
    face      whether it meets the web: only faces see a request
    """

    own: tuple[str, ...] = ()
    lower: tuple[str, ...] = ()
    kernel: bool = True
    pure: bool = False
    face: bool = False


def _face() -> Part:
    return Part(own=("*",), pure=True, face=True)


PARTS = {
    "terms": Part(kernel=False),
    "models": Part(own=("terms",), lower=("models",)),
    "states": Part(own=("terms",)),
    "selectors": Part(own=("terms", "models"), lower=("selectors",), pure=True),
    "drivers": Part(own=("terms",), pure=True),
    "services": Part(
        own=("terms", "models", "states", "selectors", "events", "drivers"),
        lower=("selectors", "services"),
        pure=True,
    ),
    "events": Part(own=("terms",)),
    "handlers": Part(own=("services", "events", "terms"), lower=("events",), pure=True),
    "jobs": Part(own=("services",), lower=("events",), pure=True),
    "api": _face(),
    "views": _face(),
    "forms": _face(),
    "tables": _face(),
    "filters": _face(),
    "urls": _face(),
    "register": Part(own=("terms", "models", "selectors", "services", "events", "drivers"), pure=True),
    "apps": Part(),
}

# What may be named for type checkers only, by any file: it couples nothing at run time.
TYPES = ("terms", "models")
# Selectors promise by their first word how many they return.
READS = ("get_", "find_", "list_", "lock_", "count_")
