"""Looks into a file of unknown origin: what it is by its content and, of a picture, a clean copy.

Nothing of an upload is interpreted where pages are made. A process of its own does it, with bounded memory and time,
without the node's secrets: a file that brings a decoder down brings down nothing else.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore

SOURCE = Path(__file__).resolve().parents[3]
CLEAN, SMALL = "clean", "small"  # what it leaves in the folder: the picture to keep, and its thumbnail
SECONDS = 60
ONE_AT_A_TIME = BoundedSemaphore()  # a large photo takes hundreds of megabytes while it is decoded


class Refused(Exception):
    """The file cannot be taken; `code` is that of a DomainError."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Report:
    """What a file is.

    media_type, extension   of what is to be kept; the extension is one that fits, the file's own if it does
    was                     extensions that the file as it came may have had
    width, height           of a picture, as it is seen
    taken_at, offset        when a photo says it was taken: "2026-07-20T13:53:00", "+08:00"; blank: it doesn't say
    longitude, latitude     where, WGS-84
    """

    media_type: str
    extension: str
    was: tuple[str, ...]
    width: int | None = None
    height: int | None = None
    taken_at: str = ""
    offset: str = ""
    longitude: float | None = None
    latitude: float | None = None


def examine(source: Path, name: str, folder: Path) -> Report:
    """Examine a file that somebody called `name`; of a picture, the clean copy and thumbnail are put into the folder.

    raises  Refused
    """
    with ONE_AT_A_TIME:
        try:
            done = subprocess.run(
                [sys.executable, "-P", "-m", __name__, str(source), name, str(folder)],
                env={"PYTHONPATH": str(SOURCE), "LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "2"},
                capture_output=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            raise Refused("file_broken") from late
    if done.returncode:  # it ran out of memory or time, or the decoder fell
        raise Refused("file_broken")
    said = json.loads(done.stdout)
    if "refused" in said:
        raise Refused(said["refused"])
    return Report(**{**said, "was": tuple(said["was"])})
