"""`journal`: acts with one journal entry each, by two writers at once, against the same acts without the journal.

An act is BEGIN, an UPDATE of one row by its key, COMMIT, through Django as everywhere; the journalled one also inserts
its entry and the entry's places in the queues of relays and sealer. Every commit is on disk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.figures import Benchmark, Figure, Options, ratio_at_least, take_turns
from bench.stores import private_stores, result_of, started_together

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.stores import Stores

BAR = ratio_at_least(0.5)
WRITERS, SECONDS, TURNS = 2, 3.0, 9


def measure(options: Options) -> Sequence[Figure]:
    with private_stores("journal") as stores:
        readings = take_turns(
            options.rounds(TURNS),
            {"journalled": lambda: rate(stores, "journalled"), "silent": lambda: rate(stores, "silent")},
        )
        check_is_whole(stores)
    how = f"{WRITERS} writers for {SECONDS:g} s a run, each on a row of its own; limit: the same acts without an entry"
    return [Figure("journal", "1/s", readings["journalled"], readings["silent"], BAR, (how,))]


def rate(stores: Stores, kind: str) -> float:
    """Acts per second of all writers."""
    writers = started_together([stores.start("bench._journal:write", kind, SECONDS) for _ in range(WRITERS)])
    return sum(int(result_of(writer)) for writer in writers) / SECONDS


def check_is_whole(stores: Stores) -> None:
    """Every entry stands in both queues, or the acts measured were no journalled ones."""
    with stores.connect() as connection:
        query = (
            "SELECT (SELECT count(*) FROM kernel_entry), (SELECT count(*) FROM kernel_pending),"
            " (SELECT count(*) FROM kernel_unsealed)"
        )
        counts = connection.execute(query).fetchone()
    if not counts or not counts[0] or len(set(counts)) > 1:
        raise SystemExit(f"entries, pending and unsealed differ: {counts}")


BENCHMARK = Benchmark(
    "journal",
    (
        "各写一条留痕的操作每秒次数（两个写入进程），与不留痕的同样操作对比",
        "acts/s with one journal entry each, two writers, against the same acts without the journal",
    ),
    "1/s",
    BAR,
    measure,
)
