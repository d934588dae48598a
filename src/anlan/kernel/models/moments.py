"""Moments that can be read again: PostgreSQL keeps years and infinities for which Python has no value."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db.models import CheckConstraint, Q

EARLIEST, LATEST = datetime(2, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)  # in every time zone


def readable(name: str, *fields: str) -> CheckConstraint:
    """What a program reads to know when something is due must be readable: one such row would end that program."""
    return CheckConstraint(condition=Q(*(is_readable(field) for field in fields)), name=name)


def is_readable(field: str) -> Q:
    return Q(**{f"{field}__gte": EARLIEST, f"{field}__lt": LATEST})
