"""What rooms write to the journal: past-tense frozen dataclasses, each under a name of its own, versioned.

    @event("watch.warning.cancelled")
    @dataclass(frozen=True)
    class WarningCancelled:
        references: int
        reason: PrivateText

A field of type `PrivateText` holds what a person wrote or what tells of a person. It never enters the journal: it is
kept in a side table that can be destroyed, the entry keeps its salted hash (data about people must go, the record stays).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, NewType, TypeVar, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Callable

PrivateText = NewType("PrivateText", str)
E = TypeVar("E")


@dataclass(frozen=True)
class Declared:
    """One kind of event: its class and which of its fields are private."""

    name: str
    version: int
    shape: type
    private: frozenset[str]


_by_shape: dict[type, Declared] = {}
_by_name: dict[str, Declared] = {}


def event(name: str, *, version: int = 1) -> Callable[[type[E]], type[E]]:
    """Declare an event "wing.room.verb_in_past_tense"; a changed shape raises the version."""

    def declare(shape: type[E]) -> type[E]:
        if name in _by_name:
            raise ValueError(f"the event {name} is declared twice")
        hints = get_type_hints(shape)
        private = frozenset(field.name for field in fields(shape) if hints[field.name] is PrivateText)  # type: ignore[arg-type]  # a dataclass
        _by_shape[shape] = _by_name[name] = Declared(name, version, shape, private)
        return shape

    return declare


def declared(happened: object) -> Declared:
    """The declaration of an event's class; raises KeyError for a class that is none."""
    return _by_shape[type(happened)]


def names() -> frozenset[str]:
    """Every event there is."""
    return frozenset(_by_name)


def content(happened: object) -> dict[str, Any]:
    """The fields of an event as they are, private ones included."""
    return {field.name: getattr(happened, field.name) for field in fields(happened)}  # type: ignore[arg-type]  # a dataclass
