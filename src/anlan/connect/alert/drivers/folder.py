"""A watched folder: what lies in it is read where it lies and moved once it has been kept, so that a crash loses nothing."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anlan.connect.alert.terms import MOST_BYTES
from anlan.kernel.clock import real_now

if TYPE_CHECKING:
    from pathlib import Path

SETTLED_S = 2.0  # a file that changed since may still be written
MOST_AT_ONCE = 200
UNFINISHED = (".tmp", ".part", ".filepart")
DONE, BAD, RECEIPTS = "done", "bad", "ack"


@dataclass(frozen=True)
class File:
    path: Path

    @property
    def name(self) -> str:
        """Older systems write names in GBK."""
        written = os.fsencode(self.path.name)
        try:
            return written.decode()
        except UnicodeDecodeError:
            return written.decode("gb18030", "replace")

    def read(self) -> bytes:
        """Up to one byte more than a message may have. raises OSError"""
        with os.fdopen(os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            return file.read(MOST_BYTES + 1)


def list_files(folder: Path) -> list[File]:
    """The files that are ready, the oldest first. raises OSError where the folder cannot be read"""
    for each in (folder, folder / DONE, folder / BAD, folder / RECEIPTS):
        each.mkdir(parents=True, exist_ok=True)
    now = real_now().timestamp()
    found = []
    for entry in os.scandir(folder):
        told = entry.stat(follow_symlinks=False)
        hidden = entry.name.startswith(".") or entry.name.lower().endswith(UNFINISHED)
        if stat.S_ISREG(told.st_mode) and not hidden and not 0 <= now - told.st_mtime < SETTLED_S:
            found.append((told.st_mtime, entry.name))
    return [File(folder / name) for _time, name in sorted(found)[:MOST_AT_ONCE]]


def put_away(file: File, into: str, *, reason: str = "", receipt: bytes = b"") -> None:
    """Move a file that has been kept, with what is said about it beside it. Doing it again does no harm."""
    folder = file.path.parent
    if receipt:
        _write(folder / RECEIPTS / f"{file.path.stem}.xml", receipt)
    target = folder / into / file.path.name
    if target.exists():
        target = target.with_stem(f"{target.stem}-{hashlib.sha256(file.read()).hexdigest()[:8]}")
    if reason:
        _write(target.with_name(f"{target.name}.reason.txt"), reason.encode())
    file.path.replace(target)


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all."""
    half = path.with_name(f".{path.name}.tmp")
    half.write_bytes(content)
    half.replace(path)
