"""No script or style inside pages: the content security policy forbids them, so they would silently not run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from house import markup
from house.finding import Finding
from house.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from house.tree import Tree

WHY = "the content security policy blocks it, and whoever could inject one would own the page"
MEND = "a behaviour in frontend/src/behaviours/ (script) or a class in frontend/src/styles/ (style)"
DATA = frozenset({"application/json"})
HANDLER = re.compile(r"on[a-z]{3,}$|hx-on\b|@")
EVALUATED = re.compile(r"hx-(vals|vars|headers)$")


def check(tree: Tree) -> Iterator[Finding]:
    for path in tree.under("src/anlan", ".html"):
        for element in markup.elements(tree.text(path)):
            for what in _wrong(element):
                yield Finding(path, element.line, what, WHY, MEND)


def _wrong(element: markup.Element) -> Iterator[str]:
    if (
        element.name == "script"
        and "src" not in element.attributes
        and element.attributes.get("type") not in DATA
    ):
        yield "<script> without src"
    if element.name == "style":
        yield "<style> element"
    for name, value in element.attributes.items():
        if name in {"style", ":style"}:
            yield f"style attribute on <{element.name}>"
        elif HANDLER.match(name):
            yield f"event handler {name} on <{element.name}>"
        elif value.strip().lower().startswith("javascript:"):
            yield f"javascript: address in {name}"
        elif EVALUATED.match(name) and re.match(r"\s*(js|javascript):", value):
            yield f"{name} evaluates script"
        elif name == "hx-trigger" and "[" in value:
            yield "hx-trigger with a filter evaluates script"


RULES = (Rule("no_inline", "no inline script, style or handler in templates", check),)
