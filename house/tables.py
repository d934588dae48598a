"""CSV files of docs/ as rows with their line numbers."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from house.finding import Finding

if TYPE_CHECKING:
    from house.tree import Tree

WHY = "the table is read by people and by programs"


@dataclass(frozen=True)
class Row:
    """One line of a table, by column name."""

    line: int
    cells: dict[str, str]


def read(tree: Tree, path: str, columns: tuple[str, ...]) -> tuple[list[Row], list[Finding]]:
    """The well-formed rows, and what is wrong with the others; the first column must be filled and unique."""
    if not tree.has(path):
        return [], [Finding(path, 1, "missing", WHY, f"write it, with the columns {','.join(columns)}")]
    reader = csv.reader(io.StringIO(tree.text(path)))
    if tuple(next(reader, [])) != columns:
        return [], [Finding(path, 1, "wrong columns", WHY, f"the first line is {','.join(columns)}")]
    rows: list[Row] = []
    findings: list[Finding] = []
    seen: set[str] = set()
    for cells in reader:
        problem = _problem(cells, columns, seen)
        if problem:
            findings.append(
                Finding(
                    path, reader.line_num, problem, WHY, "one row per key, quoted where a cell has a comma"
                )
            )
        else:
            seen.add(cells[0])
            rows.append(Row(reader.line_num, dict(zip(columns, cells, strict=True))))
    return rows, findings


def _problem(cells: list[str], columns: tuple[str, ...], seen: set[str]) -> str:
    if len(cells) != len(columns):
        return f"{len(cells)} cells instead of {len(columns)}"
    if not cells[0] or any(cell != cell.strip() for cell in cells):
        return "an empty key or spaces round a cell"
    return f"{cells[0]} stands twice" if cells[0] in seen else ""
