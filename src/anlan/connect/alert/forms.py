"""Outside warnings: forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from anlan.connect.alert.selectors import sources
from anlan.connect.alert.terms import MOST_BYTES

if TYPE_CHECKING:
    from anlan.kernel.context import Context


class TryForm(forms.Form):
    """A message to be read without any effect."""

    source = forms.ChoiceField(label=_("按哪个来源的约定"))
    text = forms.CharField(
        label=_("报文"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 10}),
        max_length=MOST_BYTES,
    )
    file = forms.FileField(label=_("或选择文件"), required=False, help_text=_("XML，或只含一个 XML 的 ZIP。"))

    def __init__(self, ctx: Context, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        offered: Any = self.fields["source"]
        offered.choices = [(str(one.pk), one.name) for one in sources.list_sources(ctx)]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        file = given.get("file")
        if file and file.size > MOST_BYTES:
            self.add_error("file", _("超过 4 MB，不收。"))
        if not file and not given.get("text") and not self.errors:
            self.add_error("text", _("请粘贴报文，或选择文件。"))
        return given

    @property
    def document(self) -> bytes:
        file = self.cleaned_data.get("file")
        text: str = self.cleaned_data["text"]
        return bytes(file.read()) if file else text.strip().encode()


class DismissForm(forms.Form):
    reason = forms.CharField(label=_("处置情况"), max_length=200, help_text=_("如：已电话核实，系对方误发。"))
