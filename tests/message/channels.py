"""Makes carriers and deliveries for tests, in as few words as can be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from anlan.kernel.clock import real_now
from anlan.kernel.context import Context
from anlan.kernel.models import Clock, Exercise
from anlan.message.channel import services
from anlan.message.channel.models import Carrier, Delivery
from anlan.message.channel.terms import PROGRAM, Channel, Item, Order, Outcome, Priority

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import pytest

    from anlan.kernel.models import Unit

EDIT = frozenset({"message.channel.edit"})
DRIVERS = {"sms": "sms_http", "voice": "voice_http", "email": "smtp"}
ADDRESSES = {
    "sms": "http://127.0.0.1:9/sms",
    "voice": "http://127.0.0.1:9/voice",
    "email": "smtp://127.0.0.1:9",
}


def program(exercise: Exercise | None = None) -> Context:
    """What the sender and the callbacks act by."""
    return Context(None, exercise, powers=PROGRAM)


def make_exercise(name: str = "防汛演练") -> Exercise:
    return Exercise.objects.create(name=name, clock=Clock.objects.create())


@dataclass
class Watch:
    """The time that this room's acts see as the real one, set by hand."""

    now: datetime

    def pass_(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def stop_clock(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch(real_now())
    for module in ("handing", "hearing", "ordering"):
        monkeypatch.setattr(f"anlan.message.channel.services.{module}.real_now", lambda: watch.now)
    return watch


def claimed(carrier: Carrier) -> list[str]:
    """The numbers of what the carrier may be given now, as it is leased to it."""
    return [item.number for item in services.claim_deliveries(program(), carrier.pk)]


def hand_over(carrier: Carrier) -> list[Item]:
    """Give the carrier a batch, and let it take all of it."""
    items = services.claim_deliveries(program(), carrier.pk)
    services.note_outcomes(program(), carrier.pk, [Outcome(one.id, "ref") for one in items])
    return items


def make_carrier(unit: Unit, code: str = "sms-1", channel: str = "sms", **values: Any) -> Carrier:
    values = {"simulated": False, "name": code, "address": ADDRESSES[channel], **values}
    if channel == "email":
        values.setdefault("sender", "zhiban@example.cn")
    exercise = values.pop("exercise", None)
    ctx = Context(None, exercise, powers=EDIT)
    return services.create_carrier(ctx, unit=unit, code=code, driver=DRIVERS[channel], **values)


def queue(
    unit: Unit,
    numbers: Sequence[str],
    *,
    channel: Channel = Channel.SMS,
    body: str = "请立即到岗。",
    subject: str = "暴雨红色预警",
    use: str = "callout",
    exercise: Exercise | None = None,
    is_test: bool = False,
    priority: Priority = Priority.ROUTINE,
    first_key: int = 1,
) -> list[Delivery]:
    """Deliveries to these numbers, with keys that count up; in the order of the numbers."""
    ctx = program(exercise)
    wording = services.keep_wording(ctx, channel, subject, body, is_test=is_test)
    orders = [
        Order(wording.pk, str(key), number, unit.pk) for key, number in enumerate(numbers, start=first_key)
    ]
    services.queue_deliveries(ctx, use, orders, priority=priority)
    made = Delivery.unscoped.filter(wording=wording)
    return sorted(made, key=lambda one: int(one.key))
