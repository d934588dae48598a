"""`firstrun`: `./anlan demo` on a fresh Debian 12 that has Python and nothing else, to its log-in page.

Each round makes two such systems: one that downloads everything, one that finds the first one's downloads in place.
The bar is on the whole; the second tells how much of it the network had.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

from anlan.launcher.place import is_root
from bench.figures import Benchmark, Figure, Options, product_at_most, take_turns
from bench.folder import fresh_folder
from bench.node import DemoNode, free_port, until_log_in_page
from bench.tree import INSIDE, enter, fresh_system, leave, save_caches

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BAR = product_at_most(240)
PATIENCE = 1200.0  # seconds


@dataclass
class Steps:
    """Seconds of each step of the set-up, over the runs of one kind."""

    seconds: dict[str, list[float]] = field(default_factory=dict)

    def add(self, node: DemoNode, whole: float) -> None:
        steps: dict[str, dict[str, float]] = json.loads((node.home / "installed.json").read_text())
        told = {name: step["seconds"] for name, step in steps.items()}
        if found := re.search(r"([\d.]+) (?:秒|s)[)）]", node.output.read_text()):
            told["first start of the node"] = float(found[1])
        told["system packages and the rest"] = whole - sum(told.values())
        for name, seconds in told.items():
            self.seconds.setdefault(name, []).append(seconds)

    def __str__(self) -> str:
        return ", ".join(f"{name} {median(seconds):.1f} s" for name, seconds in self.seconds.items())


def measure(options: Options) -> Sequence[Figure]:
    if not is_root():
        raise SystemExit("firstrun makes a fresh system and must be run by root")
    cold, warm = Steps(), Steps()
    with fresh_folder("downloads") as downloads:
        quantities = {
            "downloading": lambda: run_once(cold, save_to=downloads),
            "downloaded": lambda: run_once(warm, caches=downloads),
        }
        readings = take_turns(options.rounds(), quantities, warm_up=False)
    whole, without = readings["downloading"], readings["downloaded"]
    share = (
        f"of this, downloads {median(whole) - median(without):.0f} s (the difference to firstrun-downloaded)"
    )
    return [
        Figure("firstrun", "s", whole, bar=BAR, remarks=(share, f"steps: {cold}")),
        Figure("firstrun-downloaded", "s", without, remarks=(f"steps: {warm}",)),
    ]


def run_once(steps: Steps, *, caches: Path | None = None, save_to: Path | None = None) -> float:
    with fresh_system(caches) as tree:
        output, port = tree.parent / "demo.out", free_port()
        begun = time.perf_counter()
        with output.open("wb") as out:
            node = DemoNode(tree / INSIDE.relative_to("/") / "var", port, output, enter(tree, port, out))
        try:
            until_log_in_page(node, PATIENCE)
            seconds = time.perf_counter() - begun
            steps.add(node, seconds)
        finally:
            leave(node.launcher)
        if save_to:
            save_caches(tree, save_to)
    return seconds


BENCHMARK = Benchmark(
    "firstrun",
    (
        "全新 Debian 12（只有 Python）上首次 ./anlan demo 到登录页可用的时间，下载单列",
        "./anlan demo on a fresh Debian 12 with nothing but Python to the log-in page, downloads told apart",
    ),
    "s",
    BAR,
    measure,
    programs=("debootstrap", "unshare", "setpriv"),
)
