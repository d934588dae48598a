"""Uploads: a message goes to the centre as the one file of a ZIP of the same name."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from io import BytesIO
from typing import TYPE_CHECKING

from anlan.protocols.cn12379.messages import Unreadable
from anlan.protocols.cn12379.reading import LIMITS
from anlan.protocols.cn12379.terms import BEIJING

if TYPE_CHECKING:
    from anlan.protocols.cn12379.files import MessageName

MOST = LIMITS.octets  # of the ZIP and of what is in it
MOST_ENTRIES = 64  # looked at; more is no slip of the hand
ENTRY = b"PK\x01\x02"
ENCRYPTED = 0x1
PLAIN_NAME = re.compile(r"[^/\\:\x00-\x1f\x7f]{1,120}\.xml", re.IGNORECASE)
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    RuntimeError,
    OSError,
    EOFError,
    struct.error,
    ValueError,
)


def pack(name: MessageName, message: bytes) -> bytes:
    """The upload of a message; the same message always gives the same bytes."""
    target = BytesIO()
    at = name.entered_at.astimezone(BEIJING)
    entry = zipfile.ZipInfo(name.file, (max(at.year, 1980), at.month, at.day, at.hour, at.minute, at.second))
    entry.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(entry, message)
    return target.getvalue()


def unpack(upload: bytes) -> tuple[str, bytes]:
    """Name and content of the one file in an upload.

    raises  Unreadable: too_long, not_zip, empty, several, name (a path, or no XML), encrypted, method, too_large (unpacked)
    """
    if len(upload) > MOST:
        raise Unreadable("too_long", detail=MOST)
    if upload.count(ENTRY) > MOST_ENTRIES:
        raise Unreadable("several", detail=f"> {MOST_ENTRIES}")
    try:
        with zipfile.ZipFile(BytesIO(upload)) as archive:
            entry = _only(archive)
            with archive.open(entry) as file:
                content = file.read(MOST + 1)
    except BROKEN as error:
        raise Unreadable("not_zip", detail=error) from error
    if len(content) > MOST:
        raise Unreadable("too_large", detail=MOST)
    return entry.filename, content


def _only(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """raises Unreadable"""
    entries = archive.infolist()
    if len(entries) != 1:
        raise Unreadable("several" if entries else "empty", detail=len(entries))
    (entry,) = entries
    if not PLAIN_NAME.fullmatch(entry.filename) or entry.filename != entry.orig_filename:
        raise Unreadable("name", detail=entry.filename[:80])
    if entry.flag_bits & ENCRYPTED:
        raise Unreadable("encrypted")
    if entry.compress_type not in METHODS:
        raise Unreadable("method", detail=entry.compress_type)
    if entry.file_size > MOST:  # what it says of itself; what it turns out to be is measured as it is read
        raise Unreadable("too_large", detail=entry.file_size)
    return entry
