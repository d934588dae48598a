"""Texts of a table's column as values of a field, cleaned as the form cleans them; each text once, references by the batch."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from anlan.kernel import personal
from anlan.kernel.fields import validate_reckonable
from anlan.kernel.register import forms
from anlan.kernel.words import in_each_language

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from anlan.kernel.context import Context
    from anlan.kernel.register.declaration import Register

MOST_KNOWN = 20_000  # texts of one column that are remembered
SEVERAL = re.compile("[,;\n\u3001\uff0c\uff1b]+")  # the marks of both scripts
# 2026-1-31, 2026/1/31, 2026.1.31, the same with the characters for year, month and day, 20260131
DAY = re.compile(
    "(\\d{4})\\s*[-/.\u5e74]\\s*(\\d{1,2})\\s*[-/.\u6708]\\s*(\\d{1,2})\\s*\u65e5?|(\\d{4})(\\d{2})(\\d{2})"
)


class Fault(str):
    """In place of a value: what is wrong with the text."""

    __slots__ = ()


class Cleaner:
    """One column of a table that is imported.

    key   of a reference: the field by which it is given
    """

    def __init__(self, ctx: Context, register: Register, name: str) -> None:
        self.ctx, self.register, self.name = ctx, register, name
        self.field: Any = register.model._meta.get_field(name)
        self.form_field = forms.field_for(ctx, register, name)
        self.required = self.form_field.required
        self.is_personal = name in personal.masks_of(register.model)
        self._known: dict[str, Any] = {}
        self.key = ""
        if isinstance(self.field, models.ForeignKey):
            self.key = forms.key_of(self.field.related_model)
        self._read = self._reader()

    @property
    def points_to_itself(self) -> bool:
        return bool(self.key) and self.field.related_model is self.register.model

    def learn(self, texts: Iterable[str]) -> None:
        """Clean what is not known yet; a batch's references are one query."""
        if len(self._known) > MOST_KNOWN:
            self._known.clear()
        new = {text for text in texts if text and text not in self._known}
        if self.key:
            self._known |= self._find(new)
        else:
            for text in new:
                self._known[text] = self._clean(text)

    def value_of(self, text: str) -> Any:
        """The value of a text that was learnt, or its Fault; of a blank one what the field takes for nothing."""
        if text:
            return self._known[text]
        if self.key or self.field.null:
            return None
        return self.form_field.clean("") if not self.required else None

    def forget_faults(self) -> None:
        """What was not there may be there by now."""
        self._known = {text: value for text, value in self._known.items() if value.__class__ is not Fault}

    def _clean(self, text: str) -> Any:
        try:
            return self._read(text)
        except ValidationError as error:
            return Fault(" ".join(error.messages))
        except (ValueError, OverflowError):
            return Fault(_("看不懂“%(text)s”。请按模板第二张表的写法填写。") % {"text": text[:20]})

    # --- by the kind of field -----------------------------------------------------------------------------------------

    def _reader(self) -> Callable[[str], Any]:
        field = self.field
        if isinstance(field, ArrayField):
            each = _chooser(choices_of(self.register, self.name))
            return lambda text: self.form_field.clean([each(part) for part in SEVERAL.split(text) if part])
        if chosen := choices_of(self.register, self.name):
            choose = _chooser(chosen)
            return lambda text: self.form_field.clean(choose(text))
        for kind, read in _READERS:
            if isinstance(field, kind):
                return read
        return self.form_field.clean

    def _find(self, texts: set[str]) -> dict[str, Any]:
        """References by their keys, or by a name that only one of those within reach has."""
        if not texts:
            return {}
        within = forms.candidates(self.ctx, self.register, self.field)
        found = {str(getattr(one, self.key)): one for one in within.filter(**{f"{self.key}__in": texts})}
        missing = texts - found.keys()
        fields = self.field.related_model._meta
        if missing and "name" in {field.name for field in fields.get_fields()}:
            twice = _("有几个同名的，请填%(key)s。") % {"key": fields.get_field(self.key).verbose_name}
            for one in within.filter(name__in=missing, retired_at=None):
                found[one.name] = Fault(twice) if one.name in found else one
        said = Fault(_("没有找到，或不在您的管理范围内。"))
        return {text: found.get(text, said) for text in texts}


def choices_of(register: Register, name: str) -> list[tuple[Any, Any]]:
    """A field's values with their labels; of one that holds several, those of each."""
    field: Any = register.model._meta.get_field(name)
    if name in register.choices:
        return list(register.choices[name])
    return list((field.base_field if isinstance(field, ArrayField) else field).flatchoices)


def _chooser(choices: list[tuple[Any, Any]]) -> Callable[[str], Any]:
    """By label in any language, or by value; what is none of them the form refuses."""
    values: dict[str, Any] = {}
    for said in in_each_language(lambda: {str(label).casefold(): value for value, label in choices}):
        values |= said
    values |= {str(value).casefold(): value for value, _label in choices}
    return lambda text: values.get(text.casefold(), text)


@cache
def _both() -> tuple[set[str], set[str]]:
    """Every way to write yes, and no."""
    yes, no = zip(*in_each_language(lambda: (pgettext("value", "是"), pgettext("value", "否"))), strict=True)
    return (
        {word.casefold() for word in yes} | {"y", "true", "1", "\u221a"},  # a tick
        {word.casefold() for word in no} | {"n", "false", "0", "\u00d7"},  # a cross
    )


def _yes_or_no(text: str) -> bool:
    said = text.casefold()
    if said in _both()[0]:
        return True
    if said in _both()[1]:
        return False
    raise ValidationError(_("请填“是”或“否”。"))


def _day(text: str) -> Any:
    match = DAY.fullmatch(text)
    if match is None:
        raise ValidationError(_("日期请写成 2026-01-31 的样子。"))
    year, month, day = (int(part) for part in match.groups() if part is not None)
    return _made(year, month, day).date()


def _moment(text: str) -> Any:
    match = re.match(DAY, text)
    hours, _colon, more = text[match.end() :].strip(" T").partition(":") if match else ("", "", "")
    minutes = more.partition(":")[0] or "0"
    if match is None or not minutes.isdecimal() or not (hours or "0").isdecimal():
        raise ValidationError(_("时间请写成 2026-01-31 08:30 的样子。"))
    year, month, day = (int(part) for part in match.groups() if part is not None)
    made = timezone.make_aware(_made(year, month, day, int(hours or 0), int(minutes)))
    validate_reckonable(made)
    return made


def _made(*parts: int) -> datetime:
    try:
        return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001 - the zone follows where there is one
    except ValueError as error:
        raise ValidationError(_("没有这一天或这一时刻。")) from error


_READERS: tuple[tuple[type, Callable[[str], Any]], ...] = (
    (models.BooleanField, _yes_or_no),
    (models.DateTimeField, _moment),
    (models.DateField, _day),
)
