from __future__ import annotations

from typing import TYPE_CHECKING

from house.rules import file_size

if TYPE_CHECKING:
    from tests.house.conftest import TreeOf


def test_a_file_past_the_limit_is_found(tree_of: TreeOf) -> None:
    tree = tree_of({"src/anlan/a.py": "x = 1\n" * 601, "src/anlan/b.py": "x = 1\n" * 600})
    assert [finding.path for finding in file_size.check(tree)] == ["src/anlan/a.py"]
