"""`obligations`: a million open, ten thousand falling due in each minute; how late the scanner escalates them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.deadlines import OBLIGATIONS_A_MINUTE, STEP, percentile, play
from bench.figures import Benchmark, Figure, Options, product_at_most

if TYPE_CHECKING:
    from collections.abc import Sequence

BAR = product_at_most(1.0)


def measure(options: Options) -> Sequence[Figure]:
    played = play(options.rounds(), obligations=True, ticks=False)
    late = played.late[STEP]
    how = (f"{OBLIGATIONS_A_MINUTE:,} in each minute, evenly; each run is a minute", *played.remarks)
    return [
        Figure("obligations", "s", [percentile(minute, 0.99) for minute in late], bar=BAR, remarks=how),
        Figure("obligations-median", "s", [percentile(minute, 0.5) for minute in late]),
        Figure("obligations-latest", "s", [max(minute) for minute in late]),
    ]


BENCHMARK = Benchmark(
    "obligations",
    (
        "一百万件待办履责事项，每分钟一万件到期，逾期告知晚多久（99 百分位）",
        "how late 10,000 obligations a minute are escalated, of 1,000,000 open (99th percentile)",
    ),
    "s",
    BAR,
    measure,
)
