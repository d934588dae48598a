"""What a rule is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from house.finding import Finding
    from house.tree import Tree


@dataclass(frozen=True)
class Rule:
    """A named question to the whole tree.

    check     what is wrong, nothing when all is well
    renew     writes the file that the rule compares with, for rules about generated files
    program   waits for an outside program, so it may run beside the others
    """

    name: str
    about: str
    check: Callable[[Tree], Iterable[Finding]]
    renew: Callable[[Tree], None] | None = None
    program: bool = False
