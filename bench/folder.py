"""Where benchmarks keep what they make: beside the node's data, on the same disk, enterable by the services' users."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from anlan.launcher.place import default_var

if TYPE_CHECKING:
    from collections.abc import Iterator


def bench_folder() -> Path:
    folder = Path(os.environ.get("ANLAN_VAR") or default_var()) / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def fresh_folder(name: str) -> Iterator[Path]:
    """An empty folder of this process, removed at the end; those that killed runs left are removed now."""
    for left in bench_folder().glob(f"{name}-*"):
        pid = left.name.removeprefix(f"{name}-")
        if pid.isdigit() and (pid == str(os.getpid()) or not Path(f"/proc/{pid}").exists()):
            shutil.rmtree(left, ignore_errors=True)
    folder = bench_folder() / f"{name}-{os.getpid()}"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
