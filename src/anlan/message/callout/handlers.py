"""Callouts: the ladder climbs by time and where a way is barred; answers and visits come in from the rooms below."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from anlan.kernel.handlers import subscribe
from anlan.kernel.timers import timer
from anlan.message.callout import services
from anlan.message.callout.terms import CLIMBS, FOR_STAND_IN, KIND, LISTENS, USE, How

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anlan.kernel.context import Context
    from anlan.kernel.models import Due, Entry

HOWS = {"key": How.KEY, "reply": How.SMS}


@timer(services.STEP, powers=CLIMBS)
def climb(ctx: Context, due: Sequence[Due]) -> None:
    services.take_due_rungs(ctx, [one.key for one in due])


@timer(services.SETTLE, powers=LISTENS)
def settle(ctx: Context, due: Sequence[Due]) -> None:
    services.settle_told(ctx, [UUID(one.key) for one in due])


@subscribe("message.channel.answered", handler="message.callout.confirm", powers=LISTENS)
def confirm(ctx: Context, entry: Entry) -> None:
    """A key was pressed after the whole text, or an SMS came back: his answer, or his stand-in's."""
    if entry.data["use"] != USE:
        return
    services.confirm_recipients(
        ctx,
        [
            services.Answer(
                int(key.removesuffix(FOR_STAND_IN)),
                How.STAND_IN if key.endswith(FOR_STAND_IN) else HOWS[how],
                datetime.fromisoformat(at),
            )
            for key, how, at in zip(entry.data["keys"], entry.data["how"], entry.data["at"], strict=True)
        ],
    )


@subscribe("message.callout.confirmed", handler="message.callout.close_deliveries", powers=LISTENS)
def close_deliveries(ctx: Context, entry: Entry) -> None:
    services.close_deliveries(ctx, entry.data["recipients"])


@subscribe("message.channel.failed", handler="message.callout.climb", powers=CLIMBS)
def climb_at_once(ctx: Context, entry: Entry) -> None:
    """A number is no number: nobody waits for the next rung's time."""
    if entry.data["use"] == USE:
        services.climb_recipients(ctx, {int(key.removesuffix(FOR_STAND_IN)) for key in entry.data["keys"]})


@subscribe("message.errand.met", handler="message.callout.visit", powers=LISTENS)
def visit(ctx: Context, entry: Entry) -> None:
    if entry.data["about_kind"] == KIND:
        services.record_visits(ctx, [int(entry.data["about"])])


@subscribe("message.errand.failed", handler="message.callout.note_failed_visit", powers=CLIMBS)
def note_failed_visit(ctx: Context, entry: Entry) -> None:
    if entry.data["about_kind"] == KIND:
        services.note_failed_visits(ctx, [int(entry.data["about"])])
