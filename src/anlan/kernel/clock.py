"""Time: the only place that asks what time it is. Domain time comes from `Context.now`, real time from here.

Real time serves leases, sessions, rate limits and measurements, and never decides whether a duty was done in time.
"""

from datetime import UTC, datetime


def real_now() -> datetime:
    """The machine's time, aware, UTC."""
    return datetime.now(UTC)
