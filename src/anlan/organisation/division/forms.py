"""What is asked before an import: where the divisions are to hang."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from anlan.kernel.errors import DomainError
from anlan.organisation.division import selectors

if TYPE_CHECKING:
    from anlan.kernel.context import Context


class PlaceForm(forms.Form):
    """The unit to hang a division below; nothing is asked where the tree has the division already."""

    unit = forms.IntegerField(
        label=_("挂在哪个单位之下"), error_messages={"required": _("请查找并选定一个单位。")}
    )

    def __init__(self, ctx: Context, *args: Any, there: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ctx = ctx
        if there:
            del self.fields["unit"]

    def clean_unit(self) -> int:
        try:
            return selectors.get_unit(self.ctx, self.cleaned_data["unit"]).pk
        except DomainError as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
