"""Whether a file is plain text, read in pieces, and whether a browser might take it for more."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

PIECE = 1 << 20
START = 4096  # characters in which markup would show itself
ENCODINGS = ("utf-8-sig", "gb18030")
WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # spreadsheets export so
CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")


def is_text(source: Path) -> bool:
    return encoding_of(source) != ""


def encoding_of(source: Path) -> str:
    """The first of the usual encodings in which the whole file is readable text; "" if none."""
    with source.open("rb") as file:
        wide = file.read(2) in WIDE
    tried = ("utf-16",) if wide else ENCODINGS
    return next((encoding for encoding in tried if _is_readable(source, encoding)), "")


def _is_readable(source: Path, encoding: str) -> bool:
    try:
        return not any(CONTROL.search(piece) for piece in _pieces(source, encoding))
    except UnicodeError:
        return False


def _pieces(source: Path, encoding: str) -> Iterator[str]:
    with source.open(encoding=encoding, newline="") as file:
        while piece := file.read(PIECE):
            yield piece


def looks_like_markup(source: Path, marks: Iterable[str]) -> bool:
    """Whether a text is a page, a picture or a script by what it begins with."""
    with source.open(encoding=encoding_of(source), newline="") as file:
        start = file.read(START).lstrip().lower()
    return start.startswith(("<", "#!")) or any(mark in start for mark in marks)
