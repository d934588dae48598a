"""Sessions in the database that end by themselves: after so long without use, and after so long in any case.

The row's own `expire_date` says when. It is moved on beside the session's data, never by saving those: of two requests
at a time the later one would undo what the other has written.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from anlan.kernel.clock import real_now

if TYPE_CHECKING:
    from django.contrib.sessions.models import Session

BEGAN = "began_at"  # seconds since 1970: when its user logged in
STEP = timedelta(minutes=1)  # not written more often


class SessionStore(DatabaseStore):
    """`ends_at` is when it ends unless it is used, as the database has it; None before it was read."""

    ends_at: datetime | None = None

    def _get_session_from_db(self) -> Session | None:
        found: Session | None = super()._get_session_from_db()  # type: ignore[misc]  # the stubs leave it out
        self.ends_at = found.expire_date if found else None
        return found

    @property
    def began_at(self) -> datetime | None:
        began = self.get(BEGAN)
        return datetime.fromtimestamp(began, UTC) if began else None

    def begin(self) -> None:
        self[BEGAN] = real_now().timestamp()

    def get_expiry_date(self, **_options: Any) -> datetime:
        """When it ends if it is used now and never again."""
        idle = real_now() + timedelta(minutes=settings.ANLAN.idle_minutes)
        last = self.began_at
        return min(idle, last + timedelta(hours=settings.ANLAN.session_hours)) if last else idle

    def is_due(self) -> bool:
        """Whether its use must be written down."""
        return self.ends_at is not None and self.get_expiry_date() - self.ends_at >= STEP
