"""`confirm`: answers to a callout through the service, against single-row updates of the same table by pgbench.

An answer is all that it means: the recipient's row, his deliveries closed, the journal's entry, his unit's and the
callout's completion looked at. A thousand people confirm at once, each waits for his own answer, then the next thousand;
pgbench has 32 clients that each update one row by its key and commit. Every commit is on disk.
"""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, Any

from bench.figures import Benchmark, Figure, Options, product_at_most, progress, ratio_at_least, take_turns
from bench.stores import private_stores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.stores import Stores

BAR = ratio_at_least(2.0)
LATENCY = product_at_most(0.03)
SECONDS, PEOPLE, CLIENTS = 4, 1000, 32
A_RUN = 400_000  # recipients, more than one run can use
UPDATE = "\\set id random({first}, {last})\nUPDATE callout_recipient SET rung_at = now() WHERE id = :id;\n"


def measure(options: Options) -> Sequence[Figure]:
    runs = options.rounds()
    with private_stores("confirm") as stores:
        progress(f"filling: {A_RUN * (runs + 1):,} people")
        first = int(stores.run("bench._callouts:fill", A_RUN * (runs + 1), owner=True))
        played = _Played(stores, first)
        readings = take_turns(runs, {"confirm": played.confirm, "pgbench": played.update})
    how = (
        f"{PEOPLE:,} people confirm at once, again and again for {SECONDS} s a run; 10,000 in a callout, of 2,000 units; each has one SMS that has arrived",
        f"limit: pgbench, {CLIENTS} clients, one UPDATE of one row by its key a transaction, prepared",
    )
    return [
        Figure("confirm", "1/s", readings["confirm"], readings["pgbench"], BAR, how),
        Figure("confirm-p95", "s", played.p95[1:], bar=LATENCY, remarks=("from asking to the answer",)),
    ]


class _Played:
    """Each run confirms people of its own."""

    def __init__(self, stores: Stores, first: int) -> None:
        self.stores, self.first, self.next = stores, first, first
        self.p95: list[float] = []

    def confirm(self) -> float:
        begin, self.next = self.next, self.next + A_RUN
        told: dict[str, Any] = self.stores.run("bench._callouts:confirm", begin, A_RUN, PEOPLE, SECONDS)
        self.p95.append(told["p95"])
        return float(told["rate"])

    def update(self) -> float:
        script = self.stores.node.place.var / "update.sql"
        script.write_text(UPDATE.format(first=self.first, last=self.first + A_RUN - 1))
        command = ["pgbench", "-n", "-c", str(CLIENTS), "-j", "2", "-T", str(SECONDS), "-M", "prepared"]
        url = self.stores.node.database_url(owner=True)
        said = subprocess.run(
            [*command, "-f", str(script), url], capture_output=True, text=True, check=True
        ).stdout
        found = re.search(r"tps = ([\d.]+)", said)
        if not found:
            raise SystemExit(f"pgbench said no rate:\n{said}")
        return float(found[1])


BENCHMARK = Benchmark(
    "confirm",
    (
        "经服务受理叫应答复的每秒次数，与 pgbench 同表单行更新对比",
        "answers to a callout per second through the service, against single-row updates by pgbench",
    ),
    "1/s",
    BAR,
    measure,
    programs=("pgbench",),
)
