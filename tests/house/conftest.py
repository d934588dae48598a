"""A tree of a few files, as the rules would see it."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from house.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    TreeOf = Callable[[dict[str, str]], Tree]


@pytest.fixture
def tree_of(tmp_path: Path) -> TreeOf:
    """Writes files into an empty folder; a second call adds to them."""

    def write(files: dict[str, str]) -> Tree:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        return Tree(tmp_path)

    return write
