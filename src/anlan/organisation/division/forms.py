"""What is asked before an import: where the divisions are to hang."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from anlan.kernel.register import choosing
from anlan.organisation.division import selectors

if TYPE_CHECKING:
    from anlan.kernel.context import Context


class PlaceForm(forms.Form):
    """The unit to hang a division below; nothing is asked where the tree has the division already."""

    def __init__(self, ctx: Context, *args: Any, there: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not there:
            self.fields["unit"] = choosing.unit(ctx, selectors.IMPORT, label=_("挂在哪个单位之下"))
