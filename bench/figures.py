"""What a benchmark is made of: figures with their bars, and rounds in which product and limit take turns."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

FEWEST_RUNS = 5


@dataclass(frozen=True)
class Bar:
    """What must hold: of the product's median, or of its ratio to the limit's."""

    of: Literal["product", "ratio"]
    sense: Literal["at most", "at least"]
    value: float

    def holds(self, number: float) -> bool:
        return number <= self.value if self.sense == "at most" else number >= self.value

    def __str__(self) -> str:
        return f"{self.of} {'≤' if self.sense == 'at most' else '≥'} {self.value:g}"


def product_at_most(value: float) -> Bar:
    return Bar("product", "at most", value)


def product_at_least(value: float) -> Bar:
    return Bar("product", "at least", value)


def ratio_at_least(value: float) -> Bar:
    return Bar("ratio", "at least", value)


def ratio_at_most(value: float) -> Bar:
    return Bar("ratio", "at most", value)


@dataclass(frozen=True)
class Spread:
    """Median and extremes of several runs."""

    median: float
    low: float
    high: float
    runs: int

    @classmethod
    def of(cls, readings: Sequence[float]) -> Spread:
        return cls(median(readings), min(readings), max(readings), len(readings))


@dataclass(frozen=True)
class Figure:
    """One measured quantity.

    unit     s, 1/s or MB
    limit    readings of the raw limit or peer, each taken right after the product's; empty where nature sets none
    bar      None: a figure told for understanding, nothing hangs on it
    remarks  what a reader must know to judge it: parts, who else was on the machine
    """

    name: str
    unit: str
    product: Sequence[float]
    limit: Sequence[float] = ()
    bar: Bar | None = None
    remarks: tuple[str, ...] = ()

    @property
    def ratio(self) -> float | None:
        """Median of the product to median of the limit."""
        return median(self.product) / median(self.limit) if self.limit else None

    @property
    def holds(self) -> bool:
        if self.bar is None:
            return True
        number = median(self.product) if self.bar.of == "product" else self.ratio
        if number is None:
            raise ValueError(f"{self.name}: a bar on the ratio needs a limit")
        return self.bar.holds(number)


@dataclass(frozen=True)
class Options:
    """What the command line asks of a benchmark.

    runs    readings of each quantity, warm-up not counted; None: the benchmark's own number
    settle  seconds that a node is left alone before its memory is read
    json    results go to the standard output as JSON, the words for people to the error output
    """

    runs: int | None = None
    settle: float = 300.0
    json: bool = False

    def rounds(self, usual: int = FEWEST_RUNS) -> int:
        return self.runs or usual


@dataclass(frozen=True)
class Benchmark:
    """A file's BENCHMARK: what it says of itself, and the function that measures."""

    name: str
    about: tuple[str, str]  # Chinese, English
    unit: str
    bar: Bar | None
    measure: Callable[[Options], Sequence[Figure]]
    programs: tuple[str, ...] = field(default=())  # load generators and the like that it must find


def take_turns(
    runs: int, quantities: Mapping[str, Callable[[], float]], *, warm_up: bool = True
) -> dict[str, list[float]]:
    """Read all quantities in turn, `runs` times over, after one turn that isn't counted.

    Neighbours in the mapping are neighbours in time: put the limit right behind the product.
    """
    if warm_up:
        for name, read in quantities.items():
            progress(f"warm-up {name}: {read():.4g}")
    readings: dict[str, list[float]] = {name: [] for name in quantities}
    for number in range(1, runs + 1):
        for name, read in quantities.items():
            readings[name].append(read())
            progress(f"run {number}/{runs} {name}: {readings[name][-1]:.4g}")
    return readings


def progress(text: str) -> None:
    """Tell whoever waits at the terminal; results alone go to the standard output."""
    print(f"  {text}", file=sys.stderr, flush=True)
