"""Which kinds of file may be attached (data/file_kinds.json), and which of them a file is by its content."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anlan.kernel.examine import Refused, containers
from anlan.kernel.examine.texts import is_text, looks_like_markup

if TYPE_CHECKING:
    from collections.abc import Iterable

DATA = Path(__file__).parents[1] / "data/file_kinds.json"
HEAD = 64  # bytes that hold every sign
FTYP = b"ftyp"  # ISO base media files: length, this, the brand


@dataclass(frozen=True)
class Kind:
    """One kind of file.

    signs    alternatives, each bytes at offsets that must all be there
    inside   for documents that are containers: a part that only this kind has
    becomes  the media type it is kept as, where that differs
    """

    media_type: str
    family: str
    extensions: tuple[str, ...]
    signs: tuple[tuple[tuple[int, bytes], ...], ...]
    inside: frozenset[str]
    becomes: str


@cache
def _data() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(DATA.read_text())
    return content


@cache
def kinds() -> tuple[Kind, ...]:
    return tuple(
        Kind(
            row["media_type"],
            row["family"],
            tuple(row["extensions"]),
            tuple(_signs(row)),
            frozenset(row.get("inside", ())),
            row.get("becomes", ""),
        )
        for row in _data()["kinds"]
    )


def _signs(row: dict[str, Any]) -> Iterable[tuple[tuple[int, bytes], ...]]:
    for sign in row.get("signs", ()):
        yield tuple((int(offset), bytes.fromhex(text)) for offset, text in sign.items())
    for brand in row.get("brands", ()):
        yield ((4, FTYP), (8, brand.encode()))


def kind_of(media_type: str) -> Kind:
    """The kind with a media type; raises KeyError for one that may not be attached."""
    return {kind.media_type: kind for kind in kinds()}[media_type]


def recognise(source: Path, name: str) -> Kind:
    """What a file is by its content; of text alone the name decides, which has no signs.

    raises  Refused for what may not be attached
    """
    with source.open("rb") as file:
        head = file.read(HEAD)
    if (found := containers.parts_of(source, head)) is not None:
        return _document(found)
    for kind in kinds():
        if any(all(head.startswith(sign, at) for at, sign in signs) for signs in kind.signs):
            return kind
    return _text(source, name)


def _document(parts: frozenset[str]) -> Kind:
    if parts & frozenset(_data()["macros"]):
        raise Refused("file_macros")
    for kind in kinds():
        if kind.inside & parts:
            return kind
    raise Refused("file_kind")


def _text(source: Path, name: str) -> Kind:
    extension = extension_of(name)
    kind = next((kind for kind in kinds() if kind.family == "text" and extension in kind.extensions), None)
    if kind is None or not is_text(source) or looks_like_markup(source, _data()["markup"]):
        raise Refused("file_kind")
    return kind


def extension_of(name: str) -> str:
    return Path(name).suffix.removeprefix(".").lower()
