"""Commands of ./anlan: what they make of their arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anlan import environment
from anlan.launcher import cli
from anlan.launcher.node import Story

if TYPE_CHECKING:
    from anlan.launcher.node import Node


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Node]:
    """The nodes that were to run."""
    nodes: list[Node] = []
    monkeypatch.setattr(cli, "settings", lambda: environment.load({}))
    monkeypatch.setattr(cli.Node, "run", lambda node: nodes.append(node) or 0)
    return nodes


@pytest.mark.parametrize(("arguments", "scale"), [([], 1), (["--scale", "1"], 1), (["--scale", "40"], 40)])
def test_a_demo_is_as_large_as_asked(started: list[Node], arguments: list[str], scale: int) -> None:
    assert cli.demo(arguments) == 0
    assert [(node.mode, node.scale) for node in started] == [("demo", scale)]


def test_a_demo_plays_a_story_at_a_pace_with_parts_for_people(started: list[Node]) -> None:
    assert cli.demo(["--story", "callout", "--pace", "fast", "--await", "duty,leader", "--then-stop"]) == 0
    assert started[0].story == Story("callout", "fast", "duty,leader", then_stop=True)


@pytest.mark.parametrize(
    "arguments",
    [
        *(["--scale"], ["--scale", "0"], ["--scale", "101"], ["--scale", "-1"], ["--scale", "many"], ["big"]),
        *(["--story"], ["--story", "callout", "--pace", "slow"], ["--pace", "fast"], ["--await", "duty"]),
    ],
)
def test_other_arguments_of_a_demo_are_refused(started: list[Node], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.demo(arguments)
    assert ended.value.code == 2
    assert not started
