"""Posts: a posting ends when its time has come, and with the person who held it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from anlan.kernel.handlers import subscribe
from anlan.kernel.timers import timer
from anlan.organisation.post import services

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anlan.kernel.context import Context
    from anlan.kernel.models import Due, Entry

MAY_END = frozenset({"organisation.post.appoint"})


@subscribe("organisation.person.retired", handler="organisation.post.vacate", powers=MAY_END)
def vacate(ctx: Context, entry: Entry) -> None:
    """Who is retired holds nothing any more."""
    services.end_all_postings(ctx, UUID(entry.subject))


@timer(services.END, powers=MAY_END)
def end(ctx: Context, due: Sequence[Due]) -> None:
    services.note_ended_postings(ctx, [UUID(one.key) for one in due])
