"""The form for a rule's figures: only those that its kind of rule has."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.kernel.terms import Every
from anlan.site import duty_words

if TYPE_CHECKING:
    from anlan.kernel.models import Rule

RUNGS = 6  # at least
LEVELS = range(5)
COMMAS = re.compile("[,;\\u3001\\uff0c\\uff1b]")  # of both scripts


class SpanField(forms.CharField):
    """A length of time in words; where it may be left out, it may also be nought."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        return read(text, least=timedelta(minutes=self.required)) if text else None


class SpansField(forms.CharField):
    """Several lengths of time, set apart by commas."""

    def clean(self, value: Any) -> Any:
        parts = COMMAS.split(super().clean(value) or "")
        return sorted({read(part) for part in parts if part.strip()}, reverse=True)


def read(text: str, least: timedelta = timedelta(minutes=1)) -> timedelta:
    """raises ValidationError for what is no length of time"""
    length = duty_words.read_span(text)
    if length is None or length < least:
        raise forms.ValidationError(
            _("“%(text)s”不是时长。请写成“2 小时”“30 分钟”“1 天 12 小时”这样。") % {"text": text}
        )
    return length


class PeriodForm(forms.Form):
    """What is asked of every duty that recurs: when within the period, how often, and when its unit is reminded."""

    due_month = forms.IntegerField(
        label=gettext_lazy("期内第几月"),
        required=False,
        min_value=-12,
        max_value=12,
        help_text=gettext_lazy("从 1 数起；-1 是最后一个月，不填也是。"),
    )
    due_day = forms.IntegerField(
        label=gettext_lazy("月内第几日"),
        required=False,
        min_value=-31,
        max_value=31,
        help_text=gettext_lazy("从 1 数起；-1 是最后一日，不填也是。当日 24:00 到期。"),
    )
    count = forms.IntegerField(label=gettext_lazy("期内次数"), min_value=1, max_value=366, initial=1)
    reminders = SpansField(
        label=gettext_lazy("提前多久提醒"),
        required=False,
        help_text=gettext_lazy("可写几个，用顿号隔开，如“3 天、1 天”。"),
    )


class RuleForm(PeriodForm):
    """What may be changed of a rule; what it is about, its events and its source stay as they were loaded."""

    field_order = ("limit", "working_days")

    limit = SpanField(label=gettext_lazy("时限"), help_text=gettext_lazy("如“2 小时”“3 天”。"))
    working_days = forms.IntegerField(label=gettext_lazy("工作日数"), min_value=1, max_value=365)
    until_on = forms.DateField(
        label=gettext_lazy("失效日期"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("从这一天起不再产生新的事项。"),
    )
    certain = forms.BooleanField(label=gettext_lazy("已核实，与依据原文一致"), required=False)

    def __init__(self, rule: Rule, data: Any = None) -> None:
        super().__init__(data, initial=_figures_of(rule))
        self.rule = rule
        for name in _not_of(rule):
            del self.fields[name]
        self.rows = _rows(rule)
        for number in range(self.rows):
            self.fields[f"after_{number}"] = SpanField(
                label=_("逾期多久（第 %(n)s 级）") % {"n": number + 1}, required=False
            )
            self.fields[f"up_{number}"] = forms.TypedChoiceField(
                label=_("告知谁"),
                coerce=int,
                choices=[(level, duty_words.levels_up(level)) for level in LEVELS],
            )

    def rungs(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """The pairs of fields that make the ladder, for the page."""
        return [(self[f"after_{number}"], self[f"up_{number}"]) for number in range(self.rows)]

    def plain(self) -> list[forms.BoundField]:
        """All other fields."""
        return [field for field in self if not field.name.startswith(("after_", "up_"))]

    def clean_until_on(self) -> Any:
        day = self.cleaned_data["until_on"]
        if day and day <= self.rule.from_on:
            raise forms.ValidationError(_("失效日期须在施行日期之后。"))
        return day

    def figures(self) -> dict[str, Any]:
        """What `rules.edit_rule` takes."""
        cleaned = self.cleaned_data
        figures = {name: cleaned[name] for name in cleaned if not name.startswith(("after_", "up_"))}
        pairs = [(cleaned[f"after_{n}"], cleaned[f"up_{n}"]) for n in range(self.rows)]
        figures["ladder"] = [
            {"after": round(after.total_seconds()), "levels_up": up}
            for after, up in sorted(pair for pair in pairs if pair[0] is not None)
        ]
        return figures


def _not_of(rule: Rule) -> set[str]:
    """Figures that this kind of rule does not have."""
    gone = {"limit", "working_days", "due_month", "due_day"}
    if rule.limit is not None:
        return gone - {"limit"}
    if rule.working_days is not None:
        return gone - {"working_days"}
    if rule.every in {Every.DAY, Every.WORKDAY}:
        return gone
    return gone - ({"due_day"} if rule.every in {Every.WEEK, Every.MONTH} else {"due_month", "due_day"})


def _rows(rule: Rule) -> int:
    """How many rungs there is room for."""
    return max(RUNGS, len(rule.ladder) + 1)


def _figures_of(rule: Rule) -> dict[str, Any]:
    initial: dict[str, Any] = {
        "limit": duty_words.figure(rule.limit) if rule.limit else "",
        "working_days": rule.working_days,
        "due_month": rule.due_month,
        "due_day": rule.due_day,
        "count": rule.count,
        "reminders": _("、").join(duty_words.figure(before) for before in rule.reminders),
        "until_on": rule.until_on,
        "certain": rule.certain,
    }
    initial |= {f"up_{number}": 1 for number in range(_rows(rule))}
    for number, rung in enumerate(rule.ladder):
        initial[f"after_{number}"] = duty_words.figure(timedelta(seconds=rung["after"]))
        initial[f"up_{number}"] = rung["levels_up"]
    return initial
