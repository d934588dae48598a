"""Standing notices to everybody on the node (a maintenance window, a changed number): a band on every page, from–until."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - events look at their types when they are declared
from typing import TYPE_CHECKING

from django.db import connection
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from anlan.kernel.act import act
from anlan.kernel.clock import real_now
from anlan.kernel.errors import DomainError, NotFound, StateConflict
from anlan.kernel.events import PrivateText, event
from anlan.kernel.models import NodeNotice
from anlan.kernel.scope import require

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet

    from anlan.kernel.context import Context

POST = "kernel.notice.post"
# Every page asks this, so it is one round trip for all that stands on top of it.
STANDING = """
SELECT (SELECT held_since FROM kernel_nodestate WHERE id = 1),
       (SELECT json_agg(json_build_array(id, level, text) ORDER BY level DESC, from_at, id)
        FROM kernel_nodenotice WHERE from_at <= %(now)s AND until_at > %(now)s)
"""


@event("kernel.node_notice.posted", _("发布系统公告"))
@dataclass(frozen=True)
class NoticePosted:
    level: int
    from_at: datetime
    until_at: datetime
    text: PrivateText


@event("kernel.node_notice.withdrawn", _("撤下系统公告"))
@dataclass(frozen=True)
class NoticeWithdrawn:
    until_at: datetime


@dataclass(frozen=True)
class Shown:
    """A notice as the band shows it."""

    id: int
    level: int
    text: str


@dataclass(frozen=True)
class Standing:
    """What stands on top of every page: whether the node is held after a restore, and the notices."""

    held_since: datetime | None
    notices: Sequence[Shown]


@act(POST)
def post_notice(
    ctx: Context, *, text: str, level: int, from_at: datetime | None, until_at: datetime
) -> NodeNotice:
    """Show a text to everybody; from_at None: from now on.

    raises  ends_in_past, ends_before_begin
    """
    now = real_now()
    begin = max(from_at or now, now)
    if until_at <= now:
        raise DomainError("ends_in_past")
    if until_at <= begin:
        raise DomainError("ends_before_begin")
    notice = NodeNotice.objects.create(
        text=text, level=level, from_at=begin, until_at=until_at, posted_by=ctx.actor, posted_at=now
    )
    ctx.journal(NoticePosted(level, begin, until_at, PrivateText(text)), notice)
    return notice


@act(POST)
def withdraw_notice(ctx: Context, notice_id: int) -> NodeNotice:
    """End it now; one that has not begun never will have. raises StateConflict for one that is over"""
    notice = NodeNotice.objects.select_for_update().filter(pk=notice_id).first()
    if notice is None:
        raise NotFound
    now = real_now()
    if notice.is_over_at(now):
        raise StateConflict
    notice.until_at = max(now, notice.from_at)
    notice.save(update_fields=["until_at"])
    ctx.journal(NoticeWithdrawn(notice.until_at), notice)
    return notice


def list_notices(ctx: Context) -> QuerySet[NodeNotice]:
    """All of them, those that end last first."""
    require(ctx, POST)
    return NodeNotice.objects.select_related("posted_by").order_by(F("until_at").desc(), "-pk")


def standing() -> Standing:
    with connection.cursor() as cursor:
        cursor.execute(STANDING, {"now": real_now()})
        held_since, notices = cursor.fetchone()
    return Standing(held_since, [Shown(*notice) for notice in notices or ()])
