"""One file per rule; each has a `RULES` tuple, and its tests in tests/house/."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from house.rule import Rule


def every() -> list[Rule]:
    """All rules, by file name."""
    modules = sorted(info.name for info in pkgutil.iter_modules(__path__))
    return [rule for name in modules for rule in importlib.import_module(f"{__name__}.{name}").RULES]
