"""`idle`: memory of a demo node with its database, left alone since its start."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.figures import Benchmark, Figure, Options, product_at_most, progress, take_turns
from bench.node import DemoNode, demo_node, log_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BAR = product_at_most(700)
SHARED_MEMORY = ("/dev/zero", "/dev/shm/", "/SYSV", "/memfd:")  # noqa: S108 - names in /proc, nothing is opened
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
            f"{strangers} processes of other nodes shared program files and bear part of them in PSS; "
            f"without them it were {memory_alone_mb(family(node.launcher.pid)):.0f} MB"
        )
    return readings, tuple(remarks)


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
    stat = proc_text(pid, "stat").rpartition(")")[2].split()
    return int(stat[1]) if stat else 0


def pss_mb(pid: int) -> float:
    """Proportional set size in MB: what is shared counts in equal parts; 0 for a process that has just gone."""
    return rollup(pid).get("Pss", 0) * 1024 / 1_000_000


def rollup(pid: int) -> dict[str, int]:
    """The kernel's sums over a process's memory, in kB."""
    lines = proc_text(pid, "smaps_rollup").splitlines()[1:]
    return {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}


def memory_alone_mb(pids: Sequence[int]) -> float:
    """What the sum of PSS were if nobody else mapped the same files: each file page counts once, whole.

    Of a mapping that several of the processes have, the pages in memory are taken to be those of the largest.
    """
    kilobytes = sum(rollup(pid).get(part, 0) for pid in pids for part in ("Pss_Anon", "Pss_Shmem"))
    files: dict[str, int] = {}
    for pid in pids:
        for mapping, pages in file_pages(pid):
            files[mapping] = max(files.get(mapping, 0), pages)
    return (kilobytes + sum(files.values())) * 1024 / 1_000_000


def file_pages(pid: int) -> Iterator[tuple[str, int]]:
    """Each mapping of a file (which, from where), and the kB of it that are in memory and not changed."""
    mapping, resident = "", 0
    for line in proc_text(pid, "smaps").splitlines():
        words = line.split()
        if not words[0].endswith(":"):  # address, rights, offset, device, inode, path
            mapping = (
                f"{words[4]}@{words[2]}" if words[4] != "0" and not words[5].startswith(SHARED_MEMORY) else ""
            )
        elif words[0] == "Rss:":
            resident = int(words[1])
        elif words[0] == "Anonymous:" and mapping:
            yield mapping, resident - int(words[1])


def label(pid: int) -> str:
    """Which of the node's programs a process belongs to."""
    words = arguments(pid)
    if "granian" in words:
        return "live" if "asgi" in words else "web"
    if "anlan.site" in words:
        return {"work": "worker"}.get(words[-1], words[-1])
    return "launcher" if "demo" in words else Path(words[0].partition(":")[0]).name or str(pid)


def arguments(pid: int) -> list[str]:
    return proc_text(pid, "cmdline").rstrip("\0").split("\0")


def proc_text(pid: int, name: str) -> str:
    """A file of /proc; empty for a process that has just gone."""
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


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
