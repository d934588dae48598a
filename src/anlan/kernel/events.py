"""What rooms write to the journal: past-tense frozen dataclasses, each under a name of its own, versioned.

    @event("watch.warning.cancelled", _("撤销预警"))
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

    from django.utils.functional import _StrPromise

PrivateText = NewType("PrivateText", str)
E = TypeVar("E")


@dataclass(frozen=True)
class Declared:
    """One kind of event: its class, what it is called, which of its fields are private, and who hears of it.

    shared  whom the record's matter is shared with meets it in the timeline as well, without its private texts
    """

    name: str
    label: _StrPromise
    version: int
    shape: type
    private: frozenset[str]
    shared: bool


_by_shape: dict[type, Declared] = {}
_by_name: dict[str, Declared] = {}


def event(
    name: str, label: _StrPromise, *, version: int = 1, shared: bool = False
) -> Callable[[type[E]], type[E]]:
    """Declare an event "wing.room.verb_in_past_tense", called `label` on pages; a changed shape raises the version.

    shared  it is no inner matter of the record's unit: see Declared
    """

    def declare(shape: type[E]) -> type[E]:
        if name in _by_name:
            raise ValueError(f"the event {name} is declared twice")
        hints = get_type_hints(shape)
        private = frozenset(field.name for field in fields(shape) if hints[field.name] is PrivateText)  # type: ignore[arg-type]  # a dataclass
        _by_shape[shape] = _by_name[name] = Declared(name, label, version, shape, private, shared)
        return shape

    return declare


def declared(happened: object) -> Declared:
    """The declaration of an event's class; raises KeyError for a class that is none."""
    return _by_shape[type(happened)]


def label_of(name: str) -> str:
    """What an event is called; its bare name where no room declares it any more."""
    return str(_by_name[name].label) if name in _by_name else name


def fields_of(name: str) -> frozenset[str]:
    """The names of an event's fields; raises KeyError for an event that is none."""
    return frozenset(field.name for field in fields(_by_name[name].shape))


def names() -> frozenset[str]:
    """Every event there is."""
    return frozenset(_by_name)


def shared() -> list[str]:
    """The events that are told to those with whom a matter is shared."""
    return sorted(name for name, declared in _by_name.items() if declared.shared)


def content(happened: object) -> dict[str, Any]:
    """The fields of an event as they are, private ones included."""
    return {field.name: getattr(happened, field.name) for field in fields(happened)}  # type: ignore[arg-type]  # a dataclass
