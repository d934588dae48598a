"""How the search over all registers finds the records of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Value
from django.db.models.functions import Length, StrIndex
from django.urls import reverse

from anlan.kernel.finding import Hit
from anlan.kernel.register import listing

if TYPE_CHECKING:
    from anlan.kernel.context import Context
    from anlan.kernel.finding import Finder
    from anlan.kernel.register.declaration import Register


def finder_of(register: Register) -> Finder:
    """The finder that a room names in its SEARCHES: by the words of the register, told apart by its other columns.

    What begins with the words comes before what holds them, the shorter first; what another of its texts holds comes
    first of all.
    """

    def find(ctx: Context, words: str, most: int) -> list[Hit]:
        wanted = listing.Wanted(words=words, sort=register.order)
        name, *others = register.listed
        paths = [name.path, *(column.path for column in others)]
        found = listing.matching(ctx, register, wanted).order_by(
            StrIndex(name.path, Value(words)), Length(name.path), register.order
        )
        rows = found.values_list("pk", *paths)[:most]
        return [
            Hit(
                name.text(row[1]),
                " · ".join(
                    filter(None, (column.text(value) for column, value in zip(others, row[2:], strict=True)))
                ),
                reverse(f"{register.name}_detail", args=[row[0]]),
            )
            for row in rows
        ]

    return find
