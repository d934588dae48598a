"""The wire between a node and a gateway for messages and calls, as docs/integrator/gateway.md tells it: JSON, sealed by HMAC.

A seal covers the moment and the whole body. What comes in is bounded and read item by item: one that is wrong does not
spoil the others.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

STAMP, SEAL = "x-anlan-timestamp", "x-anlan-signature"
TOLERANCE = timedelta(minutes=5)
MOST, MOST_BYTES = 500, 1_000_000
LONGEST_TEXT, LONGEST_REF, LONGEST_REASON, LONGEST_NUMBER = 500, 64, 120, 40
ABOUT_ONE = frozenset(
    {"delivered", "undeliverable", "picked_up", "heard", "key", "busy", "no_answer", "hung_up"}
)
EVENTS = ABOUT_ONE | {"reply"}


class WrongSeal(Exception):
    """The seal is missing, wrong, or older or newer than the tolerance."""


class Unreadable(Exception):
    """A body that is too long, no JSON, or not of the agreed form; its words say which."""


@dataclass(frozen=True)
class Sent:
    """One message or call, as it is handed over."""

    id: str
    to: str
    text: str


@dataclass(frozen=True)
class Answered:
    """What a gateway said to one of them: blank reason, it took it."""

    ref: str = ""
    parts: int = 1
    reason: str = ""
    permanent: bool = False


@dataclass(frozen=True)
class Told:
    """One event, as a gateway tells it; `id` is None for a reply. full: a key was pressed after the full text."""

    event: str
    at: datetime
    id: UUID | None = None
    reason: str = ""
    permanent: bool = False
    full: bool = False
    ref: str = ""
    number: str = ""
    text: str = ""


# --- seals --------------------------------------------------------------------------------------------------------


def seal(secret: str, stamp: str, body: bytes) -> str:
    """The seal of a body: HMAC-SHA256 over the time stamp (Unix seconds), a line feed and the body."""
    return hmac.new(secret.encode(), stamp.encode() + b"\n" + body, hashlib.sha256).hexdigest()


def sealed(secret: str, body: bytes, now: datetime) -> dict[str, str]:
    """The headers that go with a body."""
    stamp = str(int(now.timestamp()))
    return {"Content-Type": "application/json", STAMP: stamp, SEAL: seal(secret, stamp, body)}


def verify(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    """raises WrongSeal; header names are in lower case"""
    stamp, given = headers.get(STAMP, ""), headers.get(SEAL, "")
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= 12 and given.isascii()):
        raise WrongSeal
    if abs(int(stamp) - now.timestamp()) > TOLERANCE.total_seconds():
        raise WrongSeal
    if not hmac.compare_digest(given.lower(), seal(secret, stamp, body)):
        raise WrongSeal


# --- what a node sends --------------------------------------------------------------------------------------------


def batch(kind: str, sender: str, items: Sequence[Sent]) -> bytes:
    """The body of a hand-over. kind: messages or calls"""
    more = {"from": sender} if sender else {}
    rows = [{"id": one.id, "to": one.to, "text": one.text, **more} for one in items]
    return json.dumps({kind: rows}, ensure_ascii=False, separators=(",", ":")).encode()


def cancellation(ids: Sequence[str]) -> bytes:
    return json.dumps({"ids": list(ids)}, separators=(",", ":")).encode()


def read_results(body: bytes, ids: Sequence[str]) -> dict[str, Answered]:
    """What a gateway answered to each of a batch; one that it passed over is missing. raises Unreadable"""
    wanted = set(ids)
    found: dict[str, Answered] = {}
    for row in _rows(body, "results"):
        key = row.get("id") if isinstance(row, dict) else None
        if not isinstance(key, str) or key not in wanted:
            continue
        if row.get("status") == "accepted":
            parts = row.get("parts", 1)
            found[key] = Answered(
                ref=_cut(row.get("ref"), LONGEST_REF),
                parts=parts if isinstance(parts, int) and 0 <= parts <= 255 else 1,
            )
        else:
            reason = _cut(row.get("reason"), LONGEST_REASON) or "refused"
            found[key] = Answered(reason=reason, permanent=row.get("permanent") is True)
    return found


def _cut(value: Any, longest: int) -> str:
    return value[:longest].replace("\0", "") if isinstance(value, str) else ""


# --- what a gateway tells -----------------------------------------------------------------------------------------


def read_events(body: bytes) -> tuple[list[Told], list[dict[str, Any]]]:
    """The events of a callback, and what is wrong with those that cannot be read (index, error). raises Unreadable"""
    told, wrong = [], []
    for index, row in enumerate(_rows(body, "events")):
        try:
            told.append(_event(row))
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            wrong.append({"index": index, "error": str(error) or type(error).__name__})
    return told, wrong


def _rows(body: bytes, name: str) -> list[Any]:
    if len(body) > MOST_BYTES:
        raise Unreadable(f"more than {MOST_BYTES} bytes")
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable("not JSON") from error
    rows = content.get(name) if isinstance(content, dict) else None
    if not isinstance(rows, list):
        raise Unreadable(f"no list “{name}”")
    if len(rows) > MOST:
        raise Unreadable(f"more than {MOST} in “{name}”")
    return rows


def _event(row: Any) -> Told:
    if not isinstance(row, dict):
        raise TypeError("not an object")
    event = row.get("event")
    if event not in EVENTS:
        raise ValueError("event is none of: " + ", ".join(sorted(EVENTS)))
    at = _moment(row)
    if event == "reply":
        ref = _text(row, "ref", LONGEST_REF)
        number, text = _text(row, "from", LONGEST_NUMBER), _text(row, "text", LONGEST_TEXT, empty=True)
        return Told(event, at, ref=ref, number=number, text=text)
    return Told(
        event,
        at,
        UUID(_text(row, "id", 36)),
        _cut(row.get("reason"), LONGEST_REASON),
        row.get("permanent") is True,
        row.get("played_fully") is True,
    )


def _moment(row: dict[str, Any]) -> datetime:
    at = datetime.fromisoformat(_text(row, "at", 40))
    if at.tzinfo is None:
        raise ValueError("at has no time zone")
    if not 2000 <= at.year <= 2200:
        raise ValueError("at is out of range")
    return at.astimezone(UTC)


def _text(row: dict[str, Any], name: str, longest: int, *, empty: bool = False) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not (empty or value) or len(value) > longest or "\0" in value:
        raise ValueError(f"{name} must be text of 1 to {longest} characters")
    value.encode()  # half a surrogate pair is no text
    return value
