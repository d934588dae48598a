"""Fetching from an address somebody typed: never from inside this machine, never more than asked, never for ever.

The name is resolved once, each address it has is judged, and the connection goes to one of these: what the name means a
moment later counts for nothing. Each redirection is judged anew.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence

    Network = ipaddress.IPv4Network | ipaddress.IPv6Network

CONNECT_S, WHOLE_S = 5.0, 20.0
MOST_HOPS = 3
CHUNK = 64 * 1024
MOVED = {301, 302, 303, 307, 308}


class NotFetched(Exception):
    """fault: in words for a log, without what the other side sent"""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault


@dataclass(frozen=True)
class Fetched:
    """content: None where nothing has changed since"""

    content: bytes | None
    address: str
    etag: str = ""
    modified: str = ""


def fetch(
    address: str, most: int, allowed: Sequence[Network] = (), *, etag: str = "", modified: str = ""
) -> Fetched:
    """What lies at an address.

    most     octets
    allowed  networks besides the public ones
    raises   NotFetched
    """
    headers = {"User-Agent": "Anlan", "Accept-Encoding": "identity"}
    headers |= {
        name: text for name, text in (("If-None-Match", etag), ("If-Modified-Since", modified)) if text
    }
    until = monotonic() + WHOLE_S
    for _hop in range(MOST_HOPS + 1):
        connection, path = _connect(address, allowed)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            if answer.status in MOVED:
                address = urljoin(address, answer.headers.get("Location", ""))
                continue
            if answer.status == HTTPStatus.NOT_MODIFIED:
                return Fetched(None, address, etag, modified)
            if answer.status != HTTPStatus.OK:
                raise NotFetched(f"HTTP {answer.status}")
            content = _body(connection, answer, most, until)
            told = answer.headers.get("ETag", "")[:200], answer.headers.get("Last-Modified", "")[:64]
            return Fetched(content, address, *told)
        except (OSError, http.client.HTTPException) as error:
            raise NotFetched(type(error).__name__) from error
        finally:
            connection.close()
    raise NotFetched("too many redirections")


def _connect(address: str, allowed: Sequence[Network]) -> tuple[http.client.HTTPConnection, str]:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise NotFetched("no address") from error
    if parts.scheme not in {"http", "https"} or not host or "@" in parts.netloc:
        raise NotFetched("no address")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotFetched("unknown host") from error
    numbers = [str(one[4][0]) for one in found]
    if not numbers or not all(_is_fit(number, allowed) for number in numbers):
        raise NotFetched("a network that is not allowed")
    connection = http.client.HTTPConnection(host, port, timeout=CONNECT_S)
    try:
        line = socket.create_connection((numbers[0], port), CONNECT_S)
        if parts.scheme == "https":
            line = ssl.create_default_context().wrap_socket(line, server_hostname=host)
    except OSError as error:
        raise NotFetched(type(error).__name__) from error
    connection.sock = line
    return connection, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _is_fit(number: str, allowed: Sequence[Network]) -> bool:
    at = ipaddress.ip_address(number.partition("%")[0])
    at = getattr(at, "ipv4_mapped", None) or at
    if any(at.version == network.version and at in network for network in allowed):
        return True
    return at.is_global and not at.is_multicast


def _body(
    connection: http.client.HTTPConnection, answer: http.client.HTTPResponse, most: int, until: float
) -> bytes:
    parts: list[bytes] = []
    length = 0
    while True:
        left = until - monotonic()
        if left <= 0:
            raise NotFetched("too slow")
        if connection.sock:
            connection.sock.settimeout(min(left, CONNECT_S))
        chunk = answer.read1(CHUNK)
        if not chunk:
            return b"".join(parts)
        length += len(chunk)
        if length > most:
            raise NotFetched("too long")
        parts.append(chunk)
