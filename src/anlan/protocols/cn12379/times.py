"""Times as messages write them: `2020-02-05 10:45:00+08:00`, with a blank and always in Beijing time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from anlan.protocols.cn12379.messages import YEARS, stamp_of
from anlan.protocols.cn12379.terms import BEIJING

EXACT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+08:00", re.ASCII)
LOOSE = re.compile(
    r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:\s+|\s*T\s*)(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.\d{1,9})?)?"
    r"\s*(?:(Z)|([+-])(\d{1,2}):?(\d\d)?)?",
    re.ASCII | re.IGNORECASE,
)


def written(moment: datetime) -> str:
    """A moment in the interface's own form, without fractions of a second."""
    return moment.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S+08:00")


def read(text: str) -> tuple[datetime | None, str]:
    """The moment, in Beijing time, and what was forgiven: zone (none was given), form, or nothing.

    None where it is no moment; whole seconds, as the interface has them.
    """
    match = LOOSE.fullmatch(text)
    if match is None:
        moment = stamp_of(text) if len(text) == 14 and text.isascii() else None
        return (moment, "zone") if moment else (None, "form")
    year, month, day, hour, minute = (int(part) for part in match.groups()[:5])
    if year not in YEARS:
        return None, "form"
    try:
        zone = _zone(match)
        moment = datetime(year, month, day, hour, minute, int(match[6] or 0), tzinfo=zone or BEIJING)
    except ValueError:
        return None, "form"
    if EXACT.fullmatch(text):
        return moment, ""
    return moment.astimezone(BEIJING), "form" if zone else "zone"


def _zone(match: re.Match[str]) -> timezone | None:
    """raises ValueError for a day or more"""
    if match[7]:
        return UTC
    if not match[8]:
        return None
    ahead = timedelta(hours=int(match[9]), minutes=int(match[10] or 0))
    return timezone(ahead if match[8] == "+" else -ahead)
