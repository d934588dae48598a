"""The operator's page of settings is written from the table of settings."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

from house.finding import Finding
from house.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from house.tree import Tree

PAGE = "docs/operator/settings.md"
SOURCE = "src/anlan/environment.py"


def page(tree: Tree) -> str:
    source = str(tree.root / "src")
    if source not in sys.path:
        sys.path.insert(0, source)
    return str(importlib.import_module("anlan.environment").as_markdown())


def check(tree: Tree) -> Iterator[Finding]:
    if not tree.has(SOURCE):
        return
    if not tree.has(PAGE) or tree.text(PAGE) != page(tree):
        yield Finding(
            PAGE,
            1,
            "differs from the settings in anlan.environment",
            "an operator believes the page",
            "./anlan check settings_page --renew",
        )


def renew(tree: Tree) -> None:
    path = tree.root / PAGE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(tree), encoding="utf-8")


RULES = (Rule("settings_page", f"{PAGE} says what the settings are", check, renew),)
