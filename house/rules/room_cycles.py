"""Rooms of a wing may use each other, but never in a circle."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from house import names
from house.finding import Finding
from house.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from house.tree import Room, Tree


def check(tree: Tree) -> Iterator[Finding]:
    packages = {room.package for room in tree.rooms}
    graph = {room.package: _uses(tree, room) & packages for room in tree.rooms}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = " → ".join(reversed(error.args[1]))
        yield Finding(
            f"src/{error.args[1][0].replace('.', '/')}",
            1,
            f"rooms use each other in a circle: {circle}",
            "none of them can be read, tested or changed alone any more",
            "the lower one writes an event, the higher one subscribes in handlers.py",
        )


def _uses(tree: Tree, room: Room) -> set[str]:
    targets = {
        found.target
        for path in tree.under(room.folder, ".py")
        if "/migrations/" not in path
        for found in names.imports(tree.module(path), path)
    }
    return {".".join(target.split(".")[:3]) for target in targets} - {room.package}


RULES = (Rule("room_cycles", "rooms don't use each other in a circle", check),)
