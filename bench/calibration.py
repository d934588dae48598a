"""How fast this machine is at the moment: a fixed Python loop and an fdatasync loop, read around every benchmark."""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.figures import Spread

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

STEPS = 2_000_000
SYNCS = 200
BLOCK = bytes(8192)
READINGS = 5


@dataclass(frozen=True)
class Calibration:
    """Readings of one moment: seconds of the loop, syncs per second, the load average."""

    python_s: tuple[float, ...]
    fdatasync_per_s: tuple[float, ...]
    load: float


def read(folder: Path) -> Calibration:
    """Calibrate processor and the disk that `folder` is on; about a second."""
    load = os.getloadavg()[0]
    loops = tuple(python_loop() for _ in range(READINGS))
    return Calibration(loops, tuple(fdatasync_rate(folder) for _ in range(READINGS)), load)


def python_loop() -> float:
    """Seconds of a fixed amount of pure Python."""
    begun = time.perf_counter()
    total = 0
    for number in range(STEPS):
        total += number & 7
    return time.perf_counter() - begun


def fdatasync_rate(folder: Path) -> float:
    """Synced 8 kB writes per second, each over the last."""
    with tempfile.TemporaryFile(dir=folder) as file:
        descriptor = file.fileno()
        begun = time.perf_counter()
        for _ in range(SYNCS):
            os.pwrite(descriptor, BLOCK, 0)
            os.fdatasync(descriptor)
        return SYNCS / (time.perf_counter() - begun)


def as_json(before: Calibration, after: Calibration) -> dict[str, object]:
    """Both moments as one, and the load average at each."""
    return {
        "python_loop_s": _spread((*before.python_s, *after.python_s)),
        "fdatasync_per_s": _spread((*before.fdatasync_per_s, *after.fdatasync_per_s)),
        "load_before": round(before.load, 2),
        "load_after": round(after.load, 2),
    }


def _spread(readings: Sequence[float]) -> dict[str, float]:
    spread = Spread.of(readings)
    return {"median": round(spread.median, 4), "min": round(spread.low, 4), "max": round(spread.high, 4)}
