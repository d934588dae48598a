"""`start`: from the command `./anlan demo` on a node that has been up before to its log-in page."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bench.figures import Benchmark, Figure, Options, product_at_most, take_turns
from bench.folder import fresh_folder
from bench.node import free_port, running, until_log_in_page

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BAR = product_at_most(10)


def measure(options: Options) -> Sequence[Figure]:
    port = free_port()
    with fresh_folder("start") as home:
        # The turn that isn't counted is the first start, which makes the database.
        readings = take_turns(options.rounds(), {"start": lambda: start_once(home, port)})
    return [Figure("start", "s", readings["start"], bar=BAR)]


def start_once(home: Path, port: int) -> float:
    begun = time.perf_counter()
    with running(home, port) as node:
        until_log_in_page(node)
        return time.perf_counter() - begun


BENCHMARK = Benchmark(
    "start",
    ("第二次启动 ./anlan demo 到登录页可用的时间", "second start of ./anlan demo to the log-in page"),
    "s",
    BAR,
    measure,
)
