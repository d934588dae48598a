"""What is asked before an import: where the divisions are to hang."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from anlan.kernel.register import choosing
from anlan.organisation.division import selectors

if TYPE_CHECKING:
    from anlan.kernel.context import Context
    from anlan.kernel.models import Unit

ITSELF, BELOW = "itself", "below"  # where the division is to be


class PlaceForm(forms.Form):
    """The unit to hang a division below; nothing is asked where the tree has the division already.

    root   the node's own unit, where a division may still become it
    """

    def __init__(self, ctx: Context, *args: Any, there: bool, root: Unit | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if there:
            return
        if root is not None:
            itself = _("“%(root)s”就是该区划：改用其名称、代码和类别，不另建单位")
            choices = ((ITSELF, itself % {"root": root.name}), (BELOW, _("挂在下面选定的单位之下")))
            self.fields["place"] = forms.ChoiceField(
                label=_("在单位中的位置"), choices=choices, widget=forms.RadioSelect, initial=ITSELF
            )
        self.fields["unit"] = choosing.unit(
            ctx, selectors.IMPORT, label=_("挂在哪个单位之下"), required=root is None
        )

    def clean(self) -> dict[str, Any]:
        asked: dict[str, Any] = super().clean() or self.cleaned_data
        if asked.get("place") == BELOW and not asked.get("unit") and "unit" not in self.errors:
            self.add_error("unit", _("请查找并选定一个单位。"))
        return asked

    @property
    def is_root(self) -> bool:
        """Whether the node's own unit is to become the division."""
        return self.cleaned_data.get("place") == ITSELF
