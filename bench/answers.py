"""`answers`: people press the button of their confirmation links, over HTTP on the socket of the process of answers."""

from __future__ import annotations

import socket
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bench.figures import Benchmark, Figure, Options, product_at_least, product_at_most, progress
from bench.stores import private_stores

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bench.stores import Stores

BAR = product_at_least(1500)
LATENCY = product_at_most(0.5)
SECONDS, CONNECTIONS = 5, 256
A_RUN = 60_000  # recipients, more than one run can use
PATIENCE = 60.0
LOOPBACK = "127.0.0.1"


def measure(options: Options) -> Sequence[Figure]:
    runs = options.rounds()
    rates, latencies = [], []
    with private_stores("answers") as stores:
        progress(f"filling: {A_RUN * (runs + 1):,} people")
        first = int(stores.run("bench._callouts:fill", A_RUN * (runs + 1), owner=True))
        with answering(stores) as door:
            for number in range(runs + 1):
                begin = first + number * A_RUN
                told: dict[str, Any] = stores.run(
                    "bench._callouts:load", door, begin, A_RUN, CONNECTIONS, SECONDS
                )
                progress(f"run {number}/{runs}: {told['rate']:.4g}/s, p99 {told['p99']:.4g} s")
                if number:  # the first warms up
                    rates.append(float(told["rate"]))
                    latencies.append(float(told["p99"]))
    how = (
        f"{CONNECTIONS} connections, one request at a time on each, {SECONDS} s a run; every answer is a new one",
        "granian with one worker as in a node; database and load generator share the cores; the front door's TLS and limits are not in it",
    )
    return [
        Figure("answers", "1/s", rates, bar=BAR, remarks=how),
        Figure("answers-p99", "s", latencies, bar=LATENCY),
    ]


@contextmanager
def answering(stores: Stores, port: int = 0) -> Iterator[Path]:
    """The process of answers on a socket of its own, as a node starts it; or on a port, for who knows no sockets."""
    door = stores.node.place.var / "answer.sock"
    command = [stores.node.python, "-m", "granian", "--interface", "asgi", "--http", "1", "--no-ws"]
    command += [
        "--workers",
        "1",
        *(("--host", LOOPBACK, "--port", str(port)) if port else ("--uds", str(door))),
        "--log-level",
        "warning",
        "anlan.site.answers:application",
    ]
    bound = ["setpriv", "--pdeathsig", "SIGKILL", "--", *command]
    process = subprocess.Popen(bound, env=stores.environment(), cwd="/")
    try:
        deadline = time.monotonic() + PATIENCE
        while not _listens((LOOPBACK, port) if port else str(door)):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("the process of answers did not come up")
            time.sleep(0.1)
        yield door
    finally:
        process.terminate()
        process.wait(30)


def _listens(door: str | tuple[str, int]) -> bool:
    with socket.socket(socket.AF_UNIX if isinstance(door, str) else socket.AF_INET) as probe:
        return probe.connect_ex(door) == 0


BENCHMARK = Benchmark(
    "answers",
    (
        "确认链接按钮每秒受理次数（HTTP，256 个连接）",
        "confirmations per second by the button of links (HTTP, 256 connections)",
    ),
    "1/s",
    BAR,
    measure,
)
