"""Messages come in: kept as they came, read, told apart from their copies."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import TYPE_CHECKING, NamedTuple

from django.db.models import F

from anlan.connect.alert import events
from anlan.connect.alert.models import AlertMessage, RawMessage, SourceState
from anlan.connect.alert.selectors import messages, reading, sources
from anlan.connect.alert.selectors.reading import Finding
from anlan.connect.alert.terms import MOST_BYTES, POWERS, MessageState, Why
from anlan.kernel import timers
from anlan.kernel.act import act
from anlan.kernel.context import Context
from anlan.kernel.errors import DomainError
from anlan.kernel.ids import uuid7

if TYPE_CHECKING:
    from anlan.connect.alert.models import AlertSource
    from anlan.connect.alert.selectors.reading import Understood

SILENCE = "connect.alert.silence"  # the timer of a source that has gone silent


class SourceEnded(DomainError):
    """The source is out of use, or its exercise is over."""

    def __init__(self) -> None:
        super().__init__("alert_source_ended")


class TooLong(DomainError):
    """A message of more bytes than are taken: nothing of it is kept."""

    status = 413

    def __init__(self) -> None:
        super().__init__("alert_too_long", most=MOST_BYTES // 1024 // 1024)


class Taken(NamedTuple):
    """is_new: False where the same had come before"""

    message: AlertMessage
    is_new: bool


def _node(source: AlertSource) -> Context:
    """The node itself, on the source's side: real life or its exercise."""
    return Context(None, source.exercise, powers=POWERS)


@act("connect.alert.deliver")
def receive_delivery(ctx: Context, code: str, data: bytes, *, name: str = "") -> Taken:
    """Take in what a program delivers to a source.

    raises  NotFound for a source out of reach; SourceEnded; TooLong
    """
    return receive_message(ctx, sources.get_source_of_code(ctx, code), data, name=name)


@act("connect.alert.deliver")
def receive_message(ctx: Context, source: AlertSource, data: bytes, *, name: str = "") -> Taken:
    """Keep a message and read it; what comes of it follows from the journal.

    The same bytes, or the same message in other bytes, are counted and change nothing.
    raises  SourceEnded; TooLong
    """
    if sources.find_running(source.pk) is None:
        raise SourceEnded
    if len(data) > MOST_BYTES:
        raise TooLong
    node = _node(source)
    node.cause_id = ctx.cause_id
    state = sources.lock_state(source)
    _hear(node, source, state, with_message=True)
    sha256 = hashlib.sha256(data).hexdigest()
    if copy := messages.find_copy(source, sha256=sha256):
        return _count(copy)
    now = node.now()
    read = reading.get_understood(data, sources.get_terms(source, now))
    message = AlertMessage(
        unit=source.unit,
        exercise=source.exercise,
        source=source,
        name=name[:300],
        received_at=now,
        sha256=sha256,
    )
    if read.alert is not None:
        identity = reading.get_identity(read.alert)
        if copy := messages.find_copy(source, identity=identity):
            if messages.get_said(copy).alert == read.alert:
                return _count(copy)
            read = _copied(read)
            message.chain = copy.chain
        else:
            message.identity = identity
    _fill(message, read)
    message.save(force_insert=True)
    RawMessage.objects.create(message=message, content=data)
    node.journal(events.MessageReceived(source.code, message.format, sha256, message.identity), message)
    if message.is_quarantined:
        node.journal(events.MessageQuarantined(tuple(one.code for one in read.broken)), message)
    return Taken(message, is_new=True)


def _copied(read: Understood) -> Understood:
    """What calls itself by another message's name."""
    return reading.Understood(
        read.document, read.format, read.alert, (Finding("copied"),), read.findings, read.remarks, read.losses
    )


def _fill(message: AlertMessage, read: Understood) -> None:
    """What a message says, and its place among the others."""
    message.format = read.format
    message.problems = [asdict(one) for one in read.problems]
    message.remarks = [asdict(one) for one in read.remarks]
    message.losses = [asdict(one) for one in read.losses]
    if read.alert is not None:
        alert, info = read.alert, reading.get_info(read.alert)
        message.sender, message.identifier = alert.sender[:200], alert.identifier[:200]
        message.sent_at = alert.sent
        message.message_type, message.status = alert.message_type, alert.status
        message.headline = ((info.headline or info.event) if info else alert.note)[:300]
        message.refers_to = list(dict.fromkeys(one.identifier[:200] for one in alert.references))
    if read.broken:
        message.state, message.why = MessageState.QUARANTINED, Why.BROKEN
    else:
        message.state, message.why = MessageState.WAITING, Why.NEW
    if message.identity:
        ids = messages.list_chain_ids(message.source, message.identifier, message.refers_to)
        message.chain = ids[0] if ids else message.chain or uuid7()
        if len(ids) > 1:
            joined = AlertMessage.unscoped.filter(source=message.source, chain__in=ids[1:])
            joined.update(chain=message.chain, version=F("version") + 1)
    elif message.chain is None:
        message.chain = uuid7()


def _count(copy: AlertMessage) -> Taken:
    AlertMessage.unscoped.filter(pk=copy.pk).update(copies=F("copies") + 1)
    return Taken(copy, is_new=False)


def _hear(ctx: Context, source: AlertSource, state: SourceState, *, with_message: bool = False) -> None:
    """A sign of life: the clock of silence begins anew. The caller holds the state."""
    real = Context(None)
    state.heard_at = real.now()
    if with_message:
        state.message_at = state.heard_at
    was_silent, state.silent_since = state.silent_since is not None, None
    state.save(update_fields=("heard_at", "message_at", "silent_since"))
    if source.silent_after:
        timers.arm(real, SILENCE, str(source.pk), state.heard_at + source.silent_after)
    if was_silent:
        ctx.journal(events.SourceHeardAgain(), source)
