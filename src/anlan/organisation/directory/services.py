"""The directory: the one search that is written down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.cache import cache

from anlan.kernel.act import act
from anlan.kernel.errors import TooOften
from anlan.kernel.events import PrivateText
from anlan.organisation.directory import selectors
from anlan.organisation.directory.events import NumberSearched

if TYPE_CHECKING:
    from anlan.kernel.context import Context
    from anlan.organisation.directory.selectors import Group

MOST_SEARCHES, WINDOW_S = 30, 600  # by the last digits, for one user


@act("organisation.directory.read")
def search_number(ctx: Context, digits: str) -> list[Group]:
    """Whose number ends with these digits, within scope. raises TooOften"""
    key = f"directory-numbers:{ctx.actor.pk if ctx.actor else ''}"
    cache.add(key, 0, WINDOW_S)
    if cache.incr(key) > MOST_SEARCHES:
        raise TooOften(WINDOW_S // 60)
    found = selectors.list_by_number(ctx, digits)
    if ctx.actor is not None:
        hits = sum(len(group.people) or 1 for group in found)
        ctx.journal(NumberSearched(PrivateText(digits), hits), ctx.actor)
    return found
