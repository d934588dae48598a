"""One's own log-in: where one is logged in, what happened to it, and how one shows a second factor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from anlan.kernel import events, log_ins, second_factor, sessions, users
from anlan.site.agents import name_of

if TYPE_CHECKING:
    from django.http import HttpResponse

    from anlan.kernel.models import Entry
    from anlan.kernel.requests import PageRequest

REMEMBERED = 20  # log-ins shown
BACK = "second_factor_back"  # in the session: where one goes on once the second factor is set up
FAILURES = frozenset({"kernel.user.log_in_failed", "kernel.user.locked_out"})


@require_safe
def devices(request: PageRequest) -> HttpResponse:
    here = request.session.session_key
    opened = [
        {"session": one, "agent": name_of(one.user_agent), "is_here": one.session_key == here}
        for one in sessions.list_of(request.user)
    ]
    shown = {
        "opened": sorted(opened, key=lambda one: not one["is_here"]),
        "log_ins": [_line(entry) for entry in log_ins.list_own(request.user, REMEMBERED)],
    }
    return render(request, "site/log_in/devices.html", shown)


@require_POST
def device_end(request: PageRequest, session_id: int) -> HttpResponse:
    sessions.end_one(request.ctx, request.user, session_id)
    messages.success(request, _("已退出该设备。"))
    return redirect("devices")


@require_POST
def devices_end_others(request: PageRequest) -> HttpResponse:
    ended = sessions.end_others(request.ctx, request.user, str(request.session.session_key))
    messages.success(request, _("已退出其他 %(count)s 处登录。") % {"count": ended})
    return redirect("devices")


@require_safe
def second_factor_step(request: PageRequest) -> HttpResponse:
    """Leads to the second factor, and on to where one came from (`next`) once it is shown."""
    asked = request.GET.get("next") or request.session.get(BACK, "/")
    back = second_factor.within(request, asked)
    if second_factor.is_shown(request):
        request.session.pop(BACK, None)
        return redirect(back)
    # Setting one up takes several pages, which know no way back.
    request.session[BACK] = back
    if users.has_second_factor(request.user):
        return redirect(f"{reverse('mfa_reauthenticate')}?{urlencode({'next': reverse('second_factor')})}")
    return render(request, "site/log_in/second_factor.html", {"back": back})


def _line(entry: Entry) -> dict[str, Any]:
    return {
        "at": entry.recorded_at,
        "what": events.label_of(entry.event),
        "where": " ".join(note.text for note in entry.private.all()),
        "failed": entry.event in FAILURES,
    }


PREFIX = "account/"
urlpatterns = [
    path("devices/", devices, name="devices"),
    path("devices/<int:session_id>/end/", device_end, name="device_end"),
    path("devices/end-others/", devices_end_others, name="devices_end_others"),
    path("second-factor/", second_factor_step, name="second_factor"),
]
