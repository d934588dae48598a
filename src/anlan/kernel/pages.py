"""What every page knows: node, navigation, looks. And the decorator that asks for a capability before a view runs."""

from __future__ import annotations

from functools import wraps
from itertools import groupby
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from anlan.kernel import exercises, notices, rooms
from anlan.kernel.scope import can, require
from anlan.kernel.terms import Density, Theme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from anlan.kernel.notices import Shown, Standing
    from anlan.kernel.requests import PageRequest

SENT_AWAY = "notices_sent_away"  # where the session keeps the notices that its user has closed
WING_TITLES = {
    "organisation": _("组织"),
    "message": _("叫应"),
    "prevent": _("预防"),
    "watch": _("监测预警"),
    "respond": _("处置"),
    "review": _("总结"),
    "connect": _("互联"),
}


def needs(capability: str) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """A view that only holders of the capability (anywhere) may open; others get 403 with the reason."""

    def decorate(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def run(request: PageRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            require(request.ctx, capability)
            return view(request, *args, **kwargs)

        return run

    return decorate


def shell(request: PageRequest) -> dict[str, Any]:
    """Template context of the shell around every page."""
    # A request that was refused at the door, or that logs somebody in just now, has no context: a visitor's.
    user = request.user if hasattr(request, "ctx") else None
    standing = notices.standing() if user else None
    return {
        "node": {
            "name": settings.ANLAN.node_name,
            "demo": settings.ANLAN.mode == "demo",
            "held": standing is not None and standing.held_since is not None,
        },
        "notices": _unread(request, standing) if standing else [],
        "exercise": request.ctx.exercise if user else None,
        "postings": request.ctx.postings if user else (),
        "posting": request.ctx.posting if user else None,
        "nav": _navigation(request) if user else [],
        "theme": user.theme if user else Theme.AUTO,
        "density": user.density if user else Density.COMFORTABLE,
        "version": settings.VERSION,
    }


def _unread(request: PageRequest, standing: Standing) -> list[Shown]:
    """The notices that the user has not sent away since he logged in."""
    sent_away = request.session.get(SENT_AWAY, ())
    return [notice for notice in standing.notices if notice.id not in sent_away]


def _navigation(request: PageRequest) -> list[dict[str, Any]]:
    ctx = request.ctx
    open_doors = [door for door in rooms.doors() if can(ctx, door.capability)]
    groups: list[dict[str, Any]] = [
        {"title": WING_TITLES[wing], "items": [_item(d.title, d.url_name, d.icon) for d in doors]}
        for wing, doors in groupby(open_doors, key=lambda door: door.wing)
    ]
    work = [_item(_("我的工作"), "home", "checklist")]
    if can(ctx, "kernel.obligation.read"):
        work.append(_item(_("履责"), "obligation_list", "calendar-due"))
    if can(ctx, exercises.JOIN):
        work.append(_item(_("演练"), "exercise_list", "movie"))
    work.append(_item(_("后台任务"), "task_list", "hourglass-low"))
    system = []
    if can(ctx, "kernel.node.read"):
        system.append(_item(_("运行状态"), "node_status", "heartbeat"))
    if can(ctx, notices.POST):
        system.append(_item(_("系统公告"), "notice_list", "speakerphone"))
    if can(ctx, "kernel.access.read"):
        system.append(_item(_("授权"), "access_users", "key"))
    if can(ctx, "kernel.journal.read"):
        system.append(_item(_("留痕"), "journal_search", "timeline-event"))
    if can(ctx, "kernel.journal.mend"):
        system.append(_item(_("受阻的处理"), "journal_stuck", "alert-square"))
    if settings.ANLAN.mode == "demo":
        system.append(_item(_("样式范例"), "styleguide", "palette"))
    if system:
        groups.append({"title": _("系统"), "items": system})
    groups = [{"title": _("工作"), "items": work}, *groups]
    _mark(request, [item for group in groups for item in group["items"]])
    return groups


def _mark(request: HttpRequest, items: Iterable[dict[str, Any]]) -> None:
    """Say which entry one is at: of several that the address begins with, the closest."""
    at = request.path
    around = [
        item for item in items if at == item["url"] or (item["url"] != "/" and at.startswith(item["url"]))
    ]
    if around:
        max(around, key=lambda item: len(item["url"]))["current"] = True


def _item(title: Any, url_name: str, icon: str) -> dict[str, Any]:
    return {"title": title, "url": reverse(url_name), "icon": icon, "current": False}
