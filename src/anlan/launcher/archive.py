"""The encrypted backup file: a tar of three members that `tar` and `age` open without this program.

    README.txt   how to open it by hand
    key.age      a key made for this file alone, encrypted with the passphrase
    data.age     a tar encrypted to that key: about.json first, SHA256SUMS last

Everything passes through in pieces, so memory stays the same whatever the size (docs/adr/0020).
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
import tarfile
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, BinaryIO, Self, TypeVar

import pyrage  # type: ignore[import-untyped]  # it brings no types

from anlan.disk import sync
from anlan.launcher.words import words

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator
    from pathlib import Path

T = TypeVar("T")

PART = 8 * 1024 * 1024  # bytes; what has no size beforehand is cut into members of this size
BLOCK = 1024 * 1024
SUMS = "SHA256SUMS"
README = """\
安澜备份文件。用安澜恢复：./anlan restore 本文件
不用安澜时，需要备份密码和 age 程序：
A backup of Anlan. With Anlan: ./anlan restore THIS-FILE
Without it, with the passphrase and the program age:

  tar -xf THIS-FILE
  age -d -i key.age data.age | tar -x
  sha256sum -c SHA256SUMS
  cat database/* > database.dump       # for pg_restore
  cat streams/NAME/0* > stream.tar.s2  # a JetStream snapshot
"""


class ArchiveError(Exception):
    """The file cannot be read as a backup; `wrong_passphrase` tells the commonest reason apart."""

    def __init__(self, text: str, *, wrong_passphrase: bool = False) -> None:
        super().__init__(text)
        self.wrong_passphrase = wrong_passphrase


class Cancelled(Exception):
    """The operator stopped it."""


class Packer:
    """Puts members into a tar stream and keeps the sum of each for the last member."""

    def __init__(self, out: IO[bytes], cancel: threading.Event) -> None:
        self._tar = tarfile.open(fileobj=out, mode="w|", format=tarfile.GNU_FORMAT, bufsize=BLOCK)  # noqa: SIM115
        self._sums = tempfile.SpooledTemporaryFile(max_size=PART)  # noqa: SIM115 - closed at our end
        self._cancel = cancel
        self.bytes: dict[str, int] = {}  # by first part of the name
        self.members = 0

    def add(self, name: str, content: bytes) -> None:
        """A member whose content is at hand."""
        self._put(tarfile.TarInfo(name), len(content), io.BytesIO(content))

    def add_file(self, name: str, source: BinaryIO) -> None:
        """An open file as it is now; what is appended meanwhile stays out."""
        state = os.fstat(source.fileno())
        info = tarfile.TarInfo(name)
        info.mode, info.mtime = state.st_mode & 0o777, int(state.st_mtime)
        self._put(info, state.st_size, source)

    @contextmanager
    def parts(self, name: str) -> Iterator[Parts]:
        """Blocks whose number is not known beforehand, as members name/000001 …"""
        parts = Parts(self, name)
        yield parts
        parts.finish()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._sums.close()
        with suppress(OSError):  # after a failure; finish() has closed it otherwise
            self._tar.close()

    def finish(self) -> None:
        """The last member; without it the archive does not count as whole."""
        size = self._sums.tell()
        self._sums.seek(0)
        info = tarfile.TarInfo(SUMS)
        info.size = size
        self._tar.addfile(info, self._sums)
        self._tar.close()

    def _put(self, info: tarfile.TarInfo, size: int, source: IO[bytes]) -> None:
        info.size = size
        info.mtime = info.mtime or int(time.time())
        summed = _Summed(source, self._cancel)
        self._tar.addfile(info, summed)
        _forget(self._tar)
        self._sums.write(_sum_line(summed.digest, info.name))
        head = info.name.split("/", 1)[0]
        self.bytes[head] = self.bytes.get(head, 0) + size
        self.members += 1


class Parts:
    """Cuts what is written to it into members."""

    def __init__(self, packer: Packer, name: str) -> None:
        self._packer, self._name = packer, name
        self._waiting = bytearray()
        self._count = 0

    def write(self, block: bytes) -> None:
        self._waiting += block
        while len(self._waiting) >= PART:
            self._add(bytes(self._waiting[:PART]))
            del self._waiting[:PART]

    def finish(self) -> None:
        if self._waiting or not self._count:
            self._add(bytes(self._waiting))

    def _add(self, content: bytes) -> None:
        self._count += 1
        self._packer.add(f"{self._name}/{self._count:06}", content)


class _Summed(io.RawIOBase):
    """Reads on behalf of the tar and sums what went through."""

    def __init__(self, source: IO[bytes], cancel: threading.Event) -> None:
        super().__init__()
        self._source, self._cancel = source, cancel
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        if self._cancel.is_set():
            raise Cancelled
        block = self._source.read(size)
        self.digest.update(block)
        return block


def _sum_line(digest: hashlib._Hash, name: str) -> bytes:
    escaped = name.replace("\\", "\\\\").replace("\n", "\\n")
    mark = "\\" if escaped != name else ""  # as sha256sum writes it
    return f"{mark}{digest.hexdigest()}  {escaped}\n".encode(errors="surrogateescape")


def write(file: Path, passphrase: str, fill: Callable[[Packer], None], cancel: threading.Event) -> int:
    """Make `file` from what `fill` packs; it appears under its name only when whole. Its size in bytes."""
    partial = file.with_name(f".{file.name}.partial")
    with os.fdopen(os.open(partial, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as out:
        fcntl.flock(out, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            out.truncate()
            _write(out, passphrase, fill, cancel)
            out.flush()
            os.fsync(out.fileno())
            partial.replace(file)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    sync(file.parent)
    return file.stat().st_size


def _write(out: BinaryIO, passphrase: str, fill: Callable[[Packer], None], cancel: threading.Event) -> None:
    identity = pyrage.x25519.Identity.generate()
    key = pyrage.passphrase.encrypt(f"{identity}\n".encode(), passphrase)
    small = (("README.txt", README.encode()), ("key.age", key))
    out.writelines(_header(name, len(content)) + content + _padding(len(content)) for name, content in small)
    place = out.tell()
    out.write(_header("data.age", 0))
    begin = out.tell()
    _encrypt(out, identity.to_public(), fill, cancel)
    size = out.tell() - begin
    out.write(_padding(size) + bytes(2 * tarfile.BLOCKSIZE))
    out.seek(place)
    out.write(_header("data.age", size))


def _header(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, 0o600, int(time.time())
    return info.tobuf(tarfile.GNU_FORMAT)


def _padding(size: int) -> bytes:
    return bytes(-size % tarfile.BLOCKSIZE)


class _Watched:
    """A file for the encryption library, which hides what went wrong below it; this remembers it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.error: BaseException | None = None

    def read(self, size: int = -1) -> bytes:
        return self._try(lambda: self._file.read(size))

    def write(self, block: bytes) -> int:
        return self._try(lambda: self._file.write(block))

    def flush(self) -> None:
        self._try(self._file.flush)

    def _try(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except BaseException as error:
            self.error = error
            raise


def _pipe() -> tuple[BinaryIO, BinaryIO]:
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, BLOCK)
    return os.fdopen(reader, "rb"), os.fdopen(writer, "wb")


def _encrypt(
    out: BinaryIO, recipient: pyrage.x25519.Recipient, fill: Callable[[Packer], None], cancel: threading.Event
) -> None:
    def pack() -> None:
        with writer, Packer(writer, cancel) as packer:
            fill(packer)
            packer.finish()

    reader, writer = _pipe()
    source, target = _Watched(reader), _Watched(out)
    with ThreadPoolExecutor(1) as pool:
        packing = pool.submit(pack)
        try:
            with reader:
                pyrage.encrypt_io(source, target, [recipient])
        except pyrage.EncryptError:
            cancel.set()
            raise (source.error or target.error or OSError("encryption failed")) from None
    packing.result()
    if target.error:  # the last flush of the library tells nobody
        raise target.error


@dataclass(frozen=True)
class Unlocked:
    """A backup file with its key: where in the file the data begin, and how long they are."""

    file: Path
    identity: pyrage.x25519.Identity
    begin: int
    size: int


def unlock(file: Path, passphrase: str) -> Unlocked:
    """Find the key with the passphrase; slow on purpose, so done once.

    raises  ArchiveError for a wrong passphrase, a damaged file or one of another kind
    """
    try:
        with tarfile.open(file, mode="r:") as outer:
            key, data = outer.extractfile("key.age"), outer.getmember("data.age")
            locked = key.read(BLOCK) if key else b""
    except (tarfile.TarError, KeyError) as error:
        raise ArchiveError(words("不是备份文件，或没有写完", "it is no backup, or was cut short")) from error
    try:
        identity = pyrage.x25519.Identity.from_str(
            pyrage.passphrase.decrypt(locked, passphrase).decode().strip()
        )
    except pyrage.DecryptError as error:
        raise ArchiveError(str(error), wrong_passphrase=True) from error
    return Unlocked(file, identity, data.offset_data, data.size)


@contextmanager
def opened(backup: Unlocked) -> Iterator[Members]:
    """The members of a backup, in order, decrypted while they are read.

    raises  ArchiveError if the file is damaged
    """
    with backup.file.open("rb") as source:
        source.seek(backup.begin)
        reader, writer = _pipe()
        with ThreadPoolExecutor(1) as pool:
            decrypting = pool.submit(_decrypt, _Slice(source, backup.size), writer, backup.identity)
            try:
                with reader, tarfile.open(fileobj=reader, mode="r|", bufsize=BLOCK) as tar:
                    yield Members(tar)
            except tarfile.TarError as error:
                decrypting.result()  # says it better
                raise ArchiveError(str(error)) from error
        decrypting.result()


class _Slice:
    """The next `size` bytes of a file."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._left = file, size

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(min(size if size >= 0 else self._left, self._left))
        self._left -= len(block)
        return block


def _decrypt(source: _Slice, writer: BinaryIO, identity: pyrage.x25519.Identity) -> None:
    target = _Watched(writer)
    try:
        pyrage.decrypt_io(source, target, [identity])
        writer.close()
    except (pyrage.DecryptError, OSError) as error:
        if isinstance(target.error, BrokenPipeError) or isinstance(error, BrokenPipeError):
            return  # the reader had enough
        raise ArchiveError(words("内容已损坏", "its content is damaged")) from error
    finally:
        if not writer.closed:
            _close(writer)


def _close(writer: BinaryIO) -> None:
    try:
        writer.close()
    except BrokenPipeError:
        return


def _forget(tar: tarfile.TarFile) -> None:
    """A tar keeps every member it met; of a million files that would be a gigabyte."""
    tar.members = []  # type: ignore[attr-defined]  # it has no public way before Python 3.13


class Members:
    """Walks through the members once; every content must be read before the next is asked for."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar

    def __iter__(self) -> Iterator[tarfile.TarInfo]:
        while (info := self._tar.next()) is not None:
            _forget(self._tar)
            if not info.isreg():
                raise ArchiveError(f"{info.name} is not a file")
            yield info

    def blocks(self, info: tarfile.TarInfo) -> Iterator[bytes]:
        source = self._tar.extractfile(info)
        while source and (block := source.read(BLOCK)):
            yield block

    def content(self, info: tarfile.TarInfo, most: int = 64 * 1024 * 1024) -> bytes:
        """All of a small member."""
        if info.size > most:
            raise ArchiveError(f"{info.name} is too large")
        return b"".join(self.blocks(info))


def verify(backup: Unlocked, keep: Callable[[str], bool], cancel: threading.Event) -> dict[str, bytes]:
    """Read the whole file and check every sum.

    keep     says by name which (small) members the caller wants
    returns  those members
    raises   ArchiveError
    """
    kept: dict[str, bytes] = {}
    with opened(backup) as members, tempfile.SpooledTemporaryFile(max_size=PART) as seen:
        whole = False
        for info in members:
            if info.name == SUMS:
                _compare(seen, members.blocks(info))
                whole = True
                continue
            wanted = io.BytesIO() if keep(info.name) else None
            digest = hashlib.sha256()
            for block in members.blocks(info):
                if cancel.is_set():
                    raise Cancelled
                digest.update(block)
                if wanted:
                    wanted.write(block)
            seen.write(_sum_line(digest, info.name))
            if wanted:
                kept[info.name] = wanted.getvalue()
        if not whole:
            raise ArchiveError(f"{SUMS} is missing")
    return kept


def _compare(seen: IO[bytes], told: Iterator[bytes]) -> None:
    seen.seek(0)
    for block in told:
        if seen.read(len(block)) != block:
            raise ArchiveError(words("校验值不符", "a sum differs"))
    if seen.read(1):
        raise ArchiveError(f"{SUMS} does not name every member")
