"""Columns of thousands of rows for one statement: an array as PostgreSQL writes it, joined at once.

The database library quotes such a list value by value, which takes longer than many a statement that reads it. The
statement says the type: `%(ids)s::bigint[]`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from uuid import UUID

SEPARATOR = "\0"  # which no text in the database holds


def of_plain(values: Iterable[int | UUID | datetime | None]) -> str:
    """Of numbers, ids and moments, in which nothing needs quoting."""
    return "{" + ",".join(["NULL" if one is None else str(one) for one in values]) + "}"


def of_texts(texts: Sequence[str]) -> str:
    """raises ValueError for a text that the database could not hold"""
    if not texts:
        return "{}"
    joined = SEPARATOR.join(texts)
    if joined.count(SEPARATOR) != len(texts) - 1:
        raise ValueError("a text holds a zero character")
    quoted = joined.replace("\\", "\\\\").replace('"', '\\"').replace(SEPARATOR, '","')
    return f'{{"{quoted}"}}'
