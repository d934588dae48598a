"""Kinds of warning: forms beyond those of every register."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.kernel.register import choosing
from anlan.watch.kind import selectors
from anlan.watch.kind.models import WarningTemplate

if TYPE_CHECKING:
    from anlan.kernel.context import Context
    from anlan.watch.kind.models import WarningKind


class LoadForm(forms.Form):
    def __init__(self, ctx: Context, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["unit"] = choosing.unit(
            ctx,
            selectors.EDIT,
            label=gettext_lazy("装入到"),
            help_text=gettext_lazy("该单位和全部下级共用。"),
        )


class TemplateForm(forms.Form):
    """What warnings of one kind and colour begin with."""

    criteria = forms.CharField(
        label=gettext_lazy("发布标准"),
        max_length=600,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    guidance = forms.CharField(
        label=gettext_lazy("公众防护指引"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy("短句，直接告诉群众做什么。短信会截取开头部分。"),
    )
    hours = forms.IntegerField(label=gettext_lazy("默认有效期（小时）"), min_value=1, max_value=24 * 30)
    measures = forms.MultipleChoiceField(
        label=gettext_lazy("应采取的措施"), widget=forms.CheckboxSelectMultiple, required=False
    )
    certain = forms.BooleanField(label=gettext_lazy("发布标准已按依据核实"), required=False)
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, kind: WarningKind, colour: str, *args: Any, **options: Any) -> None:
        template = selectors.find_template(kind, colour) or WarningTemplate(
            kind=kind,
            colour=colour,
            version=0,
            measures=[one.code for one in selectors.list_measures_for(colour)],
        )
        names = ("criteria", "guidance", "hours", "measures", "certain", "version")
        options["initial"] = {name: getattr(template, name) for name in names}
        super().__init__(*args, **options)
        offered: Any = self.fields["measures"]
        offered.choices = [
            (one.code, _("%(text)s（%(article)s）") % {"text": one.text, "article": one.article})
            for one in selectors.list_measures()
        ]
