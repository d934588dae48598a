"""Pages of carriers and deliveries beyond those of every register: how it goes, permits, tests, replies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from anlan.kernel.errors import DomainError, StateConflict
from anlan.kernel.pages import needs
from anlan.kernel.periods import start_of
from anlan.kernel.requests import MOST_CHOSEN
from anlan.kernel.scope import can
from anlan.message.channel import selectors, services
from anlan.message.channel.forms import DeliveryFilter, OpenForm
from anlan.message.channel.terms import Channel

if TYPE_CHECKING:
    from django.http import HttpResponse

    from anlan.kernel.requests import PageRequest
    from anlan.message.channel.models import Carrier, Delivery

ROWS = 50
OPEN, TEST, SETTLE = "message.channel.open", "message.channel.test", "message.channel.settle"


@require_safe
@needs(selectors.READ)
def channel_doing(request: PageRequest) -> HttpResponse:
    """How each carrier is doing; fetches itself again."""
    ctx = request.ctx
    today = start_of(ctx.now().astimezone().date())
    labels = dict(Channel.choices)
    shown = {
        "doing": selectors.list_doing(ctx, today),
        "unserved": [(labels[name], number, since) for name, number, since in selectors.list_unserved(ctx)],
        "unmatched": selectors.list_unmatched(ctx).count(),
    }
    fragment = request.headers.get("HX-Request")
    return render(request, "channel/_doing.html" if fragment else "channel/doing.html", shown)


@require_safe
@needs(selectors.READ)
def channel_deliveries(request: PageRequest) -> HttpResponse:
    """Deliveries, the latest first; page by page through (time, id)."""
    form = DeliveryFilter(request.GET)
    found = selectors.list_deliveries(request.ctx, before=_place(request.GET.get("after", "")))
    if form.is_valid():
        wanted = {name: value for name, value in form.cleaned_data.items() if value not in ("", None)}
        found = found.filter(**wanted)
    rows = list(found[: ROWS + 1])
    shown = {
        "form": form,
        "rows": rows[:ROWS],
        "next": _after(request, rows[ROWS - 1]) if len(rows) > ROWS else "",
        "first": bool(request.GET.get("after")),
    }
    return render(request, "channel/deliveries.html", shown)


@require_safe
@needs(selectors.READ)
def channel_delivery(request: PageRequest, delivery_id: UUID) -> HttpResponse:
    """One delivery: what was said, and what became of it."""
    delivery = selectors.get_delivery(request.ctx, delivery_id)
    subject, text = delivery.wording.filled({"reply": str(delivery.reply or "")}, keep=("name", "link"))
    shown = {
        "delivery": delivery,
        "subject": subject,
        "text": text,
        "steps": [
            (_("提交"), delivery.queued_at),
            (_("交付渠道"), delivery.handed_at),
            (_("送达") if delivery.channel != Channel.VOICE else _("接通"), delivery.delivered_at),
            (_("听完全文"), delivery.heard_at),
            (_("答复"), delivery.answered_at),
        ],
        "replies": list(selectors.list_replies(request.ctx, delivery)[:ROWS]),
    }
    return render(request, "channel/delivery.html", shown)


@require_safe
@needs(selectors.READ)
def channel_replies(request: PageRequest) -> HttpResponse:
    """Replies that answer nothing we know of."""
    replies = list(selectors.list_unmatched(request.ctx)[: MOST_CHOSEN + 1])
    shown = {
        "replies": replies[:MOST_CHOSEN],
        "is_full": len(replies) > MOST_CHOSEN,
        "may_settle": can(request.ctx, SETTLE),
    }
    return render(request, "channel/replies.html", shown)


@require_POST
@needs(SETTLE)
def channel_settle(request: PageRequest) -> HttpResponse:
    ids = {int(text) for text in request.POST.getlist("id") if text.isdecimal() and len(text) < 19}
    if not 0 < len(ids) <= MOST_CHOSEN:
        messages.error(request, _("没有选中要处理的回复。请勾选后再试。"))
        return redirect("channel_replies")
    number = services.settle_replies(request.ctx, ids)
    messages.success(request, _("已处理 %(number)s 条回复。") % {"number": number})
    return redirect("channel_replies")


@require_http_methods(["GET", "POST"])
@needs(OPEN)
def channel_open(request: PageRequest, carrier_id: UUID) -> HttpResponse:
    """Open a real carrier to an exercise or to tests."""
    carrier = selectors.get_carrier(request.ctx, carrier_id, OPEN)
    form = OpenForm(request.POST or None)
    if form.is_valid() and _opened(request, carrier, form):
        messages.success(request, _("已允许。消息会发到真实号码，用后请收回。"))
        return redirect("channel_detail", carrier_id)
    status = 422 if form.is_bound else 200
    return render(request, "channel/open.html", {"record": carrier, "form": form}, status=status)


def _opened(request: PageRequest, carrier: Carrier, form: OpenForm) -> bool:
    """Whether it is open now; why not, the form says."""
    exercise, reason = form.cleaned_data["exercise"], form.cleaned_data["reason"]
    try:
        services.open_carrier(
            request.ctx, carrier.pk, exercise_id=exercise.pk if exercise else None, reason=reason
        )
    except ValidationError as wrong:
        form.add_error(None, wrong)
    except StateConflict:
        form.add_error(None, _("已经允许过，不必重复。"))
    return not form.errors


@require_POST
@needs(OPEN)
def channel_close(request: PageRequest, permit_id: int) -> HttpResponse:
    carrier = services.close_carrier(request.ctx, permit_id)
    messages.success(request, _("已收回许可。"))
    return redirect("channel_detail", carrier.pk)


@require_POST
@needs(TEST)
def channel_test(request: PageRequest, carrier_id: UUID) -> HttpResponse:
    """Send a test to oneself."""
    try:
        delivery = services.send_test(request.ctx, carrier_id)
    except DomainError as refusal:
        if refusal.status != 409:
            raise
        messages.error(request, str(refusal))
        return redirect("channel_detail", carrier_id)
    messages.success(request, _("已提交试发，稍候请看是否收到。"))
    if can(request.ctx, selectors.READ, delivery):
        return redirect("channel_delivery", delivery.pk)
    return redirect("channel_detail", carrier_id)


def _place(text: str) -> tuple[Any, UUID] | None:
    """Where a page begins: time and id of the last row before it; None for what is neither."""
    moment, _comma, key = text.partition(",")
    try:
        at = parse_datetime(moment)
        return (at, UUID(key)) if at and at.tzinfo else None
    except ValueError:
        return None


def _after(request: PageRequest, last: Delivery) -> str:
    query = request.GET.copy()
    query["after"] = f"{last.queued_at.isoformat()},{last.pk}"
    return f"?{query.urlencode()}"
