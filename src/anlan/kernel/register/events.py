"""What every register writes to the journal, each under names of its own: `wing.room.created`, `.edited` …"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from anlan.kernel.events import PrivateText, event


@dataclass(frozen=True)
class Created:
    pass


@dataclass(frozen=True)
class Edited:
    """fields: the names of those that changed; what they held before and after is in the row's history."""

    fields: tuple[str, ...]


@dataclass(frozen=True)
class Retired:
    reason: PrivateText


@dataclass(frozen=True)
class Restored:
    pass


@dataclass(frozen=True)
class Imported:
    """One batch of an import. file: the SHA-256 of what was imported."""

    file: str
    created: int
    changed: int


@dataclass(frozen=True)
class Exported:
    """conditions: the list's address but for the words; personal: whether personal data left unmasked, with a reason."""

    conditions: str
    words: PrivateText
    rows: int
    personal: bool
    reason: PrivateText


@dataclass(frozen=True)
class Looked:
    """Somebody saw personal data of a record unmasked."""

    fields: tuple[str, ...]
    reason: PrivateText


class Events(NamedTuple):
    """The events of one register."""

    created: Any
    edited: Any
    retired: Any
    restored: Any
    imported: Any
    exported: Any
    looked: Any


_LABELS = {
    Created: _("新建{term}"),
    Edited: _("修改{term}"),
    Retired: _("停用{term}"),
    Restored: _("恢复{term}"),
    Imported: _("导入{term}"),
    Exported: _("导出{term}"),
    Looked: _("查看{term}的个人信息"),
}


def declare(prefix: str, term: Any) -> Events:
    """The events of a register, declared under its prefix."""
    made: list[Any] = [
        event(f"{prefix}.{shape.__name__.lower()}", format_lazy(label, term=term))(
            dataclass(frozen=True)(type(shape.__name__, (shape,), {"__module__": __name__}))
        )
        for shape, label in _LABELS.items()
    ]
    return Events(*made)
