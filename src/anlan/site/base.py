"""The base: has loaded everything once, and forks the node's other processes, which share its memory.

It does as `python -m MODULE …` would, in a process that the one who asks then is the parent of: he adopts orphans
(PR_SET_CHILD_SUBREAPER), and what is forked twice is one at once. So the base may die without anybody else noticing.
Its standard input is a socket of packets. One asks, with the file to write to: the name, the module, its arguments, and
the signal by which the process is to stop when its parent is gone. The answer is its id, or why there is none.
"""

from __future__ import annotations

import ctypes
import json
import os
import runpy
import socket
import sys
import threading
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import django
from django.utils import translation

from anlan.kernel import rooms
from anlan.site.heap import settle

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "anlan.site.settings")
# Django's GIS loads it by way of numpy, and nobody uses it; what has threads is not forked.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

MOST = 65536  # bytes of a packet
NAME, PARENT_DEATH = 15, 1  # PR_SET_NAME, PR_SET_PDEATHSIG
LOADED = (
    "granian.cli",
    "anlan.site.wsgi",
    "anlan.site.live",
    "anlan.site.answers",
    *(f"anlan.site.management.commands.{command}" for command in ("relay", "scan", "send", "work")),
)


def load() -> None:
    """All that any of them would: modules, texts of both languages."""
    django.setup()
    for module in LOADED:
        import_module(module)
    for room in rooms.find():
        for part in ("handlers", "services", "selectors"):
            room.part(part)
    for language, _ in django.conf.settings.LANGUAGES:
        with translation.override(language):
            translation.gettext("安澜")
    settle()


def serve(door: socket.socket) -> tuple[dict[str, Any], int, int] | None:
    """Fork who is asked for, until nobody is there to ask.

    returns  in a process that was forked: what it is to be, its output, its parent to be; in the base: None
    """
    parent = os.getppid()
    while True:
        message, files, _, _ = socket.recv_fds(door, MOST, 1)
        if not message:
            return None
        try:
            child = fork()
            answer = str(child)
        except OSError as error:  # too many processes, no memory
            child, answer = -1, str(error)
        if child == 0:
            door.detach()
            return json.loads(message), files[0], parent
        for file in files:
            os.close(file)
        door.send(answer.encode())


def fork() -> int:
    """The new process's id; 0 in itself."""
    if len(list(Path("/proc/self/task").iterdir())) > 1:  # a fork copies the locks that they hold, not them
        raise OSError(f"the base runs threads: {threading.enumerate()}")
    told, tell = os.pipe()
    between = os.fork()
    if between == 0:
        try:
            child = os.fork()
        except OSError:  # it must never go on as a second base
            os._exit(1)
        if child:
            os.write(tell, str(child).encode())
            os._exit(0)
        os.close(told)
        os.close(tell)
        return 0
    os.close(tell)
    os.waitpid(between, 0)
    with os.fdopen(told) as file:
        said = file.read()
    if not said:
        raise OSError("not forked")
    return int(said)


def become(asked: dict[str, Any], output: int, parent: int) -> None:
    """Be what was asked for, to the end."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    for file, number in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(file, number)
    os.close(nothing)
    os.close(output)
    between = os.getppid()
    while (adopted := os.getppid()) == between != parent:
        time.sleep(0.001)
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl(NAME, f"anlan-{asked['name']}".encode()[:15])
    prctl(PARENT_DEATH, int(asked["stop_signal"]))
    if os.getppid() != parent:
        sys.exit(f"adopted by {adopted}, not by {parent}")
    sys.argv = [asked["module"], *asked["arguments"]]
    runpy.run_module(asked["module"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    load()
    if (mine := serve(socket.socket(fileno=0))) is not None:
        become(*mine)
