"""What the tests of seals, anchors and verification share: entries, and hands that reach past the journal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_lazy as _

from anlan.kernel import seals
from anlan.kernel.events import PrivateText, event

if TYPE_CHECKING:
    import pytest

    from anlan.kernel.context import Context
    from anlan.kernel.models import Unit


@event("test.gauge.read", _("读数"))
@dataclass(frozen=True)
class GaugeRead:
    level_mm: int
    remark: PrivateText


def write(ctx: Context, about: Unit, count: int = 1) -> list[int]:
    """Numbers of that many new entries."""
    return [ctx.journal(GaugeRead(level, PrivateText("渗水")), about).pk for level in range(count)]


def write_and_seal(ctx: Context, about: Unit, *counts: int) -> list[list[int]]:
    """A seal over each count of new entries; their numbers by seal."""
    found = []
    for count in counts:
        found.append(write(ctx, about, count))
        assert seals.seal_pending() == count
    return found


def tamper(statement: str, *values: object) -> None:
    """What only somebody with the database's own rights can do; it must hit something."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        assert cursor.rowcount


def use_digest(monkeypatch: pytest.MonkeyPatch, algorithm: str) -> None:
    monkeypatch.setattr(settings.ANLAN, "seal_digest", algorithm)
