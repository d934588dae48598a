"""Writes what happened, in the transaction in which it happened, and reads it back as the timeline of a record."""

from __future__ import annotations

import hashlib
import secrets
import zlib
from typing import TYPE_CHECKING, Any

from django.db import transaction

from anlan.kernel import events
from anlan.kernel.models import Entry, Pending, PrivateNote, Unit
from anlan.kernel.models.relay import SHARDS
from anlan.kernel.scope import require

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet

    from anlan.kernel.context import Context

SALT = 16  # bytes


class OutsideTransaction(Exception):
    """An entry was to be written outside the transaction of its change; then one could be without the other."""


def write(ctx: Context, happened: object, about: Model) -> Entry:
    """Add one entry about a record.

    happened  an event (anlan.kernel.events); its private fields go to the side table
    about     the record it happened to: its kind, key and unit are kept
    raises    OutsideTransaction
    """
    if not transaction.get_connection().in_atomic_block:
        raise OutsideTransaction
    kind = events.declared(happened)
    data, private = _split(events.content(happened), kind.private)
    entry = Entry.objects.create(
        at=ctx.now(),
        event=kind.name,
        version=kind.version,
        actor=ctx.actor,
        posting_id=ctx.posting_id,
        unit_id=unit_id_of(about),
        exercise_id=ctx.exercise.pk if ctx.exercise else None,
        subject_kind=about._meta.label_lower,
        subject=str(about.pk),
        cause_id=ctx.cause_id,
        data=data,
    )
    Pending.objects.create(entry=entry, shard=shard_of(entry.subject_kind, entry.subject))
    PrivateNote.objects.bulk_create(
        PrivateNote(entry=entry, field=field, salt=salt, text=text) for field, (salt, text) in private.items()
    )
    return entry


def list_timeline(ctx: Context, about: Model, capability: str) -> QuerySet[Entry]:
    """What happened to a record, the latest first; the reader needs the record's own reading capability in its unit."""
    unit_id = unit_id_of(about)
    require(ctx, capability, Unit.unscoped.get(pk=unit_id) if unit_id else None)
    entries = Entry.objects.filter(subject_kind=about._meta.label_lower, subject=str(about.pk))
    return entries.select_related("actor").order_by("-id")


def shard_of(subject_kind: str, subject: str) -> int:
    """Where a subject's entries queue up for the relays; the same on every machine."""
    return zlib.crc32(f"{subject_kind}:{subject}".encode()) % SHARDS


def unit_id_of(record: Model) -> int | None:
    """The unit a record belongs to; a unit belongs to itself."""
    return record.pk if isinstance(record, Unit) else getattr(record, "unit_id", None)


def hash_of(salt: bytes, text: str) -> str:
    """What an entry keeps of a private text."""
    return hashlib.sha256(salt + text.encode()).hexdigest()


def _split(
    content: dict[str, Any], private: frozenset[str]
) -> tuple[dict[str, Any], dict[str, tuple[bytes, str]]]:
    data, kept = dict(content), {}
    for field in private:
        salt = secrets.token_bytes(SALT)
        kept[field] = (salt, str(content[field]))
        data[field] = {"sha256": hash_of(salt, str(content[field]))}
    return data, kept
