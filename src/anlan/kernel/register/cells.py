"""Values of columns as text, by the kind of their field; made once for each column, called for each cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.gis.db.models import PointField
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from anlan.kernel.values import in_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import Field

    Shower = Callable[[Any], str]


def shower_of(field: Field[Any, Any]) -> Shower:
    """value → text for a field; None becomes blank."""
    if isinstance(field, ArrayField):
        each = shower_of(field.base_field)
        return lambda values: _("、").join(each(value) for value in values or ())
    if field.flatchoices:
        labels = dict(field.flatchoices)
        return lambda value: str(labels.get(value, value or ""))
    for kind, show in _KINDS:
        if isinstance(field, kind):
            return show
    return _plain


def _plain(value: Any) -> str:
    return "" if value is None else str(value)


def _yes_or_no(value: Any) -> str:
    if value is None:
        return ""
    return pgettext("value", "是") if value else pgettext("value", "否")


def _moment(value: Any) -> str:
    return date_format(localtime(value), "DATETIME_FORMAT") if value else ""


def _day(value: Any) -> str:
    return date_format(value, "DATE_FORMAT") if value else ""


def _span(value: Any) -> str:
    return in_words(value) if value is not None else ""


def _place(value: Any) -> str:
    return f"{value.x:.7g},{value.y:.7g}" if value else ""


_KINDS: tuple[tuple[type, Shower], ...] = (
    (models.BooleanField, _yes_or_no),
    (models.DateTimeField, _moment),
    (models.DateField, _day),
    (models.DurationField, _span),
    (PointField, _place),
)
