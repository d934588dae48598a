"""The sender: gives each carrier what it may have, in threads of its own, so that none waits for another.

A lane takes a batch under a lease, hands it over, and notes what became of it. It keeps nothing between batches: whoever
is killed anywhere in between leaves a lease that runs out, and the same ids go to the same carrier once more.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, TypeVar

from django.db import InterfaceError, OperationalError, close_old_connections, connection

from anlan.kernel.clock import real_now
from anlan.kernel.context import Context
from anlan.message.channel import selectors, services
from anlan.message.channel.drivers import NotHanded, drivers
from anlan.message.channel.terms import MOST_IN_A_BATCH, PROGRAM, Account, Channel, Fault
from anlan.site.carrier_secrets import secret_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from anlan.message.channel.drivers import Line
    from anlan.message.channel.models import Carrier

IDLE, AWAY = 0.05, 0.5  # seconds between looks
LANES = 2  # of each carrier: one talks to it while the other talks to the database
T = TypeVar("T")
log = logging.getLogger("anlan.sender")


class Sender:
    """Looks for carriers that have something to do, and wakes their lanes."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self._lanes: dict[UUID, list[Lane]] = {}

    def run(self) -> None:
        """Until `over` is set; what is under way then is brought to its end."""
        while not self.over.is_set():
            try:
                ready = asked(lambda: selectors.list_ready(real_now(), real_now() - services.GIVEN_UP))
            except (OperationalError, InterfaceError):
                log.warning("the database is away", exc_info=True)
                connection.close()
                self.over.wait(AWAY)
                continue
            for carrier in ready:
                self._wake(carrier)
            self.over.wait(IDLE)
        for lane in self._all():
            lane.woken.set()
        for lane in self._all():
            lane.join(services.LEASE.total_seconds())

    def _wake(self, carrier: Carrier) -> None:
        lanes = self._lanes.setdefault(carrier.pk, [])
        if not lanes:
            lanes += [Lane(self.over, carrier, number) for number in range(LANES)]
            for lane in lanes:
                lane.start()
        for lane in lanes:
            lane.carrier = carrier  # as it stands now: an address may have been changed
            lane.woken.set()

    def _all(self) -> list[Lane]:
        return [lane for lanes in self._lanes.values() for lane in lanes]


class Lane(threading.Thread):
    """One thread of one carrier, with one connection to it."""

    def __init__(self, over: threading.Event, carrier: Carrier, number: int = 0) -> None:
        super().__init__(name=f"{carrier.code}-{number}", daemon=True)
        self.over, self.carrier, self.number, self.woken = over, carrier, number, threading.Event()
        self.ctx = Context(None, powers=PROGRAM)
        self._line: Line | None = None
        self._account: Account | None = None

    def run(self) -> None:
        while True:
            self.woken.wait()
            self.woken.clear()
            try:
                while not self.over.is_set() and self.step():
                    pass
            # Whatever goes wrong with this carrier is tried again when it is woken; the others go on.
            except Exception:
                log.exception("%s", self.carrier.code)
                self.over.wait(AWAY)
            if self.over.is_set():
                self._hang_up()
                return

    def step(self) -> bool:
        """Hand over one batch, and call off what is not needed; whether there may be more."""
        account = self._account_of(self.carrier)
        if account is None:
            if self.number == 0:  # it is one fault, however many lanes meet it
                self._note(Fault.NO_SECRET, [])
            return False
        called_off = self.carrier.channel == Channel.VOICE and self._call_off(account)
        items = self._insist(lambda: services.claim_deliveries(self.ctx, self.carrier.pk)) or []
        if not items:
            return called_off
        ids = [item.id for item in items]
        try:
            outcomes = self._connected(account).send(items)
        except NotHanded as failed:
            self._note(failed.fault, ids, failed)
            return False
        # A driver that goes wrong takes down its own carrier, nobody else's.
        except Exception as error:
            log.exception("the driver of %s failed", self.carrier.code)
            self._hang_up()
            self._note(type(error).__name__, ids, NotHanded("", may_be_there=True))
            return False
        self._insist(lambda: services.note_outcomes(self.ctx, self.carrier.pk, outcomes))
        return True

    def _call_off(self, account: Account) -> bool:
        """Tell the carrier which calls are not needed; whether there were any."""
        carrier_id = self.carrier.pk
        ids = self._insist(lambda: selectors.list_to_call_off(carrier_id, real_now(), MOST_IN_A_BATCH)) or []
        if not ids:
            return False
        try:
            self._connected(account).call_off(ids)
        except NotHanded as failed:
            self._note(failed.fault, [], failed)
            return False
        self._insist(lambda: services.note_called_off(self.ctx, ids))
        return True

    def _note(self, fault: str, ids: list[UUID], failed: NotHanded | None = None) -> None:
        log.warning("%s: %s", self.carrier.code, fault)
        may_be_there, pause = (failed.may_be_there, failed.pause) if failed else (False, None)
        self._insist(
            lambda: services.note_fault(
                self.ctx, self.carrier.pk, ids, fault, may_be_there=may_be_there, pause=pause
            )
        )

    def _insist(self, do: Callable[[], T]) -> T | None:
        """Do it; while the database is away, again and again. None where the sender is stopped meanwhile."""
        while True:
            try:
                return asked(do)
            except (OperationalError, InterfaceError):
                log.warning("the database is away", exc_info=True)
                connection.close()
            if self.over.wait(AWAY):
                return None

    def _account_of(self, carrier: Carrier) -> Account | None:
        """How to reach the carrier; None where it needs a secret and has none."""
        secret = secret_of(carrier.code)
        if secret is None and carrier.channel != Channel.EMAIL:
            return None
        return Account(carrier.code, carrier.address, carrier.sender, secret or "")

    def _connected(self, account: Account) -> Line:
        if self._line is None or account != self._account:
            self._hang_up()
            self._line, self._account = drivers()[self.carrier.driver].connect(account), account
        return self._line

    def _hang_up(self) -> None:
        if self._line:
            self._line.close()
        self._line = None


def asked(do: Callable[[], T]) -> T:
    """Ask the database and give the connection back: lanes are many, connections few."""
    try:
        return do()
    finally:
        close_old_connections()
