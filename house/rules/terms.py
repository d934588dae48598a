"""One word per thing: every model has its row in docs/terms.csv."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from house import names, tables
from house.finding import Finding
from house.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from house.tree import Tree

TABLE = "docs/terms.csv"
COLUMNS = ("code", "中文", "standard", "not_to_be_confused_with")
MODELS = re.compile(r".*/models(\.py$|/)")
BASES = frozenset({"Model", "Record", "AbstractBaseUser", "AbstractUser"})


def check(tree: Tree) -> Iterator[Finding]:
    rows, findings = tables.read(tree, TABLE, COLUMNS)
    yield from findings
    for row in rows:
        if not row.cells["中文"]:
            yield Finding(
                TABLE, row.line, f"{row.cells['code']} has no Chinese term", "people read it", "name it"
            )
    codes = {row.cells["code"] for row in rows}
    for path, node in _models(tree):
        if node.name not in codes:
            yield Finding(
                path,
                node.lineno,
                f"model {node.name} has no row in {TABLE}",
                "the same word must mean the same thing in code, pages and law",
                "add: code,中文,standard and clause (or empty),what it is not to be confused with",
            )


def _models(tree: Tree) -> Iterator[tuple[str, ast.ClassDef]]:
    classes = [
        (path, node)
        for path in tree.under("src/anlan", ".py")
        if MODELS.match(path) or path.startswith("src/anlan/kernel/")
        for node in tree.module(path).body
        if isinstance(node, ast.ClassDef)
    ]
    models = set(BASES)
    found: dict[tuple[str, str], ast.ClassDef] = {}
    for _ in classes:  # until a class deriving from a class seen later brings nothing new
        before = len(found)
        for path, node in classes:
            if models & {names.last_name(base) for base in node.bases}:
                models.add(node.name)
                found[path, node.name] = node
        if len(found) == before:
            break
    yield from ((path, node) for (path, _), node in found.items() if not _is_abstract(node))


def _is_abstract(node: ast.ClassDef) -> bool:
    metas = [part for part in node.body if isinstance(part, ast.ClassDef) and part.name == "Meta"]
    return any("abstract = True" in ast.unparse(meta) for meta in metas)


RULES = (Rule("terms", "every model has a row in the table of terms", check),)
