"""Pages of the shell: home, the node's status, looks, the root certificate, and the error pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import requires_csrf_token
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from anlan.kernel import finding, node, obligation_lists, periods, rooms, welcome
from anlan.kernel.errors import DomainError
from anlan.kernel.logs import current_number
from anlan.kernel.middleware import refusal
from anlan.kernel.pages import needs
from anlan.kernel.requests import POSTING, way_back
from anlan.kernel.scope import can
from anlan.kernel.terms import Whose
from anlan.message.channel.selectors import count_to_go_out
from anlan.message.channel.terms import Channel
from anlan.site import duty_rows
from anlan.site.forms import PreferencesForm

if TYPE_CHECKING:
    from django.http import HttpRequest

    from anlan.kernel.context import Context
    from anlan.kernel.models import SelfCheck
    from anlan.kernel.requests import PageRequest

FORMS = ("desk", "register", "record", "act", "board", "map", "wall")


@require_safe
def home(request: PageRequest) -> HttpResponse:
    """What the user owes, the most urgent first; above it a welcome for who is new, or who asks for it."""
    ctx = request.ctx
    shown: dict[str, Any] = {"groups": [], "first_steps": welcome.first_steps(ctx)}
    parts = ((part.template, part.given(ctx)) for part in rooms.home_parts())
    shown["parts"] = [(template, given) for template, given in parts if given is not None]
    if welcome.is_due(request.user) or "welcome" in request.GET:
        shown["welcome"] = welcome.of(ctx)
    if not can(ctx, obligation_lists.READ):
        return render(request, "site/home.html", shown)
    found = obligation_lists.list_obligations(ctx, obligation_lists.Wanted(Whose.MINE))
    tally = obligation_lists.count_mine(ctx)
    shown["groups"] = _by_urgency(ctx, duty_rows.rows_of(ctx, found.rows))
    shown |= {"tally": tally, "more": tally.open - len(found.rows)}
    return render(request, "site/home.html", shown)


@require_POST
def welcomed(request: PageRequest) -> HttpResponse:
    welcome.finish(request.user)
    return redirect("home")


@require_safe
@never_cache
@vary_on_headers("HX-Request")
def find(request: PageRequest) -> HttpResponse:
    """What is called so in all registers: as a page, or as the part that the command box shows."""
    words = request.GET.get("q", "").strip()[: finding.LONGEST]
    template = "site/_found.html" if request.headers.get("HX-Request") else "site/find.html"
    return render(request, template, {"words": words, "found": finding.find(request.ctx, words)})


def _by_urgency(ctx: Context, rows: list[duty_rows.Row]) -> list[tuple[str, list[duty_rows.Row]]]:
    now = ctx.now()
    tonight = periods.end_of(periods.local_date(now))
    late = [row for row in rows if row.duty.due_at < now]
    today = [row for row in rows if now <= row.duty.due_at <= tonight]
    later = [row for row in rows if row.duty.due_at > tonight]
    groups = ((_("已逾期"), late), (_("今天到期"), today), (_("以后"), later))
    return [(title, its) for title, its in groups if its]


@login_not_required
@require_safe
@never_cache
def alive(_request: HttpRequest) -> HttpResponse:
    """For the supervisor and load balancers: this process answers."""
    return HttpResponse("ok", content_type="text/plain")


@require_POST
def preferences(request: PageRequest) -> HttpResponse:
    form = PreferencesForm(request.POST, instance=request.user)
    if form.is_valid():
        form.save()
    response = redirect(way_back(request))
    response.set_cookie(settings.LANGUAGE_COOKIE_NAME, request.user.language, max_age=31_536_000, secure=True)
    return response


@require_POST
def posting(request: PageRequest) -> HttpResponse:
    """Act by one of one's own grants from now on, or by all of them again; leads home, where nobody is refused."""
    asked = request.POST.get("posting", "")
    held = next((held for held in request.ctx.postings if str(held.id) == asked), None)
    if asked and held is None:
        raise DomainError("posting_ended")
    if held is None:
        request.session.pop(POSTING, None)
    else:
        request.session[POSTING] = held.id
    return redirect("home")


@require_safe
@needs("kernel.node.read")
def node_status(request: PageRequest) -> HttpResponse:
    return render(request, "site/node.html", _node_page(request, None))


@require_POST
@needs("kernel.node.check")
def node_selfcheck(request: PageRequest) -> HttpResponse:
    check = node.start_self_check(request.ctx)
    return redirect("node_selfcheck_result", check.pk)


@require_safe
@needs("kernel.node.read")
def node_selfcheck_result(request: PageRequest, check_id: int) -> HttpResponse:
    """The page with one self-check; the live page fetches only its fragment again."""
    check = node.get_self_check(request.ctx, check_id)
    template = "site/_selfcheck.html" if request.headers.get("HX-Request") else "site/node.html"
    return render(request, template, _node_page(request, check))


@require_POST
@needs("kernel.node.release")
def node_release(request: PageRequest) -> HttpResponse:
    if node.release_node(request.ctx):
        messages.success(request, _("节点已放行，积压的任务开始执行。"))
    return redirect("node_status")


def _waiting(ctx: Context) -> list[dict[str, Any]]:
    """What would go out on release: jobs, timers, and what waits for carriers."""
    channels = dict(Channel.choices)
    rows = [
        *node.list_waiting(ctx),
        *(
            (_("待发的%(channel)s") % {"channel": channels[name]}, number)
            for name, number in count_to_go_out().items()
        ),
    ]
    return [{"name": name, "count": count} for name, count in rows]


def _node_page(request: PageRequest, check: SelfCheck | None) -> dict[str, Any]:
    return {
        "processes": node.list_processes(request.ctx),
        "held_since": node.held_since(),
        "waiting": _waiting(request.ctx),
        "selfcheck": check
        and {"id": check.pk, "done": check.relayed_at is not None, "steps": node.steps_of(check)},
    }


@login_not_required
@require_safe
def ca_page(request: HttpRequest) -> HttpResponse:
    """How to install the root certificate that this node made itself."""
    file = settings.ANLAN.var / "public/anlan-ca.crt" if settings.ANLAN.var else None
    if file is None or not file.exists():
        raise Http404
    root = x509.load_pem_x509_certificate(file.read_bytes())
    digest = root.fingerprint(hashes.SHA256()).hex(":").upper()
    return render(request, "site/ca.html", {"fingerprint": digest, "expires_at": root.not_valid_after_utc})


@require_safe
def styleguide(request: PageRequest, form: str = "") -> HttpResponse:
    """Living examples of the look: tokens, components and the seven page forms; in the demo and in tests only."""
    if settings.ANLAN.mode == "up" or (form and form not in FORMS):
        raise Http404
    return render(request, "site/styleguide.html", {"form": form, "forms": FORMS})


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1024 // 1024
        detail = _("一次提交的内容超过 %(most)s MB，没有处理。请减少内容，或分几次提交。") % {"most": most}
        return refusal(request, status=413, code="too_large", detail=detail)
    detail = _("请求的内容有误，没有处理。请返回上一页重试。")
    return refusal(request, status=400, code="bad_request", detail=detail)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    del reason
    detail = _("页面已过期，提交没有生效。请返回上一页，先复制已填写的内容，刷新后再提交。")
    return refusal(request, status=403, code="page_expired", detail=detail)


@requires_csrf_token
def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    del exception
    return refusal(
        request,
        status=403,
        code="forbidden",
        detail=_("您没有打开此页的权限。如工作需要，请联系安全管理员授权。"),
    )


@requires_csrf_token
def too_many(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    del exception
    detail = _("操作过于频繁，这一次没有处理。请等一分钟再试。")
    return refusal(request, status=429, code="too_many", detail=detail)


@requires_csrf_token
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    del exception
    detail = _("没有找到这个页面或记录。它可能已移走，或不在您的管理范围内。")
    return refusal(request, status=404, code="not_found", detail=detail)


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    """An unexpected error shows its number, which the log carries too; never its text."""
    detail = _("系统出错，刚才的操作可能没有完成。请把错误编号 %(number)s 告诉运维人员。") % {
        "number": current_number.get()
    }
    try:
        return refusal(request, status=500, code="unexpected", detail=detail)
    except DatabaseError:  # the frame of a page reads from it, too; this one needs nothing
        away = (settings.FRONTEND / "away.html").read_bytes()
        return HttpResponse(away, status=503, headers={"Retry-After": "5"})
