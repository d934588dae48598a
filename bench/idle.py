"""`idle`: memory of a demo node with its database, left alone since its start."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.figures import Benchmark, Figure, Options, product_at_most, progress, take_turns
from bench.node import DemoNode, demo_node, log_in

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
        alone = take_turns(options.rounds(), {"idle": lambda: pause_and_read(node)}, warm_up=False)["idle"]
        parts, strangers = by_program(node), sharing_strangers(node)
        visit(node)
        used = take_turns(options.rounds(), {"idle-used": lambda: pause_and_read(node)}, warm_up=False)[
            "idle-used"
        ]
        parts_used = by_program(node)
    after = f"read {options.settle:g} s after the start"
    shared = f"{strangers} other processes shared its program files meanwhile and bear part of those pages"
    remarks = (after, f"by program: {parts}", *([shared] if strangers else []))
    return [
        Figure("idle", "MB", alone, bar=BAR, remarks=remarks),
        Figure(
            "idle-used",
            "MB",
            used,
            remarks=(f"after {VISITS} visits to {len(PAGES)} pages", f"by program: {parts_used}"),
        ),
    ]


def pause_and_read(node: DemoNode) -> float:
    time.sleep(PAUSE)
    return sum(pss_mb(pid) for pid in family(node.launcher.pid))


def by_program(node: DemoNode) -> str:
    """The parts of the sum, largest first."""
    parts: dict[str, float] = {}
    for pid in family(node.launcher.pid):
        parts[label(pid)] = parts.get(label(pid), 0) + pss_mb(pid)
    return ", ".join(f"{name} {size:.0f}" for name, size in sorted(parts.items(), key=lambda part: -part[1]))


def family(first: int) -> list[int]:
    """A process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for pid in processes():
        children.setdefault(parent(pid), []).append(pid)
    found = [first]
    for pid in found:
        found += children.get(pid, [])
    return found


def processes() -> list[int]:
    return [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]


def parent(pid: int) -> int:
    """The parent's id; 0 for a process that has just gone."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def pss_mb(pid: int) -> float:
    """Proportional set size in MB: what is shared counts in equal parts; 0 for a process that has just gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024 / 1_000_000


def label(pid: int) -> str:
    """Which of the node's programs a process belongs to."""
    words = arguments(pid)
    if "granian" in words:
        return "live" if "asgi" in words else "web"
    if "anlan.site" in words:
        return {"work": "worker"}.get(words[-1], words[-1])
    return "launcher" if "demo" in words else Path(words[0].partition(":")[0]).name or str(pid)


def arguments(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").split("\0")
    except OSError:
        return [""]


def sharing_strangers(node: DemoNode) -> int:
    """How many processes of other nodes run from the same virtual environment or database programs."""
    ours = set(family(node.launcher.pid))
    programs = {arguments(pid)[0] for pid in ours}
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
