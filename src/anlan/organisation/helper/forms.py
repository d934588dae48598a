"""Forms of enlisting: to which group, for what; and who comes on the spot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from anlan.kernel.register import choosing
from anlan.organisation.helper.selectors import ENLIST

if TYPE_CHECKING:
    from anlan.kernel.context import Context


class _TaskForm(forms.Form):
    team = forms.CharField(label=_("编入的组"), max_length=40, help_text=_("例如：转移组。"))
    task = forms.CharField(
        label=_("任务"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("在哪里、做什么，例如：协助河东片转移，到村委会集合。"),
    )
    from_at = forms.DateTimeField(
        label=_("编入时间"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("不填则从现在起。"),
    )


class EnlistForm(_TaskForm):
    """To what registered people are enlisted, and where."""

    def __init__(self, ctx: Context, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"] = choosing.unit(
            ctx,
            ENLIST,
            label=_("支援的社区、村"),
            required=False,
            help_text=_("不选则各在本人报到的社区、村。乡镇统筹力量时，选需要支援的社区、村。"),
        )


class WalkInForm(_TaskForm):
    """Who comes on the spot, and what he is enlisted for."""

    name = forms.CharField(label=_("姓名"), max_length=64)
    phone = forms.CharField(label=_("手机"), max_length=32)
    employer = forms.CharField(label=_("工作单位"), max_length=120, required=False)

    def __init__(self, ctx: Context, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"] = choosing.unit(ctx, ENLIST, label=_("社区、村"))
        self.order_fields(("unit", "name", "phone", "employer", "team", "task", "from_at"))
