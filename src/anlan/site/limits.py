"""How often something may fail from one address before it is no longer looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.cache import cache

from anlan.kernel.clock import real_now

if TYPE_CHECKING:
    from datetime import timedelta


def note_failure(what: str, address: str, within: timedelta) -> int:
    """How often it has failed within that time, this one included. Two at once may count as one."""
    key = f"failures:{what}:{address}"
    now = real_now().timestamp()
    since = now - within.total_seconds()
    failures = [at for at in cache.get(key, []) if at > since]
    failures.append(now)
    cache.set(key, failures, int(within.total_seconds()))
    return len(failures)
