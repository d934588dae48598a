"""Who acts, as what, when and why: the first argument of every selector and act."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from anlan.kernel import journal, scope
from anlan.kernel.clock import real_now

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import Model

    from anlan.kernel.models import Entry, Exercise, User

EVERYWHERE = ""  # the path that every path begins with


@dataclass
class Context:
    """One actor's view for the length of one request or job.

    actor       who acts; None is the node itself, which acts by `powers` only
    exercise    the drill this happens in, None for real life
    posting_id  the grant he acts by, None where he acts by all of them
    cause_id    the journal entry that led to this, None where a person began it
    powers      capabilities a job holds everywhere; a person has none, his come from his grants
    """

    actor: User | None
    exercise: Exercise | None = None
    posting_id: int | None = None
    cause_id: int | None = None
    powers: frozenset[str] = field(default=frozenset())

    def now(self) -> datetime:
        """Domain time: the exercise's in an exercise."""
        return self.exercise.clock.at(real_now()) if self.exercise else real_now()

    @cached_property
    def holdings(self) -> tuple[tuple[str, frozenset[str]], ...]:
        """The actor's grants, asked of the database once."""
        if self.powers or self.actor is None:
            return ((EVERYWHERE, self.powers),)
        return scope.holdings_of(self.actor, self.posting_id)

    def roots(self, capability: str) -> tuple[str, ...]:
        """Paths of the subtrees where the actor holds the capability."""
        return scope.widest(path for path, capabilities in self.holdings if capability in capabilities)

    def journal(self, happened: object, about: Model) -> Entry:
        """Write down what happened to a record, in the transaction at hand (`anlan.kernel.journal.write`)."""
        return journal.write(self, happened, about)
