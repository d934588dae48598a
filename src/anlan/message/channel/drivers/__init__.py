"""Drivers hand deliveries to outside services: each is a folder here, with a `DRIVER` in its `__init__.py`. A further one
needs nothing else.

A driver knows no database and keeps nothing: it is given an account and items, and says what became of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import timedelta
    from uuid import UUID

    from django.utils.functional import _StrPromise

    from anlan.message.channel.terms import Account, Channel, Item, Outcome


class NotHanded(Exception):
    """A whole request came to nothing.

    fault         terms.Fault, or what the service said
    may_be_there  it may have taken the items all the same: the answer was lost, not the request
    pause         the service asks to be left alone for so long; it is not down
    """

    def __init__(self, fault: str, *, may_be_there: bool = False, pause: timedelta | None = None) -> None:
        super().__init__(fault)
        self.fault, self.may_be_there, self.pause = fault, may_be_there, pause


class Line(Protocol):
    """One connection to a service, used by one thread."""

    def send(self, items: Sequence[Item]) -> Sequence[Outcome]:
        """Hand items over; an outcome for each. Their ids make sending twice harmless. raises NotHanded"""

    def call_off(self, ids: Sequence[UUID]) -> None:
        """Stop what need not be said any more; ids that the service never saw are no fault. raises NotHanded"""

    def close(self) -> None:
        """Let go of the connection."""


@dataclass(frozen=True)
class Driver:
    """channel  what it reaches people by; label  what it is called; connect  opens a line (it need not connect yet)"""

    channel: Channel
    label: _StrPromise
    connect: Callable[[Account], Line]


@cache
def drivers() -> Mapping[str, Driver]:
    """All drivers by the names of their folders."""
    names = sorted(entry.parent.name for entry in Path(__file__).parent.glob("*/__init__.py"))
    return {name: import_module(f"{__name__}.{name}").DRIVER for name in names}
