"""Carriers' callbacks: verify the seal, read what is told, and give it to the room of channels.

docs/integrator/gateway.md is the contract. The program that listens hands over what it received.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from anlan.kernel.clock import real_now
from anlan.kernel.context import Context
from anlan.message.channel import selectors, services
from anlan.message.channel.terms import PROGRAM, Event, Happened
from anlan.protocols import gateway
from anlan.site.carrier_secrets import secret_of

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_BYTES = gateway.MOST_BYTES  # of a body: what is longer need not be read to its end


class Answer(NamedTuple):
    """What goes back: an HTTP status and a JSON body."""

    status: int
    body: bytes


def take_callback(code: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """Take one callback of the carrier of this code. A batch that was taken may come again: it changes nothing.

    headers  by their names in lower case
    returns  200 with how many events were taken and which could not be read; 401 for a seal that is not right or a
             carrier that is not known, which of the two is not told; 413, 400 for a body that is too long or no batch
    """
    carrier = selectors.find_carrier(code)
    secret = secret_of(code)
    try:
        # Without a carrier there is a seal to reckon all the same: the time it takes tells nothing.
        gateway.verify(secret or "-", headers, body, real_now())
    except gateway.WrongSeal:
        carrier = None
    if carrier is None or not secret:
        return _answer(401, error="unknown carrier or wrong signature")
    if len(body) > MOST_BYTES:
        return _answer(413, error=f"more than {MOST_BYTES} bytes")
    try:
        told, wrong = gateway.read_events(body)
    except gateway.Unreadable as error:
        return _answer(400, error=str(error))
    events = [_event(one) for one in told]
    services.take_events(Context(None, powers=PROGRAM), carrier, events)
    return _answer(200, taken=len(events), refused=wrong)


def _event(one: gateway.Told) -> Event:
    what = Happened(one.event)
    return Event(what, one.at, one.id, one.reason, one.permanent, one.full, one.ref, one.number, one.text)


def _answer(status: int, **content: object) -> Answer:
    return Answer(status, json.dumps(content).encode())
