"""What /proc tells of a node's processes: who belongs to whom, what each is, and how much memory they hold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SHARED_MEMORY = ("/dev/zero", "/dev/shm/", "/SYSV", "/memfd:")  # noqa: S108 - names in /proc, nothing is opened


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


def label(pid: int) -> str:
    """Which of the node's programs a process belongs to."""
    words, short = arguments(pid), proc_text(pid, "comm").strip()
    if short.startswith("anlan-"):  # forked from the base
        return short.removeprefix("anlan-").rstrip("0123456789")
    if "anlan.site.base" in words:
        return "base"
    return "launcher" if "demo" in words else Path(words[0].partition(":")[0]).name or str(pid)


def arguments(pid: int) -> list[str]:
    return proc_text(pid, "cmdline").rstrip("\0").split("\0")


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


def proc_text(pid: int, name: str) -> str:
    """A file of /proc; empty for a process that has just gone."""
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
