"""Who acts, as what, when: the first argument of every selector and act."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from anlan.kernel import scope
from anlan.kernel.clock import real_now

if TYPE_CHECKING:
    from datetime import datetime

    from anlan.kernel.models import Exercise, User


@dataclass
class Context:
    """One actor's view for the length of one request or job.

    exercise   the drill this happens in, None for real life
    """

    actor: User
    exercise: Exercise | None = None

    def now(self) -> datetime:
        """Domain time."""
        return real_now()

    @cached_property
    def holdings(self) -> tuple[tuple[str, frozenset[str]], ...]:
        """The actor's grants, asked of the database once."""
        return scope.holdings_of(self.actor)

    def roots(self, capability: str) -> tuple[str, ...]:
        """Paths of the subtrees where the actor holds the capability."""
        return scope.widest(path for path, capabilities in self.holdings if capability in capabilities)
