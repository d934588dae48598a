"""`directory`: time in the server of a directory page among a million people with their numbers, by a mix of questions.

Pages are asked of the product inside one process, as nginx hands them on, with log-in, scope and rendering; what the
network and the queue before the process add is not in it. Half is asked by an officer of the city, half by one of a district.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.figures import Benchmark, Figure, Options, product_at_most, progress
from bench.stores import private_stores, result_of

if TYPE_CHECKING:
    from collections.abc import Sequence

PEOPLE = 1_000_000
BAR = product_at_most(0.1)
ROUNDS = 5


def measure(options: Options) -> Sequence[Figure]:
    with private_stores("directory") as stores:
        progress(f"{PEOPLE:,} people, with their numbers and posts, are copied in")
        stores.run("bench._directory:fill", PEOPLE, owner=True)
        runs = options.rounds(ROUNDS)
        told = result_of(stores.start("bench._directory:ask", runs))
    kinds = ", ".join(f"{kind} {seconds * 1000:.0f} ms" for kind, seconds in told["by_kind"].items())
    how = (
        f"95th of 100 pages; {told['pages']} pages a run, {PEOPLE:,} people with a number each, 200,000 grid posts",
        f"95th by kind of question over all runs: {kinds}",
    )
    return [Figure("directory", "s", told["p95"], bar=BAR, remarks=how)]


BENCHMARK = Benchmark(
    "directory",
    (
        "在 100 万人的通讯录中查询，一页在服务器上的耗时（第 95 百分位）",
        "seconds in the server for a page of the directory among a million people, 95th percentile",
    ),
    "s",
    BAR,
    measure,
)
