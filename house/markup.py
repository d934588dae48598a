"""Django templates as markup: tags of the template language blanked out, positions kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser

# Longest first, so that a comment hides the tags inside it.
LANGUAGE = re.compile(r"\{%-?\s*comment\b.*?endcomment\s*-?%\}|\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)


def blank(text: str, pattern: re.Pattern[str]) -> str:
    """The text with every match replaced by as many spaces; line breaks stay."""
    return pattern.sub(lambda hit: re.sub(r"[^\n]", " ", hit[0]), text)


@dataclass(frozen=True)
class Element:
    """An opening tag with its attributes; what the template language put into them is blank."""

    name: str
    line: int
    attributes: dict[str, str]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.found.append(Element(tag, self.getpos()[0], attributes))


def elements(text: str) -> list[Element]:
    """Opening tags of a template, in order."""
    reader = _Reader()
    reader.feed(blank(text, LANGUAGE))
    reader.close()
    return reader.found
