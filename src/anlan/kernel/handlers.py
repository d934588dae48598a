"""Who listens to the journal: a room subscribes a function to events; relays call it once the act is committed.

    @subscribe("watch.warning.published", handler="message.callout.open")
    def open_callout(ctx: Context, entry: Entry) -> None: …

A handler runs in the transaction that takes the entry off the list, so what it writes is written exactly once; what it
does outside the database may happen again after a crash and must bear that.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from anlan.kernel.context import Context
    from anlan.kernel.models import Entry

    Function = Callable[[Context, Entry], None]


@dataclass(frozen=True)
class Handler:
    name: str
    function: Function
    powers: frozenset[str]


_by_event: defaultdict[str, list[Handler]] = defaultdict(list)
_by_name: dict[str, Handler] = {}


def subscribe(
    *events: str, handler: str, powers: frozenset[str] = frozenset()
) -> Callable[[Function], Function]:
    """Call a function for each entry of these events; `powers` are the capabilities its context holds everywhere."""

    def declare(function: Function) -> Function:
        if handler in _by_name:
            raise ValueError(f"the handler {handler} is declared twice")
        _by_name[handler] = Handler(handler, function, powers)
        for event in events:
            _by_event[event].append(_by_name[handler])
        return function

    return declare


def of(event: str) -> list[Handler]:
    """The handlers of an event, in the order of their declaration."""
    return _by_event.get(event, [])


def names() -> frozenset[str]:
    """Every handler there is."""
    return frozenset(_by_name)


def named(name: str) -> Handler:
    """A handler by name; raises KeyError for one that is no longer there."""
    return _by_name[name]
