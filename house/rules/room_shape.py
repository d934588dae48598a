"""Every room has the same files, and each file imports only what it may: `house/shape.py` is the table."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from house import names
from house.finding import Finding
from house.rule import Rule
from house.shape import PARTS, READS, TYPES
from house.tree import WINGS, Room

if TYPE_CHECKING:
    from collections.abc import Iterator

    from house.tree import Tree

WHY = "who knows one room knows them all; see CONTRIBUTING.md, “One room, always the same files”"
SIGNALS = ("django.dispatch", "django.db.models.signals", "django.core.signals", "django.db.backends.signals")
WEB = ("django.http.HttpRequest", "django.http.request")
PLURAL = re.compile(r"(?<![suia])s$")


def check(tree: Tree) -> Iterator[Finding]:
    for path in tree.under("src/anlan", ".py"):
        parts = PurePosixPath(path).parts
        if len(parts) == 4 and parts[2] in WINGS and parts[3] != "__init__.py":
            yield Finding(path, 1, "a file between rooms", WHY, "a wing holds rooms only: move it into one")
    for room in tree.rooms:
        yield from name_problems(room)
        for file in room.files:
            yield from _file(tree, room, file)


def name_problems(room: Room) -> Iterator[Finding]:
    name = room.name
    if not re.fullmatch(r"[a-z][a-z_]*", name) or PLURAL.search(name):
        yield Finding(
            room.folder, 1, f"{name} is not a singular noun", WHY, "name the folder after one thing it keeps"
        )
    if name in sys.stdlib_module_names:
        yield Finding(
            room.folder, 1, f"{name} hides a module of the standard library", WHY, "choose another word"
        )


def part_of(file: str) -> str:
    """`services/publish.py` and `services.py` are both the part `services`."""
    return PurePosixPath(file).parts[0].removesuffix(".py")


def _file(tree: Tree, room: Room, file: str) -> Iterator[Finding]:
    path = f"{room.folder}/{file}"
    top = part_of(file)
    shown = top == "templates" and re.match(rf"templates/{room.name}/[a-z_/]+\.(html|typ)$", file)
    if top == "migrations" or shown or re.match(r"data/[a-z_]+\.json$", file):
        return
    if not file.endswith(".py") or (top not in PARTS and file != "__init__.py"):
        yield Finding(
            path,
            1,
            "no file of a room",
            WHY,
            f"a room has {', '.join(PARTS)}, migrations, templates/<room>, data/*.json",
        )
        return
    module = tree.module(path)
    if _is_empty(module) and not file.endswith("__init__.py"):
        yield Finding(path, 1, "holds nothing", WHY, "leave it out until something stands in it")
    if file == "__init__.py":
        if not _is_empty(module):
            yield Finding(
                path, 1, "a room's __init__.py holds code", WHY, "move it to the file it belongs in"
            )
        return
    yield from _imports(tree, room, path, top)
    if not PARTS[top].face:
        yield from _web(module, path)
    if top == "services":
        yield from _acts(module, path, room)
    if top == "selectors":
        yield from _reads(module, path)


def _is_empty(module: ast.Module) -> bool:
    return all(isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in module.body)


def _imports(tree: Tree, room: Room, path: str, top: str) -> Iterator[Finding]:
    for found in names.imports(tree.module(path), path):
        if found.in_function:
            yield Finding(path, found.line, f"imports {found.target} inside a function", WHY, "import at the top; a cycle means that something lies in the wrong room")  # fmt: skip
        if found.target.startswith(SIGNALS):
            yield Finding(path, found.line, "uses Django signals", "a call nobody sees where it is made", "call down, journal up: write an event, subscribe in handlers.py")  # fmt: skip
        elif found.target.split(".")[0] == "anlan" and not _may(room, top, found):
            yield Finding(path, found.line, f"{top} may not import {found.target}", WHY, "what each file may import stands in house/shape.py")  # fmt: skip


def _may(room: Room, top: str, found: names.Import) -> bool:
    part = PARTS[top]
    _, wing, *rest = [*found.target.split("."), ""]
    if wing in {"kernel", "map"}:
        return part.kernel or found.typing_only
    if wing in {"protocols", "decide"}:
        return part.pure
    if wing not in WINGS or len(rest) < 2:
        return False
    other, file = rest[0], rest[1]
    if (wing, other) == (room.wing, room.name):
        return file == top or "*" in part.own or file in part.own or (found.typing_only and file in TYPES)
    lower = WINGS.index(wing) >= WINGS.index(room.wing)
    return lower and (file in part.lower or (found.typing_only and file in TYPES))


def _web(module: ast.Module, path: str) -> Iterator[Finding]:
    mend = "take ctx and plain values; views and api take the request apart"
    for node in ast.walk(module):
        if isinstance(node, ast.arg) and node.arg == "request":
            yield Finding(path, node.lineno, "takes the web request", "then only the web can call it", mend)
    for found in names.imports(module, path):
        if found.target.startswith(WEB):
            yield Finding(path, found.line, "knows the web request", "then only the web can call it", mend)


def _acts(module: ast.Module, path: str, room: Room) -> Iterator[Finding]:
    start = f"{room.wing}.{room.name}."
    for node in names.functions(module):
        if node.name.startswith("_"):
            continue
        capability = _capability(node)
        arguments = [*node.args.posonlyargs, *node.args.args]
        if capability is None:
            yield _act(
                path, node, "has no @act", f'decorate it with @act("{start}<verb>"), or begin its name with _'
            )
        elif not re.fullmatch(rf"{re.escape(start)}[a-z_]+", capability):
            yield _act(
                path, node, f"has the capability {capability}", f"a room's capabilities are {start}<verb>"
            )
        if not arguments or arguments[0].arg != "ctx":
            yield _act(path, node, "doesn't take ctx first", "ctx carries actor, exercise, clock and cause")
        if not re.fullmatch(r"[a-z]+(_[a-z0-9]+)+", node.name):
            yield _act(path, node, "is not named verb_object", "publish_warning, not publish or do_it_all")


def _act(path: str, node: names.Function, what: str, mend: str) -> Finding:
    return Finding(
        path, node.lineno, f"{node.name} {what}", "every write is an act: checked, scoped, journalled", mend
    )


def _capability(node: names.Function) -> str | None:
    for part in node.decorator_list:
        if isinstance(part, ast.Call) and names.last_name(part.func) == "act" and part.args:
            first = part.args[0]
            return str(first.value) if isinstance(first, ast.Constant) else ast.unparse(first)
    return None


def _reads(module: ast.Module, path: str) -> Iterator[Finding]:
    for node in names.functions(module):
        if not node.name.startswith(("_", *READS)):
            yield Finding(
                path,
                node.lineno,
                f"{node.name} promises nothing by its first word",
                WHY,
                "get_ (one or error), find_ (one or none), list_ (many), lock_ (one, for update), count_",
            )


RULES = (Rule("room_shape", "rooms have the same files, acts and imports", check),)
