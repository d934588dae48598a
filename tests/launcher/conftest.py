"""A machine for the launcher's tests: short-lived folders that services may enter, and nodes started as by hand."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from anlan.launcher.place import CHECKOUT
from tests.nodes import LiveNode, answers, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSPHRASE = "correct horse battery"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="anlan-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def _chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def told(var: Path, port: int) -> dict[str, str]:
    """The environment of an operator of the node in `var`."""
    inherited = {name: text for name, text in os.environ.items() if not name.startswith("ANLAN_")}
    own = {"ANLAN_VAR": str(var), "ANLAN_PORT": str(port), "ANLAN_LISTEN": "127.0.0.1"}
    return {**inherited, **own, "ANLAN_BACKUP_PASSPHRASE": PASSPHRASE}


def anlan(var: Path, *arguments: str, port: int = 8443, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command of ./anlan to its end."""
    command = [str(CHECKOUT / "anlan"), *arguments]
    return subprocess.run(
        command,
        env={**told(var, port), **more},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@contextmanager
def started(var: Path, mode: str = "up") -> Iterator[LiveNode]:
    """The node as it stands in `var`, brought up and stopped with Ctrl-C."""
    port = free_port()
    var.mkdir(parents=True, exist_ok=True)
    with (var / "launcher.log").open("wb") as log:
        launcher = subprocess.Popen(
            [str(CHECKOUT / "anlan"), mode],
            env=told(var, port),
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
        )
    node = LiveNode(var, port, launcher)
    try:
        eventually(lambda: answers(node) or launcher.poll() is not None, 120, "the front door answers")
        assert launcher.poll() is None, (var / "launcher.log").read_text()
        yield node
    finally:
        launcher.send_signal(signal.SIGINT)
        launcher.wait(90)
