"""Acts: every write is one function, in one transaction, behind one capability."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from django.db import connection, transaction

from anlan.kernel.scope import require

if TYPE_CHECKING:
    from anlan.kernel.context import Context

P = ParamSpec("P")
R = TypeVar("R")
Act = Callable[Concatenate["Context", P], R]

CAPABILITIES_OF_ACTS: set[str] = set()


def act(capability: str) -> Callable[[Act[P, R]], Act[P, R]]:
    """Mark a service as an act.

    It refuses an actor who holds the capability nowhere (NotAllowed) before anything is read, and opens the
    transaction or joins the caller's. Where he holds it, the act's own lock within scope decides.
    """
    CAPABILITIES_OF_ACTS.add(capability)

    def decorate(function: Act[P, R]) -> Act[P, R]:
        def run(ctx: Context, /, *args: P.args, **kwargs: P.kwargs) -> R:
            require(ctx, capability)
            with transaction.atomic():
                return function(ctx, *args, **kwargs)

        update_wrapper(run, function)
        return run

    return decorate


def part_acts() -> None:
    """Give what follows in this transaction an act number of its own: several pieces of work share the transaction.

    Row history and journal entries meet by that number; without this, one handler's changes would stand with another's.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('anlan.act', '', true)")
