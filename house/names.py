"""Which name of which module a piece of Python means: imports resolved to dotted paths."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Import:
    """One imported thing: `from a import b as c` is target a.b, known here as c, which stands for a.b."""

    line: int
    target: str
    known_as: str
    stands_for: str
    typing_only: bool
    in_function: bool


def dotted(path: str) -> str:
    """`src/anlan/kernel/act.py` → `anlan.kernel.act`."""
    parts = PurePosixPath(path.removeprefix("src/")).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(module: ast.Module, path: str) -> Iterator[Import]:
    package = dotted(path) if path.endswith("__init__.py") else dotted(path).rpartition(".")[0]
    yield from _imports(module, package, typing_only=False, in_function=False)


def _imports(node: ast.AST, package: str, *, typing_only: bool, in_function: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                top = alias.name.partition(".")[0]
                known_as, stands_for = (alias.asname, alias.name) if alias.asname else (top, top)
                yield Import(child.lineno, alias.name, known_as, stands_for, typing_only, in_function)
        elif isinstance(child, ast.ImportFrom):
            source = _source(child, package)
            for alias in child.names:
                target = f"{source}.{alias.name}"
                yield Import(
                    child.lineno, target, alias.asname or alias.name, target, typing_only, in_function
                )
        elif isinstance(child, ast.If) and _is_type_checking(child.test):
            for part in child.body:
                wrapper = ast.Module(body=[part], type_ignores=[])
                yield from _imports(wrapper, package, typing_only=True, in_function=in_function)
        else:
            inside = in_function or isinstance(child, Function | ast.Lambda)
            yield from _imports(child, package, typing_only=typing_only, in_function=inside)


def _source(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    base = ".".join(parts[: len(parts) - node.level + 1])
    return f"{base}.{node.module}" if node.module else base


def _is_type_checking(test: ast.expr) -> bool:
    return ast.unparse(test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def known(module: ast.Module, path: str) -> dict[str, str]:
    """Local name → dotted path, for everything the module imports."""
    return {found.known_as: found.stands_for for found in imports(module, path)}


def meaning(node: ast.expr, names: dict[str, str]) -> str | None:
    """The dotted path that a name or attribute chain stands for; None where it starts with something local."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute):
        base = meaning(node.value, names)
        return f"{base}.{node.attr}" if base else None
    return None


def functions(module: ast.Module) -> Iterator[Function]:
    """Functions at the top of a module."""
    return (node for node in module.body if isinstance(node, Function))


def decorator_names(node: Function | ast.ClassDef) -> list[str]:
    """Last part of each decorator's name: `@transaction.atomic()` → atomic."""
    return [_last(part.func if isinstance(part, ast.Call) else part) for part in node.decorator_list]


def _last(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def last_name(node: ast.expr) -> str:
    """`models.Model` → Model, `Generic[T]` → Generic."""
    return _last(node.value if isinstance(node, ast.Subscript) else node)


def docstrings(module: ast.Module) -> set[ast.Constant]:
    """The string nodes that are docstrings."""
    found = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Module | ast.ClassDef | Function) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                found.add(first.value)
    return found
