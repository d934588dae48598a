from django import forms
from django.utils.translation import gettext_lazy as _

from anlan.organisation.contact.terms import VerifiedHow


class VerifyForm(forms.Form):
    """How it was verified, and the version of what was."""

    how = forms.ChoiceField(label=_("核实方式"), choices=VerifiedHow)
    version = forms.IntegerField(widget=forms.HiddenInput)
