"""Links that say by themselves whom they were made for: a number and a mark under a keyed hash, short enough for an SMS.

    sealed(key, 4711, 1)   "esk" + 16 characters of the hash

Nothing of it is kept: who holds the key can make it again, nobody else can make another.
"""

from __future__ import annotations

import hashlib
import hmac

ALPHABET = (
    "abcdefghijkmnpqrstuvwxyz23456789"  # nothing that is mistaken for something else when it is read out
)
VALUES = {letter: value for value, letter in enumerate(ALPHABET)}
SEAL = 16  # characters: 80 bits
MARKS = 4
LONGEST = 13 + SEAL  # of a number of 63 bits


def sealed(key: bytes, number: int, mark: int = 0) -> str:
    """The token of a number that is not negative and a mark below MARKS."""
    if number < 0 or not 0 <= mark < MARKS:
        raise ValueError(f"{number} {mark}")
    return _written(number * MARKS + mark) + _seal(key, number, mark)


def opened(key: bytes, token: str) -> tuple[int, int] | None:
    """Number and mark of a token; None for what was not made with this key. Capitals are read like small letters."""
    letters = token.lower()
    if not SEAL < len(letters) <= LONGEST or not set(letters) <= VALUES.keys():
        return None
    value = 0
    for letter in letters[:-SEAL]:
        value = value * len(ALPHABET) + VALUES[letter]
    number, mark = divmod(value, MARKS)
    # One number has one spelling: leading zeros would be another link to the same.
    if letters[:-SEAL] != _written(value) or not hmac.compare_digest(
        letters[-SEAL:], _seal(key, number, mark)
    ):
        return None
    return number, mark


def _written(value: int) -> str:
    letters = ""
    while True:
        value, rest = divmod(value, len(ALPHABET))
        letters = ALPHABET[rest] + letters
        if not value:
            return letters


def _seal(key: bytes, number: int, mark: int) -> str:
    digest = hmac.digest(key, f"{number}.{mark}".encode(), hashlib.sha256)
    bits = int.from_bytes(digest[: SEAL * 5 // 8])
    return "".join(ALPHABET[bits >> shift & 31] for shift in range(SEAL * 5 - 5, -1, -5))
