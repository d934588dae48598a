"""What the guide for those who connect systems names is there."""

from __future__ import annotations

import re
from importlib import import_module

from anlan.launcher.place import CHECKOUT

NAMED = re.compile(r"`([a-z_0-9]+)\.([a-z_]+)`")


def test_every_function_the_guide_names_is_there() -> None:
    guide = (CHECKOUT / "docs/integrator/messages.md").read_text()
    named = NAMED.findall(guide[guide.index("## 程序接口") :])
    assert len(named) > 10
    for module, name in named:
        package = import_module(f"anlan.protocols.{module}")
        assert hasattr(package, name) or import_module(f"anlan.protocols.{module}.{name}"), f"{module}.{name}"
