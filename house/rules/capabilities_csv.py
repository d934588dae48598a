"""What the product can do, row by row of its requirements; a row that claims something names tests that show it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from house import names, tables
from house.finding import Finding
from house.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from house.tree import Tree

TABLE = "docs/capabilities.csv"
COLUMNS = ("row", "state", "tests", "note")
STATES = ("open", "part", "done")
# How many requirements each chapter has.
CHAPTERS = dict(zip("ODRPHMWCEKAZTXGQ", (10, 3, 7, 7, 8, 5, 6, 13, 10, 2, 4, 6, 3, 4, 4, 4), strict=True))
WHY = "what is said to work must be shown to work"


def check(tree: Tree) -> Iterator[Finding]:
    rows, findings = tables.read(tree, TABLE, COLUMNS)
    yield from findings
    wanted = [f"{chapter}{number}" for chapter, count in CHAPTERS.items() for number in range(1, count + 1)]
    given = {row.cells["row"] for row in rows}
    for name in wanted:
        if rows and name not in given:
            yield Finding(TABLE, 1, f"{name} has no row", WHY, f"add {name},open,,its title")
    for row in rows:
        problems = [] if row.cells["row"] in wanted else [f"{row.cells['row']} is no requirement"]
        for problem in [*problems, *_problems(tree, row.cells)]:
            yield Finding(
                TABLE, row.line, problem, WHY, "name tests as tests/…/test_x.py::test_y, separated by spaces"
            )


def _problems(tree: Tree, cells: dict[str, str]) -> Iterator[str]:
    if cells["state"] not in STATES:
        yield f"state is {cells['state']!r}, not one of {', '.join(STATES)}"
    tests = cells["tests"].split()
    if cells["state"] != "open" and not tests:
        yield f"{cells['row']} is marked {cells['state']} and names no test"
    for test in tests:
        if reason := _missing(tree, test):
            yield f"{test} {reason}"


def _missing(tree: Tree, test: str) -> str:
    """Why a test named by its pytest id would not run; empty when it would."""
    path, *steps = test.partition("[")[0].split("::")
    if not tree.has(path) or not steps:
        return "is not a test in a file of this tree"
    node: ast.Module | ast.ClassDef | names.Function = tree.module(path)
    if any("pytestmark" in ast.unparse(part) and _skips(ast.unparse(part)) for part in node.body):
        return "is skipped with its whole file"
    for step in steps:
        nodes = [
            part
            for part in node.body
            if isinstance(part, ast.ClassDef | names.Function) and part.name == step
        ]
        if not nodes:
            return "does not exist"
        node = nodes[0]
        if any(_skips(ast.unparse(part)) for part in nodes[0].decorator_list):
            return "is skipped"
    return ""


def _skips(code: str) -> bool:
    return any(word in code for word in ("mark.skip", "mark.xfail", "mark.soak"))


RULES = (Rule("capabilities_csv", "the table of capabilities names tests that run", check),)
