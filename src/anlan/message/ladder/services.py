"""Ladders: acts beyond those of every register."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anlan.kernel.act import act
from anlan.kernel.scope import require
from anlan.message.ladder.events import LadderAdopted
from anlan.message.ladder.models import Ladder
from anlan.message.ladder.terms import EXAMPLES

if TYPE_CHECKING:
    from anlan.kernel.context import Context
    from anlan.kernel.models import Unit


@act("message.ladder.edit")
def adopt_examples(ctx: Context, unit: Unit) -> list[Ladder]:
    """Lay the shipped ladders down as the unit's own, to be changed; those of a name that it has already are left out."""
    require(ctx, "message.ladder.edit", unit)
    there = Ladder.unscoped.filter(unit=unit, retired_at=None, exercise=ctx.exercise)
    known = set(there.values_list("name", flat=True))
    made = [
        Ladder(
            unit=unit,
            exercise=ctx.exercise,
            name=one.name,
            colours=list(one.colours),
            posts=list(one.posts),
            steps=one.steps,
            source=one.source,
        )
        for one in EXAMPLES
        if one.name not in known
    ]
    for ladder in made:
        ladder.save(force_insert=True)
    if made:
        ctx.journal_bulk(LadderAdopted(), made)
    return made
