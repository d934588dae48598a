"""Relays carry committed entries to their handlers: at least once, in order for each subject, each entry in one go.

Subjects are spread over shards; a relay leases shards, takes up to BATCH entries of those where something waits, each
shard's in order and an equal share of each, and runs their handlers, each in a savepoint. A handler that fails parks
its entry and later ones of the same subject wait behind that, for this handler only; it is tried again with growing
pauses. Nobody else waits: an entry of a bulk act, which has no subject of its own, holds up no other. Where the database
broke a deadlock at this transaction's cost, that is no handler's failure: all of the turn is undone and taken again.
"""

from __future__ import annotations

import logging
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil, inf
from time import monotonic
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q
from psycopg.errors import DeadlockDetected

from anlan.kernel import handlers
from anlan.kernel.act import part_acts
from anlan.kernel.clock import real_now
from anlan.kernel.context import Context
from anlan.kernel.errors import kept_of
from anlan.kernel.models import Entry, Exercise, Parked, Pending, Shard

if TYPE_CHECKING:
    from collections.abc import Collection

    from anlan.kernel.handlers import Handler

    HeldUp = set[tuple[str, str, str]]  # handler, subject's kind, subject

BATCH = 500
# The next of each shard, the first of each before the second of any: a flood in one holds up no other.
NEXT = """
SELECT next.entry_id
FROM unnest(%s::smallint[]) AS held (shard)
CROSS JOIN LATERAL (
  SELECT entry_id, row_number() OVER (ORDER BY entry_id) AS place
  FROM kernel_pending WHERE kernel_pending.shard = held.shard ORDER BY entry_id LIMIT %s
) AS next
ORDER BY next.place, next.entry_id
"""
LEASE = timedelta(seconds=10)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=2), timedelta(hours=1)
log = logging.getLogger("anlan.relay")


class Deadlock(Exception):
    """What the transaction holds, from earlier entries too, is waited for by others: it has to let go of all."""


@dataclass
class Relay:
    """One relay process.

    inherited  whether the last lease took shards from a relay that ended without letting go of them
    """

    name: uuid.UUID = field(default_factory=uuid.uuid4)
    inherited: bool = False

    def lease(self) -> list[int]:
        """Take free shards and renew one's own; the shards held now."""
        now = real_now()
        free = Q(holder=None) | Q(until__lt=now) | Q(holder=self.name)
        with transaction.atomic():
            rows = Shard.objects.select_for_update(skip_locked=True).filter(free)
            holders = dict(rows.values_list("pk", "holder"))
            Shard.objects.filter(pk__in=holders).update(holder=self.name, until=now + LEASE)
        self.inherited = not {None, self.name}.issuperset(holders.values())
        return list(holders)

    def release(self) -> None:
        """Let the shards go at once, when this relay stops."""
        Shard.objects.filter(holder=self.name).update(holder=None, until=None)

    def waiting(self, shards: list[int]) -> list[int]:
        """Which of these shards have something to carry."""
        return list(Pending.objects.filter(shard__in=shards).values_list("shard", flat=True).distinct())

    def carry(self, shards: Collection[int], seconds: float = inf) -> list[Entry]:
        """Run the handlers of these shards' next entries, at least of one, for so long; the entries that are through."""
        try:
            return self._carry(shards, seconds)
        except Deadlock:
            return []

    def _carry(self, shards: Collection[int], seconds: float) -> list[Entry]:
        over = monotonic() + seconds
        with transaction.atomic():
            # Whoever lost his lease meanwhile finds the row taken or another's name in it, and does nothing.
            held = Shard.objects.select_for_update(skip_locked=True).filter(pk__in=shards, holder=self.name)
            entries = _next(list(held.values_list("pk", flat=True)))
            held_up = _held_up(entries)
            through: list[Entry] = []
            for entry in entries:
                for handler in handlers.of(entry.event):
                    _take(handler, entry, held_up)
                through.append(entry)
                if monotonic() > over:
                    break
            Pending.objects.filter(pk__in=[entry.pk for entry in through]).delete()
        return through

    def retry(self) -> int:
        """Try parked entries again whose pause is over, the first of each subject and handler; how many went through."""
        _wake_orphans()
        through = 0
        # One whose handler is gone stays, to be seen; it holds up nothing.
        due = Parked.objects.filter(again_at__lte=real_now(), handler__in=handlers.names())
        for parked in due.select_related("entry")[:BATCH]:
            with suppress(Deadlock):
                through += _retry(parked)
        return through


def _next(shards: list[int]) -> list[Entry]:
    """What these shards carry next, in this order."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT, [shards, ceil(BATCH / max(1, len(shards)))])
        ids = [row[0] for row in cursor.fetchall()]
    found = Entry.objects.select_related("actor").in_bulk(ids)
    return [found[pk] for pk in ids]


def _held_up(entries: list[Entry]) -> HeldUp:
    """Which handlers have something parked of these entries' subjects."""
    parked = Parked.objects.filter(
        handler__in=handlers.names(), subject__in={entry.subject for entry in entries}
    )
    return set(parked.values_list("handler", "subject_kind", "subject").distinct())


def _take(handler: Handler, entry: Entry, held_up: HeldUp) -> None:
    queue = handler.name, entry.subject_kind, entry.subject
    if entry.subject and queue in held_up:
        Parked.objects.create(**_key(handler, entry))
    elif error := _run(handler, entry):
        held_up.add(queue)
        Parked.objects.create(
            **_key(handler, entry), attempts=1, again_at=real_now() + FIRST_PAUSE, error=error
        )


def _run(handler: Handler, entry: Entry) -> str:
    """Run one handler; its error, or "" if all went well. raises Deadlock"""
    try:
        with transaction.atomic():
            part_acts()
            handler.function(context_of(handler, entry), entry)
    # Whatever a handler does wrong is parked and shown; the relay and everybody else go on.
    except Exception as error:
        if isinstance(error.__cause__, DeadlockDetected):
            log.warning("deadlock in handler %s on entry %s", handler.name, entry.pk)
            raise Deadlock from error
        log.exception("handler %s failed on entry %s", handler.name, entry.pk)
        return kept_of(error)
    return ""


def _retry(parked: Parked) -> bool:
    with transaction.atomic():
        row = Parked.objects.select_for_update(skip_locked=True).filter(pk=parked.pk).first()
        if row is None:
            return False
        if error := _run(handlers.named(row.handler), parked.entry):
            pause = min(FIRST_PAUSE * 2**row.attempts, LONGEST_PAUSE)
            Parked.objects.filter(pk=row.pk).update(
                attempts=row.attempts + 1, again_at=real_now() + pause, error=error
            )
            return False
        row.delete()
        wake_next(row)
    return True


def wake_next(done: Parked) -> None:
    """The next of the same subject and handler may go at once; one without a subject waited for nobody."""
    if not done.subject:
        return
    following = Parked.objects.filter(
        handler=done.handler, subject_kind=done.subject_kind, subject=done.subject
    )
    if first := following.order_by("entry_id").first():
        Parked.objects.filter(pk=first.pk).update(again_at=real_now())


def _wake_orphans() -> None:
    """One that came to wait behind another just when that went through, has nobody who would wake it."""
    same = {name: OuterRef(name) for name in ("handler", "subject_kind", "subject")}
    before = Parked.objects.filter(**same, entry_id__lt=OuterRef("entry_id"))
    Parked.objects.filter(~Exists(before), again_at=None).update(again_at=real_now())


def context_of(handler: Handler, entry: Entry) -> Context:
    """A handler acts for who acted, with its own powers, in the same exercise, caused by the entry.

    It can't be asked for a second factor any more; the act that led to it was (ADR 23).
    """
    exercise = (
        Exercise.objects.select_related("clock").get(pk=entry.exercise_id) if entry.exercise_id else None
    )
    return Context(entry.actor, exercise, cause_id=entry.pk, powers=handler.powers, second_factor=True)


def _key(handler: Handler, entry: Entry) -> dict[str, object]:
    return {
        "handler": handler.name,
        "entry": entry,
        "subject_kind": entry.subject_kind,
        "subject": entry.subject,
    }
