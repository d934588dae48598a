"""Every change of a table has its migration, named by a person, with a way back."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from house import names, running
from house.finding import Finding
from house.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from house.tree import Tree

SETTINGS = "src/anlan/site/settings.py"
FILE = re.compile(r"src/anlan/.*/migrations/[^/]*\.py$")
NAME = re.compile(r"\d{4}_(?!auto_)[a-z][a-z0-9_]*\.py$")
NODES = "nodes upgrade on different days, and one of them will have to go back"


def check(tree: Tree) -> Iterator[Finding]:
    for path in tree.under("src/anlan", ".py"):
        if FILE.match(path) and not path.endswith("__init__.py"):
            if not NAME.search(path):
                mend = "rename it 0002_what_it_does, or makemigrations --name"
                yield Finding(path, 1, "has no name of its own", "the list of migrations is read", mend)
            yield from _one_way(tree.module(path), path)
    if tree.has(SETTINGS):
        yield from _missing(tree)


def _one_way(module: ast.Module, path: str) -> Iterator[Finding]:
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and (kind := names.last_name(node.func)) in {"RunPython", "RunSQL"}:
            backward = {"reverse_code", "reverse_sql"} & {word.arg for word in node.keywords}
            if len(node.args) < 2 and not backward:
                yield Finding(
                    path,
                    node.lineno,
                    f"{kind} without a way back",
                    NODES,
                    f"give the reverse, or {kind}.noop",
                )


def _missing(tree: Tree) -> Iterator[Finding]:
    """What makemigrations --check asks, without needing a database."""
    changes: list[tuple[str, str]] = running.attribute(tree, "house.pending", "migrations")()
    for package, operations in changes:
        yield Finding(
            f"src/{package.replace('.', '/')}/migrations",
            1,
            f"no migration for: {operations}",
            "the tables would not be what the models say",
            "python manage.py makemigrations --name what_it_does",
        )


RULES = (Rule("migrations", "no migration missing, unnamed or one-way", check),)
