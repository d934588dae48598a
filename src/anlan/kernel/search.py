"""Search in Chinese: by characters anywhere in a text, by pinyin, by initials (武清 by "wq"), by codes from their beginning.

PostgreSQL has no dictionary for Chinese here and trigrams don't help two characters, so a text is kept as a tsvector of
its pairs of characters, and of its pinyin and initials from every character on; a GIN index answers by exact word or
prefix. Characters with several readings are found by each of them.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from typing import Any

from django.contrib.postgres.search import SearchVectorField
from django.db.models import Lookup

os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")  # readings by phrase would cost each process 40 MB

from pypinyin import Style, pinyin  # after the line above: it reads the environment as it is imported

PINYIN = "zh_pinyin"  # the collation by which names are sorted, of columns and of the indexes that page through them
RUNS = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]+|[0-9a-z]+(?:[-_./][0-9a-z]+)*")
LONGEST_RUN = 24  # characters of one run that are indexed
MOST_WORDS = 400  # of one text
MOST_ASKED = 100  # characters of a question


def document(*texts: str | None) -> str:
    """A record's searched texts as a literal of type tsvector."""
    words: dict[str, None] = {}
    for text in texts:
        for run in RUNS.findall((text or "").lower()):
            words.update(dict.fromkeys(_words_of(run)))
    return " ".join(f"'{word}'" for word in list(words)[:MOST_WORDS])


def question(words: str) -> str:
    """What somebody typed as a literal of type tsquery; blank where there is nothing in it to look for."""
    parts: list[str] = []
    for run in RUNS.findall(words[:MOST_ASKED].lower()):
        if _is_latin(run) or len(run) == 1:
            parts.append(f"'{run}':*")
        else:
            parts += [f"'{pair}'" for pair in _pairs(run[:LONGEST_RUN])[:-1]]
    return " & ".join(parts)


def _words_of(run: str) -> list[str]:
    if _is_latin(run):
        return [run[:64]]
    run = run[:LONGEST_RUN]
    words = _pairs(run)
    for spelling in _spellings(run):
        for start in range(len(run)):
            words.append("".join(spelling[start:]))
            words.append("".join(reading[0] for reading in spelling[start:]))
    return words


def _pairs(run: str) -> list[str]:
    """Each character with the next; the last one alone."""
    return [run[place : place + 2] for place in range(len(run))]


def _spellings(run: str) -> list[list[str]]:
    """The usual reading, and one more for each other reading of a character."""
    readings = [_readings(character) for character in run]
    usual = [several[0] for several in readings]
    return [usual] + [
        [*usual[:place], other, *usual[place + 1 :]]
        for place, several in enumerate(readings)
        for other in several[1:]
    ]


@lru_cache(maxsize=8192)
def _readings(character: str) -> tuple[str, ...]:
    found = pinyin(character, style=Style.NORMAL, heteronym=True, errors=str)
    return tuple(dict.fromkeys(reading.replace("ü", "v") for reading in found[0]))[:3]


def _is_latin(run: str) -> bool:
    return run[0].isascii()


@SearchVectorField.register_lookup
class Holds(Lookup[str]):
    """`search__holds=question(…)`: the words as they stand; the database's own reading of a question knows no Chinese."""

    lookup_name = "holds"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        left, left_values = self.process_lhs(compiler, connection)
        return f"{left} @@ %s::tsquery", [*left_values, self.rhs]
