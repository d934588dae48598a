"""Who acts, as what, when and why: the first argument of every selector and act."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from anlan.kernel import journal, obligations, scope
from anlan.kernel.clock import real_now

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from django.db.models import Model

    from anlan.kernel.models import Entry, Exercise, MachineToken, User

EVERYWHERE = ""  # the path that every path begins with


@dataclass
class Context:
    """One actor's view for the length of one request or job.

    actor       who acts; None is the node itself, which acts by `powers` only
    exercise    the drill this happens in, None for real life
    posting_id  the grant he acts by, None where he acts by all of them
    cause_id    the journal entry that led to this, None where a person began it
    powers      capabilities a job holds everywhere; a person has none, his come from his grants
    second_factor  whether the actor has shown more than a password, or acts through work that was begun by an act
    token       what a machine shows instead of a session; it may narrow the grants of its user, never widen them
    """

    actor: User | None
    exercise: Exercise | None = None
    posting_id: int | None = None
    cause_id: int | None = None
    powers: frozenset[str] = field(default=frozenset())
    second_factor: bool = False
    token: MachineToken | None = None
    _shared: dict[str, tuple[UUID, ...]] = field(default_factory=dict, repr=False)

    def now(self) -> datetime:
        """Domain time: the exercise's in an exercise."""
        return self.exercise.clock.at(real_now()) if self.exercise else real_now()

    @cached_property
    def postings(self) -> tuple[scope.Posting, ...]:
        """The actor's grants, asked of the database once; the node itself has none."""
        return scope.postings_of(self.actor) if self.actor else ()

    @property
    def posting(self) -> scope.Posting | None:
        """The posting he acts by; None where by all of them, or where it has ended."""
        return next((held for held in self.postings if held.id == self.posting_id), None)

    @property
    def holdings(self) -> tuple[tuple[str, frozenset[str]], ...]:
        """What the actor may do where, by the posting he acts by or by all of them; he only reads in an exercise that is over."""
        if self.powers or self.exercise is None or self.exercise.closed_at is None:
            return self._held
        return tuple((path, scope.to_look_back(capabilities)) for path, capabilities in self._held)

    @cached_property
    def _held(self) -> tuple[tuple[str, frozenset[str]], ...]:
        if self.powers or self.actor is None:
            return ((EVERYWHERE, self.powers),)
        held = [
            (path, by.capabilities)
            for by in self.postings
            if self.posting_id in {None, by.id}
            for path in by.paths
        ]
        if self.token is None:
            return tuple(held)
        return tuple((path, capabilities.intersection(self.token.scopes)) for path, capabilities in held)

    def roots(self, capability: str) -> tuple[str, ...]:
        """Paths of the subtrees where the actor holds the capability."""
        return scope.widest(path for path, capabilities in self.holdings if capability in capabilities)

    def shared_matters(self, capability: str) -> tuple[UUID, ...]:
        """Matters of other units that are shared with units where the actor holds the capability, asked once."""
        if capability not in self._shared:
            to_read = capability.endswith(scope.READ)
            self._shared[capability] = scope.matters_shared_with(self.roots(capability), to_read=to_read)
        return self._shared[capability]

    def journal(self, happened: object, about: Model) -> Entry:
        """Write down what happened to a record, in the transaction at hand, and what is owed by it from now on."""
        entry, effects = journal.write(self, happened, about)
        obligations.follow(self, entry, effects)
        return entry

    def journal_bulk(self, happened: object, about: Sequence[Model]) -> Entry:
        """The same for a bulk act: one entry about many records of one kind. raises ValueError for none"""
        entry, effects = journal.write_bulk(self, happened, about)
        obligations.follow(self, entry, effects, [journal.unit_id_of(record) for record in about])
        return entry
