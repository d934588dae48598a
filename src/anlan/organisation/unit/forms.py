"""Units: forms of the acts that change the tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from anlan.kernel.register import choosing
from anlan.kernel.register.forms import ReasonForm
from anlan.organisation.unit.services import EDIT
from anlan.organisation.unit.terms import BusinessLine

if TYPE_CHECKING:
    from anlan.kernel.context import Context

MOST_PARTS, LONGEST = 20, 120


class TargetForm(ReasonForm):
    """Which unit takes it, and why."""

    def __init__(self, ctx: Context, label: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"] = choosing.unit(ctx, EDIT, label=label)
        self.order_fields(("parent", "reason"))


class SplitForm(ReasonForm):
    names = forms.CharField(
        label=_("新单位名称"), widget=forms.Textarea(attrs={"rows": 4}), help_text=_("每行一个。")
    )

    field_order = ("names", "reason")

    def clean_names(self) -> list[str]:
        names = [line.strip() for line in self.cleaned_data["names"].splitlines() if line.strip()]
        if not 0 < len(names) <= MOST_PARTS or any(len(name) > LONGEST for name in names):
            raise forms.ValidationError(
                _("请写 1 至 %(most)s 个名称，每个不超过 %(longest)s 字。"),
                params={"most": MOST_PARTS, "longest": LONGEST},
            )
        if len(set(names)) < len(names):
            raise forms.ValidationError(_("有相同的名称。"))
        return names


class ProfileForm(forms.Form):
    line = forms.ChoiceField(
        label=_("业务条线"), choices=[("", _("不分条线")), *BusinessLine.choices], required=False
    )
    address = forms.CharField(label=_("地址"), max_length=200, required=False)

    def __init__(self, ctx: Context, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["answers_to"] = choosing.unit(ctx, EDIT, label=_("业务上级"), required=False)
        self.order_fields(("line", "answers_to", "address"))
