"""The simulated carrier as a process of its own, for tests: started as an operator would, asked by its own record."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from anlan.kernel.clock import real_now
from anlan.launcher.place import CHECKOUT
from anlan.protocols import gateway

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "a secret of the tests"


@dataclass
class Simulated:
    """A running simulation: where it listens, and its process."""

    code: str
    address: str
    process: subprocess.Popen[str]

    def record(self, *, items: bool = True) -> dict[str, Any]:
        answer = httpx.get(f"{self.address}/record" + ("" if items else "?sums"), timeout=30)
        content: dict[str, Any] = answer.raise_for_status().json()
        return content

    def behave(self, behaviour: dict[str, Any]) -> None:
        """From now on, like this."""
        self.post("behaviour", json.dumps(behaviour).encode()).raise_for_status()

    def post(self, path: str, body: bytes, secret: str = SECRET) -> httpx.Response:
        headers = gateway.sealed(secret, body, real_now())
        return httpx.post(f"{self.address}/{path}", content=body, headers=headers, timeout=30)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


def write_secrets(folder: Path, *codes: str) -> Path:
    """A file of secrets that the services' user can read, too; those that are in it stay."""
    path = folder / "carriers.json"
    there = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps(there | dict.fromkeys(codes, SECRET)))
    path.chmod(0o644)
    return path


@contextmanager
def simulated(
    folder: Path,
    code: str,
    behaviour: dict[str, Any] | None = None,
    *,
    callback: str = "",
    port: int = 0,
    ca: Path | None = None,
) -> Iterator[Simulated]:
    """A simulated carrier with its record in this folder; on a port of its own choice, or on the one it had before."""
    secrets = write_secrets(folder, code)
    command = [sys.executable, "-m", "anlan.simulate", "carrier", "--port", str(port), "--code", code]
    command += ["--secrets", str(secrets), "--record", str(folder / f"{code}.jsonl")]
    if behaviour:
        file = folder / f"{code}.yaml"
        file.write_text(json.dumps(behaviour))
        command += ["--behaviour", str(file)]
    if callback:
        command += ["--callback", callback]
    if ca:
        command += ["--ca", str(ca)]
    told = {**os.environ, "PYTHONPATH": str(CHECKOUT / "src")}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=told)
    assert process.stdout
    address = process.stdout.readline().split()[0].rstrip("/")
    try:
        yield Simulated(code, address, process)
    finally:
        process.kill()
        process.wait(10)
        process.stdout.close()
