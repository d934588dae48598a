"""Every icon that a page names is in the sprite; a missing one would show as nothing."""

from __future__ import annotations

import ast
import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from house import markup, names
from house.finding import Finding
from house.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from house.tree import Tree

LIST = "frontend/src/icons.json"
OWN = "frontend/src/icons"


def check(tree: Tree) -> Iterator[Finding]:
    if not tree.has(LIST):
        return
    there = {*json.loads(tree.text(LIST)), *(PurePosixPath(path).stem for path in tree.under(OWN, ".svg"))}
    for path, line, icon in _used(tree):
        if icon not in there:
            yield Finding(
                path, line, f"no icon {icon}", "the page would show nothing there", f"add it to {LIST}"
            )


def _used(tree: Tree) -> Iterator[tuple[str, int, str]]:
    for path in tree.under("src/anlan", ".html"):
        for element in markup.elements(tree.text(path)):
            key = "name" if element.name == "c-icon" else "icon"
            icon = element.attributes.get(key, "").strip() if element.name.startswith("c-") else ""
            if icon and element.name != "c-vars":
                yield path, element.line, icon
    for path in tree.under("src/anlan", "urls.py"):
        for node in ast.walk(tree.module(path)):
            if isinstance(node, ast.Call) and names.last_name(node.func) == "Door":
                icons = [word.value for word in node.keywords if word.arg == "icon"] or node.args[3:4]
                yield from ((path, node.lineno, str(ast.literal_eval(icon))) for icon in icons)


RULES = (Rule("icons", "every icon in use is in the sprite", check),)
