"""Form fields that pages of several wings ask by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

from anlan.kernel.errors import DomainError
from anlan.kernel.periods import refuse_unreckonable

if TYPE_CHECKING:
    from datetime import datetime


def validate_reckonable(moment: datetime) -> None:
    """For every field that takes a moment: one at the end of the calendars is kept in the table and can't be read again."""
    try:
        refuse_unreckonable([moment])
    except DomainError as refusal:
        raise forms.ValidationError(str(refusal)) from refusal


class MomentField(forms.DateTimeField):
    """Date and time to the minute, by the browser's own picker."""

    default_validators = [validate_reckonable]

    def __init__(self, *, required: bool = False, **options: Any) -> None:
        picker = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__(widget=picker, required=required, **options)
