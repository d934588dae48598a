"""The node's programming interface, version 1: OpenAPI at /api/v1/openapi.json, errors as RFC 9457 problems."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404
from django.utils.translation import gettext as _
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser
from ninja.security import django_auth

from anlan.kernel import rooms
from anlan.kernel.errors import DomainError, NotFound
from anlan.kernel.middleware import refusal
from anlan.kernel.words import lazy as gettext_lazy
from anlan.site.machines import TokenAuth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest, HttpResponse

    from anlan.kernel.requests import PageRequest


class Texts(Parser):
    """Bodies whose texts are texts: JSON may spell half a surrogate, which nobody can write down."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        sent: dict[str, Any] = super().parse_body(request)
        "".join(_texts(sent)).encode()  # raises for it
        return sent


def _texts(sent: Any) -> Iterator[str]:
    if isinstance(sent, str):
        yield sent
    elif isinstance(sent, dict | list):
        for one in sent.items() if isinstance(sent, dict) else sent:
            yield from _texts(list(one) if isinstance(one, tuple) else one)


api = NinjaAPI(
    title="Anlan",
    version="1",
    auth=[TokenAuth(), django_auth],
    parser=Texts(),
    docs_url=None,  # its page wants inline script; the interface is documented in docs/
)


class Me(Schema):
    """Who is asking, and in which subtrees he holds what."""

    username: str
    display_name: str
    holdings: list[Holding]


class Holding(Schema):
    scope_root_path: str
    capabilities: list[str]


@api.get("/me", response=Me, summary=gettext_lazy("当前用户及其授权"), tags=["kernel"])
def me(request: PageRequest) -> dict[str, Any]:
    holdings = [
        {"scope_root_path": path, "capabilities": sorted(held)} for path, held in request.ctx.holdings
    ]
    return {
        "username": request.user.username,
        "display_name": request.user.display_name,
        "holdings": holdings,
    }


@api.exception_handler(DomainError)
def on_refusal(request: HttpRequest, error: DomainError) -> HttpResponse:
    return refusal(request, status=error.status, code=error.code, detail=str(error))


@api.exception_handler(ValidationError)
def on_bad_input(request: HttpRequest, error: ValidationError) -> HttpResponse:
    where = "; ".join(f"{'.'.join(map(str, row['loc']))}: {row['msg']}" for row in error.errors[:20])
    return refusal(request, status=422, code="bad_input", detail=_("输入有误：%(where)s") % {"where": where})


@api.exception_handler(Http404)
def on_not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    del error
    return on_refusal(request, NotFound())


@api.exception_handler(HttpError)
def on_http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Of a session's request without the token of one of our pages, above all; or of a body that is none."""
    if error.status_code == 400:
        detail = _("请求没有处理：内容不是有效的 JSON，或含有无法保存的字符。请改正后再提交。")
        return refusal(request, status=400, code="bad_body", detail=detail)
    detail = _("请求没有处理：缺少或过期的页面令牌，或接口不支持。对接程序请使用机器令牌。")
    return refusal(request, status=error.status_code, code="request_refused", detail=detail)


for _room in rooms.find():
    if faces := _room.part("api"):
        api.add_router(faces.PREFIX, faces.router)
