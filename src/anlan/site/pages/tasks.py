"""Long tasks: what is under way for me, how far it is, cancel it; what came of those that have ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from anlan.kernel import tasks
from anlan.kernel.clock import real_now
from anlan.kernel.errors import DomainError, NotFound
from anlan.kernel.terms import TaskState
from anlan.kernel.values import in_words
from anlan.site.pages.files import hand_out

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpResponse
    from django.http.response import HttpResponseBase

    from anlan.kernel.models import LongTask
    from anlan.kernel.requests import PageRequest

PREFIX = "tasks/"
UNDER_WAY, ENDED = 50, 20  # rows
MARKS = {
    TaskState.WAITING: "waiting",
    TaskState.RUNNING: "doing",
    TaskState.DONE: "done",
    TaskState.FAILED: "failed",
    TaskState.CANCELLED: "stopped",
}
SETTLED = timedelta(seconds=3)  # before that, what is left can't be told from what was done


@dataclass(frozen=True)
class Shown:
    """A task as its person sees it."""

    task: LongTask

    @property
    def title(self) -> str:
        declared = tasks.of(self.task.kind)
        return str(declared.label) if declared else self.task.kind

    @property
    def under_way(self) -> bool:
        return self.task.state in tasks.UNFINISHED

    @property
    def stopping(self) -> bool:
        return self.under_way and self.task.cancelled_at is not None

    @property
    def state(self) -> str:
        return _("正在取消") if self.stopping else self.task.get_state_display()

    @property
    def mark(self) -> str:
        return MARKS[TaskState(self.task.state)]

    @property
    def progress(self) -> str:
        """How far it is, in words: per cent and what is left once that is known, else what was done."""
        done, total = self.task.done, self.task.total
        if not total:
            return _("已完成 %(done)s 项") % {"done": f"{done:,}"} if done else ""
        said = _("%(percent)s%%，%(done)s/%(total)s") % {
            "percent": min(done * 100 // total, 100),
            "done": f"{done:,}",
            "total": f"{total:,}",
        }
        left = self.left
        return _("%(said)s，大约还要 %(left)s") % {"said": said, "left": in_words(left)} if left else said

    @property
    def left(self) -> timedelta | None:
        """How long it will take if it goes on as so far; None where that can't be said yet."""
        task = self.task
        if task.begun_at is None or self.stopping or not 0 < task.done < task.total:
            return None
        spent = real_now() - task.begun_at
        return _rounded(spent * ((task.total - task.done) / task.done)) if spent >= SETTLED else None

    @property
    def took(self) -> str:
        begun, ended = self.task.begun_at, self.task.ended_at
        return in_words(ended - begun) if begun and ended else ""

    @property
    def figures(self) -> list[tuple[str, list[Any]]]:
        """What the work says at its end, by the names it declares; a list has a line for each."""
        declared = tasks.of(self.task.kind)
        names = declared.figures if declared else {}
        result = self.task.result
        return [(str(names[key]), _listed(result[key])) for key in names if result.get(key) not in (None, [])]

    @property
    def url(self) -> str:
        return str(self.task.result.get("url", ""))

    @property
    def has_file(self) -> bool:
        """Whether it made a file that can still be downloaded."""
        return self.task.file_id is not None and "name" in self.task.result


def _rounded(span: timedelta) -> timedelta:
    """To what can be said of the future: whole minutes, below one minute steps of five seconds."""
    grain = 60 if span >= timedelta(minutes=2) else 5
    return timedelta(seconds=max(round(span.total_seconds() / grain), 1) * grain)


def _listed(value: Any) -> list[Any]:
    lines = value if isinstance(value, list) else [value]
    return [f"{line:,}" if isinstance(line, int) else line for line in lines]


def _shown(found: Iterable[LongTask]) -> list[Shown]:
    return [Shown(task) for task in found]


@require_safe
def task_list(request: PageRequest) -> HttpResponse:
    """One's own tasks; while any is under way, the live part of the page fetches itself again."""
    before = _key(request.GET.get("before", ""))
    ended = tasks.list_ended(request.ctx, ENDED + 1, before=before)
    shown = {
        "under_way": [] if before else _shown(tasks.list_unfinished(request.ctx, UNDER_WAY)),
        "ended": _shown(ended[:ENDED]),
        "older": ended[ENDED - 1].pk if len(ended) > ENDED else None,
        "before": before,
    }
    template = "site/tasks/_tasks.html" if request.headers.get("HX-Request") else "site/tasks/list.html"
    return render(request, template, shown)


@require_safe
def task_detail(request: PageRequest, task_id: UUID) -> HttpResponse:
    """One task; `?cancel` opens the question whether it is to be cancelled."""
    shown = {
        "shown": Shown(tasks.get_own(request.ctx, task_id)),
        "asked": {"data-open": True} if "cancel" in request.GET else {},
    }
    template = "site/tasks/_task.html" if request.headers.get("HX-Request") else "site/tasks/record.html"
    return render(request, template, shown)


@require_safe
def task_file(request: PageRequest, task_id: UUID) -> HttpResponseBase:
    """What a task made, to its person."""
    file, name = tasks.get_file(request.ctx, task_id)
    return hand_out(request, name, file.pk, file.media_type)


@require_POST
def task_cancel(request: PageRequest, task_id: UUID) -> HttpResponse:
    try:
        task = tasks.cancel(request.ctx, task_id)
    except NotFound:
        raise
    except DomainError as refusal:  # it ended, or was cancelled elsewhere, while the question stood open
        messages.info(request, str(refusal))
    else:
        messages.success(request, _said(task))
    return redirect("task_detail", task_id)


def _said(task: LongTask) -> str:
    if task.state == TaskState.CANCELLED:
        return _("已取消，任务没有开始。")
    return _("已要求取消，任务在下一步停下。")


def _key(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise NotFound from error


urlpatterns = [
    path("", task_list, name="task_list"),
    path("<uuid:task_id>/", task_detail, name="task_detail"),
    path("<uuid:task_id>/file/", task_file, name="task_file"),
    path("<uuid:task_id>/cancel/", task_cancel, name="task_cancel"),
]
