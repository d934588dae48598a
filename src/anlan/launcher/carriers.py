"""The demo's carriers: two programs that play an SMS gateway and a call platform, and reach nobody."""

from __future__ import annotations

import json
import os
import secrets
import socket
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from anlan.launcher.place import owned, write_private
from anlan.launcher.supervisor import Program

if TYPE_CHECKING:
    from pathlib import Path

    from anlan.launcher.place import Place

CODES = ("demo-sms", "demo-voice")
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Carriers:
    """What they keep lies in the node's folder `carriers`: the secrets that they share with it, and what each received.

    address  of the node, to which they tell what happened
    """

    place: Place
    address: str

    @property
    def folder(self) -> Path:
        return self.place.var / "carriers"

    @cached_property
    def secret_file(self) -> Path:
        """Where their secrets stand, made once."""
        owned(self.folder, self.place.app_user, 0o750)
        file = self.folder / "secrets.json"
        if not file.exists():
            write_private(file, json.dumps({code: secrets.token_urlsafe(24) for code in CODES}))
        if user := self.place.app_user:
            os.chown(file, user.pw_uid, user.pw_gid)
        return file

    @cached_property
    def addresses(self) -> dict[str, str]:
        """Where each listens in this run, by its code."""
        with ExitStack() as held:
            probes = {code: held.enter_context(socket.create_server((LOOPBACK, 0))) for code in CODES}
            return {code: f"http://{LOOPBACK}:{probe.getsockname()[1]}" for code, probe in probes.items()}

    def programs(self, python: str, environment: dict[str, str]) -> list[Program]:
        return [self._program(code, python, environment) for code in CODES]

    def _program(self, code: str, python: str, environment: dict[str, str]) -> Program:
        port = self.addresses[code].rpartition(":")[2]
        command: tuple[str, ...] = (
            python,
            "-m",
            "anlan.simulate",
            "carrier",
            "--listen",
            LOOPBACK,
            "--port",
            port,
        )
        command += ("--code", code, "--secrets", str(self.secret_file))
        command += ("--behaviour", str(self.place.code / "src/anlan/site/data/demo/carriers.yaml"))
        command += ("--record", str(self.folder / f"{code}.jsonl"))
        command += ("--callback", f"{self.address}gateway/{code}/events")
        command += ("--ca", str(self.place.var / "public/anlan-ca.crt"))
        kept = {name: environment[name] for name in ("PATH", "LANG", "PYTHONPATH", "PYTHONUNBUFFERED")}
        return Program(code, command, user=self.place.app_user, environment=kept)
