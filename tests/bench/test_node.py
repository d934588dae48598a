"""A benchmark's node: one that was stopped or lost a program is not measured."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from bench.node import DemoNode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def node(tmp_path: Path) -> Iterator[DemoNode]:
    """A stand-in for a node: a launcher that does nothing, and a record of one program that runs."""
    (tmp_path / "run").mkdir()
    (tmp_path / "demo.out").write_text("up")
    launcher = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with launcher:
        made = DemoNode(tmp_path, 0, tmp_path / "demo.out", launcher)
        record(made, state="running", restarts=0)
        yield made
        launcher.kill()


def record(node: DemoNode, *, state: str, restarts: int) -> None:
    rows = [{"name": "web", "state": state, "restarts": restarts}]
    (node.home / "run/programs.json").write_text(json.dumps({"programs": rows}))


def test_a_node_whose_programs_run_is_whole(node: DemoNode) -> None:
    node.check_is_whole()


@pytest.mark.parametrize(("state", "restarts"), [("stopped", 0), ("running", 1)])
def test_a_node_that_lost_a_program_is_refused(node: DemoNode, state: str, restarts: int) -> None:
    record(node, state=state, restarts=restarts)
    with pytest.raises(SystemExit, match="web"):
        node.check_is_whole()


def test_a_node_whose_launcher_ended_is_refused(node: DemoNode) -> None:
    node.launcher.kill()
    node.launcher.wait()
    with pytest.raises(SystemExit, match="launcher has ended"):
        node.check_is_whole()
