"""Errands: the form that is filled in at the door."""

from django import forms
from django.utils.translation import gettext_lazy as _

from anlan.message.errand.terms import Result


class VisitForm(forms.Form):
    result = forms.ChoiceField(label=_("上门结果"), choices=Result.choices, widget=forms.RadioSelect)
    words = forms.CharField(
        label=_("说明"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("见到谁、几时告知、对方怎么说。"),
    )
