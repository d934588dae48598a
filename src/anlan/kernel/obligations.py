"""Obligations: opened, fulfilled, paused and withdrawn by what happens, inside the transaction in which it happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anlan.kernel.context import Context
    from anlan.kernel.journal import Effects
    from anlan.kernel.models import Entry


def follow(ctx: Context, entry: Entry, effects: Effects, units: Sequence[int | None] = ()) -> None:
    """Let an entry open and end what is owed by it."""
    del ctx, entry, effects, units
