"""One of the cast at the pages: logs in, opens pages, fills in their forms and presses their buttons, as a browser would."""

from __future__ import annotations

import http.client
import ssl
import time
from http.cookiejar import CookieJar
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import HTTPCookieProcessor, HTTPSHandler, Request, build_opener

import lxml.html
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.urls import reverse

from anlan.kernel.clock import real_now

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PATIENCE, PERIOD = 20.0, 30  # seconds: of one request; for which a code is good


class NotOffered(Exception):
    """The page has no such form: it is not his move, not yet or not any more."""


class Refused(Exception):
    """The node answered, and did not do it; in its own words."""


class Away(Exception):
    """No answer, or one that says to come again: nobody knows whether it was done."""


class Page:
    """What a visitor sees."""

    def __init__(self, url: str, status: int, body: bytes) -> None:
        self.url, self.status, self.body = url, status, body
        self.tree = lxml.html.document_fromstring(body or b"<html></html>", base_url=url)

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def told(self) -> str:
        """What it says on top: done, or why not."""
        found = self.tree.xpath('//*[contains(@class, "an-message") or @role="alert" or @role="status"]')
        return " ".join(" ".join(one.text_content().split()) for one in found)

    @property
    def complaints(self) -> str:
        """What a form that came back says is wrong with it; blank: it did not come back."""
        wrong = self.tree.xpath('//main//form//*[@role="alert" or contains(@class, "an-field-error")]')
        return " ".join(" ".join(one.getparent().text_content().split()) for one in wrong)

    def form(self, ending: str) -> Any:
        """The form whose address ends so; "": the one of the page's own address. raises NotOffered"""
        for form in self.tree.forms:
            action = urlsplit(urljoin(self.url, form.action or "")).path
            if form.method == "POST" and action.endswith(ending or self.path):
                return form
        raise NotOffered(f"{self.path}: …{ending}")

    def links(self, beginning: str) -> list[str]:
        """Paths of its links that begin so, each once."""
        hrefs = [urlsplit(urljoin(self.url, str(one))).path for one in self.tree.xpath("//a/@href")]
        return list(dict.fromkeys(path for path in hrefs if path.startswith(beginning)))


class Visitor:
    """One browser's worth of log-in.

    secrets  of everybody's authenticator app, by log-in; who is asked to set one up keeps its secret here
    """

    def __init__(
        self, address: str, root: Path, username: str, password: str, secrets: dict[str, str]
    ) -> None:
        self.address, self.username, self.password, self.secrets = (
            address.rstrip("/"),
            username,
            password,
            secrets,
        )
        context = ssl.create_default_context(cafile=str(root))
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()), HTTPSHandler(context=context))
        self._coded = 0  # the period of the code that was shown last: one is good once

    def log_in(self) -> None:
        """raises Refused; Away"""
        page = self.get(reverse("account_login"))
        page = self._submit(page, page.form(""), {"login": self.username, "password": self.password})
        if page.path == reverse("mfa_authenticate"):
            page = self._show_code(page)
        if page.path.startswith(reverse("account_login")):
            raise Refused(page.told or page.path)

    def get(self, path: str) -> Page:
        """raises Refused where it is none of his; Away"""
        page = self._ask(self._request(urljoin(f"{self.address}/", path)))
        if page.status >= 400:
            raise Refused(f"{path}: {page.status} {page.told}")
        return page

    def press(self, path: str, ending: str, **values: Any) -> Page:
        """Open a page and send one of its forms; where more than the password is wanted, that is shown first.

        raises  NotOffered; Refused where the form comes back or the node says no; Away
        """
        for _turn in range(2):
            page = self.get(path)
            answered = self._submit(page, page.form(ending), values)
            if not answered.links(reverse("second_factor")):
                break
            self._show_second_factor()
        if answered.status >= 400:
            raise Refused(f"{ending}: {answered.status} {answered.told}")
        if wrong := answered.complaints:
            raise Refused(f"{answered.path}: {wrong}")
        return answered

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Page:
        """Not a form: what a machine delivers, or somebody's thumb on a link. raises Away"""
        return self._ask(self._request(urljoin(f"{self.address}/", url), body, headers))

    # --- second factor ---

    def _show_second_factor(self) -> None:
        """Where the refusal leads: to the code, or first to setting an authenticator up."""
        page = self.get(reverse("second_factor"))
        if page.path != reverse("mfa_reauthenticate"):
            page = self.get(reverse("mfa_activate_totp"))
            if page.path != reverse("mfa_activate_totp"):  # it asks for the password once more
                page = self._submit(page, page.form(""), {"password": self.password})
            self.secrets[self.username] = page.tree.get_element_by_id("secret").text_content()
            self._show_code(page)
            page = self.get(reverse("second_factor"))
        if page.path == reverse("mfa_reauthenticate"):
            self._show_code(page)

    def _show_code(self, page: Page) -> Page:
        while (period := int(real_now().timestamp()) // PERIOD) <= self._coded:
            time.sleep(0.5)
        self._coded = period
        code = format_hotp_value(hotp_value(self.secrets[self.username], period))
        return self._submit(page, page.form(""), {"code": code})

    # --- requests ---

    def _submit(self, page: Page, form: Any, values: Mapping[str, Any]) -> Page:
        sent = {**dict(form.form_values()), **{name: str(value) for name, value in values.items()}}
        url = urljoin(page.url, form.action or page.url)
        headers = {"Referer": page.url, "Origin": self.address}
        return self._ask(self._request(url, urlencode(sent).encode(), headers))

    def _request(
        self, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Request:
        """raises ValueError for what lies outside the node"""
        if not url.startswith(f"{self.address}/"):
            raise ValueError(url)
        told = {"Accept-Language": "zh-hans", **(headers or {})}
        return Request(url, data=body, headers=told)  # noqa: S310 - within the node, see above

    def _ask(self, request: Request) -> Page:
        try:
            with self._opener.open(request, timeout=PATIENCE) as answer:
                return Page(answer.url, answer.status, answer.read())
        except HTTPError as error:
            with error:
                if error.code >= 500 or error.code == 429:
                    raise Away(f"{request.full_url}: {error.code}") from error
                return Page(error.url or request.full_url, error.code, error.read())
        except (URLError, OSError, http.client.HTTPException) as error:
            raise Away(f"{request.full_url}: {error}") from error
