"""Notices to everybody on the node: written and withdrawn by the system administrator, sent away by each reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from anlan.kernel import notices
from anlan.kernel.clock import real_now
from anlan.kernel.errors import DomainError, StateConflict
from anlan.kernel.fields import MomentField
from anlan.kernel.models import NodeNotice, User
from anlan.kernel.pages import SENT_AWAY, needs
from anlan.kernel.requests import way_back
from anlan.kernel.terms import NoticeLevel
from anlan.site.pages.access_forms import show_refusal

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpResponse

    from anlan.kernel.requests import PageRequest

ROWS = 50


class NoticeForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("内容"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("写清什么事、什么时间、要大家做什么，200 字以内。"),
    )
    level = forms.TypedChoiceField(
        label=gettext_lazy("级别"),
        choices=NoticeLevel,
        coerce=int,
        initial=NoticeLevel.NORMAL,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("重要的排在前面，更醒目。"),
    )
    from_at = MomentField(label=gettext_lazy("开始显示"), help_text=gettext_lazy("不填则立即显示。"))
    until_at = MomentField(label=gettext_lazy("停止显示"), required=True)


@require_safe
@needs(notices.POST)
def notice_list(request: PageRequest) -> HttpResponse:
    page = Paginator(notices.list_notices(request.ctx), ROWS).get_page(request.GET.get("page"))
    now = real_now()
    rows = [{"notice": notice, **_standing(notice, now)} for notice in page]
    return render(request, "site/notices/list.html", {"page": page, "rows": rows})


def _standing(notice: NodeNotice, now: datetime) -> dict[str, Any]:
    if notice.is_over_at(now):
        return {"mark": "stopped", "state": _("已停止"), "may_withdraw": False}
    if notice.is_shown_at(now):
        return {"mark": "doing", "state": _("显示中"), "may_withdraw": True}
    return {"mark": "waiting", "state": _("未到时间"), "may_withdraw": True}


@require_http_methods(["GET", "POST"])
@needs(notices.POST)
def notice_post(request: PageRequest) -> HttpResponse:
    form = NoticeForm(request.POST or None)
    if form.is_valid():
        try:
            notices.post_notice(request.ctx, **form.cleaned_data)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("已发布系统公告。"))
            return redirect("notice_list")
    readers = User.objects.filter(is_active=True).count()
    return render(request, "site/notices/post.html", {"form": form, "readers": readers})


@require_POST
@needs(notices.POST)
def notice_withdraw(request: PageRequest, notice_id: int) -> HttpResponse:
    try:
        notices.withdraw_notice(request.ctx, notice_id)
    except StateConflict:
        messages.info(request, _("该公告已经停止显示，不必撤下。"))
    else:
        messages.success(request, _("已撤下。"))
    return redirect("notice_list")


@require_safe
def notice_current(request: PageRequest) -> HttpResponse:
    """The bands alone, for pages that stay open."""
    return render(request, "kernel/_notices.html")


@require_POST
def notice_close(request: PageRequest, notice_id: int) -> HttpResponse:
    """Not to be shown to this user again until he logs in anew."""
    request.session[SENT_AWAY] = [*request.session.get(SENT_AWAY, ()), notice_id]
    if request.headers.get("HX-Request"):
        return render(request, "kernel/_notices.html")
    return redirect(way_back(request))


PREFIX = "notices/"
urlpatterns = [
    path("", notice_list, name="notice_list"),
    path("new/", notice_post, name="notice_post"),
    path("current/", notice_current, name="notice_current"),
    path("<int:notice_id>/withdraw/", notice_withdraw, name="notice_withdraw"),
    path("<int:notice_id>/close/", notice_close, name="notice_close"),
]
