"""The rows of the scope matrix: what each address of the node must answer to whom.

A room puts its rows as CASES into a file `matrix.py` in its own tests folder; `test_scope_matrix.py` collects them all
and fails for any address that has none. Four people knock at each door:

anonymous        is sent to log in (the API answers 401), unless the door is public
no capability    is refused with 403, unless the door asks for none
own subtree      is let in, within the budget of queries
another's        meets 404, and the same page as for something that never was
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.cast import World

PUBLIC = "public"
ANYBODY = "anybody who is logged in"
PERSONAL = "the one it belongs to"  # the officer's own; others meet 404
Arguments = Callable[[World], Mapping[str, Any]]


@dataclass(frozen=True)
class Case:
    """One address and method.

    name         URL name; for the API "api:<operation path>", as "/units/{unit_id}"
    capability   what it asks for, or PUBLIC, or ANYBODY, or PERSONAL
    own, other   make the address's arguments for a record within the district, and for one of the neighbour's
    answers      status for the one who may
    budget       most queries for him, session and user included
    """

    name: str
    capability: str
    own: Arguments = field(default=lambda _: {})
    other: Arguments | None = None
    method: str = "get"
    data: Mapping[str, Any] = field(default_factory=dict)
    answers: int = 200
    budget: int = 8
