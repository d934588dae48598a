"""`timers`: a million machine timers, twenty thousand falling due in each minute beside ten thousand obligations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.deadlines import OBLIGATIONS_A_MINUTE, STEP, TICK, TICKS_A_MINUTE, percentile, play
from bench.figures import Benchmark, Figure, Options, product_at_most

if TYPE_CHECKING:
    from collections.abc import Sequence

BAR = product_at_most(1.0)


def measure(options: Options) -> Sequence[Figure]:
    played = play(options.rounds(), obligations=True, ticks=True)
    late = played.late[TICK]
    how = (
        f"{TICKS_A_MINUTE:,} timers and {OBLIGATIONS_A_MINUTE:,} obligations in each minute, evenly; each run is a minute",
        *played.remarks,
    )
    beside = [percentile(minute, 0.99) for minute in played.late[STEP]]
    return [
        Figure("timers", "s", [percentile(minute, 0.99) for minute in late], bar=BAR, remarks=how),
        Figure("timers-median", "s", [percentile(minute, 0.5) for minute in late]),
        Figure("timers-latest", "s", [max(minute) for minute in late]),
        Figure("timers-obligations", "s", beside, bar=BAR, remarks=("the obligations beside them",)),
    ]


BENCHMARK = Benchmark(
    "timers",
    (
        "一百万个定时事项，每分钟两万个到时，同时每分钟一万件履责事项到期，晚多久（99 百分位）",
        "how late 20,000 timers a minute fire, of 1,000,000 set, beside 10,000 obligations (99th percentile)",
    ),
    "s",
    BAR,
    measure,
)
