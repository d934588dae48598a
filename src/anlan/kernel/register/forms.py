"""The form of a register's records, from the fields that it declares."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.gis.db.models import PointField
from django.contrib.gis.geos import Point
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.kernel import personal
from anlan.kernel.fields import validate_reckonable
from anlan.kernel.models import Unit
from anlan.kernel.register import choosing
from anlan.kernel.register.choosing import Reference
from anlan.kernel.register.declaration import registers
from anlan.kernel.scope import can, visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import Field, QuerySet

    from anlan.kernel.context import Context
    from anlan.kernel.register.declaration import Register


class Place(forms.CharField):
    """A point as it is read from a map: longitude and latitude in degrees."""

    form = re.compile("(-?\\d{1,3}(?:\\.\\d+)?)\\s*[,\uff0c\\s]\\s*(-?\\d{1,2}(?:\\.\\d+)?)")

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"help_text": gettext_lazy("经度,纬度，如 117.05,39.38"), **options})

    def prepare_value(self, value: Any) -> Any:
        return f"{value.x},{value.y}" if isinstance(value, Point) else value

    def to_python(self, value: Any) -> Point | None:  # type: ignore[override]  # it reads a text, and is no text
        if value is None or isinstance(value, Point):
            return value
        text = str(value).strip()
        match = self.form.fullmatch(text)
        if text and (match is None or abs(float(match[1])) > 180 or abs(float(match[2])) > 90):
            raise forms.ValidationError(gettext_lazy("位置请写成“经度,纬度”，如 117.05,39.38。"))
        return Point(float(match[1]), float(match[2]), srid=4326) if match else None


class RecordForm(forms.Form):
    """What is entered of a record. Personal data already entered is not shown; left blank it stays as it is.

    begun   what is filled in already
    """

    def __init__(
        self,
        ctx: Context,
        register: Register,
        data: Mapping[str, Any] | None = None,
        record: Any = None,
        begun: dict[str, Any] | None = None,
    ) -> None:
        self.asked = [name for name in register.fields if not (record and name in register.fixed)]
        self.kept = personal.masks_of(register.model) if record and personal.is_personal(record) else {}
        stands = {name: _initial(register, record, name) for name in self.asked} if record else {}
        super().__init__(data, initial={**stands, **(begun or {})})
        self.ctx, self.register, self.record = ctx, register, record
        for name in self.asked:
            self.fields[name] = field_for(ctx, register, name)
            if name in self.kept:
                self._keep_personal(name)
        if record:
            self.fields["version"] = forms.IntegerField(widget=forms.HiddenInput, initial=record.version)

    def values(self) -> dict[str, Any]:
        """What was entered, for the act; personal data that stays as it is is left out."""
        given = {name: self.cleaned_data[name] for name in self.asked}
        return {
            name: value for name, value in given.items() if name not in self.kept or value not in ("", None)
        }

    def _keep_personal(self, name: str) -> None:
        shown = personal.masked(personal.masks_of(self.register.model)[name], getattr(self.record, name))
        self.initial.pop(name, None)
        self.fields[name].required = False
        if shown:
            self.fields[name].help_text = _("现为 %(shown)s，不填则不改。") % {"shown": shown}


class BulkForm(forms.Form):
    """The one field that is set for many records."""

    def __init__(
        self, ctx: Context, register: Register, name: str, data: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(data)
        self.fields[name] = field_for(ctx, register, name)


class ReasonForm(forms.Form):
    """Why: to retire, or to look at personal data."""

    reason = forms.CharField(
        label=gettext_lazy("理由"), max_length=200, widget=forms.Textarea(attrs={"rows": 3})
    )


def field_for(ctx: Context, register: Register, name: str) -> forms.Field:
    """The form's field for a field of the model."""
    made = _field_for(ctx, register, name)
    made.required = made.required or name in register.required
    return made


def _field_for(ctx: Context, register: Register, name: str) -> forms.Field:
    found: Any = register.model._meta.get_field(name)
    if isinstance(found, models.ForeignKey):
        return _reference(ctx, register, found)
    if name in register.choices:
        return forms.ChoiceField(
            choices=[("", gettext_lazy("请选择")), *register.choices[name]],
            label=found.verbose_name,
            required=not found.blank,
        )
    if isinstance(found, PointField):
        return Place(label=found.verbose_name, required=not found.blank)
    if isinstance(found, ArrayField) and found.base_field.choices:
        return forms.MultipleChoiceField(
            choices=found.base_field.choices,
            label=found.verbose_name,
            required=not found.blank,
            widget=forms.CheckboxSelectMultiple,
        )
    made: forms.Field = found.formfield()
    made.validators += [one for one in found.validators if one not in made.validators]
    if isinstance(found, models.DateTimeField):
        made.validators.append(validate_reckonable)
    if isinstance(found, models.DateField) and not isinstance(found, models.DateTimeField):
        made.widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return made


def _reference(ctx: Context, register: Register, found: Any) -> Reference:
    asked = {"label": found.verbose_name, "required": not found.blank}
    if found.related_model is Unit:
        return choosing.unit(ctx, register.capability("edit"), in_use=False, **asked)
    other = _register_of(found.related_model)
    return Reference(
        queryset=candidates(ctx, register, found),
        suggest=lambda words: choosing.suggest_records(ctx, other, words),
        address=lambda name: reverse(f"{register.name}_choose", args=[name]),
        **asked,
    )


def candidates(ctx: Context, register: Register, found: Field[Any, Any]) -> QuerySet[Any]:
    """What a reference may point to: units where the actor may edit, records of a register as far as he may read."""
    target: Any = found.related_model
    if target is Unit:
        return visible(ctx, Unit, register.capability("edit"))
    read = _register_of(target).capability("read")
    return visible(ctx, target, read) if can(ctx, read) else target.unscoped.none()


def references(register: Register) -> list[str]:
    """The fields that point to other records."""
    model = register.model
    return [name for name in register.fields if isinstance(model._meta.get_field(name), models.ForeignKey)]


def key_of(model: Any) -> str:
    """By which field a record is named in a table: a unit by its code, others by their register's key."""
    return "code" if model is Unit else _register_of(model).key


def _register_of(model: Any) -> Register:
    return next(one for one in registers().values() if one.model is model)


def _initial(register: Register, record: Any, name: str) -> Any:
    found: Any = register.model._meta.get_field(name)
    return getattr(record, found.attname)
