"""Alarm bells: acts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from anlan.kernel import timers
from anlan.kernel.act import act
from anlan.kernel.events import PrivateText
from anlan.kernel.ids import uuid7
from anlan.kernel.scope import require
from rooms.respond.bell import selectors
from rooms.respond.bell.events import BellAnswered, BellClosed, BellRung, BellsCalled, BellsSilenced
from rooms.respond.bell.models import Bell, Call
from rooms.respond.bell.states import LIFE

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime
    from uuid import UUID

    from anlan.kernel.context import Context
    from anlan.kernel.models import Unit

CALL = "respond.bell.call"  # the capability, which no person needs: the node calls
CALL_AGAIN = "respond.bell.call_again"  # the timer
PATIENCE = timedelta(seconds=15)


@act("respond.bell.ring")
def ring_bell(ctx: Context, *, unit: Unit, place: str, words: str, rang_at: datetime | None = None) -> Bell:
    """Enter a bell.

    rang_at  when it rang, where it is entered later; not after now
    """
    require(ctx, "respond.bell.ring", unit)
    key, now = uuid7(), ctx.now()
    bell = Bell.objects.create(
        id=key,
        matter=key,
        unit=unit,
        exercise=ctx.exercise,
        place=place,
        rang_at=rang_at or now,
        entered_at=now,
    )
    timers.arm(ctx, CALL_AGAIN, str(key), now + PATIENCE)
    ctx.journal(BellRung(bell.rang_at, PrivateText(words)), bell)
    return bell


@act("respond.bell.answer")
def answer_bell(ctx: Context, bell_id: UUID, *, words: str) -> Bell:
    """Take charge of a bell; `words` says what is done."""
    bell = selectors.lock_bell(ctx, bell_id, "respond.bell.answer")
    LIFE.move(ctx, bell, "answer")
    bell.answered_at = ctx.now()
    bell.save(update_fields=("answered_at",))
    timers.disarm(CALL_AGAIN, [str(bell.pk)])
    ctx.journal(BellAnswered(PrivateText(words)), bell)
    return bell


@act("respond.bell.close")
def close_bell(ctx: Context, bell_id: UUID, *, words: str) -> Bell:
    bell = selectors.lock_bell(ctx, bell_id, "respond.bell.close")
    LIFE.move(ctx, bell, "close")
    ctx.journal(BellClosed(PrivateText(words)), bell)
    return bell


@act("respond.bell.silence")
def silence_many_bell(ctx: Context, bell_ids: Sequence[UUID]) -> list[Bell]:
    """Say that these bells rang for nothing: all of them, or none where one is out of reach or no longer rings."""
    silenced = LIFE.move_many(ctx, Bell, bell_ids, "silence")
    timers.disarm(CALL_AGAIN, [str(bell.pk) for bell in silenced])
    ctx.journal_bulk(BellsSilenced(), silenced)
    return silenced


@act(CALL)
def call_team(ctx: Context, bell_ids: Collection[UUID], *, again: bool = False) -> list[Bell]:
    """Call the rescue team to those of these bells that nobody has answered."""
    ringing = selectors.lock_unanswered(ctx, bell_ids, CALL)
    now = ctx.now()
    Call.objects.bulk_create(Call(bell=bell, called_at=now, again=again) for bell in ringing)
    if ringing:
        ctx.journal_bulk(BellsCalled(again), ringing)
    return ringing
