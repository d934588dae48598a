"""The scanner process: escalates what falls due, fires machine timers, and seals the journal."""

from __future__ import annotations

import logging
import signal
import threading
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from time import sleep
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError, connection

from anlan.kernel import (
    anchors,
    escalation,  # noqa: F401 - its timers are fired here
    rooms,
    scanner,
    seals,
)
from anlan.kernel.node import is_held
from anlan.site.heap import settle

if TYPE_CHECKING:
    from collections.abc import Callable

IDLE, HELD, AWAY = 0.1, 1.0, 0.5  # seconds between looks
log = logging.getLogger("anlan.scanner")


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()  # `prepare` made them; here they would load every page

    def handle(self, *_args: Any, **_options: Any) -> None:
        for room in rooms.find():
            room.part("handlers")  # the timers they declare, this process fires
        settle()
        over = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: over.set())
        with ThreadPoolExecutor() as threads:
            work = [threads.submit(_repeat, do, pause, over) for do, pause in WORK]
            # One that ends by an error takes the process with it: its successor begins anew.
            wait(work, return_when=FIRST_EXCEPTION)
            over.set()
        for one in work:
            one.result()


def _scan() -> bool:
    """Fire what is due; whether there may be more."""
    if is_held():
        sleep(HELD)
        return False
    return scanner.fire() > 0


def _seal() -> bool:
    """Seal what waits; a held node does so, too."""
    seals.seal_pending()
    return False


def _anchor() -> bool:
    """Anchor the last seal once an hour; apart from sealing, for the folder may be on a disk that is away."""
    anchors.anchor_if_due()
    return False


WORK: tuple[tuple[Callable[[], bool], float], ...] = (
    (_scan, IDLE),
    (_seal, 1.0),
    (_anchor, 20.0),
)


def _repeat(do: Callable[[], bool], pause: float, over: threading.Event) -> None:
    """Do it until told to stop, at once again while it finds work; a database that is away is waited for."""
    while not over.is_set():
        try:
            more = do()
        except (OperationalError, InterfaceError):
            log.warning("the database is away", exc_info=True)
            connection.close()
            over.wait(AWAY)
            continue
        if not more:
            over.wait(pause)
