"""What happens around every page: who comes through the front door, his language, his context, refusals as pages."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, NamedTuple

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.kernel import exercises, second_factor
from anlan.kernel.context import Context
from anlan.kernel.errors import DomainError, SecondFactorNeeded
from anlan.kernel.logs import current_number
from anlan.kernel.models import User
from anlan.kernel.requests import EXERCISE, POSTING
from anlan.kernel.terms import Language

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http.response import HttpResponseBase
    from django.utils.functional import _StrPromise

    from anlan.kernel.requests import PageRequest

    Next = Callable[[HttpRequest], HttpResponse]

API = "/api/"
READING = ("GET", "HEAD")


def front_door(get_response: Next) -> Next:
    """The client's address as nginx saw it, and a number for this request.

    Only nginx reaches the page processes' socket, and it overwrites the header, so nobody can forge it.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        forwarded = request.META.pop("HTTP_X_FORWARDED_FOR", "")
        if forwarded:
            request.META["REMOTE_ADDR"] = forwarded
        mark = current_number.set(secrets.token_hex(4))
        try:
            return get_response(request)
        finally:
            current_number.reset(mark)

    return middleware


def language(get_response: Next) -> Next:
    """Chinese, unless the user (or, before log-in, his cookie) asks for English."""

    def middleware(request: HttpRequest) -> HttpResponse:
        asked = (
            request.user.language if isinstance(request.user, User) else request.COOKIES.get("anlan_language")
        )
        with translation.override(asked if asked in Language.values else Language.CHINESE):
            response = get_response(request)
            response.headers.setdefault("Content-Language", translation.get_language() or "zh-hans")
            return response

    return middleware


class LogInFirst(LoginRequiredMiddleware):
    """Every view wants a logged-in user unless it says otherwise; programs are told in their own form."""

    def handle_no_permission(  # type: ignore[override]  # the base only ever redirects, programs need a document
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseBase:
        if request.path.startswith(API):
            return refusal(request, status=401, code="log_in_first", detail=_("请先登录。"))
        answer: HttpResponseBase = super().handle_no_permission(request, view_func)
        if (
            settings.SESSION_COOKIE_NAME in request.COOKIES
        ):  # he was logged in: the log-in page tells him why again
            answer.headers["Location"] += "&ended=1"
        return answer


class Acting:
    """Gives views `request.ctx`, and turns a DomainError into a page, a problem document or a fragment."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: PageRequest) -> HttpResponse:
        if _has_nul(request):
            raise BadRequest
        if isinstance(request.user, User):
            token = getattr(request, "token", None)
            is_shown = token is None and second_factor.is_shown(request)
            by = request.session.get(POSTING) if token is None else None
            request.ctx = Context(request.user, posting_id=by, second_factor=is_shown, token=token)
            if request.ctx.posting_id is not None and request.ctx.posting is None:
                return self._without_posting(request)
            if token is None and EXERCISE in request.session:
                return self._in_exercise(request)
        return self.get_response(request)

    def _without_posting(self, request: PageRequest) -> HttpResponse:
        """The grant that the user acted by has ended: he is told, and from his next page on all of his count again.

        What he is just doing goes on by the ended one, that is by none: he never meant to do it by another.
        """
        del request.session[POSTING]
        messages.warning(request, _("您选用的身份已失效，现在恢复为全部身份。未办成的事请重新办理。"))
        if request.method in READING:
            if request.headers.get("HX-Request"):  # a part of a page that still shows the ended one
                return HttpResponse(headers={"HX-Refresh": "true"})
            request.ctx = Context(request.user, second_factor=request.ctx.second_factor)
        return self.get_response(request)

    def _in_exercise(self, request: PageRequest) -> HttpResponse:
        """He is in an exercise; one that has ended he is told to have left, and what he is just doing is not done at all."""
        key = request.session.session_key or ""
        found = exercises.find_attended(request.ctx, request.session[EXERCISE], key)
        if found is not None:
            request.ctx.exercise = found
            return self.get_response(request)
        del request.session[EXERCISE]
        messages.warning(request, _("演练已结束，您已回到实战。刚才的操作没有办理。"))
        if request.headers.get("HX-Request"):
            return HttpResponse(headers={"HX-Refresh": "true"})
        return redirect("/")

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, SecondFactorNeeded):
            way = Way(second_factor.address(request), _("去验证"))
            return refusal(request, status=error.status, code=error.code, detail=str(error), way=way)
        if isinstance(error, DomainError):
            return refusal(request, status=error.status, code=error.code, detail=str(error))
        return None


def _has_nul(request: HttpRequest) -> bool:
    """Whether the address holds a character that no text in PostgreSQL can; forms refuse it at their fields."""
    texts = (text for name in request.GET for text in (name, *request.GET.getlist(name)))
    return "\0" in request.path or any("\0" in text for text in texts)


class Way(NamedTuple):
    """Where a refusal leads: a button of its page."""

    url: str
    label: str


# By status, and by code where that says more.
TITLES: dict[int | str, _StrPromise] = {
    "second_factor_needed": gettext_lazy("请先通过两步验证"),
    401: gettext_lazy("尚未登录"),
    400: gettext_lazy("请求有误"),
    403: gettext_lazy("没有权限"),
    404: gettext_lazy("没有找到"),
    409: gettext_lazy("未能完成"),
    413: gettext_lazy("内容过大"),
    429: gettext_lazy("操作过于频繁"),
    500: gettext_lazy("系统出错"),
}


def refusal(
    request: HttpRequest, *, status: int, code: str, detail: str, way: Way | None = None
) -> HttpResponse:
    """One refusal in the form that the asker reads: RFC 9457 for machines, a page for people.

    way  where the page leads; the home page where it says nothing
    """
    title = str(TITLES.get(code) or TITLES.get(status) or _("未能完成"))
    if request.path.startswith(API):
        body = {"type": f"urn:anlan:error:{code}", "title": title, "status": status, "detail": detail}
        body |= {"code": code, "number": current_number.get()}
        return JsonResponse(body, status=status, content_type="application/problem+json")
    shown = {"title": title, "detail": detail, "number": current_number.get(), "status": status, "way": way}
    return render(request, "kernel/error.html", shown, status=status)
