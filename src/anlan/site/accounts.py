"""Log-in: allauth's flows closed to strangers, what a locked-out person is told, and initial passwords changed first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from allauth.account.adapter import DefaultAccountAdapter
from django.core.exceptions import ValidationError
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from anlan.kernel.middleware import API, refusal
from anlan.kernel.models import User

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.base_user import AbstractBaseUser
    from django.http import HttpRequest, HttpResponse

# What is open to somebody who still has the password that an administrator gave him.
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


def own_password_first(get_response: Callable[[HttpRequest], HttpResponse]) -> Any:
    """Who still has the password that an administrator saw chooses one of his own before anything else."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not isinstance(request.user, User) or not request.user.password_is_initial:
            return get_response(request)
        if request.path in {reverse(name) for name in BEFORE_OWN_PASSWORD}:
            return get_response(request)
        if request.path.startswith(API):
            detail = _("请先登录网页，把初始密码换成自己的密码。")
            return refusal(request, status=403, code="own_password_first", detail=detail)
        return redirect(f"{reverse('account_change_password')}?{urlencode({'next': reverse('home')})}")

    return middleware


def locked_out(request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
    """Answer after too many wrong passwords, the right one included, until the wait is over."""
    detail = _("登录失败次数过多，该登录名已暂停登录 15 分钟。如非本人操作，请立即报告安全管理员。")
    return refusal(request, status=429, code="locked_out", detail=detail)
