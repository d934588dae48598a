"""How a program of another system comes in: with a token, at the API and nowhere else."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, cast

from django.utils.translation import gettext as _
from ninja.security import HttpBearer

from anlan.kernel import tokens
from anlan.kernel.middleware import API, refusal
from anlan.site.limits import note_failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

    from anlan.kernel.models import User

    Next = Callable[[HttpRequest], HttpResponse]

SCHEME = "bearer "
MOST, WITHIN = 20, timedelta(minutes=15)  # wrong tokens from one address


def by_token(get_response: Next) -> Next:
    """Who shows a token acts as its user, whatever else he shows. Wrong ones are told so, too many are told to wait.

    A right one is let in even then: 256 random bits can't be guessed, and many machines may share an address.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        shown = request.headers.get("Authorization", "")
        if not request.path.startswith(API) or not shown.lower().startswith(SCHEME):
            return get_response(request)
        address = request.META.get("REMOTE_ADDR", "")
        token = tokens.find_current(shown[len(SCHEME) :].strip(), address)
        if token is None:
            return _refused(request, address)
        request.user, request.token = token.user, token  # type: ignore[attr-defined]  # Acting looks for it
        return get_response(request)

    return middleware


def _refused(request: HttpRequest, address: str) -> HttpResponse:
    if note_failure("token", address, WITHIN) > MOST:
        answer = refusal(
            request,
            status=429,
            code="too_many_wrong_tokens",
            detail=_("无效的令牌过多，请 15 分钟后再试，并检查对接程序的令牌是否已到期。"),
        )
        answer.headers["Retry-After"] = str(int(WITHIN.total_seconds()))
        return answer
    answer = refusal(
        request,
        status=401,
        code="wrong_token",
        detail=_("令牌无效、已到期或已终止。请向系统管理员申请新的令牌。"),
    )
    answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


class TokenAuth(HttpBearer):
    """Tells the API's description that tokens are taken; whether one is right was seen before."""

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        del token
        return cast("User", request.user) if hasattr(request, "token") else None
