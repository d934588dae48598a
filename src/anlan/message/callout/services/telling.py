"""Callouts that only tell: whom the text has reached is through, and when their time is up they are over."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from anlan.kernel import timers
from anlan.kernel.act import act
from anlan.message.callout import selectors
from anlan.message.callout.events import CalloutOver
from anlan.message.callout.models import Recipient
from anlan.message.callout.services.confirming import Answer, confirm_recipients
from anlan.message.callout.services.opening import SETTLE, SETTLED_EVERY, close_deliveries
from anlan.message.callout.states import LIFE
from anlan.message.callout.terms import How, RecipientState

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    from anlan.kernel.context import Context
    from anlan.message.callout.models import Callout

TOLD_FOR = timedelta(hours=2)  # since the last who were told


@act("message.callout.confirm")
def settle_told(ctx: Context, callout_ids: Collection[UUID]) -> None:
    """Take for told whom the carrier says the text has reached; look again later, or close what has had its time."""
    for key in selectors.lock_by_key(ctx, callout_ids):
        confirm_recipients(
            ctx, [Answer(number, How.DELIVERED, at) for number, at in selectors.list_reached(key)]
        )
        # It may be complete by now.
        for callout in selectors.lock_by_key(ctx, [key]).values():
            if ctx.now() < callout.begun_at[-1] + TOLD_FOR:
                timers.arm(ctx, SETTLE, str(key), ctx.now() + SETTLED_EVERY)
            else:
                _close(ctx, callout)


def _close(ctx: Context, callout: Callout) -> None:
    LIFE.move(ctx, callout, "close", ended_at=ctx.now())
    rows = Recipient.unscoped.filter(callout=callout, state__lt=RecipientState.CONFIRMED)
    left = list(rows.values_list("pk", flat=True))
    close_deliveries(ctx, left)
    ctx.journal(CalloutOver(len(left)), callout)
