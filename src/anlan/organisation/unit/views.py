"""Units: pages of the acts that change the tree, and of what is known of a unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from anlan.kernel import timeline
from anlan.kernel.errors import DomainError, NotAllowed, NotFound, StateConflict
from anlan.kernel.pages import needs
from anlan.kernel.register import choosing
from anlan.organisation.unit import selectors, services
from anlan.organisation.unit.forms import GeometryForm, ProfileForm, SplitForm, TargetForm
from anlan.organisation.unit.services import EDIT
from anlan.protocols import geojson

if TYPE_CHECKING:
    from collections.abc import Callable

    from django import forms

    from anlan.kernel.models import Unit
    from anlan.kernel.requests import PageRequest

ask = require_http_methods(["GET", "POST"])


@ask
@needs(EDIT)
def unit_move(request: PageRequest, key: int) -> HttpResponse:
    ctx = request.ctx
    unit = selectors.get_unit(ctx, key, EDIT)
    form = TargetForm(ctx, _("划转到"), choosing.data_of(request), initial=choosing.begun_of(request))
    effects = (
        _("该单位连同全部下级一起划转，代码和历史记录不变"),
        _("新上级的人员按各自权限可以看到它，原上级的人员不再看到"),
    )
    if _done(request, unit, form, lambda: services.move_unit(ctx, key, **form.cleaned_data)):
        messages.success(request, _("已划转“%(name)s”。") % {"name": unit})
        return redirect("unit_detail", key)
    return _page(request, unit, form, _("划转单位"), effects)


@ask
@needs(EDIT)
def unit_merge(request: PageRequest, key: int) -> HttpResponse:
    ctx = request.ctx
    unit = selectors.get_unit(ctx, key, EDIT)
    form = TargetForm(ctx, _("并入"), choosing.data_of(request), initial=choosing.begun_of(request))
    effects = (
        _("该单位停用，下级单位改属所选单位"),
        _("该单位以往的记录由所选单位的人员按权限查看"),
        _("合并不能撤销，只能再行拆分"),
    )
    if _done(request, unit, form, lambda: services.merge_unit(ctx, key, **form.cleaned_data)):
        messages.success(request, _("已将“%(name)s”并入。") % {"name": unit})
        return redirect("unit_detail", key)
    return _page(request, unit, form, _("合并单位"), effects)


@ask
@needs(EDIT)
def unit_split(request: PageRequest, key: int) -> HttpResponse:
    ctx = request.ctx
    unit = selectors.get_unit(ctx, key, EDIT)
    form = SplitForm(request.POST or None)
    effects = (
        _("在同一上级之下设立这些新单位，类别与原单位相同"),
        _("原单位的下级逐个划转到新单位，完成后停用原单位"),
    )
    if _done(request, unit, form, lambda: services.split_unit(ctx, key, **form.cleaned_data)):
        messages.success(request, _("已设立新单位，请继续划转下级单位。"))
        return redirect(f"{reverse('unit_list')}?unit={unit.parent_id}")
    return _page(request, unit, form, _("拆分单位"), effects)


@ask
@needs(EDIT)
def unit_describe(request: PageRequest, key: int) -> HttpResponse:
    ctx = request.ctx
    unit = selectors.get_unit(ctx, key, EDIT)
    profile = selectors.find_profile(ctx, unit, EDIT)
    given = {name: getattr(profile, name) for name in ("answers_to", "address")} if profile else {}
    begun = choosing.begun_of(request) if request.POST else {}
    form = ProfileForm(ctx, choosing.data_of(request), initial=given | begun)
    if _done(request, unit, form, lambda: services.describe_unit(ctx, key, **form.cleaned_data)):
        messages.success(request, _("已保存。"))
        return redirect("unit_detail", key)
    return _page(request, unit, form, _("修改单位概况"), ())


@ask
@needs(EDIT)
def unit_place(request: PageRequest, key: int) -> HttpResponse:
    """The seat of a unit and its area."""
    ctx = request.ctx
    unit = selectors.get_unit(ctx, key, EDIT)
    profile = selectors.find_profile(ctx, unit, EDIT, area=True)
    given = {name: getattr(profile, name) for name in ("seat", "is_sketch", "source")} if profile else {}
    has_area = bool(profile and profile.area)
    form = GeometryForm(request.POST or None, request.FILES or None, initial=given, has_area=has_area)
    if _done(request, unit, form, lambda: services.describe_unit(ctx, key, **form.values())):
        messages.success(request, _("已保存。"))
        return redirect("unit_detail", key)
    return _page(request, unit, form, _("修改驻地和范围"), ())


@require_safe
@needs(selectors.READ)
def unit_area(request: PageRequest, key: int) -> HttpResponse:
    """The area for map programs."""
    unit = selectors.get_unit(request.ctx, key)
    profile = selectors.find_profile(request.ctx, unit, area=True)
    if profile is None or profile.area is None:
        raise NotFound
    told = {"code": unit.code, "name": unit.name, "is_sketch": profile.is_sketch, "source": profile.source}
    response = HttpResponse(geojson.feature(profile.area.json, told), content_type="application/geo+json")
    name = f"{unit.code or unit.pk}-{unit.name}.geojson"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    response["Cache-Control"] = "no-store"
    return response


def _done(request: PageRequest, unit: Unit, form: forms.Form, act: Callable[[], object]) -> bool:
    """Whether the act was done; a refusal is shown at the form, which keeps what was filled in."""
    if not form.is_valid():
        return False
    try:
        act()
    except NotAllowed:
        raise
    except StateConflict:
        form.add_error(None, timeline.overtaken(request.ctx, unit, EDIT))
        return False
    except DomainError as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


def _page(
    request: PageRequest, unit: Unit, form: forms.Form, title: str, effects: tuple[str, ...]
) -> HttpResponse:
    shown = {"unit": unit, "form": form, "title": title, "effects": effects}
    shown["fields"] = [choosing.shown(form, name, request.POST) for name in form.fields]
    return render(request, "unit/act.html", shown)
