from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from house.rules import external

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from house.finding import Finding
    from tests.house.conftest import TreeOf


@pytest.fixture
def linter(
    tree_of: TreeOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, int], list[Finding]]:
    """A program that says what it is told to and ends with the given code."""

    def make(says: str, code: int) -> list[Finding]:
        script = tmp_path / "bin" / "lint-it"
        script.parent.mkdir()
        script.write_text(f"#!{sys.executable}\nprint({says!r})\nraise SystemExit({code})\n")
        script.chmod(0o755)
        monkeypatch.setenv("PATH", str(script.parent), prepend=os.pathsep)
        return list(external.run(external.Program("it", "lint", ("lint-it",), "mend it"), tree_of({})))

    return make


def test_a_place_that_a_program_names_becomes_a_finding(linter: Callable[[str, int], list[Finding]]) -> None:
    found = linter("src/a.py:3:7: E1 wrong\nFound 1 error.", 1)
    assert [(finding.path, finding.line, finding.what) for finding in found] == [("src/a.py", 3, "E1 wrong")]


def test_what_a_failing_program_says_without_a_place_is_shown(
    linter: Callable[[str, int], list[Finding]],
) -> None:
    assert ["contract broken" in finding.what for finding in linter("contract broken", 1)] == [True]


def test_a_program_content_with_all_finds_nothing(linter: Callable[[str, int], list[Finding]]) -> None:
    assert not linter("src/a.py:3:7: only a remark", 0)


def test_a_program_that_is_missing_is_a_finding(tree_of: TreeOf) -> None:
    program = external.Program("it", "lint", ("no-such-program",), "mend it")
    assert ["not installed" in finding.what for finding in external.run(program, tree_of({}))] == [True]


@pytest.mark.parametrize("name", ["ruff", "format"])
def test_ruff_finds_what_is_wrong_and_passes_what_is_right(tree_of: TreeOf, name: str) -> None:
    program = next(program for program in external.PROGRAMS if program.name == name)
    tree = tree_of(
        {"pyproject.toml": "[tool.ruff.lint]\nselect = ['F']\n", "a.py": "import os\nx = {  'a':1}\n"}
    )
    assert [finding.path for finding in external.run(program, tree)] == ["a.py"]
    assert not list(external.run(program, tree_of({"a.py": 'x = {"a": 1}\n'})))


def test_an_import_up_the_wings_is_found(tree_of: TreeOf, pytestconfig: pytest.Config) -> None:
    program = next(program for program in external.PROGRAMS if program.name == "wings")
    contracts = (pytestconfig.rootpath / ".importlinter").read_text()
    names = "kernel site launcher organisation message decide simulate watch respond"
    packages = ["", *(f"{name}/" for name in names.split())]
    files = {f"src/anlan/{package}__init__.py": "" for package in packages}
    files |= {
        ".importlinter": contracts,
        "src/anlan/environment.py": "",
        "src/anlan/decide/plume.py": "import math\n",
    }
    assert not list(
        external.run(program, tree_of(files | {"src/anlan/respond/a.py": "import anlan.watch\n"}))
    )
    up = list(external.run(program, tree_of({"src/anlan/kernel/a.py": "import anlan.watch\n"})))
    impure = list(
        external.run(
            program, tree_of({"src/anlan/kernel/a.py": "", "src/anlan/decide/plume.py": "import django\n"})
        )
    )
    assert "anlan.kernel.a -> anlan.watch" in up[0].what
    assert "anlan.decide.plume -> django" in impure[0].what
