"""What comes of a message: its chain is resolved, and a warning drafted, updated or cancelled of what counts now."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from anlan.connect.alert import events
from anlan.connect.alert.selectors import messages, reading, sources
from anlan.connect.alert.selectors.outlook import get_outlook
from anlan.connect.alert.selectors.reading import Finding
from anlan.connect.alert.services.receiving import _fill, _node
from anlan.connect.alert.states import LIFE
from anlan.connect.alert.terms import DRAFT, MessageState, Why
from anlan.kernel import timers
from anlan.kernel.act import act
from anlan.kernel.errors import DomainError, StateConflict
from anlan.kernel.events import PrivateText
from anlan.protocols.cap.message import MessageType, Status
from anlan.watch.warning import services as warnings
from anlan.watch.warning.selectors.warnings import find_open_issue, get_warning

if TYPE_CHECKING:
    from uuid import UUID

    from anlan.connect.alert.models import AlertMessage, AlertSource
    from anlan.connect.alert.selectors.outlook import Outlook
    from anlan.kernel.context import Context
    from anlan.protocols.cap import Alert
    from anlan.protocols.cap.chain import Chain
    from anlan.watch.warning.models import EarlyWarning, WarningIssue

PATIENCE = "connect.alert.patience"  # the timer of a message that waits for the one it follows
REFUSED = {"circle": "circle_of"}
ONLY_KEPT = {Status.EXERCISE: Why.EXERCISE, Status.TEST: Why.TEST}


@act("connect.alert.settle")
def settle_message(ctx: Context, message_id: UUID) -> None:
    """See to a message and to all of its chain that waits. Nothing happens to what is settled already."""
    message = messages.get_message(ctx, message_id, "connect.alert.settle")
    if message.state != MessageState.WAITING:
        return
    source = message.source
    sources.lock_state(source)
    if why := _only_kept(message, source):
        _end(ctx, message, "ignore", why)
        return
    there = [one for one in messages.lock_chain(message) if not _only_kept(one, source)]
    alerts = messages.list_alerts(there)
    if message.pk not in alerts:
        _quarantine(ctx, message, [Finding("missing")])
        return
    chain = messages.get_chain(alerts[message.pk], alerts.values())
    rows = {alerts[one.pk].reference: one for one in there if one.pk in alerts}
    refused = {one.by: one for one in chain.refused}
    for alert in chain.messages:
        row = rows[alert.reference]
        if row.state != MessageState.WAITING:
            continue
        if alert.reference in refused:
            why_not = str(refused[alert.reference].why)
            _quarantine(ctx, row, [Finding(REFUSED.get(why_not, why_not), "/alert/references")])
        elif alert is not chain.current:
            _end(ctx, row, "ignore", Why.OVERTAKEN)
        else:
            _take(ctx, row, alert, chain, list(rows.values()))


@act("connect.alert.settle")
def settle_waiting(ctx: Context, warning_id: UUID) -> None:
    """A draft is out of the way: see to the messages that waited for it."""
    for message in messages.list_waiting_for(warning_id):
        settle_message(ctx, message.pk)


@act("connect.alert.settle")
def end_patience(ctx: Context, message_id: UUID) -> None:
    """What an update follows has not come: it is taken as the first of its warning."""
    message = messages.lock_message(ctx, message_id, "connect.alert.settle")
    if message.state == MessageState.WAITING and message.why == Why.PARENT:
        message.is_first = True
        message.save(update_fields=("is_first",))
        settle_message(ctx, message.pk)


@act("connect.alert.replay")
def replay_message(ctx: Context, message_id: UUID) -> AlertMessage:
    """Read a quarantined message anew, by what is agreed on now, and see to it. raises NotFound; StateConflict"""
    message = messages.lock_message(ctx, message_id, "connect.alert.replay")
    LIFE.move(ctx, message, "replay")
    message.replayed_at, message.why = ctx.now(), Why.NEW
    ctx.journal(events.MessageReplayed(), message)
    read = messages.get_read(message)
    if read.alert is not None and not message.identity:
        identity = reading.get_identity(read.alert)
        if messages.find_copy(message.source, identity=identity):
            read = reading.Understood(read.document, read.format, read.alert, (Finding("copied"),))
        else:
            message.identity = identity
    state = message.state
    _fill(message, read)
    broken, message.state = message.state == MessageState.QUARANTINED, state
    message.save()
    node = _node(message.source)
    if broken:
        _quarantine(node, message, list(read.broken))
    else:
        settle_message(node, message.pk)
    message.refresh_from_db()
    return message


@act("connect.alert.replay")
def dismiss_message(ctx: Context, message_id: UUID, *, reason: str) -> AlertMessage:
    """Nothing is to come of a quarantined message. raises NotFound; StateConflict"""
    message = messages.lock_message(ctx, message_id, "connect.alert.replay")
    LIFE.move(ctx, message, "dismiss")
    message.why, message.settled_at = Why.DISMISSED, ctx.now()
    message.save(update_fields=("why", "settled_at"))
    ctx.journal(events.MessageDismissed(PrivateText(reason)), message)
    return message


def _only_kept(message: AlertMessage, source: AlertSource) -> Why | None:
    """Why nothing may come of a message by what it is: where it belongs, its source says and never it itself."""
    if message.message_type in {MessageType.ACK, MessageType.ERROR}:
        return Why.RECEIPT
    if source.exercise_id is not None or message.status == Status.ACTUAL:
        return None
    return ONLY_KEPT.get(Status(message.status), Why.SYSTEM)


def _take(ctx: Context, row: AlertMessage, alert: Alert, chain: Chain, rows: list[AlertMessage]) -> None:
    warned = [one.warning_id for one in rows if one.warning_id and one.pk != row.pk]
    # What follows a message that is not there may follow another one by way of it, which was taken as the first.
    follows = bool(alert.references) and not warned
    if (
        follows
        and not row.is_first
        and {one.reference for one in chain.messages}.isdisjoint(alert.references)
    ):
        _wait(row, Why.PARENT)
        if alert.message_type is MessageType.UPDATE:
            timers.arm(ctx, PATIENCE, str(row.pk), ctx.now() + row.source.patience)
        return
    warning = get_warning(ctx, warned[-1], "watch.warning.draft") if warned else None
    try:
        with transaction.atomic():
            if alert.message_type is MessageType.CANCEL:
                _cancel(ctx, row, warning, alert.note or _("来源已解除该预警。"))
            else:
                _warn(ctx, row, alert, warning)
    except DomainError as refusal:
        _quarantine(ctx, row, [Finding("refused", detail=str(refusal))])


def _warn(ctx: Context, row: AlertMessage, alert: Alert, warning: EarlyWarning | None) -> None:
    """A draft of what the message says: of a new warning, of the one there is, or in place of what is being drafted."""
    outlook = get_outlook(ctx, row.source, alert)
    if outlook.elsewhere:
        if warning is None:
            _end(ctx, row, "ignore", Why.ELSEWHERE)
        else:
            _cancel(ctx, row, warning, _("来源变更后，范围不再涉及辖区。"), Why.MOVED)
        return
    expires = outlook.values.get("expires_at")
    if expires is not None and expires <= ctx.now():
        _end(ctx, row, "ignore", Why.OVER)
        return
    if outlook.obstacles or outlook.kind is None:
        _quarantine(ctx, row, list(outlook.obstacles))
        return
    _draft(ctx, row, alert, warning, outlook)


def _draft(
    ctx: Context, row: AlertMessage, alert: Alert, warning: EarlyWarning | None, outlook: Outlook
) -> None:
    """Write it into the draft there is or a new one; where another is being approved, or a person ends it, it waits."""
    row.remarks += [one for one in map(asdict, outlook.remarks) if one not in row.remarks]
    making = find_open_issue(warning) if warning else None
    if warning is not None and making is not None and _is_idle(warning, making):
        warnings.discard_issue(ctx, making.pk, reason=_("来源发布了变更。"))
        making = None
    if warning is not None and making is not None and (making.state != DRAFT or making.is_end):
        if row.why != Why.DRAFT:
            ctx.journal(events.UpdateAwaits(str(row.pk)), warning)
        row.warning = warning
        _wait(row, Why.DRAFT)
        return
    if making is not None:
        issue, how = making, Why.REVISED
    elif warning is not None and warning.is_running:
        issue, how = warnings.draft_update(ctx, warning.pk, colour=outlook.colour), Why.UPDATED
    else:
        issue, how = _begin(ctx, row.source, outlook), Why.DRAFTED
    values = dict(outlook.values, colour=outlook.colour, polygon=outlook.polygon)
    if issue.message_type == "update":
        values["reason"] = (alert.note or _("来源发布了变更。"))[:300]
    issue = warnings.edit_issue(ctx, issue.pk, version=issue.version, placed=outlook.placed, **values)
    _drafted(ctx, row, issue, how)


def _is_idle(warning: EarlyWarning, making: WarningIssue) -> bool:
    """Whether what is being made is of no use any more: of a warning that has expired meanwhile, or an end that the
    source asked for and has thought better of.
    """
    return warning.ended_at is not None or (
        making.is_end and making.state == DRAFT and making.author_id is None
    )


def _begin(ctx: Context, source: AlertSource, outlook: Outlook) -> WarningIssue:
    kind = outlook.kind
    if kind is None:
        raise ValueError("there is no warning without a kind")
    return warnings.draft_warning(
        ctx, unit=source.unit, kind=kind, colour=outlook.colour, relayed_from=outlook.relayed_from
    )


def _cancel(
    ctx: Context, row: AlertMessage, warning: EarlyWarning | None, reason: str, why: Why | None = None
) -> None:
    """What was not published is given up; what is in force gets a draft of its end, where nobody has begun one."""
    making = find_open_issue(warning) if warning else None
    if warning is not None and making is not None:
        if making.is_end and warning.is_running:
            _drafted(ctx, row, making, why or Why.CANCELLED)
            return
        warnings.discard_issue(ctx, making.pk, reason=reason[:300])
        row.issue = making
        warning.refresh_from_db()
    if warning is not None and warning.is_running:
        ending = warnings.draft_cancel(ctx, warning.pk, reason=reason[:300])
        _drafted(ctx, row, ending, why or Why.CANCELLED)
    elif making is not None:
        row.warning = warning
        _end(ctx, row, "take", why or Why.WITHDRAWN)
    else:
        _end(ctx, row, "ignore", Why.NOTHING)


def _drafted(ctx: Context, row: AlertMessage, issue: WarningIssue, how: Why) -> None:
    row.issue, row.warning = issue, issue.warning
    _end(ctx, row, "take", how)
    ctx.journal(events.WarningDraftedFrom(str(row.pk), str(issue.pk), how), issue.warning)


def _wait(row: AlertMessage, why: Why) -> None:
    row.why = why
    row.save(update_fields=("why", "warning", "remarks"))


def _end(ctx: Context, row: AlertMessage, how: str, why: Why) -> None:
    row.why, row.settled_at = why, ctx.now()
    row.save(update_fields=("why", "settled_at", "issue", "warning", "remarks"))
    LIFE.move(ctx, row, how)
    ctx.journal(events.MessageSettled(row.state, why, str(row.warning_id or "")), row)


def _quarantine(ctx: Context, row: AlertMessage, problems: list[Finding]) -> None:
    if row.state != MessageState.WAITING:
        raise StateConflict
    row.problems = [asdict(one) for one in problems] + [
        one for one in row.problems if one not in map(asdict, problems)
    ]
    row.why, row.settled_at = Why.BROKEN, ctx.now()
    row.save(update_fields=("problems", "why", "settled_at"))
    LIFE.move(ctx, row, "quarantine")
    ctx.journal(events.MessageQuarantined(tuple(one.code for one in problems)), row)
