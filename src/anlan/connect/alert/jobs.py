"""Job entry points of outside warnings."""

from __future__ import annotations

from uuid import UUID

from anlan.connect.alert import services
from anlan.kernel.background import job


@job(services.JOB)
def poll(source_id: str) -> None:
    if look := services.Look.of(UUID(source_id)):
        look.run()
