"""Exercises: opened, run and closed by who organises them; entered and left by who takes part."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from anlan.kernel import exercises, rooms
from anlan.kernel.clock import real_now
from anlan.kernel.errors import DomainError
from anlan.kernel.fields import MomentField
from anlan.kernel.pages import needs
from anlan.kernel.requests import EXERCISE
from anlan.kernel.scope import can, units_where
from anlan.site.pages.access_forms import show_refusal

if TYPE_CHECKING:
    from django.http import HttpResponse

    from anlan.kernel.context import Context
    from anlan.kernel.models import Exercise, Unit
    from anlan.kernel.requests import PageRequest

ROWS = 50
RATES = (1, 10, 60, 600)
JUMPS = (1, 5, 30)  # minutes


class ExerciseForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("演练名称"),
        max_length=120,
        help_text=gettext_lazy("例如 2026 年暴雨预警叫应演练。"),
    )
    unit: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        queryset=None, label=gettext_lazy("组织单位"), help_text=gettext_lazy("该单位及其下级可以参加。")
    )
    origin_at = MomentField(
        label=gettext_lazy("演练中的开始时间"),
        required=False,
        help_text=gettext_lazy("不填则与现在相同。"),
    )
    rate = forms.TypedChoiceField(
        label=gettext_lazy("时钟快慢"),
        coerce=float,
        choices=[(str(rate), gettext_lazy("%(rate)s 倍") % {"rate": rate}) for rate in RATES],
        initial="1",
    )

    def __init__(self, ctx: Context, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        chosen: Any = self.fields["unit"]
        # Whose exercises a person organises are the units where he holds a role, not all of their villages.
        roots = ctx.roots(exercises.RUN)
        chosen.queryset = units_where(ctx, exercises.RUN).filter(path__in=roots).order_by("path")
        if len(roots) == 1:
            chosen.initial = chosen.queryset.first()


@require_safe
@needs(exercises.JOIN)
def exercise_list(request: PageRequest) -> HttpResponse:
    page = Paginator(exercises.list_exercises(request.ctx), ROWS).get_page(request.GET.get("page"))
    shown = {"page": page, "may_open": can(request.ctx, exercises.RUN), "attended": request.ctx.exercise}
    return render(request, "site/exercises/list.html", shown)


@require_http_methods(["GET", "POST"])
@needs(exercises.RUN)
def exercise_open(request: PageRequest) -> HttpResponse:
    form = ExerciseForm(request.ctx, request.POST or None)
    if form.is_valid():
        asked = form.cleaned_data
        unit: Unit = asked.pop("unit")
        try:
            exercise = exercises.open_exercise(request.ctx, unit, **asked)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("演练已开始。参加的人各自进入。"))
            return redirect("exercise_detail", exercise.pk)
    return render(request, "site/exercises/open.html", {"form": form})


@require_safe
@needs(exercises.JOIN)
def exercise_detail(request: PageRequest, exercise_id: int) -> HttpResponse:
    exercise = exercises.get_exercise(request.ctx, exercise_id)
    is_in = request.ctx.exercise is not None and request.ctx.exercise.pk == exercise.pk
    parts = ((part.template, part.given(request.ctx)) for part in rooms.exercise_parts() if is_in)
    shown = {
        "shown": exercise,
        "now": exercise.clock.at(real_now()),
        "next_at": exercises.next_due(exercise),
        "people": exercises.list_attending(request.ctx, exercise),
        "injects": (injects := exercises.list_injects(request.ctx, exercise)),
        "coming": next((one for one in injects if one.done_at is None), None),
        "may_run": exercise.closed_at is None and can(request.ctx, exercises.RUN, exercise.unit),
        "is_in": is_in,
        "parts": [(template, given) for template, given in parts if given is not None],
        "rates": RATES,
        "jumps": JUMPS,
    }
    return render(request, "site/exercises/detail.html", shown)


@require_POST
@needs(exercises.JOIN)
def exercise_enter(request: PageRequest, exercise_id: int) -> HttpResponse:
    exercise = exercises.enter_exercise(request.ctx, exercise_id, _session_key(request))
    request.session[EXERCISE] = exercise.pk
    if exercise.closed_at is None:
        messages.success(request, _("您已进入演练。此后所见所办都在演练中，退出后回到实战。"))
        return redirect("home")
    messages.success(request, _("您正在回看已结束的演练。只能查看和导出，退出后回到实战。"))
    return redirect("exercise_detail", exercise.pk)


@require_POST
@needs(exercises.JOIN)
def exercise_leave(request: PageRequest) -> HttpResponse:
    exercises.leave_exercise(request.ctx, _session_key(request))
    request.session.pop(EXERCISE, None)
    messages.success(request, _("您已退出演练，回到实战。"))
    return redirect("home")


@require_POST
@needs(exercises.RUN)
def exercise_clock(request: PageRequest, exercise_id: int) -> HttpResponse:
    """One button each: a rate, pause, go on, jump by minutes, to what is due next, to what its list says is next."""
    asked = request.POST.get("do", "")
    rate, jump = request.POST.get("rate", ""), request.POST.get("jump", "")
    if rate.isdecimal() and int(rate) in RATES:
        exercise: Exercise = exercises.set_clock(request.ctx, exercise_id, rate=float(rate))
    elif jump.isdecimal() and int(jump) in JUMPS:
        exercise = exercises.jump_clock(request.ctx, exercise_id, by=timedelta(minutes=int(jump)))
    elif asked in {"next", "inject"}:
        exercise = exercises.jump_clock(request.ctx, exercise_id, to_inject=asked == "inject")
    else:
        exercise = exercises.set_clock(request.ctx, exercise_id, paused=asked == "pause")
    return redirect("exercise_detail", exercise.pk)


@require_POST
@needs(exercises.RUN)
def exercise_close(request: PageRequest, exercise_id: int) -> HttpResponse:
    exercise = exercises.close_exercise(request.ctx, exercise_id)
    messages.success(request, _("演练已结束，参演的人都回到实战。"))
    return redirect("exercise_detail", exercise.pk)


def _session_key(request: PageRequest) -> str:
    """Whoever is logged in has one."""
    return str(request.session.session_key)


PREFIX = "exercises/"
urlpatterns = [
    path("", exercise_list, name="exercise_list"),
    path("new/", exercise_open, name="exercise_open"),
    path("leave/", exercise_leave, name="exercise_leave"),
    path("<int:exercise_id>/", exercise_detail, name="exercise_detail"),
    path("<int:exercise_id>/enter/", exercise_enter, name="exercise_enter"),
    path("<int:exercise_id>/clock/", exercise_clock, name="exercise_clock"),
    path("<int:exercise_id>/close/", exercise_close, name="exercise_close"),
]
