"""Moments as people write them."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.template import Library
from django.utils.formats import date_format
from django.utils.timezone import localtime

register = Library()


@register.filter(expects_localtime=True)
def deadline(at: datetime) -> str:
    """By when something is due: what ends at midnight ends at 24:00 of the day before."""
    local = localtime(at)
    if local.time() != time.min:
        return date_format(local, "DATETIME_FORMAT")
    return f"{date_format(local - timedelta(days=1), 'DATE_FORMAT')} 24:00"
