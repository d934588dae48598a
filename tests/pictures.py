"""Files as phones, offices and attackers make them."""

from __future__ import annotations

import base64
import io
import struct
import zipfile
from typing import Any

from PIL import ExifTags, Image

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
WORD_WITH_MACROS = "application/vnd.ms-word.document.macroEnabled.main+xml"


def saved(image: Image.Image, kind: str, **more: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **more)
    return out.getvalue()


def corner(width: int = 60, height: int = 40) -> Image.Image:
    """White, with a black corner at the top left: shows which side is up."""
    image = Image.new("RGB", (width, height), "white")
    image.paste("black", (0, 0, width // 3, height // 3))
    return image


def notes(
    *,
    taken: str = "2026:07:20 13:53:00",
    offset: str = "+08:00",
    orientation: int = 1,
    place: dict[int, Any] | None = None,
) -> Image.Exif:
    """What a phone writes into a photo: near the office of an invented county, at an invented hour."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "SECRET-PHONE"
    exif[ExifTags.Base.Orientation] = orientation
    said = exif.get_ifd(ExifTags.IFD.Exif)
    said[ExifTags.Base.DateTimeOriginal] = taken
    if offset:
        said[ExifTags.Base.OffsetTimeOriginal] = offset
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(
        {1: "N", 2: (23.0, 7.0, 44.76), 3: "E", 4: (113.0, 15.0, 52.2)} if place is None else place
    )
    return exif


def photo(exif: Image.Exif | None = None, *, width: int = 60, height: int = 40) -> bytes:
    return saved(corner(width, height), "JPEG", exif=exif or notes(), comment=b"SECRET-COMMENT")


def archive(parts: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, text in parts.items():
            made.writestr(name, text)
    return out.getvalue()


def word(content_type: str = WORD) -> bytes:
    return archive({"[Content_Types].xml": f'<Types><Override ContentType="{content_type}"/></Types>'})


def office_97(*streams: str) -> bytes:
    """The header, one sector of the allocation table, one of the directory."""
    header = bytearray(512)
    header[:8] = bytes.fromhex("d0cf11e0a1b11ae1")
    struct.pack_into("<H", header, 30, 9)
    struct.pack_into("<I", header, 48, 1)  # the directory begins in sector 1
    struct.pack_into("<109I", header, 76, 0, *[0xFFFFFFFF] * 108)  # the table is sector 0
    table = struct.pack("<128I", 0xFFFFFFFD, 0xFFFFFFFE, *[0xFFFFFFFF] * 126)
    names = ("Root Entry", *streams)
    directory = b"".join(name.encode("utf-16-le").ljust(128, b"\0") for name in names)
    return bytes(header) + table + directory.ljust(512, b"\0")


# As iPhones write them; made once with pillow-heif from corner(32, 32) and notes(): what we install only reads them.
HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAb5tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAA"
    "ADRpbG9jAAAAAERAAAIAAQAAAAAB4gABAAAAAAAAAEcAAgAAAAACKQABAAAAAAAAAPYAAAA4aWluZgAAAAAAAgAAABVpbmZlAgAA"
    "AAABAABodmMxAAAAABVpbmZlAgAAAQACAABFeGlmAAAAAA5waXRtAAAAAAABAAAA/WlwcnAAAADdaXBjbwAAAHZodmNDAQNwAAAA"
    "kAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQAqQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbq"
    "5Ka5uAhoMCAAAAMDIAAAAwAhYgABAAZEAcFzwIkAAAATY29scm5jbHgAAQANAAaAAAAAFGlzcGUAAAAAAAAAQAAAAEAAAAAoY2xh"
    "cAAAACAAAAABAAAAIAAAAAH////gAAAAAv///+AAAAACAAAAEHBpeGkAAAAAAwgICAAAABhpcG1hAAAAAAAAAAEAAQWBAgMFhAAA"
    "ABppcmVmAAAAAAAAAA5jZHNjAAIAAQABAAABRW1kYXQAAABDKAGvWPIAut//O1d0V1KfZs4ojWEj4iugnQ/mjgIAl2suaFbTKl7I"
    "4pmdq+kGCmPPIbVa0+fIdq20OrLNrAtVsi1rgAAAAAZFeGlmAABNTQAqAAAACAAEAQ8AAgAAAA0AAAA+ARIAAwAAAAEAAQAAh2kA"
    "BAAAAAEAAABMiCUABAAAAAEAAACGAAAAAFNFQ1JFVC1QSE9ORQAAAAKQAwACAAAAFAAAAGqQEQACAAAABwAAAH4AAAAAMjAyNjow"
    "NzoyMCAxMzo1MzowMAArMDg6MDAAAAAEAAEAAgAAAAJOAAAAAAIABQAAAAMAAAC8AAMAAgAAAAJFAAAAAAQABQAAAAMAAADUAAAA"
    "AAAAABcAAAABAAAABwAAAAEAAARfAAAAGQAAAHEAAAABAAAADwAAAAEAAAEFAAAABQ=="
)
