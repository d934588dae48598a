from django import forms
from django.utils.translation import gettext_lazy as _


class LinkForm(forms.Form):
    username = forms.CharField(
        label=_("登录名"), max_length=64, required=False, help_text=_("不填则解除关联。")
    )
