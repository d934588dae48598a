"""What a figure was measured on: processor, memory, kernel, the programs' versions, and the state of the checkout."""

from __future__ import annotations

import os
import platform
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from anlan.launcher.packages import postgres_folders
from anlan.launcher.place import CHECKOUT


@dataclass(frozen=True)
class Machine:
    cpu: str
    cores: int
    memory_mb: int
    system: str
    kernel: str
    python: str
    postgresql: str


def describe() -> Machine:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Machine(
        cpu=_cpu(),
        cores=len(os.sched_getaffinity(0)),
        memory_mb=memory // 1_000_000,
        system=platform.freedesktop_os_release().get("PRETTY_NAME", ""),
        kernel=platform.release(),
        python=platform.python_version(),
        postgresql=_postgresql(),
    )


def as_json(machine: Machine) -> dict[str, object]:
    return asdict(machine)


def commit() -> tuple[str, bool]:
    """The checkout's commit, and whether files differ from it; ("", True) outside a repository."""
    head = _git("rev-parse", "--short=12", "HEAD")
    return head, not head or bool(_git("status", "--porcelain"))


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")),
        platform.machine(),
    )


def _postgresql() -> str:
    folder = next(iter(postgres_folders()), None)
    if folder is None:
        return ""
    said = subprocess.run([str(folder / "postgres"), "-V"], capture_output=True, text=True, check=True).stdout
    return said.split()[2]
