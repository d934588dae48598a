"""Anchors: what the last seal was, signed by the node each hour, in a file outside the database.

Whoever may change the database may also write its seals anew, from the first to the last. He cannot do so with what
lies on another disk or another machine; so the anchors' folder may be set to one (ANLAN_ANCHORS).
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
from base64 import b64decode, b64encode
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from anlan.disk import sync
from anlan.kernel.clock import real_now
from anlan.kernel.models import Seal

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = "anchors.jsonl"
MARK = "anlan.anchor.1"
TAIL = 4096  # bytes, more than a line has
log = logging.getLogger("anlan.anchors")


@dataclass(frozen=True)
class Anchor:
    """One line of the file.

    hash        of the seal, in hexadecimal
    at          when it was anchored, ISO 8601 in UTC
    key         fingerprint of the public key that proves the signature
    signature   Ed25519 over the mark, number, algorithm, hash and time, a line each; in base64
    """

    number: int
    algorithm: str
    hash: str
    at: str
    key: str
    signature: str = ""

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.at)

    @property
    def signed(self) -> bytes:
        return f"{MARK}\n{self.number}\n{self.algorithm}\n{self.hash}\n{self.at}\n".encode()


@dataclass(frozen=True)
class Anchorage:
    """A folder of anchors, with the public keys that prove them; and the file of the node's own key."""

    folder: Path
    key_file: Path

    @property
    def file(self) -> Path:
        return self.folder / FILE

    def anchor(self, seal: Seal, at: datetime, pause: timedelta) -> bool:
        """Add an anchor for the last seal, unless one is there that is younger than `pause`; on disk when this returns.

        raises  OSError where the folder or the key cannot be used
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.file.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            before = _last_line(file)
            # One from the future (the machine's clock was wrong for a while) counts as none.
            if (last := _parsed(before)) and at - pause < last.moment <= at:
                return False
            key = self._key()
            anchor = Anchor(
                seal.number,
                seal.algorithm,
                bytes(seal.hash).hex(),
                at.astimezone(UTC).isoformat(timespec="seconds"),
                fingerprint(key.public_key()),
            )
            self._publish(anchor.key, key.public_key())
            line = asdict(replace(anchor, signature=b64encode(key.sign(anchor.signed)).decode()))
            # What a power cut left of a line stays a line of its own.
            torn = b"\n" if before and not before.endswith(b"\n") else b""
            file.write(torn + json.dumps(line).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        sync(self.folder)
        return True

    def anchors(self) -> Iterator[tuple[int, Anchor | None]]:
        """Each line's number and anchor; None for one that cannot be read."""
        if not self.file.exists():
            return
        with self.file.open("rb") as file:
            for number, line in enumerate(file, 1):
                yield number, _parsed(line)

    def is_genuine(self, anchor: Anchor) -> bool:
        """Whether the key it names, which lies beside it, signed it."""
        try:
            key = self._keys[anchor.key]
            key.verify(b64decode(anchor.signature), anchor.signed)
        except (KeyError, ValueError, InvalidSignature):
            return False
        return True

    @cached_property
    def _keys(self) -> dict[str, Ed25519PublicKey]:
        """The public keys of the folder by their fingerprints."""
        found = map(_public_key, self.folder.glob("*.pem"))
        return {fingerprint(key): key for key in found if key}

    def _key(self) -> Ed25519PrivateKey:
        """The node's own key, made at first use; nobody but its owner ever reads it."""
        if not self.key_file.exists():
            self._make_key()
        try:
            key = serialization.load_pem_private_key(self.key_file.read_bytes(), password=None)
        except ValueError as error:
            raise OSError(f"{self.key_file} cannot be read: {error}") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise OSError(f"{self.key_file} holds no Ed25519 key")
        return key

    def _make_key(self) -> None:
        self.key_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        pem = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        _write(self.key_file, pem, 0o600)

    def _publish(self, name: str, key: Ed25519PublicKey) -> None:
        """Lay the public key beside the anchors."""
        file = self.folder / f"{name}.pem"
        if not file.exists():
            pem = key.public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            _write(file, pem, 0o644)


def anchorage() -> Anchorage:
    """The node's own."""
    var = settings.ANLAN.var or Path()
    return Anchorage(settings.ANLAN.anchors or var / "anchors", var / "keys/anchor.key")


def anchor_if_due() -> bool:
    """Anchor the last seal if the last anchor is old enough; a folder that cannot be used is logged, and tried again.

    returns  whether one was added
    """
    last = Seal.objects.order_by("-number").only("number", "algorithm", "hash").first()
    if last is None:
        return False
    try:
        return anchorage().anchor(last, real_now(), timedelta(minutes=settings.ANLAN.anchor_minutes))
    except OSError:
        log.exception("the journal's last seal could not be anchored")
        return False


def fingerprint(key: Ed25519PublicKey) -> str:
    """What an anchor calls a key."""
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:32]


def _parsed(line: bytes) -> Anchor | None:
    try:
        told = json.loads(line)
        anchor = Anchor(number=int(told.pop("number")), **{name: str(text) for name, text in told.items()})
        is_aware = anchor.moment.tzinfo is not None
    except (ValueError, TypeError, AttributeError, KeyError):
        return None
    return anchor if is_aware else None


def _public_key(file: Path) -> Ed25519PublicKey | None:
    try:
        key = serialization.load_pem_public_key(file.read_bytes())
    except ValueError:
        return None
    return key if isinstance(key, Ed25519PublicKey) else None


def _last_line(file: BinaryIO) -> bytes:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - TAIL))
    lines = file.read().splitlines(keepends=True)
    return lines[-1] if lines else b""


def _write(file: Path, content: bytes, mode: int) -> None:
    """Replace a file in one step; it is on disk when this returns."""
    fresh = file.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)
    sync(file.parent)
