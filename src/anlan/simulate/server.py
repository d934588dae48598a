"""The simulated carrier's door: the interface of docs/integrator/gateway.md over HTTP, its record, and its callbacks."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from anlan.kernel.clock import real_now
from anlan.protocols import gateway
from anlan.simulate import behaviour
from anlan.simulate.carrier import Throttled

if TYPE_CHECKING:
    from pathlib import Path

    from anlan.simulate.carrier import Carrier

PAUSE, AGAIN = 0.03, 1.0  # seconds between looks, and after a callback that was not taken
MOST_ROWS = gateway.MOST


@dataclass(frozen=True)
class Callback:
    """Where events are told. ca: the root that the node's certificate is by; None: the system's"""

    url: str
    ca: Path | None


class Door(ThreadingHTTPServer):
    """A request thread for each connection, the callbacks' thread, and the one that lets things happen."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], carrier: Carrier, secret: str, callback: Callback | None
    ) -> None:
        super().__init__(address, Handler)
        self.carrier, self.secret, self.callback = carrier, secret, callback
        self.over = threading.Event()
        self.untold = 0  # events that are being told just now

    def serve(self) -> None:
        """Until somebody calls `end`."""
        threading.Thread(target=self.carrier.run, args=(self.over,), daemon=True).start()
        if self.callback:
            threading.Thread(target=Teller(self, self.callback).run, daemon=True).start()
        self.serve_forever(poll_interval=0.1)

    def end(self) -> None:
        self.over.set()
        self.shutdown()


class Handler(BaseHTTPRequestHandler):
    """/messages, /calls and /cancel under seal; /record for whoever wants to know; /behaviour under seal to change it."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet for an answer
    server: Door

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path != "/record":
            self._answer(404, {"error": "there is /record"})
            return
        carrier = self.server.carrier
        shown = carrier.record.show(items=query != "sums")
        self._answer(200, {**shown, "pending": carrier.pending + self.server.untold})

    def do_POST(self) -> None:
        carrier = self.server.carrier
        body = self._body()
        if body is None:
            return
        path = self.path.rpartition("/")[2]
        requests = carrier.behaviour.requests
        if requests.down and path != "behaviour":
            self.close_connection = True
            return
        try:
            gateway.verify(
                self.server.secret, {k.lower(): v for k, v in self.headers.items()}, body, real_now()
            )
        except gateway.WrongSeal:
            self._answer(401, {"error": "wrong signature"})
            return
        if path in {"messages", "calls"} and carrier.chance_of_request(requests.fail):
            self._answer(503, {"error": "told to fail"})
            return
        try:
            answer = self._take(path, body)
        except Throttled:
            self._answer(429, {"error": "too many"}, {"Retry-After": "1"})
        except (ValueError, KeyError, TypeError) as error:
            self._answer(400, {"error": str(error) or type(error).__name__})
        else:
            if path in {"messages", "calls"} and carrier.chance_of_request(requests.lose_answer):
                self.close_connection = True
                return
            self._answer(200 if answer is not None else 404, answer or {"error": "not here"})

    def _take(self, path: str, body: bytes) -> dict[str, Any] | None:
        carrier = self.server.carrier
        if path == "behaviour":
            try:
                carrier.behave(behaviour.parse(body.decode()))
            except behaviour.BehaviourError as error:
                raise ValueError(str(error)) from error
            return {"ok": True}
        content = json.loads(body)
        if path == "cancel":
            return {"results": carrier.cancel([str(one) for one in content["ids"]])}
        if path not in {"messages", "calls"}:
            return None
        rows = content[path]
        if not isinstance(rows, list) or len(rows) > MOST_ROWS:
            raise ValueError(f"{path}: a list of at most {MOST_ROWS}")
        if not all(isinstance(row[name], str) for row in rows for name in ("id", "to", "text")):
            raise ValueError(f"{path}: each has id, to and text")
        return {"results": carrier.receive(path, rows)}

    def _body(self) -> bytes | None:
        """The body; None where it was refused."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdecimal()) or int(length) > gateway.MOST_BYTES:
            self.close_connection = True
            self._answer(413, {"error": f"at most {gateway.MOST_BYTES} bytes, with Content-Length"})
            return None
        return self.rfile.read(int(length))

    def _answer(self, status: int, content: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        body = json.dumps(content, ensure_ascii=False).encode()
        self.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_: Any) -> None:
        """Its record says what came; a line for each request would say it twice."""


class Teller:
    """Tells the node of events, batch by batch; one that is not taken is told again until it is."""

    def __init__(self, door: Door, callback: Callback) -> None:
        self.door, self.callback = door, callback

    def run(self) -> None:
        while not self.door.over.is_set():
            if not (events := self.door.carrier.take_events()):
                self.door.over.wait(PAUSE)
                continue
            self.door.untold = len(events)
            while not self._tell(events) and not self.door.over.wait(AGAIN):
                pass
            self.door.untold = 0

    def _tell(self, events: list[dict[str, Any]]) -> bool:
        body = json.dumps({"events": events}, ensure_ascii=False).encode()
        parts = urlsplit(self.callback.url)
        connection = self._connection(parts.scheme, parts.hostname or "", parts.port)
        try:
            headers = gateway.sealed(self.door.secret, body, real_now())
            connection.request("POST", parts.path, body, headers)
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _connection(self, scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
        if scheme != "https":
            return http.client.HTTPConnection(host, port, timeout=10)
        context = ssl.create_default_context(cafile=str(self.callback.ca) if self.callback.ca else None)
        return http.client.HTTPSConnection(host, port, timeout=10, context=context)
