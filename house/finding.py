"""What a rule reports."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True, order=True)
class Finding:
    """One deviation: where, what is wrong, why the house minds, how to mend it."""

    path: str
    line: int
    what: str
    why: str = ""
    mend: str = ""


def show(findings: Iterable[Finding]) -> Iterator[str]:
    """Lines for a terminal; a reason shared by several findings is said once, under the last of them."""
    ordered = sorted(set(findings), key=lambda found: (found.why, found.mend, found))
    for (why, mend), group in groupby(ordered, key=lambda found: (found.why, found.mend)):
        for found in group:
            yield f"  {found.path}:{found.line}: {found.what}"
        if why:
            yield f"      why:  {why}"
        if mend:
            yield f"      mend: {mend}"
