"""Outside messages: reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q

from anlan.connect.alert.models import AlertMessage, RawMessage
from anlan.connect.alert.selectors.reading import Terms, Understood, get_understood
from anlan.connect.alert.selectors.sources import get_terms
from anlan.connect.alert.terms import DRAFT, MessageState
from anlan.kernel.errors import NotFound
from anlan.kernel.scope import visible
from anlan.protocols.cap.chain import resolve

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime
    from uuid import UUID

    from django.db.models import QuerySet

    from anlan.connect.alert.models import AlertSource
    from anlan.kernel.context import Context
    from anlan.protocols.cap import Alert
    from anlan.protocols.cap.chain import Chain
    from anlan.watch.warning.models import WarningIssue

READ = "connect.alert.read"
ALONG = ("source", "unit", "issue", "warning", "warning__kind")
MOST_IN_A_CHAIN = 200  # the latest ones; nobody sends more about one event


def list_messages(
    ctx: Context, *, words: str = "", state: str = "", source: UUID | None = None
) -> QuerySet[AlertMessage]:
    """Those within scope, the latest first."""
    found = visible(ctx, AlertMessage, READ).select_related(*ALONG)
    if words:
        said = ("headline", "identifier", "sender", "name", "source__name")
        asked = Q()
        for name in said:
            asked |= Q(**{f"{name}__icontains": words})
        found = found.filter(asked)
    if state:
        found = found.filter(state=state)
    if source:
        found = found.filter(source=source)
    return found.order_by("-received_at", "pk")


def count_quarantined(ctx: Context) -> int:
    """How many somebody must see to."""
    return visible(ctx, AlertMessage, READ).filter(state=MessageState.QUARANTINED).count()


def get_message(ctx: Context, message_id: UUID, capability: str = READ) -> AlertMessage:
    return _one(visible(ctx, AlertMessage, capability).select_related(*ALONG), message_id)


def lock_message(ctx: Context, message_id: UUID, capability: str) -> AlertMessage:
    found = visible(ctx, AlertMessage, capability).select_related("source", "source__unit", "unit")
    return _one(found.select_for_update(of=("self",)), message_id)


def find_copy(source: AlertSource, *, sha256: str = "", identity: str = "") -> AlertMessage | None:
    """The same bytes, or the same message, as it came before."""
    asked = Q(sha256=sha256) if sha256 else Q(identity=identity)
    found: AlertMessage | None = AlertMessage.unscoped.filter(asked, source=source).first()
    return found


def get_raw(message: AlertMessage) -> bytes:
    """A message as it came."""
    return bytes(RawMessage.objects.values_list("content", flat=True).get(message=message))


def get_read(message: AlertMessage) -> Understood:
    """A message read anew, by what is agreed on with its source now."""
    return get_understood(get_raw(message), get_terms(message.source, message.received_at))


def get_said(message: AlertMessage, *, sent_at: Mapping[str, datetime] | None = None) -> Understood:
    """What a message says. One that was believed when it came is so still, whatever certificates its source has since."""
    if not message.identity:
        return get_read(message)
    return get_understood(get_raw(message), Terms(message.received_at), sent_at=sent_at)


def list_chain_ids(source: AlertSource, identifier: str, refers_to: Collection[str]) -> list[UUID]:
    """The chains that a message belongs to: of those it follows, that follow it, or that follow what it follows."""
    related = Q(identifier__in=list(refers_to)) | Q(refers_to__contains=[identifier])
    if refers_to:
        related |= Q(refers_to__overlap=list(refers_to))
    found = AlertMessage.unscoped.filter(related, source=source).exclude(identity="")
    return list(found.order_by("chain").values_list("chain", flat=True).distinct())


def list_chain(message: AlertMessage) -> list[AlertMessage]:
    """The messages about the same event, in the order in which they were sent; of the asker's reach, as the one is."""
    found = AlertMessage.unscoped.filter(source=message.source, chain=message.chain).exclude(identity="")
    latest = found.select_related("source", "warning", "issue").order_by("-sent_at", "-pk")
    return list(latest[:MOST_IN_A_CHAIN])[::-1]


def lock_chain(message: AlertMessage) -> list[AlertMessage]:
    """The same, for update; the source's state is held already."""
    keys = [one.pk for one in list_chain(message)]
    held = AlertMessage.unscoped.filter(pk__in=keys).select_for_update(of=("self",))
    return list(held.select_related("source", "warning", "issue").order_by("sent_at", "pk"))


def list_alerts(messages: Iterable[AlertMessage]) -> dict[UUID, Alert]:
    """What they say, by message; a reference of the release system gets the time of what it names, where that is there."""
    there = list(messages)
    sent_at = {one.identifier: one.sent_at for one in there if one.sent_at}
    found: dict[UUID, Alert] = {}
    for one in there:
        alert = get_said(one, sent_at=sent_at).alert
        if alert is not None:
            found[one.pk] = alert
    return found


def get_chain(alert: Alert, alerts: Collection[Alert]) -> Chain:
    """The chain of messages that one belongs to."""
    chains = resolve(alerts)
    return next(chain for chain in chains if alert in chain.messages)


def find_draft(message: AlertMessage) -> WarningIssue | None:
    """What was drafted of a message, as long as it may be rewritten."""
    issue = message.issue
    return issue if issue is not None and issue.state == DRAFT else None


def list_waiting_for(warning_id: UUID) -> list[AlertMessage]:
    """Messages that wait until a draft of a warning is out of the way."""
    found = AlertMessage.unscoped.filter(warning=warning_id, state=MessageState.WAITING)
    return list(found.order_by("sent_at", "pk"))


def _one(found: QuerySet[AlertMessage], message_id: UUID) -> AlertMessage:
    message = found.filter(pk=message_id).first()
    if message is None:
        raise NotFound
    return message
