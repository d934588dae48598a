"""Private stores for a benchmark: database and message server of its own, migrated, with a real node's settings.

Nothing else of a node runs; what a benchmark measures it starts itself, as a process inside the product (bench.inside).
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg

from anlan import environment
from anlan.launcher.node import Node
from anlan.launcher.place import CHECKOUT
from bench.folder import fresh_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PATIENCE = 90.0  # seconds until the stores answer


@dataclass(frozen=True)
class Stores:
    """Stores that are up; they fsync like a real node's, and go with the block.

    more  settings of the programs beside the node's own
    """

    node: Node
    more: Mapping[str, str] = field(default_factory=dict)

    def environment(self, *, owner: bool = False) -> dict[str, str]:
        """For a subprocess: the application's role, or the tables' owner."""
        return {**self.node.told(owner=owner), **self.more, "PYTHONPATH": f"{CHECKOUT / 'src'}:{CHECKOUT}"}

    def start(self, function: str, *arguments: object, owner: bool = False) -> subprocess.Popen[str]:
        """Run `module:function` inside the product, in a process of its own; what it prints can be read from stdout."""
        command = [self.node.python, "-m", "bench.inside", function, *map(str, arguments)]
        told = self.environment(owner=owner)
        # Should this process be killed outright, the kernel ends what it started.
        bound = ["setpriv", "--pdeathsig", "SIGKILL", "--", *command]
        return subprocess.Popen(
            bound, env=told, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    @contextmanager
    def programs(self, *names: str) -> Iterator[None]:
        """The node's own programs of these names (`python -m anlan.site NAME`) for the block; one that ends ends the benchmark."""
        bound = ["setpriv", "--pdeathsig", "SIGKILL", "--", self.node.python, "-m", "anlan.site"]
        up = {name: subprocess.Popen([*bound, name], env=self.environment(), cwd=CHECKOUT) for name in names}
        try:
            yield
            if gone := [name for name, process in up.items() if process.poll() is not None]:
                raise SystemExit(f"{', '.join(gone)} ended")
        finally:
            for process in up.values():
                process.terminate()
            for process in up.values():
                process.wait(PATIENCE)

    def run(self, function: str, *arguments: object, owner: bool = False) -> Any:
        """Run `module:function` to its end; what it returned."""
        return result_of(self.start(function, *arguments, owner=owner))

    def connect(self, *, owner: bool = True) -> psycopg.Connection[tuple[Any, ...]]:
        """A connection of this process, each statement a transaction."""
        return psycopg.connect(self.node.database_url(owner=owner), autocommit=True)


def started_together(processes: Sequence[subprocess.Popen[str]]) -> Sequence[subprocess.Popen[str]]:
    """Let processes that wait for a line (after they have said one) begin at the same moment."""
    for process in processes:
        if process.stdout:
            process.stdout.readline()
    for process in processes:
        if process.stdin:
            process.stdin.write("\n")
            process.stdin.flush()
    return processes


def result_of(process: subprocess.Popen[str]) -> Any:
    """Wait for a process of Stores.start: what its function returned. It ends the benchmark if it failed."""
    said = process.communicate()[0].splitlines()
    if process.returncode or not said:
        raise SystemExit(f"{process.args!r} ended with {process.returncode}: {said[-5:]}")
    return json.loads(said[-1])


@contextmanager
def private_stores(name: str, **more: str) -> Iterator[Stores]:
    """Fresh stores with a migrated, empty database (roles and rules loaded), up for the block.

    more  settings of the programs
    """
    given = {key: text for key, text in os.environ.items() if key == "ANLAN_POSTGRES_BIN"}
    with fresh_folder(name) as home:
        node = Node(environment.load({**given, "ANLAN_VAR": str(home)}), "up")
        node.place.make()
        with node.place.lock(), _kept_up(node):
            if node.manage("prepare", "--mode=test").returncode:
                raise SystemExit("the benchmark's database could not be prepared")
            yield Stores(node, more)


@contextmanager
def _kept_up(node: Node) -> Iterator[None]:
    """The stores' supervisor needs an event loop; it has one in a thread that lives as long as the block."""
    ready, over = threading.Event(), threading.Event()

    async def keep() -> None:
        async with node.stores_up():
            ready.set()
            await asyncio.to_thread(over.wait)

    keeper = threading.Thread(target=lambda: asyncio.run(keep()), name="stores")
    keeper.start()
    try:
        while not ready.wait(0.1):
            if not keeper.is_alive():
                raise SystemExit("the benchmark's stores did not start")
        yield
    finally:
        over.set()
        keeper.join(PATIENCE)
