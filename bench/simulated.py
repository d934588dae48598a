"""The simulated carrier as a process of its own: started as an operator would, asked by its own record."""

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

SECRET = "a secret of the bench"  # noqa: S105 - it protects nothing


@dataclass
class Simulated:
    """A running simulation: where it listens, and its process."""

    code: str
    address: str
    process: subprocess.Popen[str]

    def record(self, *, items: bool = True) -> dict[str, Any]:
        answer = httpx.get(f"{self.address}/record" + ("" if items else "?sums"), timeout=60)
        content: dict[str, Any] = answer.raise_for_status().json()
        return content

    def behave(self, behaviour: dict[str, Any]) -> None:
        """From now on, like this."""
        body = json.dumps(behaviour).encode()
        headers = gateway.sealed(SECRET, body, real_now())
        httpx.post(f"{self.address}/behaviour", content=body, headers=headers, timeout=30).raise_for_status()


def write_secrets(folder: Path, *codes: str) -> Path:
    """A file of secrets that the services' user can read, too."""
    path = folder / "carriers.json"
    path.write_text(json.dumps(dict.fromkeys(codes, SECRET)))
    path.chmod(0o644)
    return path


@contextmanager
def simulated(
    folder: Path,
    code: str,
    behaviour: dict[str, Any],
    *,
    callback: str = "",
    ca: Path | None = None,
) -> Iterator[Simulated]:
    """A simulated carrier on a free port, with its record in this folder and its secret in the folder's file of secrets."""
    file = folder / f"{code}.yaml"
    file.write_text(json.dumps(behaviour))
    command = [sys.executable, "-m", "anlan.simulate", "carrier", "--port", "0", "--code", code]
    command += ["--secrets", str(folder / "carriers.json"), "--record", str(folder / f"{code}.jsonl")]
    command += ["--behaviour", str(file)]
    command += ["--callback", callback] if callback else []
    command += ["--ca", str(ca)] if ca else []
    told = {**os.environ, "PYTHONPATH": str(CHECKOUT / "src")}
    bound = ["setpriv", "--pdeathsig", "SIGKILL", "--", *command]
    process = subprocess.Popen(bound, stdout=subprocess.PIPE, text=True, env=told)
    try:
        said = process.stdout.readline().split() if process.stdout else []
        if not said:
            raise SystemExit(f"the simulated carrier {code} did not start")
        yield Simulated(code, said[0].rstrip("/"), process)
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
