"""Writes down that a session is used: pages opened and forms sent; not what a page fetches by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from anlan.kernel import sessions
from anlan.kernel.middleware import API
from anlan.kernel.models import User

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

    from anlan.site.session_store import SessionStore

    Next = Callable[[HttpRequest], HttpResponse]


def note_use(get_response: Next) -> Next:
    def middleware(request: HttpRequest) -> HttpResponse:
        if isinstance(request.user, User) and not hasattr(request, "token"):
            store = cast("SessionStore", request.session)
            if store.began_at is None:  # from before sessions had an age
                store.begin()
            elif _is_a_person_s(request) and store.is_due():
                address = request.META.get("REMOTE_ADDR", "")
                sessions.note_use(str(store.session_key), address, store.get_expiry_date())
        return get_response(request)

    return middleware


def _is_a_person_s(request: HttpRequest) -> bool:
    if request.method not in {"GET", "HEAD"}:
        return True
    return "HX-Request" not in request.headers and not request.path.startswith(API)
