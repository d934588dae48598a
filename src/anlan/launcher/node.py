"""One node as a whole: which programs it is made of, what they are told, and how it comes up and goes down."""

from __future__ import annotations

import asyncio
import http.client
import os
import signal
import socket
import subprocess
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from anlan.launcher import certificates, nginx, ports
from anlan.launcher.carriers import Carriers
from anlan.launcher.nats import Server
from anlan.launcher.place import Place, default_var
from anlan.launcher.postgres import APP, OWNER, Cluster
from anlan.launcher.supervisor import Program, Supervisor, end_leftovers
from anlan.launcher.words import say, stop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from anlan import environment

ANYWHERE = "0.0.0.0"  # noqa: S104 - a node is there to be reached; nothing but TLS is served
PRIVATE = ("ANLAN_DATABASE_OWNER_URL", "ANLAN_BACKUP_PASSPHRASE", "ANLAN_ADMIN_NAME", "ANLAN_ADMIN_PASSWORD")
STATE = "programs.json"
BASE = "base"  # has loaded the product; the programs made of it are forked from there
STREAMS = (
    "--backpressure",
    "4352",
)  # open streams of the live process (MOST_STREAMS) and some that are refused


@dataclass(frozen=True)
class Story:
    """A story that the demo plays.

    awaited    log-ins whose part a person plays, with commas between
    then_stop  whether the demo stops when the story is over
    """

    name: str
    pace: str
    awaited: str = ""
    then_stop: bool = False


@dataclass(frozen=True)
class Node:
    """A node as its settings describe it.

    mode   up, demo or test
    scale  how many times its villages and people a demo has
    story  what the demo plays; None: nothing
    """

    settings: environment.Environment
    mode: str
    scale: int = 1
    story: Story | None = None

    @cached_property
    def place(self) -> Place:
        return Place(self.settings.var or default_var())

    @cached_property
    def cluster(self) -> Cluster | None:
        """The private database, or None where an outside one is used."""
        if self.settings.database_url:
            return None
        return Cluster.of(self.place, self.settings.postgres_bin, throwaway=self.mode == "test")

    @cached_property
    def bus(self) -> Server | None:
        return None if self.settings.nats_url else Server.of(self.place)

    @cached_property
    def carriers(self) -> Carriers | None:
        """The demo's own, which reach nobody; None where the operator names carriers of his own, and in earnest."""
        if self.mode != "demo" or self.settings.carrier_secrets:
            return None
        return Carriers(self.place, self.address)

    @property
    def anchors(self) -> Path:
        """Where the journal's anchors lie."""
        return self.settings.anchors or self.place.var / "anchors"

    @property
    def listen(self) -> str:
        return self.settings.listen or ("127.0.0.1" if self.mode == "demo" else ANYWHERE)

    @property
    def address(self) -> str:
        name = self.settings.hosts[0] if self.settings.hosts else self.listen
        name = "127.0.0.1" if name == ANYWHERE else name
        return f"https://{name}:{self.settings.port}/"

    @property
    def state_file(self) -> Path:
        return self.place.run / STATE

    def told(self, *, owner: bool = False) -> dict[str, str]:
        """The environment of the node's own programs; only `owner` ones get what can change tables."""
        inherited = {name: text for name, text in os.environ.items() if name.startswith("ANLAN_")}
        if not owner:
            inherited = {name: text for name, text in inherited.items() if name not in PRIVATE}
        return {
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(self.place.code / "src"),
            "PYTHONUNBUFFERED": "1",
            "DJANGO_SETTINGS_MODULE": "anlan.site.settings",
            **inherited,
            "ANLAN_MODE": self.mode,
            "ANLAN_VAR": str(self.place.var),
            "ANLAN_RUN": str(self.place.run),
            "ANLAN_SECRET_KEY": self.settings.secret_key or self.place.secret("django"),
            "ANLAN_DATABASE_URL": self.database_url(owner=owner),
            "ANLAN_NATS_URL": self.settings.nats_url or (self.bus.url if self.bus else ""),
            **({"ANLAN_CARRIER_SECRETS": str(self.carriers.secret_file)} if self.carriers else {}),
        }

    def database_url(self, *, owner: bool = False) -> str:
        if self.cluster:
            return self.cluster.url(OWNER if owner else APP)
        return self.settings.database_owner_url if owner else self.settings.database_url

    def stores(self) -> list[Program]:
        """The programs that hold data."""
        return [part.program() for part in (self.cluster, self.bus) if part]

    def services(self) -> list[Program]:
        """The programs that do the work, and the door before them."""
        stores = tuple(program.name for program in self.stores())
        names = (self.listen, *self.settings.hosts)
        own = certificates.door_certificate(self.place, tuple(n for n in names if n not in {ANYWHERE, "::"}))
        certificates.publish_root(self.place)
        given = self.settings.certificate, self.settings.certificate_key
        certificate = (given[0], given[1]) if given[0] and given[1] else own
        threads = ("--blocking-threads", str(self.settings.web_threads))
        webs = [
            self._granian(f"web{number}", "wsgi", *threads, "anlan.site.wsgi:application", after=stores)
            for number in range(1, self.settings.web_processes + 1)
        ]
        # Pages first: they are what somebody waits for.
        then = (*stores, *(web.name for web in webs))
        return [
            Program(
                BASE,
                (self.python, "-m", "anlan.site.base"),
                user=self.place.app_user,
                environment=self.told(),
                is_base=True,
            ),
            *webs,
            nginx.door(
                self.place,
                self.listen,
                self.settings.port,
                certificate,
                len(webs),
                file_mb=self.settings.file_mb,
            ),
            self._granian("live", "asgi", *STREAMS, "anlan.site.live:application", after=then),
            self._granian("answer", "asgi", "anlan.site.answers:application", after=then),
            self._program("worker", (self.python, "-m", "anlan.site", "work"), then),
            self._program("relay", (self.python, "-m", "anlan.site", "relay"), then),
            self._program("scan", (self.python, "-m", "anlan.site", "scan"), then),
            self._program("send", (self.python, "-m", "anlan.site", "send"), then),
            *(self.carriers.programs(self.python, self.told()) if self.carriers else ()),
        ]

    @property
    def python(self) -> str:
        return str(self.place.venv / "bin/python")

    def _granian(self, name: str, interface: str, *arguments: str, after: tuple[str, ...]) -> Program:
        """One process of pages or streams behind a socket of its own; the door spreads requests over them."""
        socket = self.place.run / "app" / f"{name}.sock"
        command = (
            *(
                self.python,
                "-m",
                "granian",
                "--interface",
                interface,
                "--http",
                "1",
                "--no-ws",
                "--workers",
                "1",
            ),
            *("--uds", str(socket), "--respawn-failed-workers", "--respawn-interval", "0.2"),
            *("--workers-kill-timeout", "5", "--log-level", "warning", *arguments),
        )
        return self._program(name, command, after, socket)

    def _program(
        self,
        name: str,
        command: tuple[str, ...],
        after: tuple[str, ...],
        socket: Path | None = None,
    ) -> Program:
        """A service, forked from the base; one with a socket is ready when it answers there."""
        return Program(
            name,
            command,
            base=BASE,
            after=(BASE, *after),
            ready=lambda: socket is None or answers(socket, "/-/alive"),
            sockets=(socket,) if socket else (),
        )

    def manage(self, *arguments: str, owner: bool = True) -> subprocess.CompletedProcess[bytes]:
        """Run one of the program's own commands (`python -m anlan.site …`) against this node."""
        return subprocess.run(
            [self.python, "-m", "anlan.site", *arguments], env=self.told(owner=owner), cwd="/", check=False
        )

    def supervisor(self) -> Supervisor:
        return Supervisor(self.place.var, self.place.logs, self.state_file)

    @asynccontextmanager
    async def stores_up(self) -> AsyncIterator[Supervisor]:
        """The database and the message server alone: for tests, backup, restore and one-off commands."""
        supervisor = self.supervisor()
        if self.cluster:
            self.cluster.make()
        programs = self.stores()
        supervisor.start(programs)
        try:
            await self._wait(supervisor, programs, 60)
            if self.cluster:
                await asyncio.to_thread(self.cluster.prepare)
            yield supervisor
        finally:
            await supervisor.stop()

    async def _wait(
        self,
        supervisor: Supervisor,
        programs: list[Program],
        seconds: float,
        unless: asyncio.Event | None = None,
    ) -> None:
        """Wait until all answer; give up with their logs after `seconds`, without a word once `unless` is set."""
        waited = [program.name for program in programs]
        ready = asyncio.create_task(supervisor.until_ready(waited, seconds))
        ending = asyncio.create_task((unless or asyncio.Event()).wait())
        await asyncio.wait({ready, ending}, return_when=asyncio.FIRST_COMPLETED)
        ending.cancel()
        if not ready.done():
            ready.cancel()
            return
        if late := ready.result():
            names = ", ".join(late)
            logs = "\n".join(f"--- {name}\n{tail(self.place.logs / f'{name}.log')}" for name in late)
            stop(f"未能启动：{names}\n{logs}", f"Did not start: {names}\n{logs}")

    async def serve(self, begun: float) -> int:
        """Bring the node up, say where it is, and keep it up until a signal ends it, or its story if that shall.

        returns  the exit code of the story; 0 where there was none
        """
        told_to_stop = asyncio.Event()

        def end() -> None:
            if not told_to_stop.is_set():
                say("\n正在停止……", "\nStopping …")
            told_to_stop.set()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, end)
        async with self.stores_up() as supervisor:
            asked = [f"--mode={self.mode}", f"--scale={self.scale}"]
            if self.carriers:
                asked += [f"--carrier={code}={at}" for code, at in self.carriers.addresses.items()]
            prepared = await asyncio.to_thread(self.manage, "prepare", *asked)
            if not told_to_stop.is_set():
                if prepared.returncode:
                    stop(
                        "数据库没有准备好，原因见上。",
                        "The database could not be prepared; the reason stands above.",
                    )
                services = self.services()
                supervisor.start(services)
                await self._wait(supervisor, services, 60, unless=told_to_stop)
            if not told_to_stop.is_set():
                await asyncio.to_thread(self._announce, time.monotonic() - begun)
            code = await self._play(told_to_stop)
            await told_to_stop.wait()
        say("已停止。", "Stopped.")
        return code

    async def _play(self, over: asyncio.Event) -> int:
        """Play the story, if there is one, until it is at its end or the node is; its exit code."""
        if self.story is None or over.is_set():
            return 0
        command = [self.python, "-m", "anlan.site", "story", self.story.name, f"--pace={self.story.pace}"]
        command += [f"--await={self.story.awaited}", f"--address={self.address}"]
        playing = await asyncio.create_subprocess_exec(*command, env=self.told(), cwd="/")
        ended, ending = asyncio.create_task(playing.wait()), asyncio.create_task(over.wait())
        await asyncio.wait({ended, ending}, return_when=asyncio.FIRST_COMPLETED)
        ending.cancel()
        if not ended.done():
            playing.terminate()
            await ended
            return 0
        if self.story.then_stop:
            over.set()
        return ended.result()

    def _announce(self, seconds: float) -> None:
        say(
            f"\n安澜已启动（{seconds:.1f} 秒）：{self.address}\n数据和日志在 {self.place.var}；按 Ctrl-C 停止。",
            f"\nAnlan is up ({seconds:.1f} s): {self.address}\nData and logs in {self.place.var}; Ctrl-C stops it.",
        )
        if self.mode == "demo":
            self.manage("demo_log_ins", owner=False)

    def run(self) -> int:
        """Hold the node and serve it; what an earlier crash left running is ended first. returns the exit code"""
        begun = time.monotonic()
        self.place.make()
        with self.place.lock():
            self.place.refuse_half_restored()
            if count := end_leftovers(self.place.var):
                say(
                    f"已结束上次遗留的 {count} 个进程。", f"Ended {count} processes that an earlier run left."
                )
            if taken := ports.trouble(self.listen, self.settings.port):
                stop("".join(taken), " ".join(taken))
            return asyncio.run(self.serve(begun))


def answers(path: Path, target: str) -> bool:
    """Whether the program behind a Unix socket answers 200."""
    connection = http.client.HTTPConnection("localhost", timeout=2)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(2)
    try:
        connection.sock.connect(str(path))
        connection.request("GET", target)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def tail(log: Path, lines: int = 30) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""
