"""Colour has one meaning here: red, orange, yellow and blue are grades and lateness, green is proved. Tokens say so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from house import markup
from house.finding import Finding
from house.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from house.tree import Tree

TOKENS = "frontend/src/styles/tokens.css"
WHY = (
    "colour means warning grade or lateness and nothing else; a raw one says it falsely or fails the contrast"
)
MEND = f"use a component or a token of {TOKENS}"

HUES = "red|orange|yellow|green|blue|azure|indigo|purple|pink|lime|teal|cyan"
MEANINGS = "danger|warning|success|info"
PREFIXES = (
    "text|bg|btn|btn-outline|btn-ghost|alert|badge|badge-outline|border|link|table|list-group-item|progress-bar"
    "|status|status-dot|ribbon|card-status|icon|toast|callout|text-bg|steps|tag|chip|dot|focus-ring|spinner|form-colorinput"
)
CLASS = re.compile(rf"(?<![\w-])({PREFIXES})-({MEANINGS}|{HUES})(-(lt|subtle|emphasis|fg|border))*(?![\w-])")
VARIABLE = re.compile(rf"--(tblr|bs)-({MEANINGS}|{HUES})(?![\w]*:)\b[\w-]*")
HEX = r"#(?:[0-9a-f]{8}|[0-9a-f]{6}|[0-9a-f]{3,4})(?![\w-])"
FUNCTION = r"\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch)\(\s*[\d.]"
CSS_VALUE = re.compile(
    rf"[\w-]+\s*:[^;{{}}]*?({HEX}|{FUNCTION}|(?<![\w-])(?:{HUES})(?![\w-]))(?=[^{{}}]*?(?:;|\}}|$))",
    re.IGNORECASE,
)
CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
SCRIPT_VALUE = re.compile(rf"""["'`]\s*({HEX}|{FUNCTION}[^"'`]*)\s*["'`]""", re.IGNORECASE)
MARKUP_VALUE = re.compile(
    rf"""\b(fill|stroke|color|bgcolor|stop-color|flood-color)\s*=\s*["']({HEX}|{HUES})["']""", re.IGNORECASE
)


def check(tree: Tree) -> Iterator[Finding]:
    for path in [
        *tree.under("src/anlan", ".html", ".py"),
        *tree.under("frontend/src", ".ts", ".css", ".html"),
    ]:
        if path == TOKENS or path.endswith(".test.ts"):
            continue
        text = tree.text(path)
        if path.endswith(".css"):
            text = markup.blank(text, CSS_COMMENT)
        for pattern in _patterns(path):
            for hit in pattern.finditer(text):
                shown = hit[1] if pattern is CSS_VALUE else hit[0]
                line = text.count("\n", 0, hit.start(1)) + 1
                yield Finding(path, line, f"raw colour {shown}", WHY, MEND)


def _patterns(path: str) -> tuple[re.Pattern[str], ...]:
    if path.endswith(".css"):
        return (CLASS, VARIABLE, CSS_VALUE)
    if path.endswith(".html"):
        return (CLASS, MARKUP_VALUE)
    return (CLASS, VARIABLE, SCRIPT_VALUE) if path.endswith(".ts") else (CLASS,)


RULES = (Rule("raw_colours", "colours come from tokens", check),)
