"""Reads of ladders: which holds for whom, and what one would do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from anlan.kernel.models import Unit
from anlan.kernel.scope import upward
from anlan.message.ladder.models import Ladder
from anlan.message.ladder.terms import EXAMPLES, TOLD, Target, Way, is_within, rungs_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime, time

    from anlan.message.ladder.terms import Rung

READ = "message.ladder.read"
# Of a hundred who are tried so, how many answer: what a simulation begins with until somebody knows better.
RATES = {Way.APP: 10, Way.SMS: 35, Way.VOICE: 45, Way.EMAIL: 2}
STAND_IN_RATE, ERRAND_RATE = 40, 90


@dataclass(frozen=True)
class Chosen:
    """A ladder that holds: its name, whether its figures are verified, its rungs."""

    name: str
    certain: bool
    rungs: tuple[Rung, ...]


@dataclass(frozen=True)
class Remaining:
    """How many of those who were called have not answered before and after a rung, as far as rates tell."""

    rung: Rung
    before: int
    after: int


def list_chosen(unit: Unit, colour: str, posts: Collection[str], at: datetime) -> dict[str, Chosen]:
    """The ladder of each kind of post, as `unit` calls with that colour at that moment.

    Of several the closest unit's holds, then the one that names the post, the colour, the hours. Where nobody up to the
    root has laid one down, a shipped one does. Ladders are rules of the units above: scope does not hide them.
    """
    moment = at.astimezone().time()
    above = Unit.unscoped.filter(path__in=upward(unit.path)).values("pk")
    own = Ladder.unscoped.filter(unit__in=above, retired_at=None, exercise=None).select_related("unit")
    laid = sorted(own, key=_closeness, reverse=True)
    return {post: _choose(laid, colour, post, moment) for post in posts}


def list_told(posts: Collection[str]) -> dict[str, Chosen]:
    """The same for what is only told: one ladder, everywhere."""
    told = Chosen(TOLD.name, certain=True, rungs=tuple(rungs_of(TOLD.steps)))
    return dict.fromkeys(posts, told)


def _closeness(ladder: Ladder) -> tuple[int, bool, bool, bool, str]:
    named = (bool(ladder.posts), bool(ladder.colours), ladder.from_time is not None)
    return (len(ladder.unit.path), *named, ladder.name)


def _choose(laid: Sequence[Ladder], colour: str, post: str, moment: time) -> Chosen:
    for one in laid:
        fits = _fits(one.colours, colour) and _fits(one.posts, post)
        if fits and is_within(moment, one.from_time, one.until_time):
            return Chosen(one.name, one.certain, tuple(one.rungs))
    shipped = [one for one in EXAMPLES if _fits(one.colours, colour) and _fits(one.posts, post)]
    best = max(shipped, key=lambda one: (bool(one.posts), bool(one.colours)))
    return Chosen(best.name, certain=False, rungs=tuple(rungs_of(best.steps)))


def _fits(named: Collection[str], asked: str) -> bool:
    return not named or asked in named


def list_remaining(rungs: Sequence[Rung], people: int, rates: Mapping[str, int]) -> list[Remaining]:
    """How many would be left after each rung, were people to answer at these rates (of a hundred, by way).

    The upper duty desk answers for nobody; it is told. A repeated way is answered as often as the first time.
    """
    left, found = float(people), []
    for rung in rungs:
        before = left
        left *= 1 - _answering(rung, rates)
        found.append(Remaining(rung, round(before), round(left)))
    return found


def _answering(rung: Rung, rates: Mapping[str, int]) -> float:
    if rung.target == Target.UPPER_DUTY:
        return 0.0
    if rung.target == Target.ERRAND:
        return rates.get("errand", ERRAND_RATE) / 100
    silent = 1.0
    for way in rung.ways:
        silent *= 1 - rates.get(way, RATES.get(Way(way), 0)) / 100
    there = rates.get("stand_in", STAND_IN_RATE) / 100 if rung.target == Target.STAND_IN else 1.0
    return (1 - silent) * there
