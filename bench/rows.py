"""`rows`: a register's list of 50 rows among a million, against the same rows rendered by a plain Django template."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.figures import Benchmark, Figure, Options, progress, ratio_at_least
from bench.stores import private_stores

if TYPE_CHECKING:
    from collections.abc import Sequence

UNITS, PEOPLE = 1_000, 1_000_000
SECONDS = 4
BAR = ratio_at_least(0.6)


def measure(options: Options) -> Sequence[Figure]:
    with private_stores("rows") as stores:
        progress(f"filling: {PEOPLE:,} people")
        stores.run("bench._registers:fill", UNITS, PEOPLE, owner=True)
        found = stores.run("bench._registers:rates", SECONDS, options.rounds())
    how = (
        "list: the product's page with search, filters, order, paging and count; limit: shell, session, user, query, 50 rows and 7 columns the same, the table by {% for %}",
        f"one thread within the process, {SECONDS} s a turn, the two by turns",
    )
    return [Figure("rows", "1/s", found["list"], found["template"], BAR, how)]


BENCHMARK = Benchmark(
    "rows",
    (
        "百万行登记册列表（50 行）的每秒请求数，与同样内容的普通 Django 模板页对比",
        "requests/s of a register's list of 50 rows among a million, against a plain Django template of the same",
    ),
    "1/s",
    BAR,
    measure,
)
