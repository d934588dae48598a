"""The pages by which a register takes in and gives out tables: template, upload, what a check found, import, export."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.contrib.gis.db.models import PointField
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from anlan.kernel import second_factor
from anlan.kernel.errors import DomainError, NotAllowed, NotFound, SecondFactorNeeded
from anlan.kernel.register import cleaning, exporting, importing, saved
from anlan.kernel.register.forms import key_of
from anlan.kernel.register.judging import WHOLE
from anlan.kernel.register.reading import MEGABYTE, MOST_BYTES, MOST_ROWS
from anlan.kernel.register.sheets import CSV, EXCEL, GEOJSON, MEDIA_TYPES, Sheet
from anlan.kernel.storage import incoming

if TYPE_CHECKING:
    from uuid import UUID

    from anlan.kernel.context import Context
    from anlan.kernel.register.declaration import Register
    from anlan.kernel.register.reading import Row
    from anlan.kernel.requests import PageRequest

MOST_TO_MEND = 10_000  # wrong rows in one download
KIND_LABELS = {
    EXCEL: gettext_lazy("Excel"),
    CSV: gettext_lazy("CSV"),
    GEOJSON: gettext_lazy("GeoJSON（地图）"),
}


class UploadForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("文件"),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.csv"}),
        error_messages={"required": gettext_lazy("请选择 .xlsx 或 .csv 文件。")},
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise ValidationError(_("超过 %(most)s MB。请分成几个文件。") % {"most": MOST_BYTES // MEGABYTE})
        return file


class ModeForm(forms.Form):
    mode = forms.ChoiceField(choices=[(importing.ALL, ""), (importing.GOOD, "")])


class ExportForm(forms.Form):
    """In what form, and whether with personal data unmasked."""

    kind = forms.ChoiceField(label=gettext_lazy("格式"), widget=forms.RadioSelect)
    personal = forms.BooleanField(label=gettext_lazy("个人信息不遮盖"), required=False)
    reason = forms.CharField(
        label=gettext_lazy("理由"),
        max_length=200,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("个人信息不遮盖时必填，记入留痕。"),
    )

    def __init__(self, ctx: Context, register: Register, data: Any = None) -> None:
        super().__init__(data, initial={"kind": EXCEL})
        self.fields["kind"].choices = [  # type: ignore[attr-defined]  # a choice
            (kind, KIND_LABELS[kind]) for kind in exporting.kinds_of(register)
        ]
        if not exporting.may_look(ctx, register):
            del self.fields["personal"], self.fields["reason"]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("personal") and not given.get("reason", "").strip():
            self.add_error("reason", _("请写明理由。"))
        return given


class ExchangePages:
    """The views of one register. common: what its pages' templates share"""

    def __init__(self, register: Register, common: dict[str, Any]) -> None:
        self.register, self.common = register, common

    # --- import -------------------------------------------------------------------------------------------------------

    def upload(self, request: PageRequest) -> HttpResponse:
        """Choose a table; it is checked first."""
        form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
        if form.is_valid():
            file = form.cleaned_data["file"]
            try:
                task = importing.begin_check(request.ctx, self.register, file.chunks(), file.name)
            except NotAllowed:
                raise
            except DomainError as refusal:
                form.add_error("file", str(refusal))
            else:
                return redirect("task_detail", task.pk)
        return render(
            request,
            "kernel/register/import.html",
            self._upload_shown(form),
            status=422 if form.errors else 200,
        )

    def _upload_shown(self, form: UploadForm) -> dict[str, Any]:
        return {
            **self.common,
            "form": form,
            "columns": self._guide(),
            "known_by": importing.label_of(self.register, self.register.key),
            "most": f"{MOST_ROWS:,}",
            "megabytes": MOST_BYTES // MEGABYTE,
        }

    def template(self, _request: PageRequest) -> HttpResponse:
        """An empty table with the headings, and a second sheet that says what goes where."""
        register = self.register
        headings = importing.headings_of(register)
        with tempfile.TemporaryDirectory(dir=incoming()) as folder:
            sheet = Sheet(Path(folder) / "template", list(headings.values()), str(register.term), typed=True)
            sheet.begin((_("列"), _("必填"), _("写法")), _("填写说明"), widths=(24, 8, 90))
            for row in self._guide():
                sheet.add((row["label"], pgettext("value", "是") if row["required"] else "", row["how"]))
            sheet.offer(self._offered(), _("可选项"), _("请从下拉列表中选一项。"))
            sheet.close()
            return _download(sheet.path, _("%(term)s导入模板.xlsx") % {"term": register.term})

    def _offered(self) -> dict[int, list[str]]:
        """By the place of a column, what it can be chosen from; what may be several things is typed."""
        offered = {}
        for place, name in enumerate(self.register.fields):
            field: Any = self.register.model._meta.get_field(name)
            choices = cleaning.choices_of(self.register, name)
            if isinstance(field, models.BooleanField):
                offered[place] = [pgettext("value", "是"), pgettext("value", "否")]
            elif choices and not isinstance(field, ArrayField):
                offered[place] = [str(label) for _value, label in choices]
        return offered

    def _guide(self) -> list[dict[str, Any]]:
        """Each column: what heads it, whether it must be filled in, how."""
        register = self.register
        found = []
        for name, label in importing.headings_of(register).items():
            field: Any = register.model._meta.get_field(name)
            required = register.needs(name) or name == register.key
            how = self._how(name, field)
            found.append({"label": label, "required": required, "is_key": name == register.key, "how": how})
        return found

    def _how(self, name: str, field: Any) -> str:
        if name == self.register.key:
            return _("导入按它识别记录：已有的修改，没有的新增。")
        if isinstance(field, models.ForeignKey):
            other: Any = field.related_model
            words = {
                "key": other._meta.get_field(key_of(other)).verbose_name,
                "term": other._meta.verbose_name,
            }
            return _("填%(term)s的%(key)s；没有重名的也可以填名称。须已登记。") % words
        choices = _("；").join(str(label) for _value, label in cleaning.choices_of(self.register, name))
        if choices:
            several = isinstance(field, ArrayField)
            said = _("可填几项，用顿号分开：%(choices)s") if several else _("填其中一项：%(choices)s")
            return said % {"choices": choices}
        if isinstance(field, models.CharField | models.TextField) and field.max_length:
            return _("文字，不超过 %(most)s 字。") % {"most": field.max_length}
        return next((str(words) for kind, words in _WAYS if isinstance(field, kind)), str(field.help_text))

    def check(self, request: PageRequest, task_id: UUID) -> HttpResponse:
        """What a check found: figures, wrong rows with their reasons, and the choice what is to be done."""
        checked = importing.get_checked(request.ctx, self.register, task_id)
        if checked.problems:
            shown = self._upload_shown(UploadForm()) | {"problems": checked.problems, "checked": checked}
            return render(request, "kernel/register/import.html", shown)
        page = _page(request.GET.get("page", ""), checked.pages)
        rows = checked.wrong_rows(page) if checked.wrong and checked.task.file_id else []
        address = request.path
        shown = {
            **self.common,
            "checked": checked,
            "is_gone": checked.task.file_id is None,
            "figures": self._figures(checked),
            "headings": self._headings(checked),
            "rows": [self._wrong(row, self._headings(checked)) for row in rows],
            "previous": f"{address}?page={page - 1}" if page > 1 else "",
            "next": f"{address}?page={page + 1}" if page < checked.pages else "",
            "summary": _("第 %(page)s 页，共 %(pages)s 页") % {"page": page, "pages": checked.pages},
            "most_to_mend": MOST_TO_MEND if checked.wrong > MOST_TO_MEND else 0,
        }
        return render(request, "kernel/register/checked.html", shown)

    def _figures(self, checked: importing.Checked) -> list[tuple[str, str]]:
        words = ((_("新增"), "new"), (_("修改"), "changed"), (_("无变化"), "unchanged"), (_("有误"), "wrong"))
        return [(label, f"{checked.found[name]:,}") for label, name in words]

    def _headings(self, checked: importing.Checked) -> list[str]:
        said = importing.headings_of(self.register)
        return [said.get(name, "") for name in checked.names]

    def _wrong(self, row: Row, headings: list[str]) -> dict[str, Any]:
        width = max(len(headings), len(row.cells))
        cells = [*row.cells, *[""] * (width - len(row.cells))]
        labels = [*headings, *[""] * (width - len(headings))]
        return {
            "number": row.number,
            "whole": row.faults.get(WHOLE, ""),
            "cells": [
                {"label": labels[place], "text": cells[place], "fault": row.faults.get(place, "")}
                for place in range(width)
            ],
        }

    def wrong(self, request: PageRequest, task_id: UUID) -> HttpResponse:
        """The wrong rows as a table to mend and upload again, each with its reasons."""
        checked = importing.get_checked(request.ctx, self.register, task_id)
        if checked.problems or not checked.wrong:
            raise NotFound
        headings = self._headings(checked)
        keep = [place for place, name in enumerate(checked.names) if name in self.register.fields]
        with tempfile.TemporaryDirectory(dir=incoming()) as folder:
            shown = [headings[place] for place in keep]
            sheet = Sheet(Path(folder) / "wrong", [*shown, importing.heading_of_reasons()])
            for row in checked.all_wrong_rows(MOST_TO_MEND):
                cells = [row.cells[place] if place < len(row.cells) else "" for place in keep]
                sheet.add([*cells, self._reasons(row, headings)])
            sheet.close()
            return _download(sheet.path, _("%(term)s有误的行.xlsx") % {"term": self.register.term})

    def _reasons(self, row: Row, headings: list[str]) -> str:
        said = [
            _("%(heading)s：%(reason)s") % {"heading": headings[place], "reason": reason}
            if 0 <= place < len(headings)
            else reason
            for place, reason in sorted(row.faults.items())
        ]
        return _("第 %(line)s 行：%(reasons)s") % {"line": row.number, "reasons": " ".join(said)}

    def apply(self, request: PageRequest, task_id: UUID) -> HttpResponse:
        """Import what was checked."""
        checked = importing.get_checked(request.ctx, self.register, task_id)
        form = ModeForm(request.POST)
        mode = form.cleaned_data["mode"] if form.is_valid() else ""
        try:
            task = importing.begin_import(request.ctx, self.register, checked, mode)
        except NotAllowed:
            raise
        except DomainError as refusal:
            messages.error(request, str(refusal))
            return redirect(f"{self.register.name}_import_check", task_id)
        return redirect("task_detail", task.pk)

    # --- export -------------------------------------------------------------------------------------------------------

    def export(self, request: PageRequest) -> HttpResponse:
        """In what form the list, as it is narrowed and sorted, is to be exported."""
        register, ctx = self.register, request.ctx
        query = saved.query_of(
            request.POST.get("query", "") if request.method == "POST" else request.GET.urlencode()
        )
        form = ExportForm(ctx, register, request.POST if request.method == "POST" else None)
        if form.is_valid():
            kind = form.cleaned_data.pop("kind")
            try:
                task = exporting.begin_export(ctx, register, kind, query, **form.cleaned_data)
            except SecondFactorNeeded as refusal:
                form.add_error("personal", str(refusal))
            else:
                return redirect("task_detail", task.pk)
        shown = {
            **self.common,
            "form": form,
            "query": query,
            "back": f"{reverse(f'{register.name}_list')}?{query}",
            "is_masked": bool(register.personal),
            "verify": "" if ctx.second_factor else second_factor.address(request),
            "limit": f"{exporting.MOST:,}",
        }
        return render(request, "kernel/register/export.html", shown, status=422 if form.errors else 200)


def _download(path: Path, name: str) -> HttpResponse:
    """A small file that was just made."""
    response = HttpResponse(path.read_bytes(), content_type=MEDIA_TYPES[EXCEL])
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["Cache-Control"] = "private, no-store"
    return response


def _page(text: str, pages: int) -> int:
    number = int(text) if text.isdecimal() and len(text) < 6 else 1
    return min(max(number, 1), max(pages, 1))


_WAYS: tuple[tuple[Any, Any], ...] = (
    (models.BooleanField, gettext_lazy("填“是”或“否”。")),
    (models.DateTimeField, gettext_lazy("如 2026-01-31 08:30。")),
    (models.DateField, gettext_lazy("如 2026-01-31。")),
    (models.IntegerField | models.FloatField | models.DecimalField, gettext_lazy("填数字。")),
    (models.DurationField, gettext_lazy("时:分:秒，如 02:30:00。")),
    (PointField, gettext_lazy("经度,纬度，如 117.05,39.38。")),
)
