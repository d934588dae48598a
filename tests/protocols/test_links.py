"""Links that say by themselves whom they were made for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from anlan.protocols import links

KEY, OTHER = b"k" * 32, b"o" * 32
numbers = some.integers(0, 2**63 - 1)
marks = some.integers(0, links.MARKS - 1)


@given(numbers, marks)
def test_a_link_is_opened_as_it_was_made(number: int, mark: int) -> None:
    token = links.sealed(KEY, number, mark)
    assert links.opened(KEY, token) == (number, mark)
    assert links.opened(KEY, token.upper()) == (number, mark)
    assert len(token) <= links.LONGEST


@given(numbers, marks)
def test_another_key_opens_nothing(number: int, mark: int) -> None:
    assert links.opened(OTHER, links.sealed(KEY, number, mark)) is None


@given(numbers, some.integers(0, links.LONGEST - 1), some.sampled_from(links.ALPHABET))
def test_one_letter_changed_opens_nothing(number: int, place: int, letter: str) -> None:
    token = links.sealed(KEY, number)
    place %= len(token)
    changed = token[:place] + letter + token[place + 1 :]
    assert changed == token or links.opened(KEY, changed) is None


@given(some.text(max_size=60))
def test_whatever_is_typed_opens_nothing_and_breaks_nothing(text: str) -> None:
    assert links.opened(KEY, text) is None


def test_one_number_has_one_spelling() -> None:
    token = links.sealed(KEY, 4711)
    assert links.opened(KEY, f"a{token}") is None


def test_a_link_is_short_and_has_nothing_that_is_mistaken_when_read_out() -> None:
    token = links.sealed(KEY, 123_456_789, 1)
    assert len(token) <= 24
    assert not set("0o1l") & set(token)


def test_numbers_and_marks_that_cannot_be_are_refused() -> None:
    for number, mark in ((-1, 0), (1, links.MARKS), (1, -1)):
        with pytest.raises(ValueError, match=str(number)):
            links.sealed(KEY, number, mark)
