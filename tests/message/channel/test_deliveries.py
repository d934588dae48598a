from __future__ import annotations

from typing import TYPE_CHECKING

from anlan.kernel.clock import real_now
from anlan.message.channel import services
from anlan.message.channel.terms import Answer, DeliveryState, Event, Happened, Outcome
from tests.message.channels import make_carrier, program, queue

if TYPE_CHECKING:
    from tests.cast import World


def test_a_delivery_is_handed_over_and_answered(world: World) -> None:
    carrier = make_carrier(world.city)
    delivery, _other = queue(world.town, ["10000000001", "10000000002"], body="收到请回复{reply}")
    first, second = services.claim_deliveries(program(), carrier.pk)
    assert (first.id, first.text) == (delivery.pk, "收到请回复1")
    outcomes = [Outcome(first.id, "r1", 2), Outcome(second.id, fault="no_number", permanent=True)]
    services.note_outcomes(program(), carrier.pk, outcomes)
    events = [
        Event(Happened.DELIVERED, real_now(), first.id),
        Event(Happened.REPLY, real_now(), ref="r", number="+8610000000001", text="１ 收到！"),
    ]
    assert services.take_events(program(), carrier, events) == 1
    delivery.refresh_from_db()
    assert (delivery.state, delivery.answer) == (DeliveryState.ANSWERED, Answer.REPLY)
