"""The sender process: hands deliveries to carriers."""

from __future__ import annotations

import signal
from typing import Any

from django.core.management.base import BaseCommand

from anlan.kernel import rooms
from anlan.site.heap import settle
from anlan.site.sending import Sender


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()  # `prepare` made them; here they would load every page

    def handle(self, *_args: Any, **_options: Any) -> None:
        for room in rooms.find():
            room.part("selectors")  # what they put into texts (selectors.FILLS)
        settle()
        sender = Sender()
        signal.signal(signal.SIGTERM, lambda *_: sender.over.set())
        sender.run()
