"""Log-in: allauth's flows closed to strangers, what a locked-out person is told, and passwords changed first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from allauth.account.adapter import DefaultAccountAdapter
from django.core.exceptions import ValidationError
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from anlan.kernel import passwords, sessions
from anlan.kernel.middleware import API, refusal
from anlan.kernel.models import User
from anlan.site import log_in_journal

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.base_user import AbstractBaseUser
    from django.http import HttpRequest, HttpResponse

    from anlan.site.session_store import SessionStore

# What is open to somebody who must change his password first.
BEFORE_OWN_PASSWORD = ("account_change_password", "account_logout", "account_reauthenticate", "preferences")


class Adapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are made by the system administrator, never by a visitor."""
        del request
        return False

    def clean_password(self, password: str, user: AbstractBaseUser | None = None) -> str:
        if isinstance(user, User) and user.password_is_initial and user.check_password(password):
            raise ValidationError(_("新密码不能与初始密码相同。"))
        return str(super().clean_password(password, user))

    def set_password(self, user: AbstractBaseUser, password: str) -> None:
        if isinstance(user, User):
            user.password_is_initial = False
        super().set_password(user, password)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Wrong passwords are counted by axes, per name and address (ADR 5); allauth counts wrong codes."""
        del request, credentials
        self._login_failed_rl_usage = None

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        log_in_journal.failed(request, str(credentials.get("username") or ""))

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **told: Any) -> HttpResponse:
        answer = super().post_login(request, user, **told)
        sessions.keep_to_limit(cast("User", user), str(request.session.session_key))
        return answer


def own_password_first(get_response: Callable[[HttpRequest], HttpResponse]) -> Any:
    """Whose password an administrator saw, or was too old at log-in, chooses another before anything else."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not isinstance(request.user, User) or hasattr(request, "token"):
            return get_response(request)
        store = cast("SessionStore", request.session)
        is_old = store.began_at is not None and passwords.is_expired(request.user, store.began_at)
        if not request.user.password_is_initial and not is_old:
            return get_response(request)
        if request.path in {reverse(name) for name in BEFORE_OWN_PASSWORD}:
            request.password_is_old = is_old  # type: ignore[attr-defined]  # the form says why it is shown
            return get_response(request)
        if request.path.startswith(API):
            detail = _("请先登录网页，换成自己的新密码。")
            return refusal(request, status=403, code="own_password_first", detail=detail)
        return redirect(f"{reverse('account_change_password')}?{urlencode({'next': reverse('home')})}")

    return middleware


def locked_out(request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
    """Answer after too many wrong passwords, the right one included, until the wait is over."""
    detail = _("登录失败次数过多，该登录名已暂停登录 15 分钟。如非本人操作，请立即报告安全管理员。")
    return refusal(request, status=429, code="locked_out", detail=detail)
