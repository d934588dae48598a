"""Who has a port: asked before anything starts, so that a taken port is a sentence and not a crash."""

from __future__ import annotations

import errno
import os
import socket
from contextlib import suppress
from pathlib import Path

from anlan.launcher.words import words

LISTENING = "0A"  # state of a socket in /proc/net/tcp


def trouble(address: str, port: int) -> tuple[str, str] | None:
    """What is wrong with listening there, and how to mend it; None if all is well."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
            probe.listen(1)
        except OSError as error:
            return _reason(error, address, port)
    return None


def _reason(error: OSError, address: str, port: int) -> tuple[str, str]:
    if error.errno == errno.EADDRINUSE:
        who = holder(port)
        return (
            words(f"端口 {port} 已被其他程序占用", f"Port {port} is taken by another program")
            + (f" ({who})" if who else "")
            + words("。", "."),
            words(
                "请停止该程序，或用 ANLAN_PORT 另选端口。", "Stop it, or choose another port with ANLAN_PORT."
            ),
        )
    if error.errno == errno.EACCES:
        return (
            words(
                f"当前用户无权使用端口 {port}（1024 以下需要管理员权限）。",
                f"Port {port} is below 1024: not for this user.",
            ),
            words(
                "请用 ANLAN_PORT 另选端口，或以 root 启动。",
                "Choose another with ANLAN_PORT, or start as root.",
            ),
        )
    return (
        words(
            f"无法监听 {address}:{port}：{error.strerror}。",
            f"Cannot listen on {address}:{port}: {error.strerror}.",
        ),
        words("请检查 ANLAN_LISTEN。", "Look at ANLAN_LISTEN."),
    )


def holder(port: int) -> str:
    """Name and pid of who listens on a port, as far as this user may see; else nothing."""
    sockets = {f"socket:[{number}]" for number in _listening(port)}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            for handle in (folder / "fd").iterdir():
                with suppress(OSError):
                    if os.readlink(handle) in sockets:  # noqa: PTH115 - not a path
                        return f"{(folder / 'comm').read_text().strip()}, pid {folder.name}"
    return ""


def _listening(port: int) -> list[str]:
    """Inode numbers of the sockets that listen on a port."""
    found = []
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        with suppress(OSError):
            for line in table.read_text().splitlines()[1:]:
                columns = line.split()
                if columns[3] == LISTENING and int(columns[1].rsplit(":", 1)[1], 16) == port:
                    found.append(columns[9])
    return found
