"""Processes that a base forked and that became our children, in the shape of asyncio's own."""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import socket
from typing import IO, Any

ADOPT = 36  # PR_SET_CHILD_SUBREAPER
MOST = 4096  # bytes of an answer


class NotForked(Exception):
    """The base is gone, or could not."""


def adopt_orphans() -> None:
    """From now on whatever lost its parent below us is our child, and ours to wait for (`bury`)."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(ADOPT, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


def bury(ours: set[int]) -> None:
    """Wait for orphans that have ended; for none that is awaited by somebody: `ours`, and whoever is of our session."""
    session = os.getsid(0)
    try:
        while dead := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if dead.si_pid in ours or os.getsid(dead.si_pid) == session:
                return  # the others are met next time
            os.waitpid(dead.si_pid, os.WNOHANG)
    except ChildProcessError:
        return


class Base:
    """Our end of a base: how it is asked (see anlan.site.base)."""

    def __init__(self) -> None:
        self.door, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.door.setblocking(False)
        self._turn = asyncio.Lock()

    async def fork(self, asked: dict[str, Any], output: IO[bytes]) -> Forked:
        """A process that is what `asked` says. raises NotForked"""
        async with self._turn:
            try:
                socket.send_fds(self.door, [json.dumps(asked).encode()], [output.fileno()])
                answer = await asyncio.get_running_loop().sock_recv(self.door, MOST)
            except ConnectionError:
                answer = b""
            except OSError as error:
                raise NotForked(error) from error
            if not answer.isdigit():
                raise NotForked(answer.decode() or "the base has ended")
            try:
                return Forked(int(answer))
            except OSError as error:
                raise NotForked(error) from error

    def close(self) -> None:
        self.door.close()


class Forked:
    """One of our children that we did not start ourselves."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        handle, loop = os.pidfd_open(pid), asyncio.get_running_loop()
        self._code: asyncio.Future[int] = loop.create_future()
        loop.add_reader(handle, self._bury, handle)

    @property
    def returncode(self) -> int | None:
        return self._code.result() if self._code.done() else None

    def _bury(self, handle: int) -> None:
        asyncio.get_running_loop().remove_reader(handle)
        os.close(handle)
        _, status = os.waitpid(self.pid, 0)
        self._code.set_result(os.waitstatus_to_exitcode(status))

    async def wait(self) -> int:
        return await asyncio.shield(self._code)  # who gives up waiting does not end it for the others

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(9)
