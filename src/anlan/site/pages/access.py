"""Access: who holds which role where, and what the roles may do."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from anlan.kernel import access, events, roles, rooms, timeline, users
from anlan.kernel.clock import real_now
from anlan.kernel.errors import DomainError, StateConflict
from anlan.kernel.journal import list_timeline
from anlan.kernel.models import Grant
from anlan.kernel.pages import WING_TITLES, needs
from anlan.kernel.register import choosing
from anlan.kernel.scope import can
from anlan.kernel.terms import GrantState
from anlan.site.pages.access_forms import EndForm, GrantForm, RoleForm, UntilForm, UserForm, show_refusal
from anlan.site.pages.access_people import deeds_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from django import forms
    from django.http import HttpResponse

    from anlan.kernel.context import Context
    from anlan.kernel.models import Entry, Role
    from anlan.kernel.requests import PageRequest

ROWS = 50
REMEMBERED = 50  # entries of a history on its page
MARKS = {GrantState.CURRENT: "doing", GrantState.TO_COME: "waiting", GrantState.ENDED: "stopped"}
ask = require_http_methods(["GET", "POST"])


# --- users and their grants --------------------------------------------------------------------------------------


@require_safe
@needs(access.READ)
def access_users(request: PageRequest) -> HttpResponse:
    words = request.GET.get("q", "").strip()[:100]
    role = _role_asked(request)
    found = access.list_users(request.ctx, words=words, role_id=role.pk if role else None)
    shown = {
        "page": Paginator(found, ROWS).get_page(request.GET.get("page")),
        "words": words,
        "role": role,
        "may_create": can(request.ctx, users.CREATE),
        "vacant": access.list_vacant_units(request.ctx),
    }
    return render(request, "site/access/users.html", shown)


@require_safe
@needs(access.READ)
def access_user(request: PageRequest, user_id: int) -> HttpResponse:
    ctx = request.ctx
    user = access.get_user(ctx, user_id)
    grants = list(access.list_grants(ctx).filter(user=user))
    rows = [_grant_row(ctx, grant) for grant in grants]
    is_self = user.pk == request.user.pk
    shown = {
        "person": user,
        "in_force": [row for row in rows if row["state"] != GrantState.ENDED],
        "past": [row for row in rows if row["state"] == GrantState.ENDED],
        "history": _history(access.list_history(ctx, user), grants),
        "is_self": is_self,
        "may_grant": can(ctx, access.GRANT) and user.is_active and not is_self,
        "may_appoint": user.is_active and not is_self and access.list_vacant_units(ctx),
        **deeds_for(ctx, user),
    }
    return render(request, "site/access/user.html", shown)


@ask
@never_cache
@sensitive_variables("password")
@needs(users.CREATE)
def access_user_create(request: PageRequest) -> HttpResponse:
    """Answers with the initial password itself: it is kept nowhere, so no other page could show it."""
    form = UserForm(request.POST or None)
    if form.is_valid():
        try:
            user, password = users.create_user(request.ctx, **form.cleaned_data)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            if user.is_machine:
                messages.success(request, _("已添加机器账号。由安全管理员授予角色后，可签发令牌。"))
                return redirect("access_user", user.pk)
            return render(request, "site/access/password.html", {"person": user, "password": password})
    return render(request, "site/access/user_create.html", {"form": form})


@ask
@needs(access.APPOINT)
def access_appoint(request: PageRequest, user_id: int) -> HttpResponse:
    user = access.get_user(request.ctx, user_id, access.APPOINT)
    if request.method == "POST":
        try:
            access.appoint_security_administrator(request.ctx, user)
        except DomainError as refusal:  # appointed meanwhile, or the user was disabled: his page shows it
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("已任命。今后由安全管理员授权。"))
        return redirect("access_user", user.pk)
    shown = {"person": user, "vacant": access.list_vacant_units(request.ctx)}
    return render(request, "site/access/appoint.html", shown)


@ask
@needs(access.GRANT)
def access_grant(request: PageRequest, user_id: int) -> HttpResponse:
    ctx = request.ctx
    user = access.get_user(ctx, user_id, access.GRANT)
    form = GrantForm(ctx, choosing.data_of(request), initial=choosing.begun_of(request))
    if form.is_valid():
        given = form.cleaned_data
        if _done(request.ctx, form, lambda: access.grant_role(ctx, user, **given)):
            messages.success(request, _("已授予“%(role)s”。") % {"role": given["role"]})
            if given["line"] and not access.count_units_of_line(ctx, given["unit"], given["line"]):
                messages.warning(request, _("所选范围内还没有该条线的单位，设了条线后授权才有作用。"))
            return redirect("access_user", user.pk)
    fields = [choosing.shown(form, name, request.POST) for name in form.fields]
    return render(request, "site/access/grant.html", {"person": user, "form": form, "fields": fields})


@ask
@needs(access.GRANT)
def access_grant_end(request: PageRequest, grant_id: int) -> HttpResponse:
    grant = access.get_grant(request.ctx, grant_id, access.GRANT)
    form = EndForm(request.POST or None)
    if form.is_valid() and _done(
        request.ctx, form, lambda: access.end_grant(request.ctx, grant.pk, form.cleaned_data["reason"]), grant
    ):
        messages.success(request, _("已收回“%(role)s”。") % {"role": grant.role})
        return redirect("access_user", grant.user_id)
    return render(request, "site/access/end.html", {"grant": grant, "form": form})


@ask
@needs(access.GRANT)
def access_grant_until(request: PageRequest, grant_id: int) -> HttpResponse:
    grant = access.get_grant(request.ctx, grant_id, access.GRANT)
    form = UntilForm(request.POST or None, initial={"until_at": grant.until_at})
    if form.is_valid() and _done(
        request.ctx, form, lambda: access.change_grant_end(request.ctx, grant.pk, **form.cleaned_data), grant
    ):
        messages.success(request, _("已修改“%(role)s”的期限。") % {"role": grant.role})
        return redirect("access_user", grant.user_id)
    return render(request, "site/access/until.html", {"grant": grant, "form": form})


# --- roles -------------------------------------------------------------------------------------------------------


@require_safe
@needs(access.READ)
def access_roles(request: PageRequest) -> HttpResponse:
    shown = {"roles": roles.list_roles(request.ctx), "may_create": can(request.ctx, roles.EDIT)}
    return render(request, "site/access/roles.html", shown)


@require_safe
@needs(access.READ)
def access_role(request: PageRequest, role_id: int) -> HttpResponse:
    ctx = request.ctx
    role = roles.get_role(ctx, role_id)
    holders = Paginator(access.list_users(ctx, role_id=role.pk), ROWS).get_page(request.GET.get("page"))
    may_edit = can(ctx, roles.EDIT)
    shown = {
        "role": role,
        "groups": _groups(role.capabilities),
        "page": holders,
        "may_edit": may_edit,
        "why_not": roles.why_not_edit(ctx, role) if may_edit else "",
        "history": _history(list_timeline(ctx, role, access.READ), ()),
    }
    return render(request, "site/access/role.html", shown)


@ask
@needs(roles.EDIT)
def access_role_create(request: PageRequest) -> HttpResponse:
    form = RoleForm(None, request.POST or None)
    if form.is_valid():
        given = {name: form.cleaned_data[name] for name in ("name", "capabilities")}
        try:
            role = roles.create_role(request.ctx, **given)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("已新建角色“%(role)s”。") % {"role": role})
            return redirect("access_role", role.pk)
    return _role_form(request, form, None)


@ask
@needs(roles.EDIT)
def access_role_edit(request: PageRequest, role_id: int) -> HttpResponse:
    """First the form, then what would change and for how many; only what was looked at is done."""
    role = roles.get_role(request.ctx, role_id, roles.EDIT)
    roles.refuse_edit(request.ctx, role)
    given = {"name": role.name, "capabilities": role.capabilities, "seen_at": role.edited_at}
    form = RoleForm(role, request.POST or None, initial=given)
    if "back" in request.POST or not form.is_valid():
        return _role_form(request, form, role)
    difference = roles.compare(role, form.cleaned_data["name"], form.cleaned_data["capabilities"])
    if not difference:
        messages.info(request, _("没有改动。"))
        return redirect("access_role", role.pk)
    if role.edited_at != form.cleaned_data["seen_at"]:
        return _role_overtaken(request, role)
    if "confirm" in request.POST:
        if not _done(request.ctx, form, lambda: roles.edit_role(request.ctx, role.pk, **form.cleaned_data)):
            return _role_form(request, form, role, status=409)
        messages.success(request, _("已修改角色“%(role)s”。") % {"role": form.cleaned_data["name"]})
        return redirect("access_role", role.pk)
    shown = {"role": role, "form": form, "renamed": difference.renamed, "holders": roles.count_holders(role)}
    shown |= {"added": _terms(difference.added), "removed": _terms(difference.removed)}
    return render(request, "site/access/role_preview.html", shown)


def _role_overtaken(request: PageRequest, role: Role) -> HttpResponse:
    """The form as it was filled in, now against the role as somebody has edited it meanwhile."""
    data = request.POST.copy()
    data["seen_at"] = role.edited_at.isoformat() if role.edited_at else ""
    form = RoleForm(role, data)
    if form.is_valid():
        form.add_error(None, timeline.overtaken(request.ctx, role, roles.EDIT))
        difference = roles.compare(role, form.cleaned_data["name"], form.cleaned_data["capabilities"])
        for said, codes in (
            (_("他有而您没有勾选的：%(terms)s。"), difference.removed),
            (_("您勾选而他没有的：%(terms)s。"), difference.added),
        ):
            if codes:
                form.add_error(None, said % {"terms": _("、").join(_terms(codes))})
    return _role_form(request, form, role, status=409)


# --- what the pages show -----------------------------------------------------------------------------------------


def _done(ctx: Context, form: forms.Form, act: Callable[[], object], grant: Grant | None = None) -> bool:
    """Whether the act was done; a refusal is shown at the form, of a grant changed meanwhile what happened to it."""
    try:
        act()
    except DomainError as refusal:
        if grant is not None and isinstance(refusal, StateConflict):
            form.add_error(None, timeline.overtaken(ctx, grant, access.GRANT))
        else:
            show_refusal(form, refusal)
        return False
    return True


def _role_asked(request: PageRequest) -> Role | None:
    asked = request.GET.get("role", "")
    return roles.get_role(request.ctx, int(asked)) if asked.isdecimal() and len(asked) < 18 else None


def _role_form(request: PageRequest, form: RoleForm, role: Role | None, *, status: int = 200) -> HttpResponse:
    offered = [code for code, _term in form.fields["capabilities"].choices]  # type: ignore[attr-defined]  # it has some
    shown = {"form": form, "role": role, "groups": _groups(offered), "chosen": form.chosen}
    return render(request, "site/access/role_form.html", shown, status=status)


def _grant_row(ctx: Context, grant: Grant) -> dict[str, Any]:
    state = grant.state_at(real_now())
    own = ctx.actor is not None and grant.user_id == ctx.actor.pk
    may_change = state != GrantState.ENDED and not own and can(ctx, access.GRANT, grant.scope_root)
    return {"grant": grant, "state": state, "mark": MARKS[state], "may_change": may_change}


def _groups(codes: Iterable[str]) -> list[dict[str, Any]]:
    """Capabilities under the names of their wings, in the order in which the house lists them."""
    known = rooms.capabilities()
    wings = [*WING_TITLES, "kernel"]
    wanted = set(codes)
    listed = sorted((code for code in known if code in wanted), key=lambda code: wings.index(_wing(code)))
    return [
        {
            "title": WING_TITLES.get(wing, _("系统")),
            "items": [{"code": code, "term": known[code]} for code in within],
        }
        for wing, within in groupby(listed, key=_wing)
    ]


def _wing(code: str) -> str:
    return code.partition(".")[0]


def _terms(codes: Iterable[str]) -> list[str]:
    """Their terms in the order in which the house lists them; what no room declares any more goes by its code."""
    known, wanted = rooms.capabilities(), set(codes)
    return [*(str(known[code]) for code in known if code in wanted), *sorted(wanted - known.keys())]


def _history(entries: Any, grants: Iterable[Grant]) -> list[dict[str, Any]]:
    """Entries as lines: what happened, to which grant, why and by whom."""
    by_key = {str(grant.pk): grant for grant in grants}
    shown = entries.prefetch_related("private")[:REMEMBERED]
    return [_line(entry, by_key.get(entry.subject)) for entry in shown]


def _line(entry: Entry, grant: Grant | None) -> dict[str, Any]:
    of_grant = grant if entry.subject_kind == Grant._meta.label_lower else None
    return {
        "at": entry.recorded_at,
        "what": events.label_of(entry.event),
        "grant": of_grant,
        "after": parse_datetime(entry.data.get("after") or ""),
        "has_end": "after" in entry.data,
        "added": _terms(entry.data.get("added", ())),
        "removed": _terms(entry.data.get("removed", ())),
        # Of a log-in the texts tell from where it came: that is for the auditor, and not why.
        "reason": " ".join(note.text for note in entry.private.all() if note.field == "reason"),
        "who": entry.actor or _("系统"),
    }


PREFIX = "access/"
urlpatterns = [
    path("", access_users, name="access_users"),
    path("users/new/", access_user_create, name="access_user_create"),
    path("users/<int:user_id>/", access_user, name="access_user"),
    path("users/<int:user_id>/appoint/", access_appoint, name="access_appoint"),
    path("users/<int:user_id>/grant/", access_grant, name="access_grant"),
    path("grants/<int:grant_id>/end/", access_grant_end, name="access_grant_end"),
    path("grants/<int:grant_id>/until/", access_grant_until, name="access_grant_until"),
    path("roles/", access_roles, name="access_roles"),
    path("roles/new/", access_role_create, name="access_role_create"),
    path("roles/<int:role_id>/", access_role, name="access_role"),
    path("roles/<int:role_id>/edit/", access_role_edit, name="access_role_edit"),
]
