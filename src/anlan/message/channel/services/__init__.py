"""Carriers and deliveries: order and withdraw (`ordering`), hand over (`handing`), hear back (`hearing`), keep carriers."""

from anlan.message.channel.services.handing import (
    GIVEN_UP,
    LEASE,
    claim_deliveries,
    note_called_off,
    note_fault,
    note_outcomes,
)
from anlan.message.channel.services.hearing import settle_replies, take_events
from anlan.message.channel.services.keeping import (
    close_carrier,
    create_carrier,
    open_carrier,
    send_test,
)
from anlan.message.channel.services.ordering import (
    keep_wording,
    queue_deliveries,
    withdraw_deliveries,
    withdraw_exercise,
)
from anlan.message.channel.terms import Channel, Order, Priority

__all__ = (
    "GIVEN_UP",
    "LEASE",
    "Channel",
    "Order",
    "Priority",
    "claim_deliveries",
    "close_carrier",
    "create_carrier",
    "keep_wording",
    "note_called_off",
    "note_fault",
    "note_outcomes",
    "open_carrier",
    "queue_deliveries",
    "send_test",
    "settle_replies",
    "take_events",
    "withdraw_deliveries",
    "withdraw_exercise",
)
