"""`handlers`: how long after its act was recorded a journal entry reaches its handler, at 500 entries/s.

Two writers act at a steady pace on a thousand records; one relay process carries the entries to a handler that writes a
row, and tells open pages. Lateness is from the entry's recorded time (just before its commit) to the handler's start.
"""

from __future__ import annotations

import contextlib
import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bench.figures import Benchmark, Figure, Options, product_at_most, progress
from bench.stores import private_stores, result_of, started_together

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Sequence

    from bench.stores import Stores

BAR = product_at_most(0.3)
WRITERS, RATE, SECONDS, WARM_UP = 2, 250.0, 30.0, 5.0  # rate of each writer
RECORDS = 500  # of each writer
FEWEST = 0.97  # share of the pace that must have come about
FLOOD = 10_000  # entries of one record, as fast as they can be written
TABLE = "CREATE TABLE bench_heard (entry_id bigint PRIMARY KEY, in_flood boolean, late double precision)"
SPREAD = """
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY late), percentile_disc(0.99) WITHIN GROUP (ORDER BY late),
       max(late), count(*)
FROM bench_heard WHERE NOT in_flood
"""
PATIENCE = 60.0  # seconds until all is heard


def measure(options: Options) -> Sequence[Figure]:
    with private_stores("handlers") as stores:
        with stores.connect() as owner:
            owner.execute(TABLE)
        with relay_up(stores):
            run(stores, WARM_UP)
            steady = [run(stores, SECONDS) for _ in range(options.rounds())]
            beside = run(stores, SECONDS, FLOOD)
    how = (
        f"{WRITERS} writers of {RATE:g}/s each for {SECONDS:g} s a run, {WRITERS * RECORDS} records, one relay",
        f"longest of all: {max(longest for _, _, longest in steady):.3f} s",
    )
    flooded = f"p99 of the others while {FLOOD} entries of one record are written as fast as they can be"
    return [
        Figure("handlers", "s", [p99 for _, p99, _ in steady], bar=BAR, remarks=how),
        Figure("handlers-p50", "s", [p50 for p50, _, _ in steady]),
        Figure("handlers-beside-flood", "s", [beside[1]], remarks=(flooded,)),
    ]


@contextmanager
def relay_up(stores: Stores) -> Iterator[subprocess.Popen[str]]:
    """The node's relay for the block; one that ended meanwhile ends the benchmark."""
    relay = stores.start("bench._handlers:relay")
    try:
        yield relay
        if relay.poll() is not None:
            raise SystemExit("the relay ended")
    finally:
        with contextlib.suppress(ProcessLookupError):
            relay.send_signal(signal.SIGTERM)
        relay.communicate()


def run(stores: Stores, seconds: float, flood: int = 0) -> tuple[float, float, float]:
    """Median, 99th percentile and longest lateness of one run."""
    with stores.connect() as owner:
        owner.execute("TRUNCATE bench_heard")
    programs = [stores.start("bench._handlers:write", RATE, seconds, RECORDS) for _ in range(WRITERS)]
    programs += [stores.start("bench._handlers:flood", flood)] if flood else []
    rates = [float(result_of(program)) for program in started_together(programs)]
    if not flood and seconds > WARM_UP and sum(rates) < FEWEST * WRITERS * RATE:
        raise SystemExit(f"the writers came to {sum(rates):.0f}/s only")
    wanted = int(WRITERS * RATE * seconds)
    until_heard(stores, wanted + flood)
    with stores.connect() as owner:
        p50, p99, longest, count = owner.execute(SPREAD).fetchone() or (0, 0, 0, 0)
    if count != wanted:
        raise SystemExit(f"{count} of {wanted} entries were heard")
    progress(f"p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms, longest {longest * 1000:.0f} ms")
    return p50, p99, longest


def until_heard(stores: Stores, wanted: int) -> None:
    deadline = time.monotonic() + PATIENCE
    with stores.connect() as owner:
        while owner.execute("SELECT count(*) FROM bench_heard").fetchone() != (wanted,):
            if time.monotonic() > deadline:
                raise SystemExit("not every entry was heard")
            time.sleep(0.1)


BENCHMARK = Benchmark(
    "handlers",
    (
        "每秒 500 条留痕时，从记录到处理程序的时间（第 99 百分位）",
        "journal to handler at 500 entries/s: 99th percentile of the time from recorded to handled",
    ),
    "s",
    BAR,
    measure,
)
