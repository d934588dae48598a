"""What people do for those who do not answer: take over, note what was tried, look up a number, carry the list away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q

from anlan.kernel.act import act
from anlan.kernel.errors import StateConflict
from anlan.kernel.events import PrivateText
from anlan.message.callout import selectors
from anlan.message.callout.events import CalloutExported, NumbersLooked, RecipientNoted, RecipientTaken
from anlan.message.callout.models import Recipient
from anlan.message.callout.terms import HANDS_OFF, RecipientState

if TYPE_CHECKING:
    from uuid import UUID

    from anlan.kernel.context import Context
    from anlan.message.callout.models import Callout

HANDLE, LOOK, EXPORT = "message.callout.handle", "message.callout.look", "message.callout.export"


@act("message.callout.handle")
def take_recipient(ctx: Context, recipient_id: int) -> Recipient:
    """Say that one is phoning somebody: others see it, and no machine calls him for a while.

    raises  NotFound; StateConflict where it is over for him, or another took him a short while ago
    """
    recipient = selectors.get_recipient(ctx, recipient_id, HANDLE)
    now = ctx.now()
    rows = Recipient.unscoped.filter(pk=recipient.pk, state__lt=RecipientState.CONFIRMED)
    free = rows.filter(Q(taken_by=None) | Q(taken_by=ctx.actor) | Q(taken_at__lt=now - HANDS_OFF))
    if not free.update(taken_by=ctx.actor, taken_at=now):
        raise StateConflict
    ctx.journal(RecipientTaken(recipient.pk), recipient.callout)
    return recipient


@act("message.callout.handle")
def note_recipient(ctx: Context, recipient_id: int, *, words: str) -> Recipient:
    """Write down what was tried, or what he said, without its being an answer. raises NotFound"""
    recipient = selectors.get_recipient(ctx, recipient_id, HANDLE)
    ctx.journal(RecipientNoted(recipient.pk, PrivateText(words)), recipient.callout)
    return recipient


@act("message.callout.export")
def export_callout(ctx: Context, callout_id: UUID, kind: str) -> Callout:
    """The callout for one who carries its board away; that it left is written down. raises NotFound"""
    callout = selectors.get_opened(ctx, callout_id, EXPORT)
    ctx.journal(CalloutExported(kind), callout)
    return callout


@act("message.callout.look")
def look_up_numbers(ctx: Context, recipient_id: int, *, reason: str) -> Recipient:
    """The recipient for one who gives a reason to see his numbers; that he looked is written down. raises NotFound"""
    recipient = selectors.get_recipient(ctx, recipient_id, LOOK)
    ctx.journal(NumbersLooked(recipient.pk, PrivateText(reason)), recipient.callout)
    return recipient
