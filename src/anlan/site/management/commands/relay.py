"""The relay process: carries what was committed to the message server, which the live process listens to."""

from __future__ import annotations

import asyncio
from typing import Any

import nats
from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction

from anlan.kernel.clock import real_now
from anlan.kernel.live import LIVE_SUBJECT, message
from anlan.kernel.models import SelfCheck
from anlan.kernel.node import is_held

IDLE, HELD = 0.2, 1.0  # seconds between looks
BATCH = 500


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()  # `prepare` made them; here they would load every page

    def handle(self, *_args: Any, **_options: Any) -> None:
        asyncio.run(_relay())


async def _relay() -> None:
    client = await nats.connect(
        settings.ANLAN.nats_url.split(","), max_reconnect_attempts=-1, reconnect_time_wait=0.5
    )
    while await sync_to_async(is_held)():  # noqa: ASYNC110 - a row in the database sends no event
        await asyncio.sleep(HELD)
    while True:
        changed = await sync_to_async(_to_relay)()
        for check_id in changed:
            await client.publish(LIVE_SUBJECT, message(f"self-check:{check_id}", 1))
        if changed:
            # Marked only when the server has them; a crash in between sends them again, which hurts nobody.
            await client.flush()
            await sync_to_async(_mark_relayed)(changed)
            for check_id in changed:
                await client.publish(LIVE_SUBJECT, message(f"self-check:{check_id}", 2))
        else:
            await asyncio.sleep(IDLE)


def _to_relay() -> list[int]:
    waiting = SelfCheck.objects.filter(worked_at__isnull=False, relayed_at=None)
    return list(waiting.order_by("pk").values_list("pk", flat=True)[:BATCH])


def _mark_relayed(check_ids: list[int]) -> None:
    with transaction.atomic():
        SelfCheck.objects.filter(pk__in=check_ids, relayed_at=None).update(relayed_at=real_now())
