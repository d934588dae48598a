"""Reads without scope happen only where the scope is applied by hand: selectors, services, migrations, tests, kernel."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from house import names
from house.finding import Finding
from house.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from house.tree import Tree

WHY = "a read that skips the scope shows one unit's records to another"
MEND = "move the query to the room's selectors (reads) or services (writes), which take ctx"
HOME = re.compile(r"src/anlan/kernel/|.*/(selectors|services)(\.py$|/)|.*/migrations/")
DOORS = frozenset({"unscoped", "_base_manager"})
ROOM_DOORS = frozenset({"cursor", "raw", "extra"})


def check(tree: Tree) -> Iterator[Finding]:
    rooms = tuple(f"{room.folder}/" for room in tree.rooms)
    for path in tree.under("src/anlan", ".py"):
        if HOME.match(path):
            continue
        for node in ast.walk(tree.module(path)):
            if isinstance(node, ast.Attribute) and node.attr in DOORS:
                yield Finding(path, node.lineno, f".{node.attr} outside selectors and services", WHY, MEND)
            elif isinstance(node, ast.Call):
                yield from _call(node, path, in_room=path.startswith(rooms))


def _call(node: ast.Call, path: str, *, in_room: bool) -> Iterator[Finding]:
    called = names.last_name(node.func)
    if called == "getattr" and any(
        isinstance(part, ast.Constant) and part.value in DOORS for part in node.args
    ):
        yield Finding(path, node.lineno, "getattr() of an unscoped manager", WHY, MEND)
    elif in_room and isinstance(node.func, ast.Attribute) and called in ROOM_DOORS:
        yield Finding(path, node.lineno, f".{called}() goes round the scope", WHY, MEND)


RULES = (Rule("unscoped", "no read goes round the scope", check),)
