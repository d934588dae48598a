"""Alarm bells: forms of the acts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from anlan.kernel.periods import is_reckonable
from rooms.respond.bell import selectors

if TYPE_CHECKING:
    from datetime import datetime

    from anlan.kernel.context import Context


class Moment(forms.DateTimeInput):
    """A moment to the second, as browsers enter it."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M:%S", attrs={"step": "1"})


class Words(forms.CharField):
    def __init__(self, label: Any) -> None:
        super().__init__(label=label, max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


class RingForm(forms.Form):
    place = forms.CharField(label=_("响铃地点"), max_length=120)
    rang_at = forms.DateTimeField(
        label=_("响铃时间"), widget=Moment, required=False, help_text=_("不填即为现在。")
    )
    words = Words(_("现场情况"))

    def __init__(self, ctx: Context, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = ctx.now()
        units = selectors.list_unit(ctx, "respond.bell.ring")
        self.fields["unit"] = forms.ModelChoiceField(
            queryset=units, label=_("所属单位"), empty_label=_("请选择")
        )
        self.order_fields(("unit", "place", "rang_at", "words"))

    def clean_rang_at(self) -> datetime | None:
        rang_at: datetime | None = self.cleaned_data["rang_at"]
        if rang_at and rang_at > self.now:
            raise forms.ValidationError(_("响铃时间还没有到。请改为已经过去的时间，或不填。"))
        if rang_at and not is_reckonable(rang_at.date()):
            raise forms.ValidationError(_("响铃时间不对。请核对年份。"))
        return rang_at


class AnswerForm(forms.Form):
    words = Words(_("采取的措施"))


class CloseForm(forms.Form):
    words = Words(_("处理结果"))
