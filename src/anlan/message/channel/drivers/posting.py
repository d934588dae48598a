"""What drivers for gateways by HTTP share: one kept connection, sealed requests, and what each status means."""

from __future__ import annotations

import http.client
import ssl
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from anlan.kernel.clock import real_now
from anlan.message.channel.drivers import NotHanded
from anlan.message.channel.terms import Fault, Outcome
from anlan.protocols import gateway

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from anlan.message.channel.terms import Account, Item

CONNECT_S, ANSWER_S = 3.0, 8.0
LONGEST_PAUSE = timedelta(minutes=5)
STALE = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)


class HttpLine:
    """A line that posts to `{address}/{kind}` and `{address}/cancel`."""

    def __init__(self, account: Account, kind: str) -> None:
        self.account, self.kind = account, kind
        parts = urlsplit(account.address)
        self._secure, self._host, self._port, self._path = (
            parts.scheme == "https",
            parts.hostname or "",
            parts.port,
            parts.path.rstrip("/"),
        )
        self._connection: http.client.HTTPConnection | None = None

    def send(self, items: Sequence[Item]) -> list[Outcome]:
        sent = [gateway.Sent(str(one.id), one.number, one.text) for one in items]
        answer = self._post(self.kind, gateway.batch(self.kind, self.account.sender, sent))
        try:
            results = gateway.read_results(answer, [one.id for one in sent])
        except gateway.Unreadable as error:
            raise NotHanded(str(error), may_be_there=True) from error
        return [_outcome(one.id, results.get(str(one.id))) for one in items]

    def call_off(self, ids: Sequence[UUID]) -> None:
        self._post("cancel", gateway.cancellation([str(one) for one in ids]))

    def close(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = None

    def _post(self, to: str, body: bytes) -> bytes:
        headers = gateway.sealed(self.account.secret, body, real_now())
        try:
            connection, is_fresh = self._connected()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise NotHanded(Fault.UNREACHABLE) from error
        try:
            connection.request("POST", f"{self._path}/{to}", body, headers)
            answer = connection.getresponse()
            content = answer.read(gateway.MOST_BYTES + 1)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            if not is_fresh and isinstance(
                error, STALE
            ):  # it had closed a connection that rested; the ids bear a second time
                return self._post(to, body)
            raise NotHanded(Fault.UNREACHABLE, may_be_there=True) from error
        if answer.will_close:
            self.close()
        if answer.status == http.HTTPStatus.TOO_MANY_REQUESTS:
            raise NotHanded(Fault.THROTTLED, pause=_pause(answer.headers.get("Retry-After", "")))
        if answer.status != http.HTTPStatus.OK:
            raise NotHanded(f"HTTP {answer.status}", may_be_there=answer.status >= 500)
        return content

    def _connected(self) -> tuple[http.client.HTTPConnection, bool]:
        """The connection, and whether it is new."""
        if self._connection:
            return self._connection, False
        if self._secure:
            context = ssl.create_default_context()
            made: http.client.HTTPConnection = http.client.HTTPSConnection(
                self._host, self._port, timeout=CONNECT_S, context=context
            )
        else:
            made = http.client.HTTPConnection(self._host, self._port, timeout=CONNECT_S)
        made.connect()
        made.sock.settimeout(ANSWER_S)
        self._connection = made
        return made, True


def _outcome(key: UUID, answered: gateway.Answered | None) -> Outcome:
    if answered is None:
        return Outcome(key, fault=Fault.REFUSED)
    return Outcome(key, answered.ref, answered.parts, answered.reason, answered.permanent)


def _pause(after: str) -> timedelta:
    """What Retry-After asks for, in seconds; a second where it says nothing that one can keep to."""
    seconds = int(after) if after.isascii() and after.isdecimal() and len(after) < 6 else 1
    return min(timedelta(seconds=seconds), LONGEST_PAUSE)
