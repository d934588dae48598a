"""A file past 600 lines is a drawer; it becomes a package of the same name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from house.finding import Finding
from house.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from house.tree import Tree

LIMIT = 600


def check(tree: Tree) -> Iterator[Finding]:
    for path in tree.files:
        if path.endswith(".py") and (lines := tree.text(path).count("\n")) > LIMIT:
            yield Finding(
                path,
                LIMIT + 1,
                f"{lines} lines",
                "nobody finds anything in a file of such length",
                "make it a package of the same name, one file per matter",
            )


RULES = (Rule("file_size", f"no Python file past {LIMIT} lines", check),)
