"""Keeps a node's programs running: starts each when what it needs answers, restarts what dies, stops all in order.

Programs die with their supervisor (the kernel sends each its stop signal); what may have outlived a crash all the same
is found by a mark in its environment and ended at the next start.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from anlan.launcher.forked import Base, Forked, NotForked, adopt_orphans, bury

if TYPE_CHECKING:
    import pwd
    from collections.abc import Callable, Mapping, Sequence

MARK = "NODE_MARK"  # in the environment of every program; its value is the node's data folder
FIRST_PAUSE, LONGEST_PAUSE, STEADY = 0.1, 5.0, 10.0  # seconds
BURY = 2.0  # seconds between looks for orphans that have ended
LOG_LIMIT = 32 * 1024 * 1024  # bytes; the older half is kept in one file beside it


@dataclass(frozen=True)
class Program:
    """One long-running program of a node.

    ready      answers True once others may use it; called in a thread, every 50 ms at first
    after      names of programs that must be ready before this one starts
    patience   seconds between the stop signal and SIGKILL
    sockets    files that a killed run leaves behind and the next would stumble over; removed before each start
    is_base    others are forked from it
    base       name of the program that this one is forked from; its command is `python -m …` then, and it has the
               base's user and environment
    """

    name: str
    command: tuple[str, ...]
    user: pwd.struct_passwd | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_signal: int = signal.SIGTERM
    ready: Callable[[], bool] = lambda: True
    after: tuple[str, ...] = ()
    patience: float = 15.0
    sockets: tuple[Path, ...] = ()
    is_base: bool = False
    base: str = ""


@dataclass
class Running:
    """What the supervisor knows of a program at the moment."""

    program: Program
    pid: int = 0
    state: str = "waiting"
    restarts: int = 0
    started_at: float = 0.0
    is_ready: asyncio.Event = field(default_factory=asyncio.Event)
    process: asyncio.subprocess.Process | Forked | None = None
    forks: Base | None = None


class Supervisor:
    """Runs programs for one node until told to stop.

    logs    folder of the programs' output, a file each
    record  file that tells other programs (doctor, tests) what runs: name, pid, state, restarts
    """

    def __init__(self, node: Path, logs: Path, record: Path) -> None:
        self.node, self.logs, self.record = node, logs, record
        self.known: dict[str, Running] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.stopping = False
        self.starting = 0  # programs of which the id is not known yet
        self.burying: asyncio.Task[None] | None = None

    def start(self, programs: Sequence[Program]) -> None:
        if any(program.is_base for program in programs):
            adopt_orphans()
            self.burying = asyncio.create_task(self._bury())
        for program in programs:
            self.known[program.name] = Running(program)
        for program in programs:
            self.tasks[program.name] = asyncio.create_task(self._keep(self.known[program.name]))

    async def until_ready(self, names: Sequence[str], timeout: float) -> list[str]:  # noqa: ASYNC109 - told as a list
        """Wait until all answer; the names of those that did not within `timeout` seconds."""
        waits = [asyncio.create_task(self.known[name].is_ready.wait(), name=name) for name in names]
        if not waits:
            return []
        _, late = await asyncio.wait(waits, timeout=timeout)
        for wait in late:
            wait.cancel()
        return sorted(wait.get_name() for wait in late)

    async def stop(self) -> None:
        """Stop everything, what was started last first."""
        self.stopping = True
        for name in reversed(list(self.known)):
            await self._end(self.known[name])
            self.tasks[name].cancel()
        if self.burying:
            self.burying.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)
        for running in self.known.values():
            if running.forks:
                running.forks.close()
        self._tell()

    async def _keep(self, running: Running) -> None:
        pause = FIRST_PAUSE
        while not self.stopping:
            for name in running.program.after:
                await self.known[name].is_ready.wait()
            try:
                process = await self._spawn(running)
            except NotForked as error:
                ended = f"was not started: {error}"
            else:
                watch = asyncio.create_task(self._watch(running))
                ended = f"ended with {await process.wait()}"
                watch.cancel()
                running.is_ready.clear()
                _end_group(running.pid)
            if self.stopping:
                break
            running.restarts += 1
            running.state = "restarting"
            self._note(running, f"{ended}; starting it again")
            pause = (
                FIRST_PAUSE
                if time.monotonic() - running.started_at > STEADY
                else min(pause * 2, LONGEST_PAUSE)
            )
            await asyncio.sleep(pause)

    async def _spawn(self, running: Running) -> asyncio.subprocess.Process | Forked:
        """raises NotForked"""
        program = running.program
        for socket in program.sockets:
            socket.unlink(missing_ok=True)
        log = self.logs / f"{program.name}.log"
        _shorten(log)
        self.starting += 1
        try:
            with log.open("ab") as out:
                process = await (self._fork(program, out) if program.base else self._execute(running, out))
            running.process = process
        finally:
            self.starting -= 1
        running.pid, running.state, running.started_at = process.pid, "starting", time.monotonic()
        self._tell()
        return process

    async def _execute(self, running: Running, out: IO[bytes]) -> asyncio.subprocess.Process:
        program = running.program
        if running.forks:
            running.forks.close()
        running.forks = Base() if program.is_base else None
        process = await asyncio.create_subprocess_exec(
            *_bound_to_us(program),
            cwd="/",
            env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", MARK: str(self.node), **program.environment},
            stdin=running.forks.theirs.fileno() if running.forks else subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
        if running.forks:
            running.forks.theirs.close()  # with the base its end is gone, and who waits for an answer is told
        return process

    async def _fork(self, program: Program, out: IO[bytes]) -> Forked:
        base = self.known[program.base].forks
        if base is None:
            raise NotForked("the base is not there")
        _, _, module, *arguments = program.command
        asked = {"name": program.name, "module": module, "arguments": arguments}
        return await base.fork({**asked, "stop_signal": int(program.stop_signal)}, out)

    async def _bury(self) -> None:
        while True:
            await asyncio.sleep(BURY)
            if not self.starting:
                bury({running.pid for running in self.known.values()})

    async def _watch(self, running: Running) -> None:
        pause = 0.05
        while not await asyncio.to_thread(running.program.ready):
            await asyncio.sleep(pause)
            pause = min(pause * 1.2, 0.5)
        running.state = "running"
        running.is_ready.set()
        self._tell()

    async def _end(self, running: Running) -> None:
        process = running.process
        if process is None or process.returncode is not None:
            return
        running.state = "stopping"
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(running.program.stop_signal)
        try:
            await asyncio.wait_for(process.wait(), running.program.patience)
        except TimeoutError:
            self._note(running, "did not stop in time; killed")
            process.kill()
            await process.wait()
        _end_group(running.pid)
        running.state, running.pid = "stopped", 0

    def _note(self, running: Running, text: str) -> None:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        with (self.logs / "supervisor.log").open("a") as file:
            file.write(f"{stamp} {running.program.name}[{running.pid}] {text}\n")
        self._tell()

    def _tell(self) -> None:
        rows = [
            {"name": name, "pid": r.pid, "state": r.state, "restarts": r.restarts}
            for name, r in self.known.items()
        ]
        fresh = self.record.with_suffix(".new")
        fresh.write_text(json.dumps({"supervisor": os.getpid(), "programs": rows}, indent=1))
        fresh.replace(self.record)


def _bound_to_us(program: Program) -> tuple[str, ...]:
    """The command as its own user, and told by the kernel to stop when we are gone."""
    who = (
        (f"--reuid={program.user.pw_uid}", f"--regid={program.user.pw_gid}", "--clear-groups")
        if program.user
        else ()
    )
    return (
        "setpriv",
        *who,
        f"--pdeathsig={signal.Signals(program.stop_signal).name}",
        "--",
        *program.command,
    )


def end_leftovers(node: Path) -> int:
    """End programs that outlived an earlier supervisor of this node; how many there were."""
    sign = f"{MARK}={node}".encode()
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            with contextlib.suppress(OSError):
                if sign in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
    for pid in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and any(_alive(pid) for pid in found):
        time.sleep(0.05)
    for pid in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return len(found)


def _alive(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def _end_group(pid: int) -> None:
    """What a program leaves behind (workers of a master that was killed) must not hold its ports."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _shorten(log: Path) -> None:
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))
