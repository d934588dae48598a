"""Doors are watched: folders and feeds are looked at again and again, and who falls silent is noticed."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

from anlan.connect.alert import events
from anlan.connect.alert.drivers import folder
from anlan.connect.alert.drivers.fetching import NotFetched, fetch
from anlan.connect.alert.models import FeedEntry, SourceState
from anlan.connect.alert.selectors import sources
from anlan.connect.alert.services.receiving import (
    SILENCE,
    SourceEnded,
    TooLong,
    _hear,
    _node,
    receive_message,
)
from anlan.connect.alert.terms import MOST_BYTES, PROBLEMS, SourceKind
from anlan.kernel import timers
from anlan.kernel.act import act
from anlan.kernel.background import enqueue
from anlan.kernel.clock import real_now
from anlan.kernel.context import Context
from anlan.kernel.errors import DomainError
from anlan.protocols.cap import feed
from anlan.protocols.cn12379.files import AttachmentName
from anlan.protocols.cn12379.receipts import Receipt, write_receipt
from anlan.protocols.safe_xml import BrokenXml

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path
    from uuid import UUID

    from anlan.connect.alert.drivers.folder import File
    from anlan.connect.alert.models import AlertMessage, AlertSource

POLL = "connect.alert.poll"  # the timer of the next look
JOB = "connect.alert.poll"
MOST_NEW = 200  # entries of a feed at one look
LONGEST_LOOK_S = 60.0  # at one feed; what is left is fetched at the next
LONGEST_REST = timedelta(minutes=15)
REAL = Context(None)


@act("connect.alert.poll")
def watch_source(ctx: Context, source_id: UUID) -> None:
    """A source is new, changed or in use again: begin to look at it, and to listen for its silence."""
    del ctx  # the node's own clock goes by real time, whatever caused this
    source = sources.find_running(source_id)
    if source is None:
        timers.disarm(POLL, [str(source_id)])
        timers.disarm(SILENCE, [str(source_id)])
        return
    state = sources.lock_state(source)
    state.failures, state.rest_until, state.etag, state.modified = 0, None, "", ""
    state.save(update_fields=("failures", "rest_until", "etag", "modified"))
    if source.is_polled:
        timers.arm(REAL, POLL, str(source.pk), real_now())
    if source.silent_after:
        timers.arm(REAL, SILENCE, str(source.pk), (state.heard_at or real_now()) + source.silent_after)
    else:
        timers.disarm(SILENCE, [str(source.pk)])


@act("connect.alert.poll")
def queue_polls(ctx: Context, source_ids: Collection[UUID]) -> None:
    """The time for a look has come: a worker takes it, and the next one is set whatever comes of this."""
    del ctx
    for source_id in source_ids:
        source = sources.find_running(source_id)
        if source is not None and source.is_polled:
            timers.arm(REAL, POLL, str(source.pk), real_now() + source.interval)
            enqueue(JOB, f"{JOB}:{source.pk}", source_id=str(source.pk))


@act("connect.alert.poll")
def note_silence(ctx: Context, source_id: UUID) -> None:
    """A source has given no sign of life for longer than it may."""
    del ctx  # journalled on the source's side
    source = sources.find_running(source_id)
    if source is None:
        return
    state = sources.lock_state(source)
    if state.silent_since is None:
        state.silent_since = real_now()
        state.save(update_fields=("silent_since",))
        _node(source).journal(events.SourceFellSilent(state.failures), source)


class Look:
    """One look into a folder or at a feed. Each message is committed by itself, before anything is moved or forgotten."""

    def __init__(self, source: AlertSource) -> None:
        self.source = source

    @classmethod
    def of(cls, source_id: UUID) -> Look | None:
        """None where there is nothing to look at now."""
        source = sources.find_running(source_id)
        state = sources.find_state(source) if source else None
        if source is None or (state and state.rest_until and state.rest_until > real_now()):
            return None
        return cls(source)

    def run(self) -> None:
        """A door that cannot be looked through rests, longer each time. One message that cannot be had holds up no other."""
        try:
            if self.source.kind == SourceKind.FOLDER:
                self.folder()
            else:
                self.feed()
        except (OSError, NotFetched, BrokenXml, feed.BrokenFeed) as error:
            self.note(_words(error), is_shut=True)
        except SourceEnded:
            pass  # it was taken out of use meanwhile

    def folder(self) -> None:
        fault = ""
        for file in folder.list_files(_folder_of(self.source)):
            try:
                self.file(file)
            except OSError as error:
                fault = f"{file.name[:120]} {_words(error)}"
        self.note(fault)

    def file(self, file: File) -> None:
        """raises OSError: it cannot be read or moved, and is tried again"""
        if AttachmentName.read(file.name):
            folder.put_away(file, folder.DONE)
            return
        try:
            reason = _reason(self.receive(file.read(), file.name))
        except TooLong as error:
            reason = f"{error}\n"
        receipt = _receipt(reason) if self.source.receipts else b""
        folder.put_away(file, folder.BAD if reason else folder.DONE, reason=reason, receipt=receipt)

    def receive(self, content: bytes, name: str) -> AlertMessage:
        return receive_message(_node(self.source), self.source, content, name=name).message

    def feed(self) -> None:
        source, state = self.source, sources.find_state(self.source) or SourceState()
        allowed = settings.ANLAN.alert_networks
        got = fetch(source.address, feed.LIMITS.octets, allowed, etag=state.etag, modified=state.modified)
        if got.content is None:
            self.heard()
            return
        entries = {_key(one): one for one in feed.read(got.content, got.address).entries}
        known = sources.list_entries_known(source, entries)
        new = [(key, one) for key, one in entries.items() if key not in known]
        # The latest first: what an office does not give out any more keeps nobody from what is new.
        new.sort(key=lambda each: each[1].updated.timestamp() if each[1].updated else 0.0, reverse=True)
        fault, until, taken = "", monotonic() + LONGEST_LOOK_S, 0
        for key, one in new[:MOST_NEW]:
            if monotonic() > until:
                break
            try:
                document = one.document or (fetch(one.link, MOST_BYTES, allowed).content if one.link else b"")
                with transaction.atomic():
                    if document:
                        self.receive(document, one.link or one.identifier)
                    FeedEntry.objects.get_or_create(source=source, key=key)
                taken += 1
            except (NotFetched, TooLong) as error:
                fault = f"{(one.link or one.identifier)[:120]} {_words(error)}"
        FeedEntry.objects.filter(source=source).exclude(key__in=list(entries)).delete()
        # What was not taken must be looked at again: then the feed is asked for as if it were new.
        self.heard(*(got.etag, got.modified) if taken == len(new) else ("", ""), fault=fault)

    def heard(self, etag: str | None = None, modified: str = "", *, fault: str = "") -> None:
        with transaction.atomic():
            state = sources.lock_state(self.source)
            if etag is not None:
                state.etag, state.modified = etag, modified
                state.save(update_fields=("etag", "modified"))
            _hear(_node(self.source), self.source, state)
        self.note(fault)

    def note(self, fault: str, *, is_shut: bool = False) -> None:
        """How the look went; blank: well. One that is shut is left alone for a while."""
        now = real_now()
        with transaction.atomic():
            state = sources.lock_state(self.source)
            state.polled_at, state.failures = now, state.failures + 1 if is_shut else 0
            rest = min(self.source.interval * 2 ** min(state.failures, 10), LONGEST_REST)
            state.rest_until = now + rest if is_shut else None
            if fault:
                state.fault, state.fault_at = fault[:200], now
            state.save(update_fields=("polled_at", "failures", "rest_until", "fault", "fault_at"))


def _folder_of(source: AlertSource) -> Path:
    var: Path | None = settings.ANLAN.var
    base: Path | None = settings.ANLAN.alert_folders or (var / "alerts" if var else None)
    if base is None:
        raise FileNotFoundError("ANLAN_ALERT_FOLDERS")
    return base / source.folder


def _words(error: Exception) -> str:
    """Of an error, for who looks after the source; never what the other side sent."""
    said = getattr(error, "fault", "") or getattr(error, "strerror", "")
    return said or (str(error) if isinstance(error, DomainError) else type(error).__name__)


def _reason(message: AlertMessage) -> str:
    """Why a message is no good, a line for each problem; blank: it is."""
    if not message.is_quarantined:
        return ""
    lines = [
        f"{PROBLEMS.get(one['code'], one['code'])} {one['path']} {one['line'] or ''} {one['detail']}".strip()
        for one in message.problems
    ]
    return "\n".join(lines) + "\n"


def _receipt(reason: str) -> bytes:
    note = "".join(sign for sign in reason if sign.isprintable())[:500]
    return write_receipt(Receipt("1" if reason else "0", "format" if reason else "", note))


def _key(entry: feed.Entry) -> str:
    told = (entry.identifier, entry.link, entry.updated.isoformat() if entry.updated else "")
    held = hashlib.sha256(entry.document).hexdigest()
    return hashlib.sha256("\n".join((*told, held)).encode()).hexdigest()
