"""Alarm bells: who is called when one rings, and called again when nobody answers."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from anlan.kernel.handlers import subscribe
from anlan.kernel.timers import timer
from rooms.respond.bell import services

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anlan.kernel.context import Context
    from anlan.kernel.models import Due, Entry

MAY_CALL = frozenset({services.CALL})


@subscribe("respond.bell.rung", handler="respond.bell.call", powers=MAY_CALL)
def call(ctx: Context, entry: Entry) -> None:
    services.call_team(ctx, [UUID(entry.subject)])


@timer(services.CALL_AGAIN, powers=MAY_CALL)
def call_again(ctx: Context, due: Sequence[Due]) -> None:
    services.call_team(ctx, [UUID(one.key) for one in due], again=True)
