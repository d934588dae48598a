"""Ladders: forms of the acts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from anlan.kernel.models import Unit
from anlan.kernel.scope import visible
from anlan.message.ladder.register import MOST_PEOPLE, PEOPLE
from anlan.message.ladder.selectors import ERRAND_RATE, RATES, STAND_IN_RATE

if TYPE_CHECKING:
    from anlan.kernel.context import Context


class AdoptForm(forms.Form):
    """Whose the shipped ladders shall be."""

    def __init__(self, ctx: Context, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        units = visible(ctx, Unit, "message.ladder.edit").filter(retired_at=None).order_by("path")
        # Whoever lays down ladders does so for the place he answers for, or one of its townships: never for a village.
        top = units.exclude(kind__in=("village", "community", "grid"))
        self.fields["unit"] = forms.ModelChoiceField(
            queryset=top, label=_("所属单位"), empty_label=_("请选择")
        )


class RatesForm(forms.Form):
    """At what rates people answer in a simulation, of a hundred."""

    people = forms.IntegerField(min_value=1, max_value=MOST_PEOPLE, initial=PEOPLE)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rates = [(str(way), rate) for way, rate in RATES.items()]
        for name, rate in (*rates, ("stand_in", STAND_IN_RATE), ("errand", ERRAND_RATE)):
            self.fields[name] = forms.IntegerField(min_value=0, max_value=100, initial=rate)
