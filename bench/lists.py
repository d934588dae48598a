"""`lists`: a register's list among 665,000 units and 1,000,000 people: how long the server takes, with how many queries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.figures import Benchmark, Figure, Options, product_at_most, progress
from bench.stores import private_stores

if TYPE_CHECKING:
    from collections.abc import Sequence

UNITS, PEOPLE = 665_000, 1_000_000
MOST_QUERIES = 8
BAR = product_at_most(0.05)


def measure(options: Options) -> Sequence[Figure]:
    with private_stores("lists") as stores:
        progress(f"filling: {UNITS:,} units, {PEOPLE:,} people")
        stores.run("bench._registers:fill", UNITS, PEOPLE, owner=True)
        rounds = [stores.run("bench._registers:lists") for _round in range(options.rounds(3))]
    how = (
        "each reading: 95th percentile of 60 requests of one way to ask (first, deep, filtered), the slowest way counts",
        "within the process: middleware, session, rights, queries, template; no network; a user of the city, one of a district",
    )
    slowest, searched = (
        [
            max(way["ms"] / 1000 for name, way in found.items() if ("words" in name) is searched)
            for found in rounds
        ]
        for searched in (False, True)
    )
    ways = [
        f"{name}: {way['ms']:.0f} ms ({way['queries']} queries)" for name, way in sorted(rounds[-1].items())
    ]
    queries = [float(max(way["queries"] for way in found.values())) for found in rounds]
    return [
        Figure("lists", "s", slowest, bar=BAR, remarks=(*how, *ways)),
        Figure("lists-words", "s", searched, remarks=("the same for what words find",)),
        Figure("lists-queries", "1", queries, bar=product_at_most(MOST_QUERIES)),
    ]


BENCHMARK = Benchmark(
    "lists",
    (
        "66.5 万个单位、100 万人时列表首页、深页和筛选页的服务器用时（95 百分位）",
        "server time of a list's first, deep and filtered pages among 665,000 units and 1,000,000 people (95th percentile)",
    ),
    "s",
    BAR,
    measure,
)
