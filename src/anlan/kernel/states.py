"""States: the transitions of a kind of record as data, and the one way to go through them.

LIFE = Life(
Move("cancel", frm=(WarningState.PUBLISHED,), to=WarningState.CANCELLED, capability="watch.warning.cancel"),
Move("publish", (WarningState.APPROVED,), WarningState.PUBLISHED, "watch.warning.publish", guard=has_area),
)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from django.db.models import F

from anlan.kernel.errors import StateConflict
from anlan.kernel.scope import can, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.db.models import QuerySet

    from anlan.kernel.context import Context
    from anlan.kernel.models import Record

    Guard = Callable[[Context, Any], None]  # raises a DomainError that says what is missing

R = TypeVar("R", bound="Record")


class Move:
    """One transition: the act by name, the states it starts from, the state it leads to, who may, and what must hold."""

    def __init__(
        self, act: str, frm: Sequence[str], to: str, capability: str, *, guard: Guard | None = None
    ) -> None:
        self.act, self.frm, self.to = act, tuple(frm), to
        self.capability, self.guard = capability, guard


class Life:
    """The transition table of a kind of record that has its state in `state`."""

    def __init__(self, *moves: Move) -> None:
        self.moves = {move.act: move for move in moves}
        if len(self.moves) != len(moves):
            raise ValueError("an act stands twice in the table")

    def move(self, ctx: Context, record: Record, act: str, **changed: object) -> None:
        """Guard, then change the row where it still has the state it starts from.

        changed  fields that change with the state
        raises   StateConflict where somebody was faster, or the act does not start from here
        """
        move = self.moves[act]
        if move.guard:
            move.guard(ctx, record)
        rows = _rows_of(type(record)).filter(pk=record.pk, state__in=move.frm)
        if not rows.update(state=move.to, version=F("version") + 1, **changed):
            raise StateConflict
        for name, value in changed.items():
            setattr(record, name, value)
        record.refresh_from_db(fields=("state", "version"))

    def move_many(self, ctx: Context, model: type[R], keys: Sequence[object], act: str) -> list[R]:
        """The same for many, in one statement: all within scope and in the right state, or none.

        raises  StateConflict; a guard of single records is not asked: a bulk act's guard stands in its own WHERE
        """
        move = self.moves[act]
        rows = visible(ctx, model, move.capability).filter(pk__in=keys, state__in=move.frm)
        locked = list(rows.select_for_update(of=("self",)).order_by("pk"))
        if len(locked) != len(set(keys)):
            raise StateConflict
        _rows_of(model).filter(pk__in=keys).update(state=move.to, version=F("version") + 1)
        for record in locked:
            record.state, record.version = move.to, record.version + 1  # type: ignore[attr-defined]
        return locked

    def list_acts(self, ctx: Context, record: Record) -> list[str]:
        """The acts that start from the record's state and that the reader may do, in the table's order."""
        state = record.state  # type: ignore[attr-defined]  # records with a life have one
        return [m.act for m in self.moves.values() if state in m.frm and can(ctx, m.capability, record)]


def _rows_of(model: Any) -> QuerySet[Any]:
    """The rows of a kind of record that has a state; the base of all records has none."""
    rows: QuerySet[Any] = model.unscoped.all()
    return rows
