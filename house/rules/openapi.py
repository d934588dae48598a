"""The public interface is a file under review: a change to it shows in the diff."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from django.core.serializers.json import DjangoJSONEncoder

from house import running
from house.finding import Finding
from house.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from house.tree import Tree

SNAPSHOT = "docs/openapi.json"
SOURCE = "src/anlan/site/api.py"


def schema(tree: Tree) -> str:
    api = running.attribute(tree, "anlan.site.api", "api")
    described = json.dumps(api.get_openapi_schema(), cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
    return f"{described}\n"


def check(tree: Tree) -> Iterator[Finding]:
    if not tree.has(SOURCE):
        return
    if not tree.has(SNAPSHOT) or tree.text(SNAPSHOT) != schema(tree):
        yield Finding(
            SNAPSHOT,
            1,
            "differs from what the interface says of itself",
            "other systems rely on it: a change must be meant",
            "./anlan check openapi --renew, read the difference, note it in CHANGELOG.md",
        )


def renew(tree: Tree) -> None:
    (tree.root / SNAPSHOT).write_text(schema(tree), encoding="utf-8")


RULES = (Rule("openapi", f"{SNAPSHOT} is what the interface offers", check, renew),)
