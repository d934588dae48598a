"""A register over the programming interface, from the same declaration: `router_of` gives a room its operations.

Personal data is masked in every answer but that of `look`, which takes a reason and writes it down.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from inspect import Parameter, Signature
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from django.contrib.gis.db.models import PointField
from django.contrib.gis.geos import Point
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError as FieldError
from django.db import models
from django.utils.translation import gettext as _
from ninja import Body, Query, Router, Schema, Status
from ninja.decorators import decorate_view
from ninja.errors import ValidationError
from pydantic import Field, create_model

from anlan.kernel import personal
from anlan.kernel.errors import NotFound
from anlan.kernel.interface import MOST, USUAL, Strict, Why, needs
from anlan.kernel.register import acts, forms, listing
from anlan.kernel.scope import visible
from anlan.kernel.words import lazy as gettext_lazy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from django.http import HttpRequest

    from anlan.kernel.context import Context
    from anlan.kernel.register.declaration import Register
    from anlan.kernel.requests import PageRequest

KINDS: tuple[tuple[type, Any], ...] = (
    (models.BooleanField, bool),
    (models.IntegerField, int),
    (models.FloatField, float),
    (models.DecimalField, Decimal),
    (models.DateTimeField, datetime),
    (models.DateField, date),
    (models.DurationField, timedelta),
    (models.UUIDField, UUID),
    (PointField, tuple[float, float]),
)


def router_of(register: Register) -> Router:
    """All operations of a register."""
    return Operations(register).router


class Operations:
    """The operations of one register."""

    def __init__(self, register: Register) -> None:
        self.register = register
        self.masks = register.masks
        self.paths = _paths(register)
        self.router = Router(tags=[register.prefix.partition(".")[0]])
        name, key = register.model.__name__, type_of(register.model._meta.pk)
        shown = self._shown(f"{name}Out", masked=True)
        page = create_model(f"{name}Page", __base__=Schema, items=(list[shown], ...), next=(str, ""))  # type: ignore[valid-type]  # made just now
        page.__doc__ = "`next` is the `after` of the next page; blank: this is the last."
        one = f"/{{{'int' if key is int else 'uuid'}:key}}"
        asked: Any = Query[self._asked(f"{name}Asked")]  # type: ignore[misc]  # made just now
        whole: Any = Body[self._given(f"{name}In")]  # type: ignore[misc]  # made just now
        part: Any = Body[self._given(f"{name}Part", is_part=True)]  # type: ignore[misc]  # made just now
        why: Any = Body[Why]
        self._add(("GET", ""), "read", gettext_lazy("列表"), self.table, page, asked=asked)
        self._add(("GET", one), "read", gettext_lazy("单条记录"), self.record, shown, key=key)
        self._add(("POST", ""), "edit", gettext_lazy("新建"), self.create, {201: shown}, given=whole)
        self._add(("PATCH", one), "edit", gettext_lazy("修改"), self.change, shown, key=key, given=part)
        self._add(
            ("POST", f"{one}/retire"), "edit", gettext_lazy("停用"), self.retire, shown, key=key, why=why
        )
        self._add(("POST", f"{one}/restore"), "edit", gettext_lazy("恢复使用"), self.restore, shown, key=key)
        if register.personal:
            bare = self._shown(f"{name}Whole", masked=False)
            said = gettext_lazy("查看完整的个人信息（须写明理由，记入留痕）")
            self._add(("POST", f"{one}/look"), "look", said, self.look, bare, key=key, why=why)

    def _add(
        self, ways: tuple[str, str], verb: str, summary: str, view: Any, answer: Any, **takes: Any
    ) -> None:
        def run(request: HttpRequest, **given: Any) -> Any:
            return view(request, **given)

        # The library reads from the signature what an operation takes.
        run.__signature__ = _signature(takes)  # type: ignore[attr-defined]  # inspect looks for it
        run.__name__ = f"{self.register.name}_{view.__name__}"
        method, path = ways
        self.router.add_api_operation(
            path,
            [method],
            decorate_view(needs(self.register.capability(verb)))(run),
            response=answer,
            summary=summary,
            operation_id=run.__name__,
        )

    # --- what is taken and shown ------------------------------------------------------------------------------------

    def _asked(self, name: str) -> type[Schema]:
        fields: dict[str, Any] = {
            "q": (str, ""),
            "unit": (int | None, None),
            "use": (Literal["", "retired", "all"], ""),
            "sort": (str, ""),
            "after": (str, ""),
            "limit": (int, Field(USUAL, ge=1, le=MOST)),
            **{one.name: (str, "") for one in self.register.filters},
        }
        return create_model(name, __base__=Schema, **fields)

    def _shown(self, name: str, *, masked: bool) -> type[Schema]:
        fields: dict[str, Any] = {
            path: (str if masked and path in self.masks else type_of(field) | None, ...)
            for path, field in self.paths.items()
        }
        return create_model(name, __base__=Schema, **fields)

    def _given(self, name: str, *, is_part: bool = False) -> type[Schema]:
        fields: dict[str, Any] = {"version": (int, ...)} if is_part else {}
        for said in self.register.fields:
            field: Any = self.register.model._meta.get_field(said)
            if is_part and said in self.register.fixed:
                continue
            is_needed = not is_part and self.register.needs(said)
            fields[field.attname] = (type_of(field), ...) if is_needed else (type_of(field) | None, None)
        return create_model(name, __base__=Strict, **fields)

    def _out(self, row: Iterable[Any], *, looked: bool = False) -> dict[str, Any]:
        shown = dict(zip(self.paths, row, strict=True))
        for path, value in shown.items():
            if path in self.masks and not looked:
                shown[path] = personal.masked(self.masks[path], value)
            elif isinstance(value, Point):
                shown[path] = value.coords
        return shown

    def _one(self, ctx: Context, key: Any, verb: str = "read", *, looked: bool = False) -> dict[str, Any]:
        within = visible(ctx, self.register.model, self.register.capability(verb))
        row = within.filter(pk=key).values_list(*self.paths).first()
        if row is None:
            raise NotFound
        return self._out(row, looked=looked)

    def _clean(self, ctx: Context, given: Mapping[str, Any]) -> dict[str, Any]:
        """What was sent as the form cleans it. raises ValidationError that names the fields"""
        values, wrong = {}, []
        for name in self.register.fields:
            field: Any = self.register.model._meta.get_field(name)
            if field.attname not in given:
                continue
            value = given[field.attname]
            if isinstance(field, PointField) and value:
                value = "{},{}".format(*value)
            try:
                values[name] = forms.field_for(ctx, self.register, name).clean(value)
            except FieldError as error:
                wrong += [{"loc": ("body", field.attname), "msg": said} for said in error.messages]
        if wrong:
            raise ValidationError(wrong)
        return values

    # --- operations -------------------------------------------------------------------------------------------------

    def table(self, request: PageRequest, asked: Any) -> dict[str, Any]:
        """One page of the list, narrowed and sorted as on the page."""
        ctx, register = request.ctx, self.register
        given = {name: "" if value is None else str(value) for name, value in asked.model_dump().items()}
        wanted = listing.read_wanted(ctx, register, given | {"q": asked.q})
        self._check_asked(given, wanted)
        found = listing.list_slice(
            ctx, register, wanted, after=asked.after, rows=asked.limit, paths=list(self.paths)
        )
        return {"items": [self._out(row[1:]) for row in found.rows], "next": found.after}

    def _check_asked(self, given: Mapping[str, str], wanted: listing.Wanted) -> None:
        """A page passes over what it does not know; a program must hear of it."""
        wrong = [
            one.name
            for one in self.register.filters
            if given[one.name] and given[one.name] != wanted.chosen.get(one.name)
        ]
        wrong += ["sort"] if given["sort"] not in {"", wanted.sort} else []
        if given["after"] and not listing.is_mark(self.register, wanted, given["after"]):
            wrong.append("after")
        if wrong:
            said = _("不认识的取值。")
            raise ValidationError([{"loc": ("query", name), "msg": said} for name in wrong])

    def record(self, request: PageRequest, key: Any) -> dict[str, Any]:
        return self._one(request.ctx, key)

    def create(self, request: PageRequest, given: Any) -> Status[dict[str, Any]]:
        """Fields that have a value to begin with may be left out."""
        values = self._clean(request.ctx, self._said(given))
        record = _asking(lambda: acts.create_record(request.ctx, self.register, **values))
        return Status(201, self._one(request.ctx, record.pk, "edit"))

    def _said(self, given: Any) -> dict[str, Any]:
        """What was sent, and of what was not what must be there."""
        model = self.register.model
        asked: list[Any] = [model._meta.get_field(name) for name in self.register.fields]
        begun = {field.attname for field in asked if field.has_default()}
        sent: dict[str, Any] = given.model_dump(exclude_unset=True)
        return {field.attname: None for field in asked if field.attname not in begun} | sent

    def change(self, request: PageRequest, key: Any, given: Any) -> dict[str, Any]:
        """Only what is sent changes. `version` is the one that was read; 409: somebody has changed the record since."""
        sent = given.model_dump(exclude_unset=True)
        version = sent.pop("version")
        values = self._clean(request.ctx, sent)
        _asking(lambda: acts.edit_record(request.ctx, self.register, key, version=version, **values))
        return self._one(request.ctx, key, "edit")

    def retire(self, request: PageRequest, key: Any, why: Why) -> dict[str, Any]:
        acts.retire_record(request.ctx, self.register, key, reason=why.reason)
        return self._one(request.ctx, key, "edit")

    def restore(self, request: PageRequest, key: Any) -> dict[str, Any]:
        acts.restore_record(request.ctx, self.register, key)
        return self._one(request.ctx, key, "edit")

    def look(self, request: PageRequest, key: Any, why: Why) -> dict[str, Any]:
        acts.look(request.ctx, self.register, key, reason=why.reason)
        return self._one(request.ctx, key, "look", looked=True)


def _asking(act: Callable[[], Any]) -> Any:
    """What the act returns; what the model's own `clean` says against it names the fields, as all wrong input does."""
    try:
        return act()
    except FieldError as wrong:
        by_field = wrong.message_dict if hasattr(wrong, "error_dict") else {"": wrong.messages}
        said = [{"loc": ("body", name), "msg": " ".join(messages)} for name, messages in by_field.items()]
        raise ValidationError(said) from wrong


def _paths(register: Register) -> dict[str, Any]:
    """What an answer holds: key, version and state, what is entered, the columns, by what it is sorted at first."""
    model: Any = register.model
    names = [model._meta.pk.name, "version", "retired_at"]
    found = {name: model._meta.get_field(name) for name in names}
    entered = [model._meta.get_field(name) for name in register.fields]
    found |= {field.attname: field for field in entered}
    columns = {column.path: column.field for column in register.resolved}
    found |= {path: field for path, field in columns.items() if path not in found}
    return found | {register.order: register.sorts[register.order].field}


def type_of(field: Any) -> Any:
    """The type that a field's values have in JSON."""
    if isinstance(field, models.ForeignKey):
        return type_of(field.target_field)
    if isinstance(field, ArrayField):
        return list[type_of(field.base_field)]  # type: ignore[misc]  # it is known when it runs
    return next((made for kind, made in KINDS if isinstance(field, kind)), str)


def _signature(takes: Mapping[str, Any]) -> Signature:
    kind = Parameter.KEYWORD_ONLY
    request = Parameter("request", Parameter.POSITIONAL_OR_KEYWORD)
    return Signature([request, *(Parameter(name, kind, annotation=made) for name, made in takes.items())])
