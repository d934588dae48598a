"""Relays carry committed entries to their handlers: at least once, in order for each subject, each entry in one go.

Subjects are spread over shards; a relay leases shards, takes up to BATCH entries in order and runs their handlers, each
in a savepoint. A handler that fails parks its entry and later ones of the same subject wait behind that, for this
handler only; it is tried again with growing pauses. Nobody else waits.
"""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q

from anlan.kernel import handlers
from anlan.kernel.clock import real_now
from anlan.kernel.context import Context
from anlan.kernel.models import Entry, Exercise, Parked, Pending, Shard

if TYPE_CHECKING:
    from anlan.kernel.handlers import Handler

BATCH = 500
LEASE = timedelta(seconds=10)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=2), timedelta(hours=1)
log = logging.getLogger("anlan.relay")


@dataclass
class Relay:
    """One relay process."""

    name: uuid.UUID = field(default_factory=uuid.uuid4)

    def lease(self) -> list[int]:
        """Take free shards and renew one's own; the shards held now."""
        now = real_now()
        free = Q(holder=None) | Q(until__lt=now) | Q(holder=self.name)
        with transaction.atomic():
            mine = list(
                Shard.objects.select_for_update(skip_locked=True).filter(free).values_list("pk", flat=True)
            )
            Shard.objects.filter(pk__in=mine).update(holder=self.name, until=now + LEASE)
        return mine

    def release(self) -> None:
        """Let the shards go at once, when this relay stops."""
        Shard.objects.filter(holder=self.name).update(holder=None, until=None)

    def waiting(self, shards: list[int]) -> list[int]:
        """Which of these shards have something to carry."""
        return list(Pending.objects.filter(shard__in=shards).values_list("shard", flat=True).distinct())

    def carry(self, shard: int) -> list[Entry]:
        """Run the handlers of a shard's next entries; the entries that are through."""
        with transaction.atomic():
            # Whoever lost his lease meanwhile finds the row taken or another's name in it, and does nothing.
            if (
                not Shard.objects.select_for_update(skip_locked=True)
                .filter(pk=shard, holder=self.name)
                .exists()
            ):
                return []
            pending = Pending.objects.filter(shard=shard).select_related("entry").order_by("entry_id")[:BATCH]
            entries = [row.entry for row in pending]
            for entry in entries:
                for handler in handlers.of(entry.event):
                    _take(handler, entry)
            Pending.objects.filter(entry__in=entries).delete()
        return entries

    def retry(self) -> int:
        """Try parked entries again whose pause is over, the first of each subject and handler; how many went through."""
        through = 0
        # One whose handler is gone stays, to be seen; it holds up nothing.
        due = Parked.objects.filter(again_at__lte=real_now(), handler__in=handlers.names())
        for parked in due.select_related("entry")[:BATCH]:
            through += _retry(parked)
        return through


def _take(handler: Handler, entry: Entry) -> None:
    behind = Parked.objects.filter(
        handler=handler.name, subject_kind=entry.subject_kind, subject=entry.subject
    )
    if behind.exists():
        Parked.objects.create(**_key(handler, entry))
        return
    if error := _run(handler, entry):
        Parked.objects.create(
            **_key(handler, entry), attempts=1, again_at=real_now() + FIRST_PAUSE, error=error
        )


def _run(handler: Handler, entry: Entry) -> str:
    """Run one handler; its error, or "" if all went well."""
    try:
        with transaction.atomic():
            handler.function(context_of(handler, entry), entry)
    # Whatever a handler does wrong is parked and shown; the relay and everybody else go on.
    except Exception as error:
        log.exception("handler %s failed on entry %s", handler.name, entry.pk)
        return f"{type(error).__name__}: {error}"[:2000]
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
        _wake_next(row)
    return True


def _wake_next(done: Parked) -> None:
    """The next of the same subject and handler may go at once."""
    following = Parked.objects.filter(
        handler=done.handler, subject_kind=done.subject_kind, subject=done.subject
    )
    if first := following.order_by("entry_id").first():
        Parked.objects.filter(pk=first.pk).update(again_at=real_now())


def context_of(handler: Handler, entry: Entry) -> Context:
    """A handler acts for who acted, with its own powers, in the same exercise, caused by the entry."""
    exercise = (
        Exercise.objects.select_related("clock").get(pk=entry.exercise_id) if entry.exercise_id else None
    )
    return Context(entry.actor, exercise, cause_id=entry.pk, powers=handler.powers)


def _key(handler: Handler, entry: Entry) -> dict[str, object]:
    return {
        "handler": handler.name,
        "entry": entry,
        "subject_kind": entry.subject_kind,
        "subject": entry.subject,
    }
