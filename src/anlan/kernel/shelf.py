"""A record's attachments as its page shows them: `<c-attachments :of="shelf" />`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings

from anlan.kernel import files, subjects
from anlan.kernel.examine.kinds import kinds
from anlan.kernel.scope import can

if TYPE_CHECKING:
    from django.contrib.gis.geos import Point
    from django.db.models import Model

    from anlan.kernel.context import Context
    from anlan.kernel.models import Attachment

ICONS = {"image": "photo", "audio": "volume", "video": "movie", "document": "file-text", "text": "file-text"}
WHOLE = ("image", "audio", "video")  # families for which a phone offers more than its files


@dataclass(frozen=True)
class Item:
    """One attachment; `where` a photo was taken in degrees, WGS-84."""

    attachment: Attachment
    icon: str
    where: str


@dataclass(frozen=True)
class Shelf:
    kind: str
    key: str
    photos: list[Item]
    others: list[Item]
    may_attach: bool
    megabytes: int
    accept: str


def shelf_of(ctx: Context, about: Model) -> Shelf:
    """What a record holds, and whether the actor may change it; one query."""
    kind = about._meta.label_lower
    attach = subjects.kinds()[kind].attach
    held = list(files.list_attachments(ctx, about)[: files.MOST])
    return Shelf(
        kind,
        str(about.pk),
        photos=[_item(one) for one in held if files.is_picture(one)],
        others=[_item(one) for one in held if not files.is_picture(one)],
        may_attach=bool(attach) and can(ctx, attach, about),
        megabytes=settings.ANLAN.file_mb,
        accept=accepted(),
    )


@cache
def accepted() -> str:
    """What a browser offers to choose from; the content decides later."""
    single = [
        f".{extension}" for kind in kinds() if kind.family not in WHOLE for extension in kind.extensions
    ]
    return ",".join([*(f"{family}/*" for family in WHOLE), *single])


@cache
def _families() -> dict[str, str]:
    return {kind.media_type: kind.family for kind in kinds()}


def _item(attachment: Attachment) -> Item:
    family = _families().get(attachment.file.media_type, "document")
    return Item(attachment, ICONS[family], where_of(attachment))


def where_of(attachment: Attachment) -> str:
    return degrees(attachment.taken_where) if attachment.taken_where else ""


def degrees(place: Point) -> str:
    """A place in degrees, as people write it."""
    return (
        f"{abs(place.x):.5f}°{'E' if place.x >= 0 else 'W'} {abs(place.y):.5f}°{'N' if place.y >= 0 else 'S'}"
    )
