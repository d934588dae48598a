"""`ladder`: 506 people are called, a third of whom does not answer at first, through a carrier with a hundred lines.

All that a node does is done by its own programs: sender, scanner, relay, the process of answers. It ends when the last one
has answered or was visited; then our ledger is held against the carriers' own.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bench import township
from bench.answers import answering
from bench.figures import Benchmark, Figure, Options, product_at_least, product_at_most, progress
from bench.folder import fresh_folder
from bench.node import free_port
from bench.stores import private_stores, result_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.simulated import Simulated
    from bench.stores import Stores

NONE = product_at_most(0)
PATIENCE = 180.0


def measure(options: Options) -> Sequence[Figure]:
    seconds, discrepancies, rungs, bothered = [], [], [], []
    for run in range(options.rounds(3)):
        with fresh_folder("carriers") as folder:
            port = free_port()
            callback = f"http://127.0.0.1:{port}/gateway/{{}}/events"
            with (
                private_stores("ladder", ANLAN_CARRIER_SECRETS=str(township.secrets(folder))) as stores,
                township.carriers(folder, callback) as carriers,
                answering(stores, port),
                stores.programs("send", "scan", "relay"),
            ):
                took, reached, compared = once(stores, carriers)
        progress(
            f"run {run + 1}: {took:.1f} s, {compared.handed} handed over, {compared.answered} answered, "
            f"unaccounted {compared.unaccounted}, bothered {compared.bothered}, rang {compared.rang}, {reached} rungs"
        )
        seconds.append(took)
        discrepancies.append(float(len(compared.unaccounted)))
        bothered.append(float(len(compared.bothered) + len(compared.rang)))
        rungs.append(float(reached))
    how = (
        f"{township.CALLED} called, {township.SILENT} of them silent at first, {township.CARRIER_LINES} lines",
        "ids handed over, how often each was sent, and answers: ours against the carriers' own records",
    )
    return [
        Figure("ladder", "1", discrepancies, bar=NONE, remarks=how),
        Figure("ladder-bothered", "1", bothered, bar=NONE),
        Figure("ladder-rungs", "1", rungs, bar=product_at_least(township.RUNGS)),
        Figure("ladder-seconds", "s", seconds, remarks=("from the call to the last answer or visit",)),
    ]


def once(stores: Stores, carriers: Sequence[Simulated]) -> tuple[float, int, township.Compared]:
    """Call the county; seconds until the last is through, rungs taken, and what the ledgers say."""
    county = township.build(stores, carriers, "real")
    begun = time.monotonic()
    callout = stores.run("bench._scenes:call", county, "叫应")
    result_of(stores.start("bench._scenes:visit", callout, PATIENCE))
    took = time.monotonic() - begun
    township.settle(stores, carriers)
    with stores.connect() as owner:
        if missed := owner.execute(township.MISSED, [callout]).fetchall():
            raise SystemExit(f"{len(missed)} were missed")
        reached = dict(owner.execute(township.TAKEN).fetchall())
    return took, sum(reached.values()), township.compare(stores, carriers)


BENCHMARK = Benchmark(
    "ladder",
    (
        "506 人叫应、35% 起初不应答、100 路外呼：走完阶梯，台账与运营商记录的出入",
        "a callout of 506 people, 35 % silent at first, 100 lines: discrepancies between our ledger and the carriers'",
    ),
    "1",
    NONE,
    measure,
)
