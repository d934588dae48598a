"""Values of columns as a person reads them: choices by their labels, times in the node's zone, yes and no."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.contrib.gis.db.models import PointField
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.dateparse import parse_date, parse_datetime, parse_duration
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

if TYPE_CHECKING:
    from datetime import timedelta

    from django.db.models import Field


def show(field: Field[Any, Any] | None, raw: Any) -> str:
    """One value as row history keeps it (JSON); `field` is None for a column that no model has any more."""
    if raw is None or raw in ("", [], {}):
        return pgettext("value", "无")
    if isinstance(raw, bool):
        return pgettext("value", "是") if raw else pgettext("value", "否")
    if isinstance(field, ArrayField):
        return _("、").join(show(field.base_field, one) for one in raw)
    if field is not None and field.flatchoices:
        return str(dict(field.flatchoices).get(raw, raw))
    if isinstance(field, PointField) and isinstance(raw, dict):
        return ", ".join(str(part) for part in raw["coordinates"])
    return _moment(field, raw) or _plain(raw)


def _moment(field: Field[Any, Any] | None, raw: Any) -> str:
    """A time, a day or a span of time in words; blank for anything else."""
    if isinstance(field, models.DateTimeField) and (at := parse_datetime(raw)):
        return date_format(localtime(at), "DATETIME_FORMAT")
    if isinstance(field, models.DateField) and (day := parse_date(raw)):
        return date_format(day, "DATE_FORMAT")
    if isinstance(field, models.DurationField) and (span := parse_duration(raw)):
        return in_words(span)
    return ""


def in_words(span: timedelta) -> str:
    """A span of time, down to the second: "1 天 2 小时"."""
    minutes, seconds = divmod(round(abs(span).total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = (
        (days, _("%(number)s 天")),
        (hours, _("%(number)s 小时")),
        (minutes, _("%(number)s 分钟")),
        (seconds, _("%(number)s 秒")),
    )
    said = " ".join(words % {"number": number} for number, words in parts if number)
    return said or _("%(number)s 秒") % {"number": 0}


def _plain(raw: Any) -> str:
    return json.dumps(raw, ensure_ascii=False) if isinstance(raw, dict | list) else str(raw)
