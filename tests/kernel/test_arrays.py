"""Columns for statements that take thousands of rows: the database reads back what was written."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from django.db import connection

from anlan.kernel import arrays

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.django_db


def read(array: str, kind: str) -> list[object]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT unnest(%s::{kind}[])", [array])
        return [value for (value,) in cursor.fetchall()]


@pytest.mark.parametrize(
    "texts",
    [
        [],
        [""],
        [
            "NULL",
            "null",
            "{a,b}",
            'say "yes"',
            "back\\slash",
            "\\",
            '\\"',
            " a , b ",
            "换行\n",
            "'; --",
            "%s",
        ],
    ],
)
def test_texts_come_back_as_they_were(texts: Sequence[str]) -> None:
    assert read(arrays.of_texts(texts), "text") == texts


def test_a_text_that_the_database_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="zero"):
        arrays.of_texts(["a", "b\0c"])


def test_numbers_ids_moments_and_what_is_unknown_come_back() -> None:
    key, moment = uuid4(), datetime(2026, 11, 30, 12, 1, 2, 345678, tzinfo=UTC)
    assert read(arrays.of_plain([1, None, -(2**40)]), "bigint") == [1, None, -(2**40)]
    assert read(arrays.of_plain([key, None]), "uuid") == [key, None]
    assert read(arrays.of_plain([moment, None]), "timestamptz") == [moment, None]
    assert read(arrays.of_plain([]), "bigint") == []
