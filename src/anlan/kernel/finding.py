"""Search over all registers: in its urls, beside its doors, a room says how its records are found.

    SEARCHES = (Search(_("预警"), "watch.warning.read", views.find_warnings, "warning_list"),)

The finder is a view without a page: it asks a selector for the best few and names them (`Hit`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.urls import reverse

from anlan.kernel import rooms
from anlan.kernel.scope import can

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from anlan.kernel.context import Context

MOST = 8  # of one register
LONGEST = 100  # characters that are looked for


@dataclass(frozen=True)
class Hit:
    """One record that was found.

    detail  what tells it from others of its name
    """

    title: str
    detail: str
    url: str


Finder = Callable[["Context", str, int], Sequence[Hit]]


@dataclass(frozen=True)
class Search:
    """One register that can be searched.

    capability  what one needs to read it
    find        (ctx, words, most) → the best `most` hits within the reader's scope, in one query
    register    name of the page that lists all of them, for `?q=words`; blank: there is none
    """

    label: _StrPromise
    capability: str
    find: Finder
    register: str = ""


@dataclass(frozen=True)
class Found:
    """The hits of one register; `more` is the page of all of them where there are more."""

    label: str
    hits: Sequence[Hit]
    more: str

    def is_named(self, words: str) -> bool:
        """Whether the first of them bears these words in its name."""
        return words in self.hits[0].title


def find(ctx: Context, words: str) -> list[Found]:
    """What is called so in each register that the actor may read; registers without any are left out."""
    wanted = " ".join(words.split())[:LONGEST]
    if not wanted:
        return []
    asked = [search for search in rooms.searches() if can(ctx, search.capability)]
    found = [_found(search, search.find(ctx, wanted, MOST + 1), wanted) for search in asked]
    # Who types a name wants what is called so before what only has to do with it.
    return sorted((one for one in found if one.hits), key=lambda one: not one.is_named(wanted))


def _found(search: Search, hits: Sequence[Hit], words: str) -> Found:
    has_more = len(hits) > MOST and search.register
    more = f"{reverse(search.register)}?{urlencode({'q': words})}" if has_more else ""
    return Found(str(search.label), hits[:MOST], more)
