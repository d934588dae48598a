"""Obligations: my work, my unit, the subtree, the calendar, the overdue, the counts; the rules they come from."""

from __future__ import annotations

import calendar
import csv
from contextlib import suppress
from datetime import date, timedelta
from io import StringIO
from typing import TYPE_CHECKING, Any, TypeVar

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import TextChoices
from django.http import StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from anlan.kernel import audit, events, obligation_lists, periods, rules, shelf, subjects, timeline
from anlan.kernel.errors import DomainError, NotFound, StateConflict
from anlan.kernel.obligation_lists import FULFIL, READ, Wanted
from anlan.kernel.pages import needs
from anlan.kernel.register import choosing
from anlan.kernel.scope import can
from anlan.kernel.steps import steps_of
from anlan.kernel.terms import ObligationState, RuleEffect, Rung, Standing, Whose
from anlan.site import duty_rows, duty_words
from anlan.site.duty_deeds import DEEDS, DeedForm
from anlan.site.rule_form import RuleForm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.http import HttpResponse, QueryDict
    from django.http.response import HttpResponseBase

    from anlan.kernel.context import Context
    from anlan.kernel.models import Entry, Holiday, Obligation, Rule, Unit
    from anlan.kernel.obligation_lists import Part, Tally
    from anlan.kernel.requests import PageRequest
    from anlan.kernel.steps import Step
    from anlan.site.duty_deeds import Deed

C = TypeVar("C", bound=TextChoices)
PREFIX = "obligations/"
WORST = 20  # rows of the overdue board
BARS = 12
ENTRIES = 30  # of one obligation's course
MOST_EXPORTED, CHUNK = 100_000, 2_000
MOST_AT_ONCE = 200  # obligations of one act from a page
ENDED = (ObligationState.FULFILLED, ObligationState.WAIVED, ObligationState.WITHDRAWN)
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run


class UnitForm(forms.Form):
    """The unit that a list is narrowed to."""

    def __init__(self, ctx: Context, unit: Unit | None) -> None:
        super().__init__(initial={"unit": unit})
        self.fields["unit"] = choosing.unit(ctx, READ, in_use=False, label=_("单位及下级"), required=False)


# --- lists --------------------------------------------------------------------------------------------------------


@require_safe
@needs(READ)
def obligation_list(request: PageRequest) -> HttpResponse:
    ctx, asked = request.ctx, request.GET
    wanted = _wanted(ctx, asked)
    found = obligation_lists.list_obligations(
        ctx, wanted, after=asked.get("after", ""), before=asked.get("before", "")
    )
    shown = {
        "tab": "list",
        "wanted": wanted,
        "rows": duty_rows.rows_of(ctx, found.rows),
        "previous": found.before and _address(request, before=found.before),
        "next": found.after and _address(request, after=found.after),
        "whose": _chips(request, Whose, wanted.whose, "whose", unit=None),
        "standings": _chips(request, Standing, wanted.standing, "standing", state=None),
        "states": [(state.value, state.label) for state in ENDED],
        "rules": obligation_lists.list_rule_names(),
        "kinds": _kinds(),
        "unit_field": _unit_field(ctx, wanted, asked),
        "about": _about(ctx, wanted),
        "filtered": bool(wanted.rule or wanted.kind or wanted.unit or wanted.state),
        "deeds": _bulk_deeds(ctx, wanted),
        "export": f"{reverse('obligation_export')}?{asked.urlencode()}",
    }
    return render(request, "site/obligations/list.html", shown)


@require_safe
@needs(READ)
def obligation_export(request: PageRequest) -> HttpResponseBase:
    """The list as filtered, for a spreadsheet."""
    lines = _lines(request.ctx, _wanted(request.ctx, request.GET))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="obligations.csv"'
    response["Cache-Control"] = "no-store"
    return response


def _lines(ctx: Context, wanted: Wanted) -> Iterator[str]:
    head = (_("编号"), _("事项"), _("责任单位"), _("状态"), _("产生时间"), _("期限"), _("结束时间"))
    yield "\ufeff" + _csv(
        ((*head, _("逾期时长"), _("依据")),)
    )  # the mark tells spreadsheets that it is UTF-8
    for duties in obligation_lists.iter_obligations(ctx, wanted, most=MOST_EXPORTED, chunk=CHUNK):
        yield _csv(_cells(row) for row in duty_rows.rows_of(ctx, duties))


def _cells(row: duty_rows.Row) -> tuple[object, ...]:
    duty = row.duty
    times = (_moment(at) for at in (duty.opened_at, duty.due_at, duty.ended_at))
    late = duty_rows.late_of(duty)
    return (duty.pk, row.what, duty.unit.name, row.state, *times, late, duty.rule.source)


def _moment(at: Any) -> str:
    return f"{at.astimezone(settings.ANLAN.time_zone):%Y-%m-%d %H:%M}" if at else ""


def _csv(rows: Any) -> str:
    file = StringIO()
    csv.writer(file).writerows([[_harmless(cell) for cell in row] for row in rows])
    return file.getvalue()


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def _wanted(ctx: Context, asked: QueryDict) -> Wanted:
    """What the address asks for; what it asks wrongly counts as not asked. raises NotFound for a unit out of scope"""
    unit = _unit(ctx, asked.get("unit", ""))
    first = Whose.MINE if can(ctx, FULFIL) else Whose.SUBTREE
    standing = _choice(Standing, asked.get("standing"), Standing.OPEN)
    state = asked.get("state", "") if standing == Standing.ENDED else ""
    return Wanted(
        whose=Whose.SUBTREE if unit else _choice(Whose, asked.get("whose"), first),
        standing=standing,
        state=state if state in ENDED else "",
        rule=asked.get("rule", ""),
        unit=unit,
        kind=asked.get("kind", ""),
        about=asked.get("about", "")[:64],
        day=_day(asked.get("day", "")),
    )


def _choice(kind: type[C], value: str | None, otherwise: C) -> C:
    return kind(value) if value in kind.values else otherwise


def _unit(ctx: Context, text: str) -> Unit | None:
    return obligation_lists.get_unit(ctx, int(text)) if text.isdecimal() and len(text) < 18 else None


def _day(text: str) -> date | None:
    with suppress(ValueError):
        day = date.fromisoformat(text)
        return day if periods.is_reckonable(day) else None
    return None


def _about(ctx: Context, wanted: Wanted) -> subjects.Shown | None:
    """The one record that the list is narrowed to, where it is."""
    if not (wanted.kind and wanted.about):
        return None
    try:
        record = subjects.get_record(ctx, wanted.kind, wanted.about)
    except NotFound:
        return subjects.Shown()
    return subjects.Shown(str(record), reverse(subjects.kinds()[wanted.kind].url_name, args=[record.pk]))


def _kinds() -> list[tuple[str, str]]:
    """The kinds of record that obligations may be about."""
    return [(kind, duty_words.kind(kind)) for kind in sorted(subjects.kinds())]


def _unit_field(ctx: Context, wanted: Wanted, asked: QueryDict) -> dict[str, Any] | None:
    """The search box for a unit, where the list is of more than one's own."""
    if wanted.whose != Whose.SUBTREE:
        return None
    form = UnitForm(ctx, wanted.unit)
    return {**choosing.shown(form, "unit", asked), "none": _("全部")}


def _bulk_deeds(ctx: Context, wanted: Wanted) -> list[Deed]:
    if wanted.standing == Standing.ENDED:
        return []
    state = ObligationState.PAUSED if wanted.standing == Standing.PAUSED else ObligationState.OPEN
    return [deed for deed in DEEDS if state in deed.states and can(ctx, deed.capability)]


def _chips(
    request: PageRequest, kind: type[TextChoices], current: str, name: str, **also: None
) -> list[dict[str, Any]]:
    return [
        {
            "label": choice.label,
            "url": _address(request, **{name: choice.value}, **also),
            "on": choice == current,
        }
        for choice in kind
    ]


def _address(request: PageRequest, **changes: str | None) -> str:
    """The same page with other filters, from its beginning."""
    asked = request.GET.copy()
    for name, value in {"after": None, "before": None, **changes}.items():
        asked.pop(name, None)
        if value:
            asked[name] = value
    return f"?{asked.urlencode()}"


# --- board, counts, calendar --------------------------------------------------------------------------------------


@require_safe
@needs(READ)
def obligation_board(request: PageRequest) -> HttpResponse:
    """What is overdue below a unit: how much, where, the worst first."""
    ctx = request.ctx
    roots, unit = _root(ctx, request.GET)
    parts = obligation_lists.list_parts(ctx, unit, _this_month(ctx)) if unit else []
    worst = Wanted(Whose.SUBTREE, Standing.OVERDUE, unit=unit)
    late = [part for part in parts if part.overdue]
    shown = {
        "tab": "board",
        "roots": roots,
        "unit": unit,
        "total": _total(parts),
        "late": len(late),
        "oldest_at": min((part.oldest_at for part in late if part.oldest_at), default=None),
        "bars": late[:BARS],
        "most": max((part.overdue for part in late), default=0),
        "rows": _worst(ctx, worst) if late else [],
        "urge": can(ctx, "kernel.obligation.urge"),
    }
    return render(request, "site/obligations/board.html", shown)


def _worst(ctx: Context, wanted: Wanted) -> list[duty_rows.Row]:
    return duty_rows.rows_of(ctx, obligation_lists.list_obligations(ctx, wanted, rows=WORST).rows)


@require_safe
@needs(READ)
def obligation_counts(request: PageRequest) -> HttpResponse:
    """How each unit below one stands, and how it has done this month."""
    ctx = request.ctx
    roots, unit = _root(ctx, request.GET)
    month = _month(request.GET.get("month", "")) or _this_month(ctx)
    parts = obligation_lists.list_parts(ctx, unit, month) if unit else []
    shown = {
        "tab": "counts",
        "roots": roots,
        "unit": unit,
        "month": month,
        "earlier": _address(request, month=f"{month - timedelta(days=1):%Y-%m}"),
        "later": _address(request, month=f"{obligation_lists.next_month(month):%Y-%m}"),
        "parts": parts,
        "total": _total(parts),
    }
    return render(request, "site/obligations/counts.html", shown)


def _total(parts: list[Part]) -> dict[str, int]:
    names = ("open", "overdue", "today", "in_time", "late", "done")
    return {name: sum(getattr(part, name) for part in parts) for name in names}


def _root(ctx: Context, asked: QueryDict) -> tuple[list[Unit], Unit | None]:
    """The reader's own top units, and the one that the page is about."""
    roots = obligation_lists.list_roots(ctx)
    return roots, _unit(ctx, asked.get("unit", "")) or next(iter(roots), None)


@require_safe
@needs(READ)
def obligation_calendar(request: PageRequest) -> HttpResponse:
    """A month with what is due on each day, and one of its days as a list."""
    ctx, asked = request.ctx, request.GET
    wanted = _wanted(ctx, asked)
    today = periods.local_date(ctx.now())
    month = (wanted.day or _month(asked.get("month", "")) or today).replace(day=1)
    weeks = calendar.Calendar().monthdatescalendar(month.year, month.month)
    holidays, unknown = obligation_lists.list_holidays(weeks[0][0], weeks[-1][-1])
    month_wanted = Wanted(wanted.whose, unit=wanted.unit, rule=wanted.rule)
    counted = obligation_lists.count_by_day(ctx, month_wanted, month)
    found = _day_of(ctx, wanted, asked) if wanted.day else None
    shown = {
        "tab": "calendar",
        "wanted": wanted,
        "month": month,
        "today": today,
        "earlier": _address(request, month=f"{month - timedelta(days=1):%Y-%m}", day=None),
        "later": _address(request, month=f"{obligation_lists.next_month(month):%Y-%m}", day=None),
        "now": _address(request, month=None, day=None),
        "weekdays": duty_words.SHORT_WEEKDAYS,
        "weeks": [
            [_square(request, day, counted.get(day), holidays.get(day)) for day in week] for week in weeks
        ],
        "unpublished": sorted(unknown & {month.year}),
        "whose": _chips(request, Whose, wanted.whose, "whose", unit=None),
        "rows": found and duty_rows.rows_of(ctx, found.rows),
        "next": found and found.after and _address(request, after=found.after),
        "previous": found and found.before and _address(request, before=found.before),
    }
    return render(request, "site/obligations/calendar.html", shown)


def _day_of(ctx: Context, wanted: Wanted, asked: QueryDict) -> obligation_lists.Slice:
    return obligation_lists.list_obligations(
        ctx, wanted, after=asked.get("after", ""), before=asked.get("before", "")
    )


def _square(request: PageRequest, day: date, tally: Tally | None, holiday: Holiday | None) -> dict[str, Any]:
    url = _address(request, day=day.isoformat(), month=None) if tally else ""
    return {"day": day, "tally": tally, "holiday": holiday, "url": url}


def _this_month(ctx: Context) -> date:
    return periods.local_date(ctx.now()).replace(day=1)


def _month(text: str) -> date | None:
    return _day(f"{text}-01")


# --- one obligation -----------------------------------------------------------------------------------------------


@require_safe
@needs(READ)
def obligation_detail(request: PageRequest, obligation_id: int) -> HttpResponse:
    ctx = request.ctx
    duty = obligation_lists.get_obligation(ctx, obligation_id)
    row = duty_rows.rows_of(ctx, [duty])[0]
    entries = obligation_lists.entries_of(duty)
    shown = {
        "row": row,
        "duty": duty,
        "period": duty_words.period(duty.rule, duty.period),
        "post": duty.post and obligation_lists.name_of_post(duty.post),
        "by_when": duty_words.by_when(duty.rule),
        "late": duty_rows.late_of(duty),
        "early": _early(duty),
        "opened": _happened(ctx, entries.get(duty.opened_entry_id or 0)),
        "ended": _happened(ctx, entries.get(duty.ended_entry_id or 0)),
        "steps": _steps(duty),
        "now": ctx.now(),
        "deeds": _deeds(ctx, row),
        "shelf": shelf.shelf_of(ctx, duty),
        "timeline": timeline.of(ctx, duty, READ, size=ENTRIES),
    }
    return render(request, "site/obligations/record.html", shown)


def _deeds(ctx: Context, row: duty_rows.Row) -> list[dict[str, Any]]:
    """What the reader may do now, beside what the row offers first."""
    fit = [deed for deed in DEEDS if row.duty.state in deed.states and can(ctx, deed.capability, row.duty)]
    urls = {deed: f"{reverse(f'obligation_{deed.name}')}?id={row.duty.pk}" for deed in fit}
    return [
        {"title": deed.title, "icon": deed.icon, "url": url}
        for deed, url in urls.items()
        if url != row.act_url
    ]


def _early(duty: Obligation) -> str:
    """How much before its due time it was done."""
    if duty.state != ObligationState.FULFILLED or duty.ended_at is None or duty.ended_at > duty.due_at:
        return ""
    return duty_words.span(duty.due_at - duty.ended_at)


def _happened(ctx: Context, entry: Entry | None) -> dict[str, Any] | None:
    """What opened or ended it, with the entry itself for those who may read the journal."""
    if entry is None:
        return None
    url = reverse("journal_entry", args=[entry.pk]) if can(ctx, audit.READ) else ""
    return {"at": entry.at, "what": events.label_of(entry.event), "who": timeline.who(entry), "url": url}


def _steps(duty: Obligation) -> list[dict[str, Any]]:
    """Its way from the opening to the end as a chain: what was done, what is planned."""
    steps = [{"at": duty.opened_at, "title": _("产生"), "done": True, "rank": 0}]
    for stop in obligation_lists.list_stops(duty):
        reminds = stop.rung == Rung.REMINDER
        title = _("提醒%(unit)s") if reminds else _("告知%(unit)s")
        rank = 1 if reminds else 3
        steps.append({"at": stop.at, "title": title % {"unit": stop.unit}, "done": stop.taken, "rank": rank})
    steps.append({"at": duty.due_at, "title": _("到期"), "due": True, "rank": 2})
    if duty.ended_at:
        title = str(ObligationState(duty.state).label)
        steps.append({"at": duty.ended_at, "title": title, "done": True, "rank": 4})
    return sorted(steps, key=lambda step: (step["at"], step["rank"]))


# --- acts ---------------------------------------------------------------------------------------------------------


def _page_of(deed: Deed) -> Callable[..., HttpResponseBase]:
    """The page of one act on one or many obligations, named by ids in the address or the form."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @needs(deed.capability)
    def page(request: PageRequest) -> HttpResponse:
        ids = _ids(request)
        form = DeedForm(deed, request.POST if request.method == "POST" else None)
        status = 200
        if form.is_valid():
            try:
                deed.run(request.ctx, ids, form.cleaned_data.get("text", ""))
            except StateConflict:
                form.add_error(
                    None, _("没有办理：其中有事项刚被他人办过。请核对下面各项现在的状态，再办其余的。")
                )
                status = 409
            else:
                messages.success(request, deed.done % {"count": len(ids)})
                return redirect(_back(request, ids))
        return render(
            request, "site/obligations/deed.html", _deed_page(request, deed, form, ids), status=status
        )

    return page


def _deed_page(request: PageRequest, deed: Deed, form: DeedForm, ids: list[int]) -> dict[str, Any]:
    rows = duty_rows.rows_of(request.ctx, obligation_lists.list_by_ids(request.ctx, ids, deed.capability))
    fit = [row for row in rows if row.duty.state in deed.states]
    now = request.ctx.now()
    figures = {
        "count": len(fit),
        "units": len({row.duty.unit_id for row in fit}),
        "late": sum(row.duty.due_at < now for row in fit),
    }
    return {
        "deed": deed,
        "form": form,
        "rows": rows,
        "effects": [effect % figures for effect in deed.effects],
        "fit": fit,
        "unfit": len(rows) - len(fit),
        "rest": "?" + "&".join(f"id={row.duty.pk}" for row in fit),
        "back": _back(request, ids),
    }


def _ids(request: PageRequest) -> list[int]:
    """raises NotFound for what no page sends"""
    texts = (request.POST if request.method == "POST" else request.GET).getlist("id")
    if not 0 < len(texts) <= MOST_AT_ONCE or not all(text.isdecimal() and len(text) < 18 for text in texts):
        raise NotFound
    return sorted({int(text) for text in texts})


def _back(request: PageRequest, ids: list[int]) -> str:
    """Where he came from, if it is one of ours; else the obligation or the list."""
    back = request.POST.get("back") or request.GET.get("back", "")
    if back and url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=True):
        return back
    return reverse("obligation_detail", args=ids) if len(ids) == 1 else reverse("obligation_list")


# --- rules --------------------------------------------------------------------------------------------------------


@require_safe
@needs(READ)
def rule_list(request: PageRequest) -> HttpResponse:
    today = periods.local_date(request.ctx.now())
    shown = [
        _rule(rule) | {"held": rules.is_in_effect(rule, today)} for rule in obligation_lists.list_rules()
    ]
    return render(request, "site/obligations/rules.html", {"tab": "rules", "rules": shown})


@require_safe
@needs(READ)
def rule_detail(request: PageRequest, rule_id: int) -> HttpResponse:
    rule = obligation_lists.get_rule(rule_id)
    shown = _rule(rule) | {
        "held": rules.is_in_effect(rule, periods.local_date(request.ctx.now())),
        "endings": [
            (effect.label, _("、").join(heard))
            for effect in RuleEffect
            if effect != RuleEffect.OPEN and (heard := duty_words.heard(rule, effect))
        ],
        "steps": _rule_steps(rule),
        "edit": can(request.ctx, "kernel.rule.edit"),
    }
    return render(request, "site/obligations/rule.html", shown)


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "rule": rule,
        "owner": duty_words.owner(rule),
        "begins": duty_words.begins(rule),
        "by_when": duty_words.by_when(rule),
    }


def _rule_steps(rule: Rule) -> list[dict[str, str]]:
    """Its reminders, due time and ladder along a line of time."""
    steps = [{"title": _("开始计时"), "note": duty_words.begins(rule) or str(rule.get_every_display())}]
    due = {"title": _("到期"), "note": duty_words.by_when(rule), "due": "1"}
    for step in steps_of(rule):
        if step.offset >= timedelta(0) and due not in steps:
            steps.append(due)
        steps.append(_rule_step(step))
    return steps if due in steps else [*steps, due]


def _rule_step(step: Step) -> dict[str, str]:
    if step.rung == Rung.REMINDER:
        note = _("到期前 %(span)s") % {"span": duty_words.span(-step.offset)}
        return {"title": _("提醒责任单位"), "note": note}
    note = _("逾期 %(span)s") % {"span": duty_words.span(step.offset)} if step.offset else _("一逾期")
    return {"title": _("告知%(whom)s") % {"whom": duty_words.levels_up(step.levels_up)}, "note": note}


@require_http_methods(["GET", "HEAD", "POST"])
@needs("kernel.rule.edit")
def rule_edit(request: PageRequest, rule_id: int) -> HttpResponse:
    rule = obligation_lists.get_rule(rule_id)
    form = RuleForm(rule, request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            rules.edit_rule(request.ctx, rule_id, **form.figures())
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("规则已修改，从现在起产生的事项按新的办。"))
            return redirect("rule_detail", rule_id)
    return render(request, "site/obligations/rule_edit.html", _rule(rule) | {"form": form})


urlpatterns = [
    path("", obligation_list, name="obligation_list"),
    path("export.csv", obligation_export, name="obligation_export"),
    path("board/", obligation_board, name="obligation_board"),
    path("counts/", obligation_counts, name="obligation_counts"),
    path("calendar/", obligation_calendar, name="obligation_calendar"),
    path("<int:obligation_id>/", obligation_detail, name="obligation_detail"),
    *(path(f"{deed.name}/", _page_of(deed), name=f"obligation_{deed.name}") for deed in DEEDS),
    path("rules/", rule_list, name="rule_list"),
    path("rules/<int:rule_id>/", rule_detail, name="rule_detail"),
    path("rules/<int:rule_id>/edit/", rule_edit, name="rule_edit"),
]
