"""The pages of every register: list, record, form, bulk change, saved views. `urls_of` gives a room its addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import models
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from anlan.kernel import owed, personal, shelf, timeline
from anlan.kernel.errors import DomainError, NotFound, StateConflict
from anlan.kernel.pages import needs
from anlan.kernel.register import acts, choosing, forms, listing, rows, saved
from anlan.kernel.register.exchange import ExchangePages
from anlan.kernel.requests import MOST_CHOSEN
from anlan.kernel.scope import can

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpResponse
    from django.urls import URLPattern

    from anlan.kernel.context import Context
    from anlan.kernel.register.declaration import Register, Resolved
    from anlan.kernel.requests import PageRequest

    View = Callable[..., HttpResponse]

ask = require_http_methods(["GET", "POST"])
AT_FIELD = {"record_taken"}  # refusals that are shown at the key


def urls_of(register: Register) -> list[URLPattern]:
    """All addresses of a register, named `<room>_list`, `<room>_detail` …"""
    pages = Pages(register)
    key = "int" if isinstance(register.model._meta.pk, models.AutoField | models.BigAutoField) else "uuid"
    read, edit, look = (register.capability(verb) for verb in ("read", "edit", "look"))
    found: list[tuple[str, str, View, Callable[..., Any], str]] = [
        ("", "list", pages.table, require_safe, read),
        ("new/", "create", pages.create, ask, edit),
        ("choose/<slug:field>/", "choose", pages.choose, require_safe, edit),
        ("bulk/", "bulk", pages.bulk, require_POST, edit),
        ("views/", "view_save", pages.save_view, require_POST, read),
        ("views/<int:view_id>/drop/", "view_drop", pages.drop_view, require_POST, read),
        (f"<{key}:key>/", "detail", pages.detail, require_safe, read),
        (f"<{key}:key>/edit/", "edit", pages.edit, ask, edit),
        (f"<{key}:key>/retire/", "retire", pages.retire, ask, edit),
        (f"<{key}:key>/restore/", "restore", pages.restore, require_POST, edit),
    ]
    found.append(("export/", "export", pages.exchange.export, ask, register.capability("export")))
    if register.key:
        found += [
            ("import/", "import", pages.exchange.upload, ask, edit),
            ("import/template/", "import_template", pages.exchange.template, require_safe, edit),
            ("import/<uuid:task_id>/", "import_check", pages.exchange.check, require_safe, edit),
            ("import/<uuid:task_id>/wrong/", "import_wrong", pages.exchange.wrong, require_safe, edit),
            ("import/<uuid:task_id>/apply/", "import_apply", pages.exchange.apply, require_POST, edit),
        ]
    if register.personal:
        found.append((f"<{key}:key>/look/", "look", never_cache(pages.look), require_POST, look))
    return [
        path(route, method(needs(capability)(view)), name=f"{register.name}_{name}")
        for route, name, view, method, capability in found
    ]


class Pages:
    """The views of one register."""

    def __init__(self, register: Register) -> None:
        self.register = register
        self.exchange = ExchangePages(register, self._common())

    # --- the list -------------------------------------------------------------------------------------------------

    def table(self, request: PageRequest) -> HttpResponse:
        register, ctx = self.register, request.ctx
        wanted = listing.read_wanted(ctx, register, request.GET)
        found = listing.list_slice(
            ctx, register, wanted, after=request.GET.get("after", ""), before=request.GET.get("before", "")
        )
        may_edit = can(ctx, register.capability("edit"))
        deeds = self._deeds(ctx)
        bulk = register.bulk if may_edit else ()
        select = bool(bulk or deeds) and wanted.use == listing.IN_USE
        shown = {
            **self._common(),
            "wanted": wanted,
            "rows": rows.render(register, found.rows, self._address, select=select),
            "heads": [self._head(request, column, wanted) for column in register.listed],
            "is_empty": not found.rows,
            "summary": listing.count(ctx, register, wanted, shown=found) if found.rows else "",
            "previous": found.before and self._query(request, before=found.before),
            "next": found.after and self._query(request, after=found.after),
            "filters": self._filters(request, wanted),
            "uses": self._uses(request, wanted),
            "without_unit": self._query(request, unit=None),
            "clear": request.path,
            "query": self._query(request).removeprefix("?"),
            "views": saved.list_views(ctx, register),
            "select": select,
            "bulk": [self._label(name) for name in bulk],
            "deeds": deeds,
            "pages": [page for page in register.pages if not page.capability or can(ctx, page.capability)],
            "may_edit": may_edit,
            "may_import": may_edit and bool(register.key),
            "may_export": can(ctx, register.capability("export")),
        }
        return render(request, "kernel/register/list.html", shown)

    def _head(self, request: PageRequest, column: Resolved, wanted: listing.Wanted) -> dict[str, Any]:
        turn = ""
        if wanted.sort.removeprefix("-") == column.path:
            turn = "descending" if wanted.sort.startswith("-") else "ascending"
        to = f"-{column.path}" if turn == "ascending" else column.path
        url = self._query(request, sort=to) if column.column.sort else ""
        return {"label": column.label, "url": url, "turn": turn}

    def _filters(self, request: PageRequest, wanted: listing.Wanted) -> list[dict[str, Any]]:
        register = self.register
        return [
            {
                "name": one.name,
                "label": listing.label_of(register, one),
                "options": [
                    listing.Option(value, str(label), wanted.chosen.get(one.name) == value)
                    for value, label in listing.choices_of(request.ctx, register, one)
                ],
            }
            for one in register.filters
        ]

    def _uses(self, request: PageRequest, wanted: listing.Wanted) -> list[dict[str, Any]]:
        labels = ((listing.IN_USE, _("在用")), (listing.RETIRED, _("已停用")), (listing.ALL, _("全部")))
        return [
            {"label": label, "on": wanted.use == use, "url": self._query(request, use=use or None)}
            for use, label in labels
        ]

    def _query(self, request: PageRequest, **changed: str | None) -> str:
        """The list's address with something else asked for; the place in the list begins anew."""
        asked = {name: value for name, value in request.GET.items() if name not in listing.PLACES and value}
        asked |= {name: value for name, value in changed.items() if value}
        for name, value in changed.items():
            if not value:
                asked.pop(name, None)
        return f"?{urlencode(asked)}"

    # --- one record -----------------------------------------------------------------------------------------------

    def detail(self, request: PageRequest, key: Any) -> HttpResponse:
        record = acts.get_record(request.ctx, self.register, key)
        return self._record(request, record, looked=False)

    def look(self, request: PageRequest, key: Any) -> HttpResponse:
        """The record's page with its personal data, once, for the reason that is given."""
        form = forms.ReasonForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("没有填写查看的理由。"))
            return redirect(self._address(key))
        record = acts.look(request.ctx, self.register, key, reason=form.cleaned_data["reason"])
        return self._record(request, record, looked=True)

    def _record(self, request: PageRequest, record: Any, *, looked: bool) -> HttpResponse:
        register, ctx = self.register, request.ctx
        read, deeds = register.capability("look" if looked else "read"), self._deeds(ctx, record)
        shown = {
            **self._common(),
            "record": record,
            "facts": [self._fact(record, column, looked=looked) for column in register.resolved],
            "looked": looked,
            "may_look": bool(register.personal)
            and not looked
            and personal.is_personal(record)
            and can(ctx, register.capability("look"), record),
            "reason": forms.ReasonForm(),
            "may_edit": can(ctx, register.capability("edit"), record),
            "deeds": deeds,
            "edit_first": not deeds,
            "panels": [
                {"template": panel.template, **given}
                for panel in register.all_panels
                if (given := panel.given(ctx, record)) is not None
            ],
            "owed": owed.of(ctx, record, read),
            "timeline": timeline.of(ctx, record, read),
            "shelf": shelf.shelf_of(ctx, record) if register.attach else None,
        }
        return render(request, "kernel/register/record.html", shown)

    def _fact(self, record: Any, column: Resolved, *, looked: bool) -> dict[str, Any]:
        value: Any = record
        for name in column.path.split("__"):
            value = getattr(value, name, None)
        looked = looked or not personal.is_personal(record)
        return {"label": column.label, "text": column.text(value, looked=looked)}

    def create(self, request: PageRequest) -> HttpResponse:
        register = self.register
        begun = choosing.begun_of(request)
        form = forms.RecordForm(request.ctx, register, choosing.data_of(request), begun=begun)
        if form.is_valid() and (
            record := self._done(form, lambda: acts.create_record(request.ctx, register, **form.values()))
        ):
            messages.success(
                request, _("已新建%(term)s“%(name)s”。") % {"term": register.term, "name": record}
            )
            again = "again" in request.POST
            return redirect(f"{register.name}_create") if again else redirect(self._address(record.pk))
        return self._form(request, form)

    def edit(self, request: PageRequest, key: Any) -> HttpResponse:
        """Change a record. Where somebody was faster, the form stays as it was filled in, beside what stands now."""
        register, ctx = self.register, request.ctx
        record = acts.get_record(ctx, register, key, "edit")
        data, begun = choosing.data_of(request), choosing.begun_of(request) if request.POST else {}
        form = forms.RecordForm(ctx, register, data, record, begun=begun)
        if form.is_valid():
            try:
                version = form.cleaned_data["version"]
                done = self._done(
                    form, lambda: acts.edit_record(ctx, register, key, version=version, **form.values())
                )
            except StateConflict:
                return self._both_versions(request, acts.get_record(ctx, register, key, "edit"))
            if done:
                messages.success(request, _("已保存。"))
                return redirect(self._address(key))
        return self._form(request, form, record)

    def _both_versions(self, request: PageRequest, record: Any) -> HttpResponse:
        register, ctx = self.register, request.ctx
        data = request.POST.copy()
        data["version"] = str(record.version)
        form = forms.RecordForm(ctx, register, data, record)
        form.is_valid()
        if record.retired_at:
            form.add_error(None, _("该记录已停用，没有保存。请先恢复使用。"))
            form.add_error(None, timeline.overtaken(ctx, record, register.capability("edit")))
            return self._form(request, form, record, {"status": 409})
        given = form.values()
        differing = [
            {
                "label": form.fields[name].label,
                "theirs": self._text(name, getattr(record, name)),
                "mine": self._text(name, value),
            }
            for name, value in given.items()
            if value != getattr(record, name)
        ]
        return self._form(request, form, record, {"differing": differing, "conflict": True})

    def _text(self, name: str, value: Any) -> str:
        resolved = next((column for column in self.register.resolved if column.path == name), None)
        if resolved:
            return resolved.text(value)
        mask = self.register.masks.get(name)  # entered, but shown in no column
        return personal.masked(mask, value) if mask else str(value if value is not None else "")

    def _form(
        self,
        request: PageRequest,
        form: forms.RecordForm,
        record: Any = None,
        more: dict[str, Any] | None = None,
    ) -> HttpResponse:
        shown = {
            **self._common(),
            "form": form,
            "record": record,
            "fields": [choosing.shown(form, name, request.POST or request.GET) for name in form.asked],
            "back": self._address(record.pk) if record else reverse(f"{self.register.name}_list"),
            **(more or {}),
        }
        status = 409 if "conflict" in shown else shown.get("status", 200)
        return render(request, "kernel/register/form.html", shown, status=status)

    def choose(self, request: PageRequest, field: str) -> HttpResponse:
        """The records that the search box of a reference suggests."""
        if field not in forms.references(self.register):
            raise NotFound
        reference: Any = forms.field_for(request.ctx, self.register, field)
        words = choosing.words_of(request.GET, field)
        shown = choosing.choices(reference, field, words, request.GET.get(field, ""))
        return render(request, "kernel/register/_choices.html", shown)

    def retire(self, request: PageRequest, key: Any) -> HttpResponse:
        register = self.register
        record = acts.get_record(request.ctx, register, key, "edit")
        form, status = forms.ReasonForm(request.POST or None), 200
        if form.is_valid():
            reason = form.cleaned_data["reason"]
            try:
                done = self._done(form, lambda: acts.retire_record(request.ctx, register, key, reason=reason))
            except StateConflict:
                form.add_error(None, timeline.overtaken(request.ctx, record, register.capability("edit")))
                done, status = None, 409
            if done:
                messages.success(request, _("已停用“%(name)s”。需要时可以恢复。") % {"name": record})
                return redirect(self._address(key))
        shown = {**self._common(), "form": form, "record": record}
        return render(request, "kernel/register/retire.html", shown, status=status)

    def restore(self, request: PageRequest, key: Any) -> HttpResponse:
        try:
            record = acts.restore_record(request.ctx, self.register, key)
        except StateConflict:
            messages.info(request, _("该记录已在使用，不必恢复。"))
        else:
            messages.success(request, _("已恢复“%(name)s”。") % {"name": record})
        return redirect(self._address(key))

    # --- many -----------------------------------------------------------------------------------------------------

    def bulk(self, request: PageRequest) -> HttpResponse:
        """Set one field of the ticked records: first the form, then what it did."""
        register, ctx = self.register, request.ctx
        name = request.POST.get("field", "")
        if name not in register.bulk:
            raise NotFound
        keys = self._chosen(request)
        given, status = "done" in request.POST and choosing.SEARCH not in request.POST, 200
        form = forms.BulkForm(ctx, register, name, request.POST if given else None)
        if given and form.is_valid():
            try:
                changed = acts.set_many(ctx, register, keys, name, form.cleaned_data[name])
            except NotFound:
                keys, status = self._still_there(form, ctx, keys), 409
            else:
                messages.success(request, _("已修改 %(number)s 条。") % {"number": changed})
                return redirect(f"{register.name}_list")
        shown = {**self._common(), "form": form, "keys": keys, "field_name": name}
        shown["field"] = choosing.shown(form, name, request.POST)
        return render(request, "kernel/register/bulk.html", shown, status=status)

    def _still_there(self, form: forms.BulkForm, ctx: Context, keys: list[Any]) -> list[Any]:
        """Those of the ticked records that can be changed, the others said at the form. raises NotFound where none can"""
        left = acts.list_open(ctx, self.register, keys)
        if not left:
            raise NotFound
        said = _(
            "没有修改：其中 %(number)s 条刚被停用，或已不在您的管理范围内，已从勾选中去掉。请核对后再办其余的。"
        )
        form.add_error(None, said % {"number": len(set(keys)) - len(left)})
        return left

    def _chosen(self, request: PageRequest) -> list[Any]:
        try:
            keys = [self.register.model._meta.pk.to_python(text) for text in request.POST.getlist("id")]
        except (ValueError, TypeError, ValidationError) as error:
            raise DomainError("nothing_chosen") from error
        if not 0 < len(keys) <= MOST_CHOSEN:
            raise DomainError("nothing_chosen")
        return keys

    # --- saved views ----------------------------------------------------------------------------------------------

    def save_view(self, request: PageRequest) -> HttpResponse:
        form = saved.ViewForm(request.POST)
        query = saved.query_of(request.POST.get("query", ""))
        if form.is_valid():
            saved.save_view(request.ctx, self.register, query=query, **form.cleaned_data)
            messages.success(request, _("已保存视图“%(name)s”。") % {"name": form.cleaned_data["name"]})
        else:
            messages.error(request, _("请填写视图名称，不超过 40 字。"))
        return redirect(f"{reverse(f'{self.register.name}_list')}?{query}")

    def drop_view(self, request: PageRequest, view_id: int) -> HttpResponse:
        saved.drop_view(request.ctx, self.register, view_id)
        messages.success(request, _("已删除视图。"))
        return redirect(f"{self.register.name}_list")

    # --- what all share -------------------------------------------------------------------------------------------

    def _common(self) -> dict[str, Any]:
        names = [
            "list",
            "detail",
            "create",
            "edit",
            "retire",
            "restore",
            "look",
            "bulk",
            "view_save",
            "view_drop",
        ]
        names += ["export", "import", "import_template", "import_check", "import_wrong", "import_apply"]
        return {
            "register": self.register,
            "term": self.register.term,
            "urls": {name: f"{self.register.name}_{name}" for name in names},
        }

    def _deeds(self, ctx: Context, record: Any = None) -> list[dict[str, Any]]:
        """The room's own acts that the reader may do; to a record those that start from its state."""
        return [
            {"label": deed.label, "url": reverse(f"{self.register.name}_{deed.name}")}
            for deed in self.register.deeds
            if can(ctx, deed.capability, record)
            and (record is None or (not record.retired_at and deed.fits(record)))
        ]

    def _label(self, name: str) -> dict[str, Any]:
        return {"name": name, "label": self.register.model._meta.get_field(name).verbose_name}  # type: ignore[union-attr]  # a plain field

    def _address(self, key: Any) -> str:
        return reverse(f"{self.register.name}_detail", args=[key])

    def _done(self, form: Any, act: Callable[[], Any]) -> Any:
        """What the act returns; None where it was refused, which is shown at the form or the field."""
        try:
            return act()
        except StateConflict:
            raise
        except ValidationError as wrong:
            form.add_error(None, wrong)
            return None
        except DomainError as refusal:
            key = self.register.key
            form.add_error(key if refusal.code in AT_FIELD and key in form.fields else None, str(refusal))
            return None
