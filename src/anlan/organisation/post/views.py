"""Posts: vacancies, appointing, absence, and the check of an emergency office."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from anlan.kernel import owed, shelf, timeline
from anlan.kernel.errors import StateConflict
from anlan.kernel.pages import needs
from anlan.kernel.register import choosing
from anlan.kernel.register.declaration import register_of
from anlan.kernel.scope import can
from anlan.organisation.post import selectors, services
from anlan.organisation.post.forms import AbsenceForm, AppointForm, CheckForm, StandInForm
from anlan.organisation.post.register import ABSENCE, APPOINT, CHECK, FOUR_LABELS
from anlan.organisation.post.terms import PostKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from django import forms
    from django.db.models import Model
    from django.http import HttpResponse

    from anlan.kernel.requests import PageRequest

EDIT = "organisation.post.edit"
ask = require_http_methods(["GET", "POST"])


@require_safe
@needs(selectors.READ)
def post_vacancies(request: PageRequest) -> HttpResponse:
    """Posts that nobody holds, and posts that units should have and have not."""
    ctx = request.ctx
    asked = request.GET.get("unit", "")
    unit = selectors.find_unit(ctx, int(asked)) if asked.isdecimal() and len(asked) < 19 else None
    vacant = list(selectors.list_vacant(ctx, unit)[: selectors.MOST_SHOWN])
    labels = dict(PostKind.choices)
    shown = {
        "unit": unit,
        "vacant": vacant,
        "missing": [(one, labels[one.kind]) for one in selectors.list_missing(ctx, unit)],
        "may_appoint": can(ctx, APPOINT),
        "may_found": can(ctx, EDIT),
        "person": request.GET.get("person", "")[:36],
        "most": selectors.MOST_SHOWN,
    }
    return render(request, "post/vacancies.html", shown)


@require_safe
@needs(selectors.READ)
def post_required(request: PageRequest) -> HttpResponse:
    """Which posts units must have, by which clause; how many have them, which have not."""
    ctx, asked = request.ctx, request.GET.get("unit", "")
    tops = selectors.list_tops(ctx)
    found = selectors.find_unit(ctx, int(asked)) if asked.isdecimal() and len(asked) < 19 else None
    unit = found or next(iter(tops), None)
    labels, units = dict(PostKind.choices), register_of("organisation.unit").choices["kind"]
    kind = request.GET.get("kind", "")
    tallies = selectors.count_by_kind(ctx, unit)
    rules = [
        {
            "rule": one,
            "label": labels[one.kind],
            "units": _("、").join(str(label) for value, label in units if value in one.unit_kinds),
            "tally": tallies.get(one.kind, selectors.Tally(0, 0, 0)),
        }
        for one in selectors.list_needed(ctx)
    ]
    shown = {
        "unit": unit,
        "tops": tops,
        "rules": rules,
        "kind": kind if kind in labels else "",
        "label": labels.get(kind, ""),
        "lacking": selectors.list_lacking(ctx, unit, kind) if kind in labels else [],
        "parts": selectors.count_by_part(ctx, unit) if unit else [],
        "may_appoint": can(ctx, APPOINT),
        "may_found": can(ctx, EDIT),
        "most": selectors.MOST_SHOWN,
    }
    return render(request, "post/required.html", shown)


@require_POST
@needs(EDIT)
def post_found_missing(request: PageRequest) -> HttpResponse:
    made = services.found_missing_posts(request.ctx)
    messages.success(request, _("已补设 %(number)s 个岗位。") % {"number": len(made)})
    return redirect("post_vacancies")


@require_safe
@needs(selectors.READ)
def post_people(request: PageRequest, field: str) -> HttpResponse:
    """The people that the search box of a form suggests."""
    reference: Any = StandInForm(request.ctx).fields["person"]
    words = choosing.words_of(request.GET, field)
    shown = choosing.choices(reference, field, words, request.GET.get(field))
    return render(request, "kernel/register/_choices.html", shown)


@ask
@needs(APPOINT)
def post_appoint(request: PageRequest, post_id: UUID) -> HttpResponse:
    post = selectors.get_post(request.ctx, post_id, APPOINT)
    form = AppointForm(request.ctx, choosing.data_of(request), initial=choosing.begun_of(request))
    effects = [_("%(name)s由其负责，叫应、值班等按此找人") % {"name": post.name}, _("任职写入留痕")]
    return _act(
        request,
        form,
        lambda person, **rest: services.appoint_person(request.ctx, post.pk, person.pk, **rest),
        heading=_("任命：%(post)s") % {"post": post.name},
        verb=_("任命"),
        done=_("已任命。"),
        back=reverse("post_detail", args=[post.pk]),
        effects=effects,
        about=post.unit.name,
        record=post,
    )


@ask
@needs(APPOINT)
def post_stand_in(request: PageRequest, post_id: UUID) -> HttpResponse:
    post = selectors.get_post(request.ctx, post_id, APPOINT)
    form = StandInForm(request.ctx, choosing.data_of(request), initial=choosing.begun_of(request))
    effects = [_("在任人员请假或岗位空缺时，按顺序由替补接替"), _("替补写入留痕")]
    return _act(
        request,
        form,
        lambda person, **rest: services.put_stand_in(request.ctx, post.pk, person.pk, **rest),
        heading=_("指定替补：%(post)s") % {"post": post.name},
        verb=_("指定"),
        done=_("已指定替补。"),
        back=reverse("post_detail", args=[post.pk]),
        effects=effects,
        about=post.unit.name,
        record=post,
    )


@require_POST
@needs(APPOINT)
def posting_end(request: PageRequest, posting_id: UUID) -> HttpResponse:
    try:
        posting = services.end_posting(request.ctx, posting_id)
    except StateConflict:
        posting = selectors.get_posting(request.ctx, posting_id, APPOINT)
        messages.info(request, _("该任职已经结束，没有再办。现在的任职如下。"))
    else:
        messages.success(request, _("已免去。岗位出缺的，请尽快补齐。"))
    return redirect("post_detail", posting.post_id)


@ask
@needs(ABSENCE)
def absence_report(request: PageRequest, person_id: UUID) -> HttpResponse:
    ctx = request.ctx
    person = selectors.get_person_away(ctx, person_id, ABSENCE)
    begun = {"from_at": ctx.now()} | choosing.begun_of(request)
    form = AbsenceForm(ctx, choosing.data_of(request), initial=begun)

    def report(stand_in: Any, **rest: Any) -> object:
        return services.report_absence(ctx, person.pk, stand_in_id=stand_in.pk if stand_in else None, **rest)

    return _act(
        request,
        form,
        report,
        heading=_("登记请假：%(person)s") % {"person": person.name},
        verb=_("登记"),
        done=_("已登记请假。"),
        back=reverse("person_detail", args=[person.pk]),
        effects=[_("请假期间，叫应、值班等改找代班人或替补"), _("销假或到期后恢复")],
        about=person.unit.name,
        record=person,
    )


@require_POST
@needs(ABSENCE)
def absence_end(request: PageRequest, absence_id: UUID) -> HttpResponse:
    try:
        absence = services.end_absence(request.ctx, absence_id)
    except StateConflict:
        absence = selectors.get_absence(request.ctx, absence_id, ABSENCE)
        messages.info(request, _("该请假已经结束，没有再办。"))
    else:
        messages.success(request, _("已销假。"))
    return redirect("person_detail", absence.person_id)


@ask
@needs(CHECK)
def office_check(request: PageRequest, unit_id: int) -> HttpResponse:
    """What proves each of the four of an emergency office this year."""
    office = selectors.get_office(request.ctx, unit_id, CHECK)
    check = selectors.find_check(request.ctx, office)
    begun = {name: getattr(check, name, "") for name in selectors.FOUR}
    form = CheckForm(request.POST or None, initial=begun)
    if form.is_valid():
        made = services.check_office(request.ctx, office.pk, proofs=form.proofs())
        done = _("已核对，四项都已落实。") if made.is_complete else _("已保存，还有未落实的项。")
        messages.success(request, done)
        return redirect("office_check_detail", made.pk)
    shown = {
        "form": form,
        "fields": [{"field": field} for field in form],
        "heading": _("核对四落实"),
        "verb": _("保存"),
        "about": office.name,
        "back": reverse("unit_detail", args=[office.pk]),
        "effects": [
            _("四项都填写依据，即办结本年度的核对事项"),
            _("未填的项列为未落实"),
            _("保存后可添加文件、照片作为证明"),
        ],
    }
    return render(request, "post/act.html", shown)


@require_safe
@needs(selectors.READ)
def office_list(request: PageRequest) -> HttpResponse:
    """Of each office which of the four are in place this year, and those that lack one."""
    ctx = request.ctx
    year = ctx.now().astimezone().year
    offices = selectors.list_offices(ctx, year)
    asked = request.GET.get("lacks", "")
    lacks = asked if asked in {*selectors.FOUR, selectors.ANY} else ""
    rows = selectors.list_without(offices, lacks) if lacks else offices
    counts = selectors.count_offices(offices)
    shown = {
        "year": year,
        "counts": counts,
        "four": [(name, FOUR_LABELS[name], counts[f"with_{name}"]) for name in selectors.FOUR],
        "rows": [
            {
                "unit": unit,
                "four": [(FOUR_LABELS[name], getattr(unit, name) or "") for name in selectors.FOUR],
            }
            for unit in rows[: selectors.MOST_SHOWN]
        ],
        "chips": [
            {"label": label, "value": value, "on": value == lacks}
            for value, label in (
                ("", _("全部")),
                (selectors.ANY, _("未落实齐")),
                *((name, _("缺%(what)s") % {"what": FOUR_LABELS[name]}) for name in selectors.FOUR),
            )
        ],
        "lacks": lacks,
        "may_check": can(ctx, CHECK),
        "most": selectors.MOST_SHOWN,
    }
    return render(request, "post/offices.html", shown)


@require_safe
@needs(selectors.READ)
def office_check_detail(request: PageRequest, check_id: UUID) -> HttpResponse:
    """One year's check: what proves each of the four, with its files."""
    ctx = request.ctx
    check = selectors.get_check(ctx, check_id)
    shown = {
        "check": check,
        "four": [(FOUR_LABELS[name], getattr(check, name)) for name in selectors.FOUR],
        "may_check": can(ctx, CHECK, check) and check.year == ctx.now().astimezone().year,
        "shelf": shelf.shelf_of(ctx, check),
        "owed": owed.of(ctx, check.unit, selectors.READ),
        "timeline": timeline.of(ctx, check.unit, selectors.READ),
    }
    return render(request, "post/office_check.html", shown)


def _act(
    request: PageRequest,
    form: forms.Form,
    act: Callable[..., object],
    *,
    done: str,
    back: str,
    record: Model,
    **shown: Any,
) -> HttpResponse:
    """The page of one act on a record; what the act refuses stands at its field, and what was typed stays."""
    status = 200
    if form.is_valid():
        try:
            act(**form.cleaned_data)
        except ValidationError as wrong:
            form.add_error(None, wrong)
        except StateConflict:
            capability = ABSENCE if isinstance(form, AbsenceForm) else APPOINT
            form.add_error(None, timeline.overtaken(request.ctx, record, capability))
            status = 409
        else:
            messages.success(request, done)
            return redirect(back)
    fields = [choosing.shown(form, name, request.POST) for name in form.fields]
    shown |= {"form": form, "fields": fields, "back": back}
    return render(request, "post/act.html", shown, status=status)
