"""Callouts: the live board, whom one reaches by oneself, opening, and what is one's own to answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from anlan.kernel import owed, pdf, timeline
from anlan.kernel.pages import needs
from anlan.kernel.reach import EXTENDED, TELEPHONES, ReachKind
from anlan.kernel.register.sheets import EXCEL, MEDIA_TYPES
from anlan.kernel.requests import way_back
from anlan.kernel.scope import can
from anlan.message.callout import selectors, services
from anlan.message.callout.forms import (
    AreaForm,
    AttemptsFilter,
    OpenForm,
    PeopleFilter,
    ReasonForm,
    WordsForm,
)
from anlan.message.callout.models import POSTS
from anlan.message.callout.tables import document_of, map_of, workbook_of
from anlan.message.callout.terms import (
    FOR_STAND_IN,
    HANDS_OFF,
    USE,
    CalloutState,
    Lack,
    Purpose,
    RecipientState,
    Way,
    in_words,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from uuid import UUID

    from anlan.kernel.context import Context
    from anlan.kernel.requests import PageRequest
    from anlan.message.callout.models import Callout, Recipient
    from anlan.message.callout.selectors import Audience

ON_A_PAGE = 50
OPEN, STOP = "message.callout.open", "message.callout.stop"
HANDLE, LOOK, ANSWER = "message.callout.handle", "message.callout.look", "message.callout.answer"
EXPORT = "message.callout.export"
MOST_GAPS = 100
EXTENDABLE = frozenset({CalloutState.RUNNING, CalloutState.COMPLETE})
PLACE = re.compile(r"\{(name|link|reply)\}")
ask = require_http_methods(["GET", "POST"])


# --- lists and the board ------------------------------------------------------------------------------------------


@require_safe
@needs(selectors.READ)
def callout_list(request: PageRequest) -> HttpResponse:
    state = request.GET.get("state", "")
    state = state if state in CalloutState.values else ""
    found = selectors.list_callouts(request.ctx, state=state)
    shown = {
        "page": Paginator(found, ON_A_PAGE).get_page(request.GET.get("page")),
        "state": state,
        "states": CalloutState.choices,
        "may_open": can(request.ctx, OPEN),
    }
    return render(request, "callout/list.html", shown)


@require_safe
@needs(selectors.READ)
def callout_board(request: PageRequest, callout_id: UUID) -> HttpResponse:
    """How far it has come, the worst first, and who has not answered; it fetches itself again as answers come in."""
    ctx = request.ctx
    callout = selectors.get_callout(ctx, callout_id)
    within = selectors.find_unit(ctx, request.GET.get("unit", ""))
    counts = selectors.list_counts(ctx, callout, within.pk if within else callout.unit_id)
    waiting = list(selectors.list_open(ctx, callout, within)[: selectors.MOST_SHOWN])
    total = {
        name: sum(getattr(count, name) for count in counts)
        for name in ("people", "confirmed", "visited", "unreachable", "taken", "done", "open")
    }
    shown = {
        "callout": callout,
        "within": within,
        "counts": sorted(counts, key=lambda count: count.rank),
        "total": total,
        "share": total["done"] * 100 // total["people"] if total["people"] else 0,
        "rows": [row_of(ctx, callout, one) for one in waiting],
        "missing": _("谁还没有收到") if callout.only_tells else _("谁还没有确认"),
        "most": selectors.MOST_SHOWN,
        "uncertain": any(not ladder["certain"] for ladder in callout.ladders),
        "may": {
            "handle": can(ctx, HANDLE),
            "stop": callout.is_running and can(ctx, STOP, callout),
            "extend": callout.state in EXTENDABLE and can(ctx, OPEN, callout),
            "export": can(ctx, EXPORT, callout),
        },
    }
    return render(request, "callout/board.html", shown)


@require_safe
@needs(selectors.READ)
def callout_map(request: PageRequest, callout_id: UUID) -> HttpResponse:
    """The same as a small map, a part of the board by itself: areas are large, counts are not."""
    ctx = request.ctx
    callout = selectors.get_callout(ctx, callout_id)
    within = selectors.find_unit(ctx, request.GET.get("unit", ""))
    around = within.pk if within else callout.unit_id
    counts = selectors.list_counts(ctx, callout, around)
    # The area around the others would lie over them.
    parts = [count for count in counts if count.unit_id != around] or counts
    return render(request, "callout/_map.html", {"map": map_of(parts), "callout": callout})


@require_safe
@needs(selectors.READ)
def callout_detail(request: PageRequest, callout_id: UUID) -> HttpResponse:
    """What was said, by which ladder, whom else it was told, what is owed, and what happened."""
    ctx = request.ctx
    callout = selectors.get_callout(ctx, callout_id)
    is_met = can(ctx, selectors.READ, callout)  # else he sees it for his people's sake alone
    shown = {
        "callout": callout,
        "texts": _texts(callout.texts),
        "ladders": [
            {**ladder, "rungs": [(span_of(rung["at_s"]), in_words(rung)) for rung in ladder["rungs"]]}
            for ladder in callout.ladders
        ],
        "notices": selectors.list_upper_notices(ctx, callout),
        "owed": owed.of(ctx, callout, selectors.READ) if is_met else [],
        "timeline": timeline.of(ctx, callout, selectors.READ) if is_met else None,
    }
    return render(request, "callout/record.html", shown)


@require_safe
@needs(selectors.READ)
def callout_people(request: PageRequest, callout_id: UUID) -> HttpResponse:
    """Everybody who is called, unit by unit."""
    callout = selectors.get_callout(request.ctx, callout_id)
    form = PeopleFilter(request.GET)
    only = form.cleaned_data["only"] if form.is_valid() else ""
    found = selectors.list_recipients(request.ctx, callout, only=only)
    page = Paginator(found, ON_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "callout/people.html", {"callout": callout, "page": page, "form": form})


@require_safe
@needs(selectors.READ)
def callout_attempts(request: PageRequest, callout_id: UUID) -> HttpResponse:
    """Each message and call by which those who are called were tried, in the order of time."""
    ctx = request.ctx
    callout = selectors.get_callout(ctx, callout_id)
    form = AttemptsFilter(request.GET)
    page = Paginator(form.list_found(ctx, callout), ON_A_PAGE).get_page(request.GET.get("page"))
    rows = [(one, int(one.key.removesuffix(FOR_STAND_IN)) if one.use == USE else None) for one in page]
    shown = {"callout": callout, "page": page, "form": form, "rows": rows}
    return render(request, "callout/attempts.html", shown)


@require_safe
@needs(EXPORT)
def callout_export(request: PageRequest, callout_id: UUID) -> HttpResponse:
    """The board as a workbook."""
    return _carried(request.ctx, callout_id, EXCEL, MEDIA_TYPES[EXCEL], workbook_of)


@require_safe
@needs(EXPORT)
def callout_pdf(request: PageRequest, callout_id: UUID) -> HttpResponse:
    """The board as a document to be filed."""
    return _carried(request.ctx, callout_id, "pdf", pdf.MEDIA_TYPE, document_of)


def _carried(
    ctx: Context, callout_id: UUID, kind: str, media_type: str, made_by: Callable[..., bytes]
) -> HttpResponse:
    """Made first: that it left is written down once there is something to leave with."""
    callout = selectors.get_opened(ctx, callout_id, EXPORT)
    counts = selectors.list_counts(ctx, callout, callout.unit_id, EXPORT)
    body = made_by(ctx, callout, counts, selectors.list_recipients(ctx, callout, EXPORT))
    services.export_callout(ctx, callout_id, kind)
    response = HttpResponse(body, content_type=media_type)
    name = f"{localtime(callout.started_at):%Y%m%d%H%M}"
    response["Content-Disposition"] = f'attachment; filename="callout-{name}.{kind}"'
    return response


# --- open, extend, stop -------------------------------------------------------------------------------------------


@ask
@needs(OPEN)
def callout_open(request: PageRequest) -> HttpResponse:
    """Call by hand. First it shows whom it would call and whom it could not reach; only the second press calls."""
    ctx = request.ctx
    begun = {"purpose": request.GET.get("purpose", ""), "unit": request.GET.get("unit", "")}
    again = "again" in request.POST  # another caller: what was typed stays, nothing is judged yet
    typed = request.POST.dict() if again else {name: text for name, text in begun.items() if text}
    form = OpenForm(ctx, None if again else request.POST or None, initial=typed)
    shown: dict[str, Any] = {"form": form}
    if form.is_valid():
        unit, areas = form.cleaned_data["unit"], form.unit_ids()
        if "go" in request.POST:
            callout = services.open_callout(
                ctx,
                unit=unit,
                purpose=form.cleaned_data["purpose"],
                colour=form.cleaned_data["colour"],
                title=form.cleaned_data["title"],
                unit_ids=areas,
                texts=form.texts(),
            )
            messages.success(request, _("叫应已发出。"))
            return _to_board(ctx, callout)
        shown |= _preview(selectors.list_audience(ctx, unit, areas))
        shown["texts"] = _texts(form.texts())
    return render(request, "callout/open.html", shown)


@ask
@needs(OPEN)
def callout_extend(request: PageRequest, callout_id: UUID) -> HttpResponse:
    """Call further units as well."""
    ctx = request.ctx
    callout = selectors.get_opened(ctx, callout_id, OPEN)
    form = AreaForm(ctx, request.POST or None, initial={"unit": callout.unit_id})
    if form.is_valid():
        count = services.extend_callout(ctx, callout.pk, form.unit_ids())
        said = ngettext("已增加 %(count)s 人。", "已增加 %(count)s 人。", count) % {"count": count}
        messages.success(request, said)
        return _to_board(ctx, callout)
    return render(request, "callout/extend.html", {"callout": callout, "form": form})


@ask
@needs(STOP)
def callout_stop(request: PageRequest, callout_id: UUID) -> HttpResponse:
    ctx = request.ctx
    callout = selectors.get_opened(ctx, callout_id, STOP)
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        services.stop_callout(ctx, callout.pk, **form.cleaned_data)
        messages.success(request, _("叫应已终止，未发出的不再发送。"))
        return _to_board(ctx, callout)
    return render(request, "callout/stop.html", {"callout": callout, "form": form})


def _to_board(ctx: Context, callout: Callout) -> HttpResponse:
    return redirect("callout_board", callout.pk) if can(ctx, selectors.READ) else redirect("home")


def _preview(audience: Audience) -> dict[str, Any]:
    labels = dict(POSTS)
    ways = [(str(way.label), sum(way.value in member.ways for member in audience.members)) for way in Way]
    names = selectors.list_unit_names({gap.unit_id for gap in audience.gaps[:MOST_GAPS]})
    return {
        "people": len(audience.members),
        "units": len(audience.units),
        "ways": ways,
        "gaps": [
            (names.get(gap.unit_id, ""), labels[gap.post], str(Lack(gap.lack).label))
            for gap in audience.gaps[:MOST_GAPS]
        ],
        "gap_count": len(audience.gaps),
    }


# --- one of those who are called ----------------------------------------------------------------------------------


@require_safe
@needs(selectors.READ)
def callout_recipient(request: PageRequest, recipient_id: int) -> HttpResponse:
    """One who is called: how to reach him, what was tried with its times, and what one can do."""
    recipient = selectors.get_recipient(request.ctx, recipient_id)
    return _recipient(request, recipient)


@require_POST
@needs(LOOK)
def callout_look(request: PageRequest, recipient_id: int) -> HttpResponse:
    """His numbers in full, for a reason that is kept."""
    form = ReasonForm(request.POST)
    recipient = selectors.get_recipient(request.ctx, recipient_id, LOOK)
    if form.is_valid():
        services.look_up_numbers(request.ctx, recipient_id, **form.cleaned_data)
        return _recipient(request, recipient, looked=True)
    return _recipient(request, recipient)


@require_POST
@needs(HANDLE)
def callout_take(request: PageRequest, recipient_id: int) -> HttpResponse:
    services.take_recipient(request.ctx, recipient_id)
    messages.success(request, _("已接手，10 分钟内机器不再呼叫此人。"))
    return redirect(way_back(request))


@require_POST
@needs(HANDLE)
def callout_note(request: PageRequest, recipient_id: int) -> HttpResponse:
    return _handled(request, recipient_id, WordsForm(request.POST), services.note_recipient, _("已记录。"))


@require_POST
@needs(HANDLE)
def callout_confirm(request: PageRequest, recipient_id: int) -> HttpResponse:
    said = _("已代为确认。")
    return _handled(request, recipient_id, ReasonForm(request.POST), services.confirm_on_behalf, said)


@require_POST
@needs(HANDLE)
def callout_visit(request: PageRequest, recipient_id: int) -> HttpResponse:
    said = _("已登记上门告知。")
    return _handled(request, recipient_id, WordsForm(request.POST), services.record_visit, said)


def _handled(request: PageRequest, recipient_id: int, form: Any, act: Any, said: str) -> HttpResponse:
    """Do what was entered; without the words that it needs, the page says so."""
    if form.is_valid():
        act(request.ctx, recipient_id, **form.cleaned_data)
        messages.success(request, said)
    else:
        selectors.get_recipient(request.ctx, recipient_id, HANDLE)
        messages.error(request, _("没有写明理由或情况，没有登记。请填写后再提交。"))
    return redirect(way_back(request))


def _recipient(request: PageRequest, recipient: Any, *, looked: bool = False) -> HttpResponse:
    ctx, callout = request.ctx, recipient.callout
    may_handle = recipient.is_open and callout.is_running and can(ctx, HANDLE, recipient)
    shown = {
        "callout": callout,
        "one": recipient,
        "row": row_of(ctx, callout, recipient, looked=looked),
        "looked": looked,
        "attempts": selectors.list_attempts(recipient),
        "visits": selectors.list_visits(recipient),
        "said": selectors.list_said(recipient),
        "may_handle": may_handle,
        "may_look": any(private for *_line, private in recipient.lines)
        and not looked
        and can(ctx, LOOK, recipient),
        "look": ReasonForm(auto_id="look_%s"),
        "behalf": ReasonForm(auto_id="behalf_%s"),
        "visit": WordsForm(auto_id="visit_%s"),
        "note": WordsForm(auto_id="note_%s"),
    }
    return render(request, "callout/recipient.html", shown)


# --- one's own ----------------------------------------------------------------------------------------------------


@require_POST
@needs(ANSWER)
def callout_answer(request: PageRequest, recipient_id: int) -> HttpResponse:
    """Confirm what is one's own to confirm."""
    if services.answer_own(request.ctx, recipient_id):
        messages.success(request, _("已确认。"))
    else:
        messages.success(request, _("已经确认过，或叫应已结束。"))
    return redirect("home")


def mine(ctx: Context) -> dict[str, Any] | None:
    """What stands on top of the home page: what the reader himself has not answered; None: nothing."""
    if not can(ctx, ANSWER):
        return None
    own = selectors.list_mine(ctx)
    return (
        {"own": own, "is_urgent": any(one.callout.colour in {"red", "orange"} for one in own)}
        if own
        else None
    )


# --- reach --------------------------------------------------------------------------------------------------------


@require_safe
@needs(selectors.READ)
def callout_reach(request: PageRequest) -> HttpResponse:
    """How well people can be reached, as the last tests tell, and which numbers want checking."""
    ctx = request.ctx
    shown = {
        "scores": selectors.list_scores(ctx),
        "stale": selectors.list_stale(ctx),
        "may_test": can(ctx, OPEN),
        "purpose": Purpose.REACH_TEST,
    }
    return render(request, "callout/reach.html", shown)


# --- as a page shows it -------------------------------------------------------------------------------------------


def _texts(texts: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """What goes out by each way, with words for what is filled in for each person."""
    filled = {"name": _("〔姓名〕"), "link": _("〔确认链接〕"), "reply": _("〔回复编号〕")}
    return [
        (str(Way(way).label), PLACE.sub(lambda found: filled[found[1]], body))
        for way, (_heading, body) in texts.items()
    ]


def row_of(ctx: Context, callout: Callout, one: Any, *, looked: bool = False) -> dict[str, Any]:
    """One who is called, with what was tried last and how a person calls him."""
    rungs = callout.ladders[one.ladder]["rungs"]
    rung = rungs[one.rung] if 0 <= one.rung < len(rungs) else None
    following = rungs[one.rung + 1] if one.is_open and one.rung + 1 < len(rungs) else None
    is_taken = one.is_open and one.taken_at is not None and one.taken_at > ctx.now() - HANDS_OFF
    return {
        "is_taken": is_taken,
        "is_mine": is_taken and one.taken_by_id == (ctx.actor.pk if ctx.actor else None),
        "one": one,
        "name": str(one.person or _("值班电话")),
        "mark": mark_of(one, is_taken=is_taken),
        "label": label_of(callout, one),
        "rung": rung and in_words(rung),
        "rungs": len(rungs),
        "next": following and in_words(following),
        "next_at": following and callout.due_at(one.wave, following["at_s"]),
        "lines": [line_of(*line, looked=looked) for line in one.lines],
    }


def mark_of(one: Recipient, *, is_taken: bool) -> str:
    if one.state in {RecipientState.CONFIRMED, RecipientState.VISITED}:
        return "done"
    return "failed" if one.state == RecipientState.UNREACHABLE else "doing" if is_taken else "waiting"


def span_of(seconds: int) -> str:
    """Since the beginning, as a clock that was set to nothing would show it."""
    return f"{seconds // 60}:{seconds % 60:02d}"


def label_of(callout: Callout, one: Recipient) -> str:
    """His state in words; where texts alone go out, nobody was called by every way there is."""
    if callout.only_tells and one.state == RecipientState.UNREACHABLE:
        return _("无法送达")
    return one.state_label


def line_of(kind: str, value: str, masked: str, private: bool, *, looked: bool) -> dict[str, str]:  # noqa: FBT001 - as the row has it
    """A way to reach somebody: what is shown of it, and what a telephone dials; masked ones cannot be dialled."""
    is_open = looked or not private
    number, _mark, extension = value.partition(EXTENDED)
    plain = "".join(sign for sign in number if sign.isdigit() or sign == "+")
    dials = is_open and kind in TELEPHONES
    return {
        "kind": str(ReachKind(kind).label),
        "shown": value if is_open else masked,
        "tel": (f"{plain},{extension}" if extension else plain) if dials else "",
    }
