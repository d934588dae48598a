"""Log-in: allauth's flows closed to strangers, and what a locked-out person is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.adapter import DefaultAccountAdapter
from django.utils.translation import gettext as _

from anlan.kernel.middleware import refusal

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


class Adapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are made by the security administrator, never by a visitor."""
        del request
        return False


def locked_out(request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
    """Answer after too many wrong passwords, the right one included, until the wait is over."""
    detail = _("登录失败次数过多，该登录名已暂停登录 15 分钟。如非本人操作，请立即报告安全管理员。")
    return refusal(request, status=429, code="locked_out", detail=detail)
