"""Programs of others that check for us: linters, types, imports between wings, templates, the front end."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from house.finding import Finding
from house.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from house.tree import Tree

KEPT_LINES = 40


@dataclass(frozen=True)
class Program:
    """A command whose exit code says whether all is well.

    needs    paths without which there is nothing to check
    finding  pattern of a line that names a place; other lines are shown as they are
    """

    name: str
    about: str
    command: tuple[str, ...]
    mend: str
    needs: tuple[str, ...] = ()
    folder: str = "."
    finding: str = r"(?P<path>[^\s:]+):(?P<line>\d+)(:\d+)?:? (?P<what>.*)"


PROGRAMS = (
    Program(
        "ruff",
        "Python lint",
        ("ruff", "check", "--output-format", "concise", "--quiet"),
        "ruff check --fix; where a finding is wrong, # noqa with the code and a reason",
        needs=("pyproject.toml",),
    ),
    Program(
        "format",
        "Python layout",
        ("ruff", "format", "--check", "--quiet", "--output-format", "concise"),
        "ruff format",
        needs=("pyproject.toml",),
    ),
    Program(
        "types",
        "Python types, strictly",
        ("mypy", "--no-error-summary", "--hide-error-context"),
        "say the type; Any only where Django passes through what it was given",
        needs=("pyproject.toml", "src/anlan/site/settings.py"),
        finding=r"(?P<path>[^\s:]+):(?P<line>\d+): (?P<what>error: .*)",
    ),
    Program(
        "wings",
        "imports run one way",
        ("lint-imports", "--no-cache", "--no-logo"),
        "call down, journal up: see .importlinter and CONTRIBUTING.md",
        needs=(".importlinter",),
    ),
    Program(
        "templates",
        "template layout and lint",
        (
            "djlint",
            "src",
            "--check",
            "--lint",
            "--quiet",
            "--linter-output-format",
            "{filename}:{line}: {code} {message}",
        ),
        "djlint src --reformat; what is left by hand",
        needs=("src/anlan",),
        finding=r"(?P<path>\S+\.html):(?P<line>\d+)(:\d+)?:? (?P<what>.*)",
    ),
    Program(
        "frontend",
        "TypeScript types and lint",
        ("pnpm", "run", "--silent", "check"),
        "mend it in frontend/",
        needs=("frontend/package.json",),
        folder="frontend",
    ),
)


def find(name: str, root: Path) -> str | None:
    """A program beside this Python, in the front end's tools, or on the path."""
    places = [Path(sys.executable).parent, *root.glob("var/*/bin"), root / "var/pnpm"]
    return shutil.which(name, path=os.pathsep.join([*map(str, places), os.environ.get("PATH", "")]))


def run(program: Program, tree: Tree) -> Iterator[Finding]:
    if any(not (tree.root / path).exists() for path in program.needs):
        return
    executable = find(program.command[0], tree.root)
    if executable is None:
        yield Finding(program.name, 0, f"{program.command[0]} is not installed", "nothing was checked", "./anlan check installs it")  # fmt: skip
        return
    beside = [str(Path(executable).parent), str(Path(sys.executable).parent)]
    environment = {**os.environ, "PYTHONPATH": f"{tree.root / 'src'}{os.pathsep}{tree.root}"}
    environment["PATH"] = os.pathsep.join([*beside, os.environ.get("PATH", "")])
    done = subprocess.run(
        [executable, *program.command[1:]],
        cwd=tree.root / program.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        yield from _read(program, f"{done.stdout}\n{done.stderr}")


def _read(program: Program, output: str) -> Iterator[Finding]:
    rest = []
    named = False
    for line in output.splitlines():
        if hit := re.match(program.finding, line):
            named = True
            path = hit["path"] if program.folder == "." else f"{program.folder}/{hit['path']}"
            yield Finding(path, int(hit["line"] or 1), hit["what"] or program.about, mend=program.mend)
        elif line.strip():
            rest.append(f"      {line}")
    if rest and not named:
        yield Finding(program.name, 0, "\n".join(["says:", *rest[-KEPT_LINES:]]), mend=program.mend)


RULES = tuple(Rule(program.name, program.about, partial(run, program), program=True) for program in PROGRAMS)
