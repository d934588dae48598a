"""A demo node of its own for a benchmark: started by `./anlan demo` as a user would, stopped and removed afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from anlan.launcher.place import CHECKOUT
from bench.folder import fresh_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

USER, PASSWORD = "duty", "anlan-demo-2026"  # the demo prints it at every start
LOG_IN = "/account/login/"
PATIENCE = 120.0  # seconds for a start
LAST_WORDS = 3000  # characters of a failed start's output


@dataclass(frozen=True)
class DemoNode:
    """A node that this process started.

    home       its data folder
    launcher   the process of ./anlan demo, parent of all others
    """

    home: Path
    port: int
    output: Path  # what the launcher says
    launcher: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def web_sockets(self) -> list[Path]:
        """The sockets of the page processes, one each."""
        return sorted((self.home / "run/app").glob("web*.sock"))

    def check_is_whole(self) -> None:
        """Stop the benchmark if the node was stopped or lost a program: what is measured then is something else."""
        known = json.loads((self.home / "run/programs.json").read_text())["programs"]
        ill = [program["name"] for program in known if program["state"] != "running" or program["restarts"]]
        if self.launcher.poll() is not None or ill:
            raise SystemExit(
                f"the node did not stay up: {', '.join(ill) or 'its launcher has ended'}\n{self.said()}"
            )

    def said(self) -> str:
        """The end of what the launcher printed."""
        return self.output.read_text(errors="replace")[-LAST_WORDS:]

    def client(self) -> httpx.Client:
        """A browser's stand-in that trusts this node's root certificate."""
        return httpx.Client(base_url=self.url, verify=trusting(self.home), follow_redirects=True, timeout=30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def trusting(home: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(home / "public/anlan-ca.crt"))


@contextmanager
def demo_node(name: str, **more: str) -> Iterator[DemoNode]:
    """A node with empty data, up for the block. more: settings"""
    with fresh_folder(name) as home, running(home, free_port(), **more) as node:
        until_log_in_page(node)
        yield node


@contextmanager
def running(home: Path, port: int, **more: str) -> Iterator[DemoNode]:
    """`./anlan demo` on that data folder; returns at once, wait with until_log_in_page."""
    told = {name: text for name, text in os.environ.items() if not name.startswith("ANLAN_")}
    told |= {"ANLAN_VAR": str(home), "ANLAN_PORT": str(port), **more}
    # Should this process be killed outright, the kernel asks the launcher to stop its node.
    command = ["setpriv", "--pdeathsig", "SIGINT", "--", str(CHECKOUT / "anlan"), "demo"]
    output = home / "demo.out"
    with output.open("wb") as out:
        launcher = subprocess.Popen(
            command, env=told, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
    try:
        yield DemoNode(home, port, output, launcher)
    finally:
        _stop(launcher)


def until_log_in_page(node: DemoNode, patience: float = PATIENCE) -> None:
    """Return when the log-in page answers 200 through the front door.

    Asks for the light page /-/alive until that answers: the door lets only few log-in pages through in a second.
    """
    deadline = time.monotonic() + patience
    while not (_answers(node, "/-/alive") and _answers(node, LOG_IN)):
        if node.launcher.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"the node did not come up:\n{node.said()}")
        time.sleep(0.02)


def log_in(client: httpx.Client) -> str:
    """Log in over HTTP as the demo's duty officer; the cookie header of the session."""
    page = client.get(LOG_IN)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    if not token:
        raise SystemExit(f"no log-in form at {page.url}: {page.status_code}")
    form = {"login": USER, "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
    home = client.post(LOG_IN, data=form, headers={"Referer": str(page.url)})
    if home.status_code != httpx.codes.OK or home.url.path != "/":
        raise SystemExit(f"log-in refused: {home.status_code} at {home.url}")
    return "; ".join(f"{name}={value}" for name, value in client.cookies.items())


def _answers(node: DemoNode, target: str) -> bool:
    try:
        with node.client() as client:
            return client.get(target).status_code == httpx.codes.OK
    except (OSError, httpx.HTTPError):  # no certificate yet, no door yet
        return False


def _stop(launcher: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        launcher.send_signal(signal.SIGINT)
    try:
        launcher.wait(90)
    except subprocess.TimeoutExpired:
        launcher.kill()
        launcher.wait()
