"""What `handlers` runs inside the product: writers that keep a pace, and the node's own relay with a handler that notes the time."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.management import call_command
from django.db import connection
from django.utils.translation import gettext_lazy as _

from anlan.kernel.act import act
from anlan.kernel.clock import real_now
from anlan.kernel.context import Context
from anlan.kernel.events import event
from anlan.kernel.handlers import subscribe
from anlan.kernel.models import SelfCheck
from bench._journal import CAPABILITY, until_told

if TYPE_CHECKING:
    from anlan.kernel.models import Entry


@event("bench.bell.rung", _("打铃"))
@dataclass(frozen=True)
class BellRung:
    in_flood: bool


@subscribe("bench.bell.rung", handler="bench.listener")
def note_time(_ctx: Context, entry: Entry) -> None:
    now = real_now()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bench_heard (entry_id, in_flood, late) VALUES (%s, %s, %s)",
            [entry.pk, entry.data["in_flood"], (now - entry.recorded_at).total_seconds()],
        )


@act(CAPABILITY)
def ring(ctx: Context, record: SelfCheck, *, in_flood: bool = False) -> None:
    """A small act: one UPDATE, one entry."""
    SelfCheck.objects.filter(pk=record.pk).update(asked_at=real_now())
    ctx.journal(BellRung(in_flood), record)


def relay() -> None:
    """The node's relay process, until it is told to end."""
    call_command("relay")


def write(rate: str, seconds: str, records: str) -> float:
    """Act at a steady pace on many records in turn, once a line comes in; acts per second that came about."""
    ctx = Context(None, powers=frozenset({CAPABILITY}))
    made = SelfCheck.objects.bulk_create([SelfCheck() for _ in range(int(records))])
    until_told()
    acts = int(float(rate) * float(seconds))
    begun = time.perf_counter()
    for number in range(acts):
        time.sleep(max(0.0, begun + number / float(rate) - time.perf_counter()))
        ring(ctx, made[number % len(made)])
    return acts / (time.perf_counter() - begun)


def flood(acts: str) -> int:
    """One record has very much happening to it, as fast as it goes, once a line comes in."""
    ctx, record = Context(None, powers=frozenset({CAPABILITY})), SelfCheck.objects.create()
    until_told()
    for _number in range(int(acts)):
        ring(ctx, record, in_flood=True)
    return int(acts)
