"""What a document consists of: the parts of a ZIP (OOXML, ODF, OFD) or of an OLE file (Office 97, WPS)."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

ZIP, OLE = b"PK\x03\x04", bytes.fromhex("d0cf11e0a1b11ae1")
MOST = 1 << 20  # bytes of a part that is read
CONTENT_TYPES, MIME_TYPE = "[Content_Types].xml", "mimetype"
OFFICE_TYPE = re.compile(r"ms-\w+\.(\w+)\.macroEnabled|officedocument\.([\w.]+\.main\+xml)")
# Of an OLE file: where its header names the size of a sector, the first of its directory, and of its table.
SECTOR_SHIFT, DIRECTORY, TABLE, TABLE_LENGTH = 30, 48, 76, 109
ENTRY, NAME = 128, 64  # bytes
CHAIN = 512  # sectors of a directory that are followed
BROKEN = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, EOFError, struct.error)


def parts_of(source: Path, head: bytes) -> frozenset[str] | None:
    """Names that tell what a container is; None for a file that is none."""
    if not head.startswith((ZIP, OLE)):
        return None
    try:
        return frozenset(_zip(source) if head.startswith(ZIP) else _ole(source))
    except BROKEN:
        return frozenset()


def _zip(source: Path) -> Iterator[str]:
    """File names without their folders, what ODF says it is, and the main content types of OOXML."""
    with zipfile.ZipFile(source) as archive:
        names = archive.namelist()
        yield from (name.rpartition("/")[2] for name in names)
        if MIME_TYPE in names:
            yield _read(archive, MIME_TYPE).strip()
        if CONTENT_TYPES in names:
            for macro, kind in OFFICE_TYPE.findall(_read(archive, CONTENT_TYPES)):
                yield "macroEnabled" if macro else kind


def _read(archive: zipfile.ZipFile, name: str) -> str:
    with archive.open(name) as part:
        return part.read(MOST).decode("utf-8", "replace")


def _ole(source: Path) -> Iterator[str]:
    """The names in the directory, whose sectors are chained through the file's allocation table."""
    with source.open("rb") as file:
        header = file.read(512)
        size = 1 << min(struct.unpack_from("<H", header, SECTOR_SHIFT)[0], 16)
        table = struct.unpack_from(f"<{TABLE_LENGTH}I", header, TABLE)
        (sector,) = struct.unpack_from("<I", header, DIRECTORY)
        for _ in range(CHAIN):
            entries = _sector(file, sector, size)
            yield from (_name(entries[at : at + ENTRY]) for at in range(0, len(entries), ENTRY))
            which, at = divmod(sector, size // 4)
            if which >= TABLE_LENGTH:
                return
            (sector,) = struct.unpack_from("<I", _sector(file, table[which], size), at * 4)
            if sector >= 0xFFFFFFFA:  # the end of the chain, and the table's other marks
                return


def _sector(file: BinaryIO, number: int, size: int) -> bytes:
    file.seek((number + 1) * size)
    return file.read(size)


def _name(entry: bytes) -> str:
    return entry[:NAME].decode("utf-16-le", "ignore").partition("\0")[0]
