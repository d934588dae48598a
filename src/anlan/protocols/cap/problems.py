"""What is wrong with a message: where, and by which rule."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anlan.protocols.safe_xml import BrokenXml

# Every code a problem may bear, with what it says; the codes of `safe_xml.BrokenXml` come on top.
CODES = {
    # structure
    "no_alert": "the root is not an alert of any version",
    "version": "an alert of another version of the standard",
    "missing": "an element that must be there is not",
    "repeated": "an element that may be there once is there again",
    "unexpected": "an element, attribute or text that has no place here",
    "nested": "an element where only text may be",
    "order": "an element out of the order of the schema",
    # values
    "word": "none of the words of the standard's list",
    "space": "white space around such a word",
    "deprecated": "a word of an older version, understood by the one that took its place",
    "time": "no date and time with seconds and time zone",
    "time_form": "a time that is understood, but written with Z or fractions of a second",
    "number": "no number of the kind asked for",
    "language": "no language code",
    "base64": "content that is not base64",
    "polygon": "no list of latitude,longitude",
    "circle": "no latitude,longitude and radius",
    "reference": "references that are no sender,identifier,sent",
    # rules in the standard's prose
    "characters": "a space, a comma, < or & where none may be; or a character that XML does not have",
    "quotes": "a quotation mark inside what must be quoted",
    "needed": "needed because of what another element says; `detail` names that",
    "few_points": "fewer than four points",
    "open": "the last point is not the first",
    "range": "no such latitude, longitude or radius on this earth",
    "alone": "a ceiling without the altitude it needs",
    "below": "a ceiling below its altitude",
    "address": "no address of the form asked for",
    "mime_type": "no type/subtype",
    "negative": "a size below zero",
    "digest": "a digest that is no SHA-1 in hexadecimal, or not the content's",
    "zone": "a time without a time zone",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong.

    code    of CODES, or of a `BrokenXml`
    path    which element, such as /alert/info[2]/area[1]/polygon[1]; numbers where there may be several, from 1
    line    of the document, from 1; 0 where there is no document or no line
    detail  what stands there, what is needed or what the limit is, for a log
    grave   the message cannot be taken for anything; otherwise it is understood although against the standard
    """

    code: str
    path: str
    line: int = 0
    detail: str = ""
    grave: bool = False


class BrokenAlert(Exception):
    """A message that breaks the standard; `problems` holds all that is wrong with it, in the order of the document."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(tuple(problems))
        self.problems = tuple(problems)


def of_xml(error: BrokenXml) -> Problem:
    return Problem(error.problem, "/", error.line, str(error.detail), grave=True)


def at_line(problem: Problem, line: int) -> Problem:
    return replace(problem, line=line)
