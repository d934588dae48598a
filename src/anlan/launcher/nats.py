"""The node's private NATS server with JetStream, on a loopback port that it keeps."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anlan.launcher.place import write_private
from anlan.launcher.supervisor import Program

if TYPE_CHECKING:
    from anlan.launcher.place import Place

# What JetStream acknowledges is on disk (sync_interval): an acknowledged message outlives a power cut.
CONFIG = """\
server_name: {name}
listen: 127.0.0.1:{port}
max_payload: 8MB
jetstream {{
  store_dir: "{store}"
  sync_interval: always
  max_memory_store: 64MB
  max_file_store: 16GB
}}
accounts {{
  NODE: {{ jetstream: enabled, users: [{{ user: node, password: "{password}" }}] }}
  SYS: {{}}
}}
system_account: SYS
"""


def is_free(port: int, address: str = "127.0.0.1") -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def accepts(port: int, address: str = "127.0.0.1") -> bool:
    """Whether somebody listens there."""
    try:
        with socket.create_connection((address, port), timeout=1):
            return True
    except OSError:
        return False


@dataclass(frozen=True)
class Server:
    place: Place
    port: int

    @classmethod
    def of(cls, place: Place) -> Server:
        """The server of this node on the port it had last, or on a free one if another took that."""
        remembered = place.var / "nats/port"
        port = int(remembered.read_text()) if remembered.exists() else 0
        if not port or not (is_free(port) or place.supervised()):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            remembered.write_text(str(port))
        return cls(place, port)

    @property
    def url(self) -> str:
        return f"nats://node:{self.place.secret('nats')}@127.0.0.1:{self.port}"

    def program(self) -> Program:
        folder = self.place.var / "nats"
        text = CONFIG.format(
            name=f"anlan-{self.port}",
            port=self.port,
            store=folder / "store",
            password=self.place.secret("nats"),
        )
        write_private(folder / "nats.conf", text, self.place.app_user)
        return Program(
            "nats",
            (str(self.place.venv / "bin/nats-server"), "-c", str(folder / "nats.conf")),
            user=self.place.app_user,
            stop_signal=15,
            ready=lambda: accepts(self.port),
        )
