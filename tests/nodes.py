"""A whole node of its own for a test: started by ./anlan as an operator would, reached through its front door."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
from django.conf import settings

from anlan.launcher.place import CHECKOUT, Place
from anlan.site.demo import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass
class LiveNode:
    """A running node: its folder, its port, and the launcher that holds it."""

    var: Path
    port: int
    launcher: subprocess.Popen[bytes]

    @property
    def address(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def said(self) -> str:
        """What the launcher has written to the terminal so far."""
        return (self.var / "launcher.log").read_text(errors="replace")

    def programs(self) -> dict[str, dict[str, int | str]]:
        """What the supervisor says of its programs."""
        record = Place(self.var).run / "programs.json"
        return {row["name"]: row for row in json.loads(record.read_text())["programs"]}

    def kill(self, name: str) -> None:
        """kill -9 of one program, once it runs: a waiting one has no process, and 0 would be our own group."""
        eventually(lambda: self.programs()[name]["state"] == "running", 30, f"{name} runs")
        os.kill(int(self.programs()[name]["pid"]), signal.SIGKILL)

    def client(self) -> httpx.Client:
        return httpx.Client(
            base_url=self.address,
            verify=False,  # noqa: S501 - the node made its own root
            http2=True,
            timeout=20,
            headers={"Referer": f"{self.address}/"},
        )

    def logged_in(self, username: str) -> httpx.Client:
        """A client that has logged in through the form."""
        client = self.client()
        token = TOKEN.search(client.get("/account/login/").text)
        assert token
        form = {"login": username, "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
        assert client.post("/account/login/", data=form).status_code == 302
        return client

    def sql(self, statement: str) -> list[tuple[object, ...]]:
        """Ask the node's database, as its owner."""
        import psycopg  # noqa: PLC0415 - most tests need none

        with psycopg.connect(
            host=str(Place(self.var).run / "pg"), user="anlan_owner", dbname="anlan"
        ) as connection:
            return connection.execute(statement).fetchall()

    def run(self, program: str) -> str:
        """What a piece of Python says that is run on the node, as `./anlan manage shell` would."""
        command = [str(CHECKOUT / "anlan"), "manage", "shell", "-v0", "-c", f"exec({program!r})"]
        done = subprocess.run(
            command, env=told_of(self.var, self.port), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def change(self, statement: str, *values: object) -> None:
        """Change the node's database, as its owner."""
        import psycopg  # noqa: PLC0415 - most tests need none

        with psycopg.connect(
            host=str(Place(self.var).run / "pg"), user="anlan_owner", dbname="anlan"
        ) as connection:
            connection.execute(statement, values)


def token_of(page: str) -> str:
    found = TOKEN.search(page)
    assert found, page[:500]
    return found[1]


def eventually(holds: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until something holds; the test fails with `what` if it never does."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s: {what}")


def told_of(var: Path, port: int) -> dict[str, str]:
    """The environment of a command on that node: nothing of the tests' own."""
    inherited = {key: text for key, text in os.environ.items() if not key.startswith("ANLAN_")}
    return {**inherited, "ANLAN_VAR": str(var), "ANLAN_PORT": str(port)}


@contextmanager
def live_node(name: str, mode: str = "demo", *arguments: str, **environment: str) -> Iterator[LiveNode]:
    """Start a fresh node and stop it with Ctrl-C at the end."""
    var = settings.ANLAN.var / name
    shutil.rmtree(var, ignore_errors=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    var.mkdir(parents=True)
    with (var / "launcher.log").open("wb") as log:
        launcher = subprocess.Popen(
            [str(CHECKOUT / "anlan"), mode, *arguments],
            env=told_of(var, port) | environment,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
        )
    node = LiveNode(var, port, launcher)
    try:
        eventually(lambda: whole(node) or launcher.poll() is not None, 120, "every program runs")
        assert launcher.poll() is None, (var / "launcher.log").read_text()
        yield node
    finally:
        launcher.send_signal(signal.SIGINT)
        launcher.wait(90)


def whole(node: LiveNode) -> bool:
    """Whether every program of the node has started and the front door answers."""
    started = (Place(node.var).run / "programs.json").exists()
    states = {row["state"] for row in node.programs().values()} if started else set()
    return states == {"running"} and "nginx" in node.programs() and answers(node)


def answers(node: LiveNode) -> bool:
    """Whether a page process answers through the front door."""
    try:
        with node.client() as client:
            return client.get("/-/alive").status_code == 200
    except httpx.HTTPError:
        return False
