"""`idle`: memory of a demo node with its database, left alone since its start."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from bench.figures import Benchmark, Figure, Options, product_at_most, progress, take_turns
from bench.node import DemoNode, demo_node, log_in
from bench.processes import arguments, family, label, memory_alone_mb, processes, pss_mb

if TYPE_CHECKING:
    from collections.abc import Sequence

BAR = product_at_most(700)
PAUSE = 1.0  # seconds between readings
PAGES = ("/", "/units/", "/account/2fa/", "/account/password/")
VISITS = 50  # of each page: enough that every thread of every page process has served some


def measure(options: Options) -> Sequence[Figure]:
    with demo_node("idle") as node:
        progress(f"the node is up; leaving it alone for {options.settle:g} s")
        time.sleep(options.settle)
        alone, about_alone = read(node, options, "idle")
        visit(node)
        used, about_used = read(node, options, "idle-used")
    after = f"read {options.settle:g} s after the start"
    return [
        Figure("idle", "MB", alone, bar=BAR, remarks=(after, *about_alone)),
        Figure(
            "idle-used", "MB", used, remarks=(f"after {VISITS} visits to {len(PAGES)} pages", *about_used)
        ),
    ]


def read(node: DemoNode, options: Options, name: str) -> tuple[list[float], tuple[str, ...]]:
    """The readings, and what explains them."""
    readings = take_turns(options.rounds(), {name: lambda: pause_and_read(node)}, warm_up=False)[name]
    remarks = [f"by program: {by_program(node)}"]
    if strangers := sharing_strangers(node):
        remarks.append(
            f"{strangers} other processes ran the same programs and bear part of those files' pages in PSS; "
            f"without them it were {memory_alone_mb(family(node.launcher.pid)):.0f} MB"
        )
    return readings, tuple(remarks)


def pause_and_read(node: DemoNode) -> float:
    time.sleep(PAUSE)
    node.check_is_whole()
    return sum(pss_mb(pid) for pid in family(node.launcher.pid))


def by_program(node: DemoNode) -> str:
    """The parts of the sum, largest first."""
    parts: dict[str, float] = {}
    for pid in family(node.launcher.pid):
        parts[label(pid)] = parts.get(label(pid), 0) + pss_mb(pid)
    return ", ".join(f"{name} {size:.0f}" for name, size in sorted(parts.items(), key=lambda part: -part[1]))


def sharing_strangers(node: DemoNode) -> int:
    """How many other processes run the same programs: those of another node, mostly."""
    ours = {os.getpid(), *family(node.launcher.pid)}
    programs = {arguments(pid)[0] for pid in ours} - {""}
    return sum(arguments(pid)[0] in programs for pid in processes() if pid not in ours)


def visit(node: DemoNode) -> None:
    with node.client() as client:
        log_in(client)
        for _ in range(VISITS):
            for page in PAGES:
                client.get(page).raise_for_status()


BENCHMARK = Benchmark(
    "idle",
    (
        "演示节点连同数据库启动 5 分钟后全部进程的内存（PSS 之和）",
        "sum of PSS of all processes of a demo node with its database, 5 minutes after start",
    ),
    "MB",
    BAR,
    measure,
)
