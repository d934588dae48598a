"""Where contents of files lie: a local folder, or a bucket that speaks S3. Who may have one is decided elsewhere."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from anlan.disk import sync
from anlan.kernel.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

AT_THE_DOOR = "/-files/"  # where nginx serves the local folder to whom a page sends there (launcher/nginx.py)
INCOMING = "incoming"  # folder of what is being taken in; no content lies there, and no backup holds it
PIECE = 1 << 18
RETRIES = 3
PAGE = 500  # names that a bucket lists at once


@dataclass(frozen=True)
class Stored:
    """One content as the store lists it."""

    name: str
    size: int
    at: datetime


class Store(Protocol):
    """Contents by name; a name's content never changes, so putting it twice is harmless."""

    def put(self, name: str, source: Path) -> None:
        """Keep a file's content; afterwards it outlives a power cut. The file itself may be gone."""

    def size_of(self, name: str) -> int | None:
        """The size in bytes; None for what is not there."""

    def address_of(self, name: str) -> str:
        """Where the front door serves it by itself; blank where pages must pass it on."""

    def read(self, name: str, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from start up to, not including, stop."""

    def remove(self, names: Sequence[str]) -> None:
        """Take contents away; what is not there is no matter."""

    def listed(self) -> Iterator[list[Stored]]:
        """Every content, in batches."""


class Unreachable(DomainError):
    """The store doesn't answer or refuses us; a later try may do."""

    status = 503

    def __init__(self) -> None:
        super().__init__("files_unreachable")


def path_of(name: str) -> str:
    """Below the top: two levels of folders, so that none holds more than some thousands."""
    return f"{name[:2]}/{name[2:4]}/{name}"


@dataclass(frozen=True)
class Folder:
    """A folder of this machine, on one file system with its `incoming`."""

    top: Path

    def put(self, name: str, source: Path) -> None:
        target = self.top / path_of(name)
        for folder in (target.parent.parent, target.parent):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        sync(source)
        source.replace(target)
        sync(target.parent)

    def size_of(self, name: str) -> int | None:
        try:
            return (self.top / path_of(name)).stat().st_size
        except FileNotFoundError:
            return None

    def address_of(self, name: str) -> str:
        return AT_THE_DOOR + path_of(name)

    def read(self, name: str, start: int, stop: int) -> Iterator[bytes]:
        with (self.top / path_of(name)).open("rb") as file:
            file.seek(start)
            while start < stop and (piece := file.read(min(PIECE, stop - start))):
                start += len(piece)
                yield piece

    def remove(self, names: Sequence[str]) -> None:
        for name in names:
            (self.top / path_of(name)).unlink(missing_ok=True)

    def listed(self) -> Iterator[list[Stored]]:
        for folder in sorted(self.top.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]")):
            yield [_seen(entry) for entry in os.scandir(folder) if entry.is_file(follow_symlinks=False)]


def _seen(entry: os.DirEntry[str]) -> Stored:
    about = entry.stat(follow_symlinks=False)
    return Stored(entry.name, about.st_size, datetime.fromtimestamp(about.st_mtime, UTC))


@dataclass(frozen=True)
class Bucket:
    """A bucket: s3://KEY:SECRET@HOST[:PORT]/BUCKET[/FOLDER][?region=…]; s3+http:// inside a closed network."""

    url: str

    @cached_property
    def _library(self) -> Any:
        """Loaded by the nodes that have a bucket only: it takes its memory in every process."""
        return import_module("obstore")

    @cached_property
    def _store(self) -> Any:
        parts = urlsplit(self.url)
        bucket, _, folder = parts.path.strip("/").partition("/")
        scheme = "http" if parts.scheme == "s3+http" else "https"
        return import_module("obstore.store").S3Store(
            bucket,
            prefix=folder or None,
            endpoint=f"{scheme}://{parts.netloc.rpartition('@')[2]}",
            access_key_id=unquote(parts.username or ""),
            secret_access_key=unquote(parts.password or ""),
            region=parse_qs(parts.query).get("region", ["us-east-1"])[0],
            virtual_hosted_style_request=False,  # private stores rarely have a name for each bucket
            client_options={"allow_http": scheme == "http", "connect_timeout": "5s", "timeout": "120s"},
            retry_config={"max_retries": RETRIES},
        )

    def put(self, name: str, source: Path) -> None:
        self._ask("put", path_of(name), source)

    def size_of(self, name: str) -> int | None:
        try:
            return int(self._ask("head", path_of(name))["size"])
        except FileNotFoundError:
            return None

    def address_of(self, name: str) -> str:
        del name
        return ""

    def read(self, name: str, start: int, stop: int) -> Iterator[bytes]:
        found = self._ask("get", path_of(name), options={"range": (start, stop)})
        return (bytes(piece) for piece in found.stream(min_chunk_size=PIECE))

    def remove(self, names: Sequence[str]) -> None:
        self._ask("delete", [path_of(name) for name in names])

    def listed(self) -> Iterator[list[Stored]]:
        for batch in self._ask("list", chunk_size=PAGE):
            yield [
                Stored(found["path"].rpartition("/")[2], found["size"], found["last_modified"])
                for found in batch
            ]

    def _ask(self, what: str, *about: Any, **more: Any) -> Any:
        """raises  FileNotFoundError; Unreachable for whatever else the store answers"""
        try:
            return getattr(self._library, what)(self._store, *about, **more)
        except self._library.exceptions.BaseError as error:
            raise Unreachable from error


@cache
def store() -> Store:
    """The one of this node."""
    url = settings.ANLAN.files_url
    return Bucket(url) if url else Folder(_local())


def incoming() -> Path:
    """The folder for what is being taken in, on the file system of the local contents and never in memory."""
    folder = _local() / INCOMING
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _local() -> Path:
    var = settings.ANLAN.var
    if var is None:
        raise ImproperlyConfigured("ANLAN_VAR")
    return var / "files"
