"""The worker process: runs jobs, and takes up again those of a worker that died."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.management.base import BaseCommand
from procrastinate.contrib.django import app

from anlan.kernel.node import is_held

HEARTBEAT, DEAD_AFTER = 1.0, 5.0  # seconds
GRACE = 1.0  # seconds in which jobs may end by themselves before long ones are asked to break off
log = logging.getLogger("anlan.worker")


class DatabaseRestarted(Exception):
    """What this worker had under way is unknown now; it ends, and its successor takes the jobs up again."""


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()  # `prepare` made them; here they would load every page

    def handle(self, *_args: Any, **_options: Any) -> None:
        asyncio.run(_work())


async def _work() -> None:
    while await sync_to_async(is_held)():  # noqa: ASYNC110 - a row in the database sends no event
        await asyncio.sleep(HEARTBEAT)
    running = app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]  # Django's has it
    async with running.open_async(), asyncio.TaskGroup() as group:
        rescue = group.create_task(_rescue(running))
        await running.run_worker_async(
            concurrency=settings.MOST_JOBS,
            fetch_job_polling_interval=5.0,
            update_heartbeat_interval=HEARTBEAT,
            stalled_worker_timeout=DEAD_AFTER,
            shutdown_graceful_timeout=GRACE,
            delete_jobs="successful",
        )
        rescue.cancel()


async def _rescue(running: Any) -> None:
    """Put back the jobs of a worker whose heart stopped: they run at least once, never not at all."""
    since = await _database_since(running)
    while True:
        for job in await running.job_manager.get_stalled_jobs(seconds_since_heartbeat=DEAD_AFTER):
            log.warning("job %s of a dead worker is put back", job.id)
            await running.job_manager.retry_job(job)
        await asyncio.sleep(HEARTBEAT)
        if await _database_since(running) != since:
            raise DatabaseRestarted


async def _database_since(running: Any) -> str:
    row = await running.connector.execute_query_one_async("SELECT pg_postmaster_start_time()::text AS since")
    return str(row["since"])
