"""`carrier`: whole callouts while one program of the node after the other is killed outright at random moments, through a
carrier that loses answers to requests, refuses some, tells things twice and out of order.

506 people are called again and again for ten minutes, a third of whom does not answer at first. Nobody may be missed,
nobody be called after his answer, and every attempt must stand in our ledger and the carriers' alike.
"""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections import Counter
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from anlan import environment
from anlan.launcher.node import Node
from bench import township
from bench.figures import Benchmark, Figure, Options, product_at_least, product_at_most, progress
from bench.folder import fresh_folder
from bench.node import demo_node
from bench.stores import Stores, result_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.node import DemoNode
    from bench.simulated import Simulated

NONE = product_at_most(0)
LASTS = 600.0  # seconds; a callout that has begun is brought to its end
PATIENCE = 240.0  # of one callout
CALLED_OFF = 20.0  # seconds in which a call that the carrier has must be called off, though the sender is killed meanwhile
PAUSE = (0.5, 4.0)  # seconds between kills
AT_WORK = ("send", "scan", "relay", "answer", "postgres")  # every other kill is one of these
FEWEST_KILLS = 10
TROUBLE = {
    "requests": {"lose_answer": 0.1, "fail": 0.05},
    "callbacks": {"double": 0.2, "disorder_s": 0.5},
}


def measure(options: Options) -> Sequence[Figure]:
    with fresh_folder("carriers") as folder:
        told = {"ANLAN_CARRIER_SECRETS": str(township.secrets(folder))}
        with demo_node("carrier", **told) as node:
            callback, ca = f"{node.url}/gateway/{{}}/events", node.home / "public/anlan-ca.crt"
            with township.carriers(folder, callback, ca, **TROUBLE) as carriers:
                settings = {"ANLAN_VAR": str(node.home), "ANLAN_PORT": str(node.port), **told}
                stores = Stores(Node(environment.load(settings), "demo"), told)
                return figures(*play(node, stores, carriers, options.runs))


def play(
    node: DemoNode, stores: Stores, carriers: Sequence[Simulated], most: int | None
) -> tuple[int, int, Counter[str], township.Compared]:
    """Call the county again and again; callouts, people missed, kills by program, and what the ledgers say in the end."""
    county = township.build(stores, carriers, "simulated")
    killed: Counter[str] = Counter()
    missed = callouts = 0
    until = time.monotonic() + LASTS
    while callouts < most if most else time.monotonic() < until:
        callouts += 1
        with killing(node, killed, seed=callouts):
            callout = stores.run("bench._scenes:call", county, f"叫应{callouts}")
            visited = result_of(stores.start("bench._scenes:visit", callout, PATIENCE))
        township.settle(stores, carriers)
        with stores.connect() as owner:
            left = len(owner.execute(township.MISSED, [callout]).fetchall())
        missed += left
        progress(f"callout {callouts}: {visited} visited, {left} missed, {killed.total()} kills so far")
    return callouts, missed, killed, township.compare(stores, carriers)


@contextmanager
def killing(node: DemoNode, killed: Counter[str], seed: int) -> Iterator[None]:
    """kill -9 of the node's programs at random moments for the block."""
    over = threading.Event()
    chance = random.Random(seed)  # noqa: S311 - moments, the same each time

    def kill() -> None:
        while not over.wait(chance.uniform(*PAUSE)):
            running = {row["name"]: int(row["pid"]) for row in programs(node) if row["state"] == "running"}
            among = sorted(running.keys() & set(AT_WORK) if chance.random() < 0.5 else running)
            if among:
                name = chance.choice(among)
                with suppress(ProcessLookupError):
                    os.kill(running[name], signal.SIGKILL)
                    killed[name] += 1

    killer = threading.Thread(target=kill, name="killer")
    killer.start()
    try:
        yield
    finally:
        over.set()
        killer.join()


def programs(node: DemoNode) -> list[dict[str, str]]:
    """What the supervisor says of the node's programs."""
    rows: list[dict[str, str]] = json.loads((node.home / "run/programs.json").read_text())["programs"]
    return rows


def figures(callouts: int, missed: int, killed: Counter[str], found: township.Compared) -> list[Figure]:
    late = [seconds for seconds in found.rang if seconds > CALLED_OFF]
    by_name = ", ".join(f"{name} {count}" for name, count in sorted(killed.items()))
    how = (
        f"{callouts} callouts of {township.CALLED} people; killed: {by_name}",
        f"{found.handed:,} messages and calls at the carriers, {found.answered:,} answered",
    )
    rang = f"{len(found.rang)}, the latest {max(found.rang, default=0):.1f} s after it"
    under_way = (
        f"calls that the carriers had when the answer came and that rang all the same: {rang}",
        f"of these, whichever rang more than {CALLED_OFF:g} s after it counts",
    )
    for what, several in (("unaccounted", found.unaccounted), ("bothered", found.bothered)):
        if several:
            progress(f"{what}: {', '.join(several[:20])}")
    return [
        Figure("carrier", "1", [float(missed)], bar=NONE, remarks=("people missed", *how)),
        Figure(
            "carrier-bothered", "1", [float(len(found.bothered) + len(late))], bar=NONE, remarks=under_way
        ),
        Figure("carrier-unaccounted", "1", [float(len(found.unaccounted))], bar=NONE),
        Figure("carrier-kills", "1", [float(killed.total())], bar=product_at_least(FEWEST_KILLS)),
    ]


BENCHMARK = Benchmark(
    "carrier",
    (
        "十分钟内随机 kill -9 各进程，运营商丢应答、重复、乱序：无人遗漏、确认后不再打扰、每次尝试可对账",
        "kill -9 of random programs for ten minutes, a carrier that doubles, reorders and loses: people missed",
    ),
    "1",
    NONE,
    measure,
)
