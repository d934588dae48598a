"""A sender's lane: it notes what became of what it took, whatever goes wrong on the way."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from django.conf import settings

from anlan.message.channel import services
from anlan.message.channel.models import Carrier, CarrierState, Delivery
from anlan.message.channel.terms import Channel, DeliveryState, Fault
from anlan.site.sending import Lane
from tests.message.channels import make_carrier, program, queue
from tests.simulated import SECRET, Simulated, simulated, write_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cast import World

ONE = "10000000001"


@pytest.fixture
def gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulated]:
    """A simulated gateway whose secret the node knows."""
    # It would take the connection of the test's own transaction away.
    monkeypatch.setattr("anlan.site.sending.close_old_connections", lambda: None)
    with simulated(tmp_path, "sms-1", {"calls": {"lines": 0}}) as running:
        monkeypatch.setitem(settings.ANLAN.__dict__, "carrier_secrets", write_secrets(tmp_path))
        yield running


@pytest.fixture
def lane_of() -> Iterator[dict[str, Lane]]:
    made: dict[str, Lane] = {}
    yield made
    for lane in made.values():
        lane._hang_up()


def lane(lanes: dict[str, Lane], carrier: Carrier) -> Lane:
    return lanes.setdefault(carrier.code, Lane(threading.Event(), carrier))


def test_a_step_hands_over_what_there_is(world: World, gateway: Simulated, lane_of: dict[str, Lane]) -> None:
    carrier = make_carrier(world.city, address=gateway.address, sender="10690000")
    (delivery,) = queue(world.town, [ONE], body="请回复{reply}")
    step = lane(lane_of, carrier).step
    assert step()
    assert not step()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.parts) == (DeliveryState.HANDED, 1)
    assert gateway.record()["items"][0]["text"] == "请回复1"


def test_calls_that_nobody_needs_are_called_off(
    world: World, gateway: Simulated, lane_of: dict[str, Lane]
) -> None:
    carrier = make_carrier(world.city, "sms-1", "voice", address=gateway.address)
    queue(world.town, [ONE], channel=Channel.VOICE)
    step = lane(lane_of, carrier).step
    step()
    services.withdraw_deliveries(program(), "callout", ["1"])
    step()
    (call,) = gateway.record()["items"]
    assert [what for what, _at in call["steps"]] == ["cancelled"]
    assert Delivery.unscoped.get().ended_at


def test_without_a_secret_nothing_is_taken_and_the_carrier_is_down_before_long(
    world: World, gateway: Simulated, lane_of: dict[str, Lane]
) -> None:
    carrier = make_carrier(world.city, "other", address=gateway.address)
    queue(world.town, [ONE])
    step = lane(lane_of, carrier).step
    assert not step()
    assert not step()
    assert CarrierState.objects.get(pk=carrier.pk).fault == Fault.NO_SECRET
    assert CarrierState.objects.get(pk=carrier.pk).down_since
    assert Delivery.unscoped.get().attempts == 0


def test_a_driver_that_goes_wrong_costs_its_own_carrier_only(
    world: World, gateway: Simulated, lane_of: dict[str, Lane], monkeypatch: pytest.MonkeyPatch
) -> None:
    carrier = make_carrier(world.city, address=gateway.address)
    queue(world.town, [ONE])

    class Broken:
        def send(self, _items: object) -> list[object]:
            raise ZeroDivisionError

        def close(self) -> None:
            pass

    monkeypatch.setattr(Lane, "_connected", lambda _lane, _account: Broken())
    assert not lane(lane_of, carrier).step()
    delivery = Delivery.unscoped.get()
    assert (delivery.state, delivery.fault) == (DeliveryState.QUEUED, "ZeroDivisionError")
    assert delivery.carrier_id == carrier.pk, "it may have been taken"


def test_no_secret_is_ever_logged(
    world: World,
    gateway: Simulated,
    lane_of: dict[str, Lane],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    carrier = make_carrier(world.city, address=gateway.address)
    queue(world.town, [ONE])
    gateway.behave({"requests": {"fail": 1}})
    lane(lane_of, carrier).step()
    assert "HTTP 503" in caplog.text
    assert SECRET not in caplog.text
    assert ONE not in caplog.text
