"""Access: stopping and helping users, and the tokens of machines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from anlan.kernel import rooms, tokens, users
from anlan.kernel.clock import real_now
from anlan.kernel.errors import DomainError
from anlan.kernel.pages import needs
from anlan.kernel.scope import can, require
from anlan.kernel.terms import TokenState
from anlan.site.pages.access_forms import EndForm, TokenForm, show_refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpResponse
    from django.utils.functional import _StrPromise

    from anlan.kernel.context import Context
    from anlan.kernel.models import User
    from anlan.kernel.requests import PageRequest

ask = require_http_methods(["GET", "POST"])
MARKS = {TokenState.CURRENT: "doing", TokenState.EXPIRED: "stopped", TokenState.ENDED: "stopped"}


@dataclass(frozen=True)
class Deed:
    """One thing that is done to a user, with a reason.

    effects  what will happen, said before
    done     what is said afterwards
    """

    capability: str
    title: _StrPromise
    effects: tuple[_StrPromise, ...]
    done: _StrPromise
    act: Callable[[Context, int, str], object]


DEEDS = {
    "disable": Deed(
        users.SUSPEND,
        gettext_lazy("停用"),
        (
            gettext_lazy("立即退出全部登录，其令牌也不能再用"),
            gettext_lazy("授权保留，启用后恢复"),
            gettext_lazy("理由记入留痕"),
        ),
        gettext_lazy("已停用。"),
        users.disable_user,
    ),
    "enable": Deed(
        users.SUSPEND,
        gettext_lazy("启用"),
        (gettext_lazy("可以重新登录，原有授权恢复"), gettext_lazy("理由记入留痕")),
        gettext_lazy("已启用。"),
        users.enable_user,
    ),
    "throw-out": Deed(
        users.SUSPEND,
        gettext_lazy("结束登录"),
        (
            gettext_lazy("立即退出该用户在各处的登录，没有提交的内容不会保存到系统"),
            gettext_lazy("知道密码的人仍可重新登录；怀疑密码泄露的，请停用或重设密码"),
            gettext_lazy("理由记入留痕"),
        ),
        gettext_lazy("已结束该用户的全部登录。"),
        users.throw_out_user,
    ),
    "lift-second-factor": Deed(
        users.RESET,
        gettext_lazy("解除两步验证"),
        (
            gettext_lazy("只用于手机或密钥丢失、恢复码也用完的情形，请先核实确是本人"),
            gettext_lazy("立即退出全部登录；本人下次登录后须重新开启，才能办理须两步验证的操作"),
            gettext_lazy("理由记入留痕"),
        ),
        gettext_lazy("已解除，请通知本人重新开启。"),
        users.lift_second_factor,
    ),
}


@ask
def access_user_deed(request: PageRequest, user_id: int, deed: str) -> HttpResponse:
    if deed not in DEEDS:
        raise Http404
    what = DEEDS[deed]
    require(request.ctx, what.capability)
    person = users.get_user(request.ctx, user_id, what.capability)
    form = EndForm(request.POST or None)
    if form.is_valid():
        try:
            what.act(request.ctx, person.pk, form.cleaned_data["reason"])
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, str(what.done))
            return redirect("access_user", person.pk)
    shown = {"person": person, "form": form, "title": what.title, "effects": what.effects}
    return render(request, "site/access/deed.html", shown)


@ask
@never_cache
@sensitive_variables("password")
@needs(users.RESET)
def access_user_reset(request: PageRequest, user_id: int) -> HttpResponse:
    """Answers with the initial password itself, as when a user is added."""
    person = users.get_user(request.ctx, user_id, users.RESET)
    form = EndForm(request.POST or None)
    if form.is_valid():
        try:
            person, password = users.reset_password(request.ctx, person.pk, form.cleaned_data["reason"])
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            shown = {"person": person, "password": password, "is_reset": True}
            return render(request, "site/access/password.html", shown)
    effects = (
        _("生成新的初始密码，只显示一次，请核实后当面交给本人"),
        _("立即退出全部登录；本人登录后须换成自己的密码"),
        _("两步验证不受影响"),
        _("理由记入留痕"),
    )
    shown = {"person": person, "form": form, "title": _("重设密码"), "effects": effects}
    return render(request, "site/access/deed.html", shown)


# --- tokens ------------------------------------------------------------------------------------------------------


@ask
@never_cache
@sensitive_variables("secret")
@needs(tokens.ISSUE)
def access_token_issue(request: PageRequest, user_id: int) -> HttpResponse:
    """Answers with the token itself: it is kept nowhere, so no other page could show it."""
    person = users.get_user(request.ctx, user_id, tokens.ISSUE)
    form = TokenForm(person, request.POST or None)
    if form.is_valid():
        try:
            token, secret = tokens.issue_token(request.ctx, person.pk, **form.cleaned_data)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            shown = {"person": person, "token": token, "secret": secret}
            return render(request, "site/access/token.html", shown)
    return render(request, "site/access/token_issue.html", {"person": person, "form": form})


@ask
@needs(tokens.ISSUE)
def access_token_end(request: PageRequest, token_id: int) -> HttpResponse:
    token = tokens.get_token(request.ctx, token_id)
    form = EndForm(request.POST or None)
    if form.is_valid():
        try:
            tokens.end_token(request.ctx, token.pk, form.cleaned_data["reason"])
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("已终止令牌“%(name)s”。") % {"name": token.name})
            return redirect("access_user", token.user_id)
    effects = (_("对接程序立即不能再用这枚令牌"), _("令牌作为历史保留，不能恢复"), _("理由记入留痕"))
    title = _("终止令牌“%(name)s”") % {"name": token.name}
    shown = {"person": token.user, "form": form, "title": title, "effects": effects}
    return render(request, "site/access/deed.html", shown)


# --- what the page of a user shows ----------------------------------------------------------------------------------


def deeds_for(ctx: Context, person: User) -> dict[str, Any]:
    """What the actor may do to a user, and the tokens that he may manage."""
    may = {
        capability: person.pk != (ctx.actor and ctx.actor.pk)
        and users.is_within_reach(ctx, person, capability)
        for capability in (users.SUSPEND, users.RESET, tokens.ISSUE)
        if can(ctx, capability)
    }
    return {
        "may_suspend": may.get(users.SUSPEND),
        "may_reset": may.get(users.RESET) and not person.is_machine,
        "may_lift": may.get(users.RESET) and users.has_second_factor(person),
        "may_issue": may.get(tokens.ISSUE) and person.is_machine and person.is_active,
        "out_of_reach": person.pk != (ctx.actor and ctx.actor.pk) and False in may.values(),
        "tokens": _token_rows(ctx, person, may_end=bool(may.get(tokens.ISSUE))),
    }


def _token_rows(ctx: Context, person: User, *, may_end: bool) -> list[dict[str, Any]]:
    if not person.is_machine:
        return []
    now, known = real_now(), rooms.capabilities()
    return [
        {
            "token": one,
            "state": one.state_at(now),
            "mark": MARKS[one.state_at(now)],
            "scopes": [str(known.get(code, code)) for code in one.scopes],
            "may_end": may_end and one.state_at(now) == TokenState.CURRENT,
        }
        for one in tokens.list_tokens(ctx, person)
    ]


PREFIX = "access/"
urlpatterns = [
    path("users/<int:user_id>/reset-password/", access_user_reset, name="access_user_reset"),
    path("users/<int:user_id>/tokens/new/", access_token_issue, name="access_token_issue"),
    path("users/<int:user_id>/do/<slug:deed>/", access_user_deed, name="access_user_deed"),
    path("tokens/<int:token_id>/end/", access_token_end, name="access_token_end"),
]
