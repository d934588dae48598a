"""What the doctor says of one thing: a mark, the thing, what was seen, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass

from anlan.launcher.words import words

MARKS = {"good": "✓", "note": "–", "warning": "!", "bad": "✗"}


@dataclass(frozen=True)
class Finding:
    """One line of the doctor; only `bad` makes the exit code 1."""

    what: str
    state: str
    seen: str
    mend: str = ""

    def line(self) -> str:
        first = f"{MARKS[self.state]} {self.what}{words('：', ': ')}{self.seen}"
        return f"{first}\n    {words('修复：', 'Mend: ')}{self.mend}" if self.mend else first


def good(what: str, seen: str) -> Finding:
    return Finding(what, "good", seen)


def note(what: str, seen: str) -> Finding:
    """Neither right nor wrong, but worth knowing."""
    return Finding(what, "note", seen)


def warning(what: str, seen: str, mend: str) -> Finding:
    return Finding(what, "warning", seen, mend)


def bad(what: str, seen: str, mend: str) -> Finding:
    return Finding(what, "bad", seen, mend)


def graded(what: str, seen: str, mend: str, *, is_bad: bool, is_low: bool) -> Finding:
    """Bad, a warning, or good."""
    if is_bad:
        return bad(what, seen, mend)
    return warning(what, seen, mend) if is_low else good(what, seen)
