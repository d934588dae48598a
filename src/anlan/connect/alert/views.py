"""Outside warnings: the messages that came, one of them, what to do with it, and a message read without any effect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages as notes
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from anlan.connect.alert import services
from anlan.connect.alert.forms import DismissForm, TryForm
from anlan.connect.alert.selectors import messages, reading, sources
from anlan.connect.alert.selectors.outlook import get_colour, get_outlook
from anlan.connect.alert.terms import LOSSES, POWERS, PROBLEMS, REMARKS, MessageState
from anlan.kernel import owed, timeline
from anlan.kernel.context import Context
from anlan.kernel.pages import needs
from anlan.kernel.scope import can
from anlan.kernel.terms import WarningColour

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID

    from anlan.connect.alert.selectors.reading import Finding, Understood
    from anlan.kernel.requests import PageRequest

# What is mended in the kinds of warnings, and what in the source: then the message is seen to again.
FOR_KINDS = frozenset({"no_kind", "other_colour"})
FOR_SOURCE = frozenset({"unsigned", "untrusted", "format"})
READ, REPLAY = messages.READ, "connect.alert.replay"
ON_A_PAGE = 40
SHOWN = 60_000  # characters of the raw message on its page; the whole can be saved
ask = require_http_methods(["GET", "POST"])


@require_safe
@needs(READ)
def alert_messages(request: PageRequest) -> HttpResponse:
    ctx = request.ctx
    words = request.GET.get("q", "").strip()[:100]
    state = request.GET.get("state", "")
    state = state if state in MessageState.values else ""
    found = messages.list_messages(ctx, words=words, state=state)
    shown = {
        "page": Paginator(found, ON_A_PAGE).get_page(request.GET.get("page")),
        "words": words,
        "state": state,
        "states": MessageState.choices,
        "quarantined": messages.count_quarantined(ctx),
    }
    return render(request, "alert/list.html", shown)


@require_safe
@needs(READ)
def alert_message(request: PageRequest, message_id: UUID) -> HttpResponse:
    ctx = request.ctx
    message = messages.get_message(ctx, message_id)
    raw = messages.get_raw(message)
    read = messages.get_said(message)
    shown = {
        "message": message,
        **_understood(read),
        "may_draft": messages.find_draft(message) is not None
        and can(ctx, "watch.warning.draft", message.warning),
        "may_edit_source": can(ctx, sources.EDIT, message.source),
        "for_kinds": FOR_KINDS.intersection(one["code"] for one in message.problems),
        "for_source": FOR_SOURCE.intersection(one["code"] for one in message.problems),
        "raw": read.document[: SHOWN * 4].decode("utf-8", "replace")[:SHOWN],
        "size": len(raw),
        "problems": _said(PROBLEMS, message.problems),
        "remarks": _said(REMARKS, message.remarks),
        "losses": _said(LOSSES, message.losses),
        "chain": messages.list_chain(message),
        "may_handle": message.is_quarantined and can(ctx, REPLAY, message),
        "form": DismissForm(),
        "owed": owed.of(ctx, message, READ),
        "timeline": timeline.of(ctx, message, READ),
    }
    return render(request, "alert/record.html", shown)


@require_safe
@needs(READ)
def alert_raw(request: PageRequest, message_id: UUID) -> HttpResponse:
    """The message as it came, to be saved and never shown by a browser."""
    message = messages.get_message(request.ctx, message_id)
    headers = {"Content-Disposition": f'attachment; filename="{message.sha256[:16]}.bin"'}
    return HttpResponse(messages.get_raw(message), content_type="application/octet-stream", headers=headers)


@require_POST
@needs(REPLAY)
def alert_replay(request: PageRequest, message_id: UUID) -> HttpResponse:
    message = services.replay_message(request.ctx, message_id)
    if message.is_quarantined:
        notes.warning(request, _("已重新处理，问题仍在。"))
    else:
        notes.success(request, _("已重新处理：%(state)s。") % {"state": message.get_state_display()})
    return redirect("alert_message", message.pk)


@require_POST
@needs(REPLAY)
def alert_dismiss(request: PageRequest, message_id: UUID) -> HttpResponse:
    form = DismissForm(request.POST)
    if form.is_valid():
        services.dismiss_message(request.ctx, message_id, reason=form.cleaned_data["reason"])
        notes.success(request, _("已登记处置。"))
    else:
        notes.error(request, _("没有登记：请写明处置情况，不超过 200 字。"))
    return redirect("alert_message", message_id)


@ask
@needs(READ)
def alert_try(request: PageRequest) -> HttpResponse:
    """What would be understood of a message, and what it would come to; nothing is kept."""
    ctx = request.ctx
    form = TryForm(ctx, request.POST or None, request.FILES or None)
    shown: dict[str, Any] = {"form": form}
    if form.is_valid():
        source = sources.get_source(ctx, form.cleaned_data["source"])
        read = reading.get_understood(form.document, sources.get_terms(source, ctx.now()))
        shown |= {
            "read": read,
            "source": source,
            **_understood(read),
            "problems": _said(PROBLEMS, read.problems),
            "remarks": _said(REMARKS, read.remarks),
            "losses": _said(LOSSES, read.losses),
        }
        if read.alert:
            outlook = get_outlook(Context(None, source.exercise, powers=POWERS), source, read.alert)
            shown |= {
                "outlook": outlook,
                "obstacles": _said(PROBLEMS, outlook.obstacles),
                "for_kinds": FOR_KINDS.intersection(one.code for one in outlook.obstacles),
            }
            shown["remarks"] += _said(REMARKS, outlook.remarks)
    return render(request, "alert/try.html", shown)


def _understood(read: Understood) -> dict[str, Any]:
    """What a message says and of which colour it is, as far as it was understood."""
    info = reading.get_info(read.alert) if read.alert else None
    colour = get_colour(info) if info else ""
    return {"info": info, "colour": WarningColour(colour) if colour else None}


def _said(words: Mapping[str, Any], found: Iterable[Finding | dict[str, Any]]) -> list[dict[str, Any]]:
    """Findings in words."""
    rows = [one if isinstance(one, dict) else vars(one) for one in found]
    return [{**row, "said": words.get(row["code"], row["code"])} for row in rows]
