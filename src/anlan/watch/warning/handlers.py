"""Warnings: they end by themselves when their time is over."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from anlan.kernel.timers import timer
from anlan.watch.warning import services

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anlan.kernel.context import Context
    from anlan.kernel.models import Due


@timer(services.EXPIRE, powers=frozenset({services.EXPIRE}))
def expire(ctx: Context, due: Sequence[Due]) -> None:
    services.expire_warnings(ctx, [UUID(one.key) for one in due])
