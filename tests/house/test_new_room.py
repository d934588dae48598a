"""A room written by new-room keeps every rule and passes its own tests, on a copy of the tree."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from house import new_room
from house.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Python = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def copy(tmp_path: Path, pytestconfig: pytest.Config) -> Path:
    """The tree as git would commit it, in a repository of its own, with the built front end."""
    source = pytestconfig.rootpath
    for path in Tree(source).files:
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source / path, target)
    for built in ("frontend/dist", "frontend/node_modules"):
        (tmp_path / built).symlink_to(source / built)
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    return tmp_path


@pytest.fixture
def python(copy: Path) -> Python:
    """Runs Python in the copy, with a database of its own beside the one of these tests."""
    database = re.sub(r"(?<=/)\w+(?=\?|$)", "room_copy", os.environ["ANLAN_DATABASE_URL"])
    inherited = {name: text for name, text in os.environ.items() if name != "ANLAN_ROOMS"}
    environment = {
        **inherited,
        "PYTHONPATH": f"{copy / 'src'}{os.pathsep}{copy}",
        "ANLAN_DATABASE_URL": database,
    }

    # Its tests play with the rooms of the tests, which the checks of the product do not know.
    rooms = {"pytest": {"ANLAN_ROOMS": str(copy / "tests/rooms")}}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command, given = [sys.executable, *arguments], environment | rooms.get(arguments[1], {})
        return subprocess.run(command, cwd=copy, env=given, capture_output=True, text=True, check=False)

    return run


@pytest.mark.scenario
def test_a_new_room_passes_every_check_and_its_own_tests(copy: Path, python: Python) -> None:
    made = python("-m", "house.new_room", "watch", "rain_depth", "雨情测试")
    assert made.returncode == 0, made.stderr
    assert (copy / "src/anlan/watch/rain_depth/migrations/0001_rain_depth.py").exists()
    checked = python("-m", "house.check")
    assert checked.returncode == 0, checked.stdout
    tested = python("-m", "pytest", "-q", "tests/watch/rain_depth", "tests/test_scope_matrix.py")
    assert tested.returncode == 0, tested.stdout


@pytest.mark.parametrize(
    ("name", "term", "reason"),
    [
        ("unit", "单位", "another wing has a room unit"),
        ("rains", "雨情", "not a singular noun"),
        ("calendar", "日历", "standard library"),
        ("rain", "rain", "not Chinese"),
    ],
)
def test_a_name_that_would_not_fit_is_refused_before_anything_is_written(
    capsys: pytest.CaptureFixture[str], name: str, term: str, reason: str
) -> None:
    with pytest.raises(SystemExit):
        new_room.main(["watch", name, term])
    assert reason in capsys.readouterr().err


def test_a_room_that_is_there_is_not_written_over(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        new_room.main(["organisation", "unit", "单位"])
    assert "there already" in capsys.readouterr().err
