"""Sessions: where somebody is logged in now, ended one by one, all at once, or by a limit.

A session is Django's row; beside it allauth keeps from which browser and address it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from anlan.kernel.clock import real_now
from anlan.kernel.context import Context
from anlan.kernel.errors import NotFound
from anlan.kernel.events import event
from anlan.kernel.models import User

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from django.db.models import QuerySet

KEEP = "kernel.session.keep"
# What a page that stays connected gives its session; the age of a session stays its limit.
MOVE_ON = """
UPDATE django_session AS session SET expire_date = LEAST(%(idle)s, opened.created_at + %(age)s)
FROM usersessions_usersession AS opened
WHERE opened.session_key = session.session_key AND session.session_key = ANY (%(keys)s)
  AND session.expire_date > %(now)s AND session.expire_date < LEAST(%(idle)s, opened.created_at + %(age)s)
"""


@event("kernel.session.ended", _("结束登录"))
@dataclass(frozen=True)
class SessionsEnded:
    """cause: own (its user ended it), limit (too many at a time), changed (password or second factor)"""

    count: int
    cause: str


def list_of(user: User) -> QuerySet[UserSession]:
    """Where a user is logged in now, the latest use first."""
    alive = Session.objects.filter(expire_date__gt=real_now()).values("session_key")
    return UserSession.objects.filter(user=user, session_key__in=alive).order_by("-last_seen_at", "-pk")


@transaction.atomic
def end_one(ctx: Context, user: User, session_id: int) -> None:
    """End one of one's own sessions. raises NotFound"""
    ended = _end(UserSession.objects.filter(user=user, pk=session_id))
    if not ended:
        raise NotFound
    ctx.journal(SessionsEnded(ended, "own"), user)


@transaction.atomic
def end_others(ctx: Context, user: User, key: str, cause: str = "own") -> int:
    """End all sessions of a user but the one of that key; how many."""
    ended = _end(UserSession.objects.filter(user=user).exclude(session_key=key))
    if ended:
        ctx.journal(SessionsEnded(ended, cause), user)
    return ended


def end_all(user: User) -> int:
    """End all sessions of a user; the act at hand writes down why."""
    return _end(UserSession.objects.filter(user=user))


@transaction.atomic
def keep_to_limit(user: User, key: str) -> int:
    """End the oldest sessions of one who has just logged in with that key, where he has too many; how many."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)  # two who log in at once
    others = list_of(user).exclude(session_key=key).order_by("-created_at", "-pk")
    too_old = list(others.values_list("pk", flat=True)[settings.ANLAN.sessions - 1 :])
    ended = _end(UserSession.objects.filter(pk__in=too_old)) if too_old else 0
    if ended:
        Context(user).journal(SessionsEnded(ended, "limit"), user)
    return ended


def note_use(key: str, address: str, ends_at: datetime) -> None:
    """Write down that a session is used: it lasts until then, if not longer already."""
    Session.objects.filter(session_key=key, expire_date__lt=ends_at).update(expire_date=ends_at)
    UserSession.objects.filter(session_key=key).update(last_seen_at=real_now(), ip=address)


def move_on(keys: Collection[str]) -> None:
    """Sessions whose pages stay connected go on as if they were used."""
    now = real_now()
    told: dict[str, Any] = {
        "idle": now + timedelta(minutes=settings.ANLAN.idle_minutes),
        "age": timedelta(hours=settings.ANLAN.session_hours),
        "now": now,
        "keys": list(keys),
    }
    with connection.cursor() as cursor:
        cursor.execute(MOVE_ON, told)


def sweep() -> None:
    """Forget sessions that are over, and from where they came."""
    Session.objects.filter(expire_date__lt=real_now()).delete()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()


def _end(opened: QuerySet[UserSession]) -> int:
    """How many of them were still alive."""
    keys = list(opened.values_list("session_key", flat=True))
    alive = Session.objects.filter(session_key__in=keys, expire_date__gt=real_now()).count()
    Session.objects.filter(session_key__in=keys).delete()
    UserSession.objects.filter(session_key__in=keys).delete()
    return alive
