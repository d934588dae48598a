"""Whether somebody has shown more than a password in this session, and where he does so."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

if TYPE_CHECKING:
    from django.http import HttpRequest

MFA = "mfa"  # how allauth calls it in a session's records


def is_required() -> bool:
    """Whether this node asks for it at all. The demo does not: its passwords are known to all, its data are nobody's."""
    return settings.ANLAN.mode != "demo" or settings.ANLAN.second_factor == "required"


def is_shown(request: HttpRequest) -> bool:
    """Whether this session may do what asks for a second factor."""
    if not is_required():
        return True
    records = get_authentication_records(request, request.user)  # type: ignore[arg-type]  # asked of logged-in users
    return any(record["method"] == MFA for record in records)


def address(request: HttpRequest) -> str:
    """The page on which it is shown, and which leads back to where one is now."""
    # What was sent is not sent again by itself: back to its form.
    back = request.get_full_path() if request.method == "GET" else request.headers.get("Referer", "/")
    return f"{reverse('second_factor')}?{urlencode({'next': within(request, back)})}"


def within(request: HttpRequest, url: str) -> str:
    """The same address without its host; the home page for one that is not ours."""
    if not url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure()):
        return "/"
    path = urlsplit(url)._replace(scheme="", netloc="").geturl()
    # Of "https://ours//theirs/" the host is gone now, and what is left names another.
    return path if url_has_allowed_host_and_scheme(path, None) and path else "/"
