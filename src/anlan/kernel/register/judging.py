"""What would come of each row of a table: a new record, a changed one, nothing, or what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db.models import Q, UniqueConstraint
from django.utils.translation import gettext as _

from anlan.kernel import personal
from anlan.kernel.errors import SENTENCES
from anlan.kernel.register.cleaning import Cleaner, Fault
from anlan.kernel.scope import visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from anlan.kernel.context import Context
    from anlan.kernel.register.declaration import Register
    from anlan.kernel.register.reading import Row

WHOLE = -1  # the place of what is wrong with a row as a whole
UNHEADED = "?"  # in place of the field of a column that has no heading


@dataclass(slots=True)
class Judged:
    """A row with what comes of it.

    outcome  new, changed, unchanged, wrong
    record   the one that is there already, at its `version`
    values   of a new one all that are given, else those that change
    """

    row: Row
    outcome: str
    record: Any = None
    version: int = 0
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Coming:
    """A reference to a record that an earlier row of the same table makes."""

    key: str


class Judge:
    """Judges a table's rows, batch after batch.

    names   the field of each column; blank: it is left alone; UNHEADED: nothing may stand in it
    first   the line of each key of the table
    twice   keys that stand in several lines
    lock    whether what is there is locked, to be changed
    """

    def __init__(
        self,
        ctx: Context,
        register: Register,
        names: Sequence[str],
        *,
        first: Mapping[str, int] | None = None,
        twice: Mapping[str, Sequence[int]] | None = None,
        lock: bool = False,
    ) -> None:
        self.ctx, self.register, self.lock, self.twice = ctx, register, lock, twice or {}
        self.names, self.first = names, first or {}
        self.places = {name: place for place, name in enumerate(names) if name in register.fields}
        self.cleaners = {name: Cleaner(ctx, register, name) for name in register.fields}
        self.masks = personal.masks_of(register.model)
        self.is_unique = _is_unique(register)
        self.coming: set[str] = set()
        self.once = _once_in_use(register)
        self.seen: dict[tuple[Any, ...], int] = {}

    def judge(self, rows: Sequence[Row]) -> list[Judged]:
        """What comes of these rows; what is wrong is written into the row's faults."""
        for name, place in self.places.items():
            cleaner = self.cleaners[name]
            if cleaner.points_to_itself:
                cleaner.forget_faults()
            cleaner.learn({_cell(row, place) for row in rows})
        there, taken = self._there(rows)
        judged = [self._judge(row, there, taken) for row in rows]
        for fields in self.once:
            self._refuse_twice(judged, fields)
        return judged

    def _there(self, rows: Sequence[Row]) -> tuple[dict[str, list[Any]], set[str]]:
        """By their keys: the records within the actor's scope, and the keys that others have taken."""
        cleaner, place = self.cleaners[self.register.key], self.places[self.register.key]
        keys = {value for row in rows if (value := cleaner.value_of(_cell(row, place))) not in (None, "")}
        keys -= {key for key in keys if key.__class__ is Fault}
        within = visible(self.ctx, self.register.model, self.register.capability("edit"))
        found = within.filter(**{f"{self.register.key}__in": keys})
        if self.lock:
            found = found.select_for_update(of=("self",))
        there: dict[str, list[Any]] = {}
        for record in found.order_by("pk"):
            there.setdefault(str(getattr(record, self.register.key)), []).append(record)
        if not self.is_unique:
            return there, set()
        others = self.register.model.unscoped.filter(**{f"{self.register.key}__in": keys})  # type: ignore[attr-defined]  # a key is told, nothing else
        if self.register.is_record:
            others = others.filter(exercise=self.ctx.exercise)
        return there, set(map(str, others.values_list(self.register.key, flat=True))) - there.keys()

    def _judge(self, row: Row, there: Mapping[str, list[Any]], taken: set[str]) -> Judged:
        key = str(self.cleaners[self.register.key].value_of(_cell(row, self.places[self.register.key])) or "")
        records = there.get(key, [])
        self._judge_key(row, key, records, taken)
        record = records[0] if len(records) == 1 else None
        given = self._given(row, record)
        for place, text in enumerate(row.cells):
            if text and (place >= len(self.names) or self.names[place] == UNHEADED):
                row.faults.setdefault(place, _("这一列没有标题。请补上标题或清空。"))
        if row.faults:
            return Judged(row, "wrong", record)
        version = record.version if record is not None else 0
        changes = self._cleaned(row, record, given)
        if row.faults:
            return Judged(row, "wrong", record)
        if record is None:
            self.coming.add(key)
            return Judged(row, "new", values=changes)
        return Judged(row, "changed" if changes else "unchanged", record, version, changes)

    def _refuse_twice(self, judged: Sequence[Judged], fields: tuple[str, ...]) -> None:
        """Make wrong what the database would refuse beside a record in use, or beside an earlier row, by these fields."""
        wanted = {id(one): self._identity(one, fields) for one in judged if one.outcome in {"new", "changed"}}
        wanted = {key: values for key, values in wanted.items() if values is not None}
        if not wanted:
            return
        rows = self.register.model.unscoped.filter(retired_at=None)  # type: ignore[attr-defined]  # of units that the actor may edit
        if self.register.is_record:
            rows = rows.filter(exercise=self.ctx.exercise)
        for place, name in enumerate(fields):
            given = {values[place] for values in wanted.values() if values is not None}
            if None not in given:
                rows = rows.filter(**{f"{name}__in": given})
        there = {
            tuple(values): (pk, key)
            for pk, key, *values in rows.values_list("pk", self.register.key, *fields)
        }
        for one in judged:
            values = wanted.get(id(one))
            if values is None:
                continue
            pk, key = there.get(values, (None, None))
            line = self.seen.setdefault((fields, *values), one.row.number)
            if pk is not None and (one.record is None or pk != one.record.pk):
                said = (
                    _("与编号为 %(key)s 的记录重复。")
                    if key
                    else _("与一条没有编号的记录重复。请先为它填上编号。")
                )
                self._make_wrong(one, fields, said % {"key": key})
            elif line != one.row.number:
                self._make_wrong(one, fields, _("与第 %(line)s 行重复。请只留一行。") % {"line": line})

    def _identity(self, one: Judged, fields: tuple[str, ...]) -> tuple[Any, ...] | None:
        """The row's values of these fields as the table holds them; None where one of them is yet to be made."""
        found = []
        for name in fields:
            if name in one.values:
                value = one.values[name]
                if isinstance(value, Coming):
                    return None
                found.append(getattr(value, "pk", value))
            elif one.record is not None:
                found.append(_raw(one.record, name))
            else:
                found.append(self.cleaners[name].field.get_default())
        return tuple(found)

    def _make_wrong(self, one: Judged, fields: tuple[str, ...], reason: str) -> None:
        one.outcome = "wrong"
        place = next((self.places[name] for name in reversed(fields) if name in self.places), WHOLE)
        one.row.faults.setdefault(place, reason)

    def _cleaned(self, row: Row, record: Any, given: dict[str, Any]) -> dict[str, Any]:
        """What is given as the model's own `clean` leaves it: of a new record all, of one that is there what differs."""
        coming = {name: value for name, value in given.items() if isinstance(value, Coming)}
        plain = {name: value for name, value in given.items() if name not in coming}
        held: Any = record if record is not None else self.register.model()
        before = {name: _raw(held, name) for name in self.register.fields}
        for name, value in plain.items():
            setattr(held, name, value)
        try:
            held.clean()
        except ValidationError as wrong:
            self._tell(row, wrong)
            return {}
        differing = [name for name, raw in before.items() if _raw(held, name) != raw]
        kept = (
            differing
            if record is not None
            else [name for name in before if name in plain or name in differing]
        )
        return {name: getattr(held, name) for name in kept} | coming

    def _tell(self, row: Row, wrong: ValidationError) -> None:
        by_field = wrong.message_dict if hasattr(wrong, "error_dict") else {"": wrong.messages}
        for name, messages in by_field.items():
            row.faults[self.places.get(name, WHOLE)] = " ".join(messages)

    def _judge_key(self, row: Row, key: str, records: list[Any], taken: set[str]) -> None:
        place = self.places[self.register.key]
        if not key:
            row.faults.setdefault(place, _("须填写，导入按它识别记录。"))
        elif lines := self.twice.get(_cell(row, place)):
            said = _("、").join(str(line) for line in lines[:10])
            row.faults.setdefault(place, _("第 %(lines)s 行重复。请只留一行。") % {"lines": said})
        elif key in taken:
            row.faults.setdefault(place, str(SENTENCES["record_taken"]))
        elif len(records) > 1:
            row.faults.setdefault(place, _("已有多条记录是这个值，无法识别是哪一条。"))
        elif records and records[0].retired_at:
            row.faults.setdefault(place, _("该记录已停用。请先恢复。"))

    def _given(self, row: Row, record: Any) -> dict[str, Any]:
        """The values that the row gives, its faults told. What a column does not say stays, or is as the model begins."""
        given: dict[str, Any] = {}
        for name, cleaner in self.cleaners.items():
            place = self.places.get(name)
            text = "" if place is None else _cell(row, place)
            if place is None or not text:
                self._leave_blank(row, record, name, given)
                continue
            value = cleaner.value_of(text)
            if record is not None and cleaner.is_personal and text == self._masked(record, name):
                continue
            if value.__class__ is Fault and cleaner.points_to_itself and text in self.coming:
                value = Coming(text)
            if value.__class__ is Fault and cleaner.points_to_itself and self.first.get(text, 0) > row.number:
                said = _("它在后面第 %(line)s 行。请把那一行移到本行之前。") % {"line": self.first[text]}
                row.faults.setdefault(place, said)
            elif value.__class__ is Fault:
                row.faults.setdefault(place, str(value))
            elif record is not None and name in self.register.fixed and _differs(record, name, value):
                row.faults.setdefault(place, _("录入后不能修改。"))
            else:
                given[name] = value
        return given

    def _leave_blank(self, row: Row, record: Any, name: str, given: dict[str, Any]) -> None:
        cleaner, place = self.cleaners[name], self.places.get(name)
        if record is not None and (place is None or cleaner.is_personal or name in self.register.fixed):
            return
        if record is None and cleaner.field.has_default():
            return
        if cleaner.required:
            row.faults.setdefault(
                WHOLE if place is None else place, self._must(name, has_column=place is not None)
            )
        elif place is not None:
            given[name] = cleaner.value_of("")

    def _must(self, name: str, *, has_column: bool) -> str:
        if has_column:
            return _("须填写。")
        label = self.cleaners[name].field.verbose_name
        return _("这是新记录，须填写“%(label)s”，而表里没有这一列。") % {"label": label}

    def _masked(self, record: Any, name: str) -> str:
        return personal.masked(self.masks[name], getattr(record, name))


def _cell(row: Row, place: int) -> str:
    return row.cells[place].strip() if place < len(row.cells) else ""


def _raw(record: Any, name: str) -> Any:
    """A field's value without a query: of a reference the key."""
    return getattr(record, record._meta.get_field(name).attname)


def _differs(record: Any, name: str, value: Any) -> bool:
    is_reference = record._meta.get_field(name).attname != name
    return isinstance(value, Coming) or bool(
        _raw(record, name) != (getattr(value, "pk", None) if is_reference else value)
    )


def _once_in_use(register: Register) -> list[tuple[str, ...]]:
    """The fields by which no two records in use may be the same, beside the key."""
    found = []
    for one in register.model._meta.constraints:
        if isinstance(one, UniqueConstraint) and one.condition == Q(retired_at__isnull=True):
            fields = tuple(name for name in one.fields if name != "exercise")
            if set(fields) <= set(register.fields):
                found.append(fields)
    return found


def _is_unique(register: Register) -> bool:
    """Whether no two records share a key, however far apart (in one exercise)."""
    if register.model._meta.get_field(register.key).unique:  # type: ignore[union-attr]  # a plain field
        return True
    unique = (one for one in register.model._meta.constraints if isinstance(one, UniqueConstraint))
    return any(set(one.fields) - {"exercise"} == {register.key} for one in unique)
