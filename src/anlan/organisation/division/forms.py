"""What is asked before an import: where the divisions are to hang."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from anlan.kernel.errors import DomainError
from anlan.organisation.division import selectors

if TYPE_CHECKING:
    from anlan.kernel.context import Context
    from anlan.kernel.models import Unit

ITSELF = "itself"  # chosen in place of a unit


class PlaceForm(forms.Form):
    """The unit to hang a division below; nothing is asked where the tree has the division already.

    root   the node's own unit, where a division may still become it
    """

    unit = forms.CharField(
        label=_("挂在哪个单位之下"), error_messages={"required": _("请查找并选定一个单位。")}
    )

    def __init__(self, ctx: Context, *args: Any, there: bool, root: Unit | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ctx, self.root = ctx, root
        if there:
            del self.fields["unit"]

    def clean_unit(self) -> int | None:
        """The unit's key; None for the node's own, which becomes the division itself."""
        text = self.cleaned_data["unit"]
        if self.root is not None and text == ITSELF:
            return None
        try:
            return selectors.get_unit(self.ctx, int(text) if text.isdecimal() and len(text) < 19 else 0).pk
        except DomainError as refusal:
            raise forms.ValidationError(str(refusal)) from refusal

    @property
    def is_root(self) -> bool:
        """Whether the node's own unit is to become the division."""
        return "unit" in self.fields and self.cleaned_data["unit"] is None
