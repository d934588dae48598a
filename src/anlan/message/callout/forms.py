"""Callouts: forms of the acts, and by what lists are narrowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from anlan.kernel.terms import WarningColour
from anlan.message.callout import selectors
from anlan.message.callout.terms import BY_HAND, ONLY, OUTCOMES, USE, WHOM, Purpose, Way

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import QuerySet

    from anlan.kernel.context import Context
    from anlan.kernel.models import Unit
    from anlan.message.callout.models import Callout

OPEN = "message.callout.open"
SMS = _("{name}：%(title)s。%(body)s请立即确认：{link} 或回复 {reply}。")
VOICE = _("%(title)s。%(body)s听完请按 1 键确认。")


class AreaForm(forms.Form):
    """Who calls, and for which of the units below him: none ticked means all."""

    def __init__(self, ctx: Context, data: Mapping[str, Any] | None = None, **more: Any) -> None:
        super().__init__(data, **more)
        callers = selectors.list_callers(ctx, OPEN)
        self.fields["unit"] = forms.ModelChoiceField(queryset=callers, label=_("发起单位"), empty_label=None)
        self.caller = self._caller(callers)
        self.fields["areas"] = forms.ModelMultipleChoiceField(
            queryset=selectors.list_below(ctx, OPEN, self.caller),
            label=_("叫应范围"),
            required=False,
            widget=forms.CheckboxSelectMultiple,
            help_text=_("不勾选则叫应本单位和全部下级。"),
        )
        if self.caller is not None:
            self.initial["unit"] = self.caller.pk

    def _caller(self, callers: QuerySet[Unit]) -> Unit | None:
        asked = self.data.get("unit", "") if self.is_bound else self.initial.get("unit", "")
        if str(asked).isdecimal() and len(str(asked)) < 19:
            return callers.filter(pk=asked).first()
        return callers.first()

    def unit_ids(self) -> list[int]:
        """The units that the callout is for."""
        areas = self.cleaned_data["areas"]
        return [unit.pk for unit in areas] or [self.cleaned_data["unit"].pk]


class OpenForm(AreaForm):
    """A callout by hand: what for, how urgent, what is said."""

    purpose = forms.ChoiceField(
        label=_("用途"), choices=[(one, one.label) for one in BY_HAND], initial=Purpose.NOTICE
    )
    colour = forms.ChoiceField(
        label=_("级别"), choices=[("", _("无")), *WarningColour.choices], required=False
    )
    title = forms.CharField(label=_("标题"), max_length=60)
    body = forms.CharField(
        label=_("要告诉他们什么"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("短信和电话里逐字念出。姓名、确认链接和回复编号由系统加上。"),
    )

    def __init__(self, ctx: Context, data: Mapping[str, Any] | None = None, **more: Any) -> None:
        super().__init__(ctx, data, **more)
        self.order_fields(("purpose", "colour", "title", "body", "unit", "areas"))

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        for name in ("title", "body"):
            if set("{}") & set(given.get(name, "")):
                self.add_error(name, _("文字里不能有花括号。"))
        if given.get("purpose") == Purpose.WARNING and not given.get("colour"):
            self.add_error("colour", _("预警叫应须选级别。"))
        return given

    def texts(self) -> dict[str, tuple[str, str]]:
        """What goes out by each way."""
        title, body = self.cleaned_data["title"], self.cleaned_data["body"].strip()
        ended = body if not body[-1:].isalnum() else _("%(body)s。") % {"body": body}
        told = {"title": title, "body": ended}
        with translation.override(settings.LANGUAGE_CODE):  # theirs, not that of who calls
            sms, voice = str(SMS) % told, str(VOICE) % told
        return {"app": (title, body), "sms": (title, sms), "voice": (title, voice), "email": (title, sms)}


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("理由"), max_length=200, widget=forms.Textarea(attrs={"rows": 2}))


class WordsForm(forms.Form):
    words = forms.CharField(label=_("情况"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class PeopleFilter(forms.Form):
    """Which of those who are called the list shows."""

    only = forms.ChoiceField(label=_("只看"), required=False, choices=[("", _("全部")), *ONLY.items()])


class AttemptsFilter(forms.Form):
    """Which of the attempts to reach them: to whom, by what, and what became of them."""

    use = forms.ChoiceField(label=_("发给谁"), required=False, choices=list(WHOM.items()))
    channel = forms.ChoiceField(label=_("方式"), required=False, choices=[("", _("全部方式")), *Way.choices])
    outcome = forms.ChoiceField(label=_("结果"), required=False, choices=[("", _("全部")), *OUTCOMES.items()])

    def list_found(self, ctx: Context, callout: Callout) -> QuerySet[Any]:
        """What was asked for; what was asked wrongly counts as not asked."""
        asked = self.cleaned_data if self.is_valid() else {}
        return selectors.list_deliveries_of(
            ctx,
            callout,
            asked.get("use") or USE,
            channel=asked.get("channel", ""),
            outcome=asked.get("outcome", ""),
        )
