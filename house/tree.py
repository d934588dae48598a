"""The files of the repository as the rules see them: read once, parsed once."""

from __future__ import annotations

import ast
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

# The wings that hold rooms, highest first: a wing may import those after it.
WINGS = ("connect", "review", "respond", "watch", "prevent", "message", "organisation")


@dataclass(frozen=True)
class Room:
    """One capability: a folder `src/anlan/<wing>/<room>/` and the paths of its files, relative to it."""

    wing: str
    name: str
    files: tuple[str, ...]

    @property
    def folder(self) -> str:
        return f"src/anlan/{self.wing}/{self.name}"

    @property
    def package(self) -> str:
        return f"anlan.{self.wing}.{self.name}"


class Tree:
    """The files git would commit (tracked or new, not ignored); all files where there is no git."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._texts: dict[str, str] = {}
        self._modules: dict[str, ast.Module] = {}

    @cached_property
    def files(self) -> tuple[str, ...]:
        if (self.root / ".git").exists():
            listing = subprocess.run(
                ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                cwd=self.root,
                check=True,
                capture_output=True,
                text=True,
            ).stdout.split("\0")
            paths = {path for path in listing if path and (self.root / path).is_file()}
        else:
            paths = {
                path.relative_to(self.root).as_posix() for path in self.root.rglob("*") if path.is_file()
            }
        return tuple(sorted(path for path in paths if "__pycache__" not in path))

    def under(self, folder: str, *suffixes: str) -> list[str]:
        """Files below a folder (or the folder itself as a file), by ending."""
        start = f"{folder}/"
        return [
            path
            for path in self.files
            if path.startswith(start) and (not suffixes or path.endswith(suffixes))
        ]

    def has(self, path: str) -> bool:
        return path in self.files

    def text(self, path: str) -> str:
        if path not in self._texts:
            self._texts[path] = (self.root / path).read_text(encoding="utf-8", errors="replace")
        return self._texts[path]

    def module(self, path: str) -> ast.Module:
        """The syntax tree; an empty one where the file doesn't parse, which ruff reports better."""
        if path not in self._modules:
            try:
                self._modules[path] = ast.parse(self.text(path), path)
            except SyntaxError:
                self._modules[path] = ast.Module(body=[], type_ignores=[])
        return self._modules[path]

    @cached_property
    def rooms(self) -> tuple[Room, ...]:
        found: dict[tuple[str, str], list[str]] = {}
        for path in self.under("src/anlan"):
            parts = PurePosixPath(path).parts
            if len(parts) > 4 and parts[2] in WINGS:
                found.setdefault((parts[2], parts[3]), []).append("/".join(parts[4:]))
        return tuple(Room(wing, name, tuple(files)) for (wing, name), files in sorted(found.items()))
