"""`start`: from the command `./anlan demo` on a node that has been up before to its log-in page."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from anlan.launcher.place import tools_folder
from bench.figures import Benchmark, Figure, Options, product_at_most, take_turns
from bench.folder import fresh_folder
from bench.node import free_port, running, until_log_in_page

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BAR = product_at_most(10)
DISTURBED = (
    "files of the checkout changed meanwhile, and a start that is counted built them anew: measure again"
)


def measure(options: Options) -> Sequence[Figure]:
    port = free_port()
    with fresh_folder("start") as home:
        start_once(home, port)  # makes the database
        installed = installed_at()
        readings = take_turns(options.rounds(), {"start": lambda: start_once(home, port)})["start"]
    return [
        Figure("start", "s", readings, bar=BAR, remarks=() if installed == installed_at() else (DISTURBED,))
    ]


def start_once(home: Path, port: int) -> float:
    begun = time.perf_counter()
    with running(home, port) as node:
        until_log_in_page(node)
        return time.perf_counter() - begun


def installed_at() -> int:
    """When the launcher last installed or built something."""
    return (tools_folder() / "installed.json").stat().st_mtime_ns


BENCHMARK = Benchmark(
    "start",
    ("第二次启动 ./anlan demo 到登录页可用的时间", "second start of ./anlan demo to the log-in page"),
    "s",
    BAR,
    measure,
)
