"""The duty lists 履职事项清单: what units of each kind owe again and again, and laying down a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from anlan.kernel import duties
from anlan.kernel.obligation_lists import READ
from anlan.kernel.pages import needs
from anlan.kernel.scope import can
from anlan.kernel.terms import Every, Standing, Whose
from anlan.organisation.unit.terms import UnitKind
from anlan.site import duty_words
from anlan.site.rule_form import PeriodForm

if TYPE_CHECKING:
    from django.http import HttpResponse

    from anlan.kernel.duties import Duty
    from anlan.kernel.requests import PageRequest

PREFIX = "duties/"
EDIT = "kernel.rule.edit"
TOLD_AT_ONCE = [{"after": 0, "levels_up": 0}, {"after": 0, "levels_up": 1}]


class DutyForm(PeriodForm):
    """A recurring duty; reminders and whom to tell can be refined on the rule's own page."""

    field_order = ("name", "source", "unit_kinds", "region", "every", "count")

    name = forms.CharField(
        label=gettext_lazy("事项"), max_length=120, help_text=gettext_lazy("如“组织综合演练”。")
    )
    source = forms.CharField(
        label=gettext_lazy("依据"), max_length=240, help_text=gettext_lazy("文件名称、文号和条款。")
    )
    unit_kinds = forms.MultipleChoiceField(
        label=gettext_lazy("由哪类单位办"), choices=UnitKind.choices, widget=forms.CheckboxSelectMultiple
    )
    region = forms.RegexField(
        r"^[0-9A-Za-z-]{0,12}$",
        label=gettext_lazy("限哪个地区"),
        required=False,
        help_text=gettext_lazy("单位代码的开头几位；不填为全部。"),
    )
    every = forms.ChoiceField(label=gettext_lazy("周期"), choices=Every.choices)


@require_safe
@needs(READ)
def duty_list(request: PageRequest) -> HttpResponse:
    asked = request.GET.get("kind", "")
    kind = asked if asked in UnitKind.values else ""
    found = duties.list_duties(request.ctx, unit_kind=kind)
    kinds = sorted({one for duty in duties.list_duties(request.ctx) for one in duty.rule.unit_kinds})
    labels = dict(UnitKind.choices)
    shown = {
        "tab": "duties",
        "duties": [_row(duty) for duty in found],
        "kinds": [{"code": code, "label": labels.get(code, code), "on": code == kind} for code in kinds],
        "kind": kind,
        "may_add": can(request.ctx, EDIT),
    }
    return render(request, "site/obligations/duties.html", shown)


def _row(duty: Duty) -> dict[str, Any]:
    def owed(standing: str) -> str:
        query = {"whose": Whose.SUBTREE, "standing": standing, "rule": duty.rule.code}
        return f"{reverse('obligation_list')}?{urlencode(query)}"

    return {
        "duty": duty,
        "period": duty_words.period(duty.rule, duty.period),
        "owner": duty_words.owner(duty.rule),
        "by_when": duty_words.by_when(duty.rule),
        "open_url": owed(Standing.OPEN),
        "overdue_url": owed(Standing.OVERDUE),
        "done_url": owed(Standing.ENDED),
        "percent": round(100 * duty.done / duty.owed) if duty.owed else 0,
    }


@require_http_methods(["GET", "POST"])
@needs(EDIT)
def duty_create(request: PageRequest) -> HttpResponse:
    form = DutyForm(request.POST or None)
    if form.is_valid():
        rule = duties.add_duty(request.ctx, ladder=TOLD_AT_ONCE, **form.cleaned_data)
        messages.success(request, _("已新增“%(name)s”，各责任单位的本期事项随即产生。") % {"name": rule.name})
        return redirect("rule_detail", rule.pk)
    return render(request, "site/obligations/duty_create.html", {"form": form})


urlpatterns = [
    path("", duty_list, name="duty_list"),
    path("new/", duty_create, name="duty_create"),
]
