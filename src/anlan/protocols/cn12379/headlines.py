"""Headlines: who issues or lifts what warning of what colour (河南省气象局发布大风蓝色预警[IV级/一般])."""

from __future__ import annotations

import re
from dataclasses import dataclass

from anlan.protocols.cn12379.terms import WORDS, MsgType, Severity

PATTERN = re.compile(WORDS["headline"])
LONGEST = 300
ROMAN = str.maketrans(
    {"\u2160": "I", "\u2161": "II", "\u2162": "III", "\u2163": "IV", "\uff29": "I", "\uff36": "V"}
)
GRADE = re.compile(r"(IV|I{1,3})\s*\u7ea7?\s*/?(.*)", re.DOTALL)  # 级
BY_NUMBER = {"I": Severity.RED, "II": Severity.ORANGE, "III": Severity.YELLOW, "IV": Severity.BLUE}
BY_SIGN = {word[0]: Severity(colour) for colour, word in WORDS["colours"].items()}


@dataclass(frozen=True, slots=True)
class Headline:
    """A headline taken apart.

    lifts  whether it ends the warning
    grade  the colour that the numeral behind it stands for; None without one
    exact  whether the words of the grade are the interface's (较大, 重大), not their variants (较重, 严重)
    """

    issuer: str
    lifts: bool
    event: str
    severity: Severity
    grade: Severity | None
    exact: bool


def build_headline(sender: str, msg_type: str, event: str, severity: str, *, with_grade: bool = True) -> str:
    """The headline the rule asks for; the grade behind it is not in the rule but usual. Without a colour there is neither."""
    verb = WORDS["lifts"] if msg_type == MsgType.CANCEL else WORDS["issues"]
    colour = WORDS["colours"].get(severity, "")
    grade = WORDS["grades"].get(severity, "") if with_grade else ""
    return f"{sender}{verb}{event}{colour}{WORDS['warning']}{grade}"


def read_headline(text: str) -> Headline | None:
    """What a headline says, in the forms it is met in; None if it says no colour, or not in this way."""
    match = PATTERN.fullmatch(text[:LONGEST].strip())
    if match is None:
        return None
    grade, exact = _grade((match["before"] or match["after"] or "")[1:-1])
    return Headline(
        match["issuer"],
        match["verb"] == WORDS["lifts"],
        match["event"],
        BY_SIGN[match["colour"]],
        grade,
        exact,
    )


def _grade(text: str) -> tuple[Severity | None, bool]:
    """The colour of a grade and whether its words are the interface's."""
    if not text:
        return None, True
    match = GRADE.fullmatch(text.translate(ROMAN).strip())
    if match is None:
        return None, False
    grade = BY_NUMBER[match[1]]
    return grade, WORDS["grades"][grade] == f"[{text}]"
