"""Seals the journal: chains its entries by hashes, outside the acts, so that no writer ever waits for another.

The layouts here are what a seal proves; docs/adr/0008-seals.md tells them to those who check with a program of their own.
"""

from __future__ import annotations

import hashlib
import struct
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection, transaction

from anlan.kernel.clock import real_now
from anlan.kernel.models import Seal, Unsealed

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST = 2000  # entries of one seal
SIZE = 32  # bytes of a digest, of either algorithm
ABSENT = bytes(SIZE)  # stands for an entry that was gone before it could be sealed
FIRST = bytes(SIZE)  # what the first seal has before it
MARK = b"anlan.seal.1"
LOCK = 0x5EA1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# One JSON array, its parts in an order that never changes; times in microseconds since 1970. It is the same whatever a
# session's settings are. A column that comes later is appended only where it is not null: old entries keep their text.
ENTRY_TEXT = """json_build_array(
  1, id, trunc(extract(epoch FROM at) * 1000000), trunc(extract(epoch FROM recorded_at) * 1000000), event, version,
  actor_id, posting_id, unit_id, exercise_id, subject_kind, subject, cause_id, act, data
)::text"""
TEXTS = f"SELECT id, {ENTRY_TEXT} FROM kernel_entry WHERE id = ANY(%s)"  # noqa: S608 - constant text


def seal_pending() -> int:
    """Seal all that waits; how many entries that was. 0 also where another process is sealing."""
    total = sealed = seal_next()
    while sealed == MOST:
        sealed = seal_next()
        total += sealed
    return total


@transaction.atomic
def seal_next() -> int:
    """Add one seal over what has waited longest; how many entries it holds, 0 where nothing waits or another seals.

    Writers are neither waited for nor held up: an entry that commits late comes into a later seal.
    """
    if not _is_ours():
        return 0
    waiting = list(Unsealed.objects.order_by("entry_id").values_list("entry_id", flat=True)[:MOST])
    if not waiting:
        return 0
    algorithm = settings.ANLAN.seal_digest
    texts = dict(texts_of(waiting))
    digests = b"".join(
        digest_of(algorithm, texts[number]) if number in texts else ABSENT for number in waiting
    )
    # The lock is ours since before this statement began, so the last seal it sees is the last there is.
    last = Seal.objects.order_by("-number").only("number", "hash").first()
    seal = Seal(
        number=last.number + 1 if last else 1,
        sealed_at=real_now(),
        algorithm=algorithm,
        entry_ids=waiting,
        digests=digests,
        previous=bytes(last.hash) if last else FIRST,
    )
    seal.hash = hash_of(seal)
    seal.save(force_insert=True)
    Unsealed.objects.filter(entry_id__in=waiting).delete()
    return len(waiting)


def texts_of(numbers: Sequence[int]) -> list[tuple[int, str]]:
    """Number and canonical text of those of the entries that exist."""
    with connection.cursor() as cursor:
        cursor.execute(TEXTS, [list(numbers)])
        return [(number, text) for number, text in cursor.fetchall()]


def digest_of(algorithm: str, text: str) -> bytes:
    """What a seal keeps of an entry."""
    return hashlib.new(algorithm, text.encode()).digest()


def hash_of(seal: Seal) -> bytes:
    """What the next seal and an anchor keep of a seal, by its algorithm.

    Over, integers big-endian in 8 bytes: the mark, the number, the algorithm's name (8 bytes, filled up with zeros),
    the time in microseconds since 1970, the count of entries, their numbers, their digests, the hash of the seal before.
    """
    count = len(seal.entry_ids)
    at = (seal.sealed_at - EPOCH) // timedelta(microseconds=1)
    head = struct.pack(">q8sqq", seal.number, seal.algorithm.encode(), at, count)
    numbers = struct.pack(f">{count}q", *seal.entry_ids)
    content = (MARK, head, numbers, bytes(seal.digests), bytes(seal.previous))
    return hashlib.new(seal.algorithm, b"".join(content)).digest()


def _is_ours() -> bool:
    """Become the sealer for the length of this transaction, unless somebody is."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])
