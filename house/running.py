"""The product loaded into this process, for rules that ask it rather than its files."""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, Any

import django

if TYPE_CHECKING:
    from house.tree import Tree


def attribute(tree: Tree, module: str, name: str) -> Any:
    """`name` of a module of the product, with Django set up from its own settings."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "anlan.site.settings")
    source = str(tree.root / "src")
    if source not in sys.path:
        sys.path.insert(0, source)
    django.setup()
    return getattr(importlib.import_module(module), name)
