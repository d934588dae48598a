"""The journal: timeline and history of a record, search for auditors, verification, what is stuck."""

from __future__ import annotations

import csv
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import translation
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from anlan.kernel import audit, history, stuck, subjects, timeline
from anlan.kernel.errors import DomainError, NotAllowed, StateConflict
from anlan.kernel.events import label_of
from anlan.kernel.pages import needs
from anlan.kernel.scope import owns, require
from anlan.kernel.terms import TaskState
from anlan.site.pages.journal_forms import DropForm, SearchForm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpResponse

    from anlan.kernel.context import Context
    from anlan.kernel.models import Entry
    from anlan.kernel.requests import PageRequest

ROWS = 50
EXPORTED, AT_ONCE = 100_000, 2000  # rows of an export, and how many of them are in memory
GONE = gettext_lazy("它已不再受阻：刚刚办成，或已由他人处理。没有再办。")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run what begins with one of these


# --- of one record ------------------------------------------------------------------------------------------------


@require_safe
def journal_of(request: PageRequest, kind: str, key: str) -> HttpResponse:
    """A record's timeline, or the changes of its row, for whoever may read the record."""
    subject = subjects.kinds().get(kind)
    if subject:
        require(request.ctx, subject.capability)
    record = subjects.get_record(request.ctx, kind, key)
    capability = subjects.kinds()[kind].capability
    before = _number(request.GET.get("before"))
    shown: dict[str, Any] = {
        "record": record,
        "term": subjects.term_of(kind),
        "record_url": reverse(subjects.kinds()[kind].url_name, args=[record.pk]),
        "tab": "history" if request.GET.get("tab") == "history" else "timeline",
        "later": before is not None,
        "is_own": owns(request.ctx, capability, record),
    }
    if shown["tab"] == "history":
        shown["history"] = history.list_changes(request.ctx, record, capability, before=before)
        return render(request, "site/journal/of.html", shown)
    size = timeline.BRIEF if "brief" in request.GET else timeline.PAGE
    event = request.GET.get("event", "")[:96]
    shown["event"] = event and label_of(event)
    shown["timeline"] = timeline.of(request.ctx, record, capability, before=before, size=size, event=event)
    fragment = request.headers.get("HX-Request")
    return render(request, "kernel/_timeline.html" if fragment else "site/journal/of.html", shown)


# --- for auditors -------------------------------------------------------------------------------------------------


@require_safe
@needs(audit.READ)
def journal_search(request: PageRequest) -> HttpResponse:
    form = SearchForm(request.ctx, request.GET)
    before = _number(request.GET.get("before"))
    entries: list[Entry] = []
    if form.is_valid():
        entries = list(audit.list_entries(request.ctx, form.search, before=before)[: ROWS + 1])
    shown = {
        "form": form,
        "rows": audit.show(request.ctx, entries[:ROWS]),
        "older": entries[ROWS - 1].pk if len(entries) > ROWS else None,
        "later": before is not None,
    }
    return render(request, "site/journal/search.html", shown)


@require_safe
@needs(audit.READ)
def journal_export(request: PageRequest) -> HttpResponse | StreamingHttpResponse:
    """What a search finds, as a table for a spreadsheet; its newest EXPORTED rows."""
    form = SearchForm(request.ctx, request.GET)
    if not form.is_valid():
        return redirect("journal_search")
    lines = _lines(request.ctx, form.search, translation.get_language())
    answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="journal.csv"'
    return answer


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, line: str) -> str:
        return line


def _lines(ctx: Context, search: audit.Search, language: str) -> Iterator[str]:
    """The lines of an export. The request is over by the time they are made: its language must be set again."""
    writer = csv.writer(_Echo())
    with translation.override(language):
        yield "\ufeff"  # by it Excel knows UTF-8
        yield writer.writerow(
            [
                _("编号"),
                _("发生时间"),
                _("记录时间"),
                _("事件"),
                _("操作人"),
                _("对象类别"),
                _("对象"),
                _("对象编号"),
                _("单位"),
                _("演练"),
            ]
        )
        for row in islice(_rows(ctx, search), EXPORTED):
            yield writer.writerow([_cell(value) for value in _columns(row)])


def _rows(ctx: Context, search: audit.Search) -> Iterator[audit.Row]:
    before = None
    while entries := list(audit.list_entries(ctx, search, before=before)[:AT_ONCE]):
        yield from audit.show(ctx, entries)
        before = entries[-1].pk


def _columns(row: audit.Row) -> list[str]:
    entry = row.entry
    times = (localtime(at).strftime("%Y-%m-%d %H:%M:%S") for at in (entry.at, entry.recorded_at))
    about = row.about.title if entry.subject else _("%(count)s 条") % {"count": row.count}
    return [str(entry.pk), *times, row.label, row.who, row.term, about, entry.subject, row.unit, row.exercise]


def _cell(value: str) -> str:
    return f"'{value}" if value.startswith(FORMULA) else value


@require_safe
@needs(audit.READ)
def journal_entry(request: PageRequest, entry_id: int) -> HttpResponse:
    """One entry with all that proves it and hangs on it."""
    ctx = request.ctx
    entry = audit.get_entry(ctx, entry_id)
    causes, effects = audit.list_causes(ctx, entry), audit.list_effects(ctx, entry)
    rows = audit.show(ctx, [entry, *causes, *effects])
    keys = timeline.keys_of(entry)[:ROWS]
    about = subjects.describe(ctx, ((entry.subject_kind, key) for key in keys))
    waiting = audit.is_waiting_for_seal(entry)
    shown = {
        "entry": entry,
        "row": rows[0],
        "about": [{"key": key, "shown": about[entry.subject_kind, key]} for key in keys],
        "causes": rows[1 : len(causes) + 1],
        "effects": rows[len(causes) + 1 :],
        "notes": audit.list_notes(ctx, entry),
        "content": _content(entry),
        "changes": audit.list_changes(ctx, entry),
        "waiting": waiting,
        "seal": None if waiting else audit.find_seal(ctx, entry),
    }
    return render(request, "site/journal/entry.html", shown)


def _content(entry: Entry) -> list[tuple[str, Any]]:
    """What an entry says beside its records and private texts, field by field."""
    apart = {"subjects", *audit.private_fields(entry)}
    return sorted((name, value) for name, value in entry.data.items() if name not in apart)


@require_http_methods(["GET", "POST"])
@needs(audit.READ)
def journal_verification(request: PageRequest) -> HttpResponse:
    """How the journal is kept from being changed unseen, and the proof of it, on demand."""
    if request.method == "POST":
        try:
            audit.start_verification(request.ctx)
        except NotAllowed:
            raise
        except (
            DomainError
        ) as refusal:  # asked twice, or by another meanwhile; the page shows how far that one is
            messages.info(request, str(refusal))
        else:
            messages.success(request, _("核验已在后台开始，完成后结果显示在本页。"))
        return redirect("journal_verification")
    task, anchor = audit.last_verification(request.ctx), audit.last_anchor(request.ctx)
    shown = {
        "seal": audit.last_seal(request.ctx),
        "unsealed": audit.count_unsealed(request.ctx),
        "anchor": anchor,
        "anchored_at": datetime.fromisoformat(anchor.at) if anchor else None,
        "task": task,
        "running": task is not None and task.state in {TaskState.WAITING, TaskState.RUNNING},
        "done": task is not None and task.state == TaskState.DONE,
    }
    return render(request, "site/journal/verification.html", shown)


# --- what is stuck ------------------------------------------------------------------------------------------------


@require_safe
@needs(stuck.MEND)
def journal_stuck(request: PageRequest) -> HttpResponse:
    shown = {
        "entries": stuck.list_entries(request.ctx),
        "timers": stuck.list_timers(request.ctx),
        "jobs": stuck.list_jobs(request.ctx),
        "most": stuck.MOST,
    }
    return render(request, "site/journal/stuck.html", shown)


@require_POST
@needs(stuck.MEND)
def journal_stuck_retry(request: PageRequest, sort: str, key: str) -> HttpResponse:
    try:
        stuck.retry_stuck(request.ctx, sort, key)
    except StateConflict:
        messages.info(request, GONE)
    else:
        messages.success(request, _("已安排立即重试。"))
    return redirect("journal_stuck")


@require_http_methods(["GET", "POST"])
@needs(stuck.MEND)
def journal_stuck_drop(request: PageRequest, sort: str, key: str) -> HttpResponse:
    """Say why it is given up; what will happen is told first."""
    form = DropForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            stuck.drop_stuck(request.ctx, sort, key, reason=form.cleaned_data["reason"])
        except StateConflict:
            messages.info(request, GONE)
        else:
            messages.success(request, _("已放弃，理由已留痕。"))
        return redirect("journal_stuck")
    shown = {"form": form, "one": stuck.get_stuck(request.ctx, sort, key)}
    return render(request, "site/journal/drop.html", shown)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 19 else None


PREFIX = "journal/"
urlpatterns = [
    path("", journal_search, name="journal_search"),
    path("export/", journal_export, name="journal_export"),
    path("<int:entry_id>/", journal_entry, name="journal_entry"),
    path("of/<str:kind>/<str:key>/", journal_of, name="journal_of"),
    path("verification/", journal_verification, name="journal_verification"),
    path("stuck/", journal_stuck, name="journal_stuck"),
    path("stuck/<slug:sort>/<path:key>/retry/", journal_stuck_retry, name="journal_stuck_retry"),
    path("stuck/<slug:sort>/<path:key>/drop/", journal_stuck_drop, name="journal_stuck_drop"),
]
