from django import forms
from django.utils.translation import gettext_lazy as _

from anlan.kernel.models import Exercise
from anlan.message.channel.terms import Channel, DeliveryState


class OpenForm(forms.Form):
    """To what a real carrier is opened, and why."""

    exercise = forms.ModelChoiceField(
        queryset=Exercise.objects.filter(closed_at=None),
        label=_("允许谁使用"),
        required=False,
        empty_label=_("测试消息"),
    )
    reason = forms.CharField(label=_("理由"), max_length=200)


class DeliveryFilter(forms.Form):
    """Which deliveries the list shows."""

    channel = forms.ChoiceField(
        label=_("方式"), required=False, choices=[("", _("全部方式")), *Channel.choices]
    )
    state = forms.TypedChoiceField(
        label=_("状态"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", _("全部状态")), *DeliveryState.choices],
    )
