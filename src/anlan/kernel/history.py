"""Row history: what a record's row held before and after each act, written by triggers, read for people.

The trigger function stands in migration 0004; the triggers are put up after every migration, so that a new room's tables
have them without a word of its own.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import connection
from django.db.models import Case, ForeignKey, Q, Value, When
from django.utils.translation import gettext as _

from anlan.kernel import events, personal, subjects, values
from anlan.kernel.errors import NotAllowed
from anlan.kernel.journal import of_any
from anlan.kernel.models import (
    Entry,
    Exercise,
    Grant,
    Holiday,
    Record,
    Role,
    RowChange,
    Rule,
    Series,
    Share,
    Unit,
    User,
)
from anlan.kernel.scope import owns, require
from anlan.kernel.timeline import who

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.db.models import Field, Manager, Model

    from anlan.kernel.context import Context

    Fields = dict[str, Field[Any, Any]]  # by column
    Names = dict[tuple[Any, str], str]  # by model and key

PAGE = 30
# Tables that are no records and have a history all the same, with the columns that never enter it: secrets, and what
# changes without anybody changing anything.
KEPT: dict[type[Model], tuple[str, ...]] = {
    Unit: (),
    Grant: (),
    Role: (),
    Rule: (),
    Holiday: (),
    Series: (),
    Share: (),
    User: ("password", "last_login"),
}
SILENT = frozenset({"version", "search"})  # they follow from the others
# What these are called is no secret to whoever may read the record that refers to them.
NAMED: dict[Any, Manager[Any]] = {
    Exercise: Exercise.objects,
    Role: Role.objects,
    Rule: Rule.objects,
    Series: Series.objects,
    Unit: Unit.unscoped,
    User: User.objects,
}
FUNCTION = "kernel_row_history"
# When each trigger fires, by the last word of its name.
TRIGGERS = {
    "updated": "AFTER UPDATE ON {table} REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "deleted": "AFTER DELETE ON {table} REFERENCING OLD TABLE AS old_rows",
}


# --- triggers -----------------------------------------------------------------------------------------------------


def tracked() -> dict[type[Model], tuple[str, ...]]:
    """The models whose rows have a history, with the columns that never enter it."""
    concrete = (model for model in apps.get_models() if not model._meta.proxy)
    records: dict[type[Model], tuple[str, ...]] = {m: () for m in concrete if issubclass(m, Record)}
    return KEPT | records


def install(models: Iterable[type[Model]] | None = None, **_signal: Any) -> None:
    """Put up the triggers that are missing, on these models or on all; runs after every migration, so mostly does nothing."""
    chosen = {m: hidden for m, hidden in tracked().items() if models is None or m in set(models)}
    with connection.cursor() as cursor:
        there = _installed(cursor)
        if there is None:
            return
        tables = set(connection.introspection.table_names(cursor))
        for model, hidden in chosen.items():
            table, arguments = model._meta.db_table, (str(model._meta.pk.column), *hidden)
            for suffix, firing in TRIGGERS.items():
                if table in tables and there.get((table, f"history_{suffix}")) != arguments:
                    cursor.execute(_statement(table, suffix, firing, arguments))


def _installed(cursor: Any) -> dict[tuple[str, str], tuple[str, ...]] | None:
    """The triggers there are, by table and name, with their arguments; None before the migration of their function."""
    cursor.execute("SELECT to_regproc(%s) IS NOT NULL", [FUNCTION])
    if not cursor.fetchone()[0]:
        return None
    cursor.execute(
        "SELECT c.relname, t.tgname, t.tgargs FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " WHERE t.tgfoid = to_regproc(%s)",
        [FUNCTION],
    )
    return {
        (table, name): tuple(part.decode() for part in bytes(arguments).split(b"\0")[:-1])
        for table, name, arguments in cursor.fetchall()
    }


def _statement(table: str, suffix: str, firing: str, arguments: Sequence[str]) -> str:
    quoted = ", ".join(f"'{argument}'" for argument in arguments)
    return (
        f"CREATE OR REPLACE TRIGGER history_{suffix} {firing.format(table=connection.ops.quote_name(table))}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {FUNCTION}({quoted})"
    )


# --- reads --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """One column of a change, as a person reads it."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Change:
    """One row changed by one act.

    entry    the journal entry of that act, about this record first; None for what no act did (an upgrade, a repair)
    term     what such a record is called
    deleted  the row is gone; `before` then is all that it held
    """

    id: int
    entry: Entry | None
    term: str
    row: str
    deleted: bool
    cells: tuple[Cell, ...]

    @property
    def title(self) -> str:
        return events.label_of(self.entry.event) if self.entry else _("没有留痕的修改")

    @property
    def who(self) -> str:
        return who(self.entry) if self.entry else ""


@dataclass(frozen=True)
class Page:
    """The changes of a page, newest first; `older` is the address part of the next, None on the last."""

    changes: list[Change]
    older: int | None


def list_changes(ctx: Context, record: Model, capability: str, *, before: int | None = None) -> Page:
    """How a record's row came to be what it is, newest first; needs the record's own reading capability in its unit.

    before  number of a change: only older ones
    raises  NotAllowed, too, where the record is only shared: its row says what was thought of before it was told
    """
    require(ctx, capability, record)
    if not owns(ctx, capability, record):
        raise NotAllowed(capability)
    found = RowChange.objects.filter(table=record._meta.db_table, row=str(record.pk)).order_by("-id")
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = list(found[: PAGE + 1])
    shown = rows[:PAGE]
    entries = _entries(shown, record)
    return Page(show_changes(ctx, shown, entries), shown[-1].pk if len(rows) > PAGE else None)


def _entries(rows: Sequence[RowChange], record: Model) -> dict[int, Entry]:
    """The entry that tells of each act: one about the record itself, else the act's first."""
    about = Q(subject_kind=record._meta.label_lower) & of_any([str(record.pk)])
    found = Entry.objects.filter(act__in={row.act for row in rows}).select_related("actor")
    nearest = Case(When(about, then=Value(0)), default=Value(1))
    return {entry.act: entry for entry in found.order_by("act", nearest, "id").distinct("act")}


def show_changes(ctx: Context, rows: Sequence[RowChange], entries: dict[int, Entry]) -> list[Change]:
    """Changes of any tables for people, with their references named in a query or two for each kind of record."""
    fields = {row.table: _fields(row.table) for row in rows}
    names = _names(ctx, rows, fields)
    return [_change(row, entries.get(row.act), fields[row.table], names) for row in rows]


def _change(row: RowChange, entry: Entry | None, fields: Fields, names: Names) -> Change:
    known = [column for column in fields if column in row.before]
    others = sorted(row.before.keys() - fields.keys())  # columns that the model has no more
    cells = tuple(
        _cell(row, column, fields.get(column), names) for column in (*known, *others) if column not in SILENT
    )
    model = _model(row.table)
    term = str(model._meta.verbose_name) if model else row.table
    return Change(row.pk, entry, term, row.row, row.after is None, cells)


def _cell(row: RowChange, column: str, field: Field[Any, Any] | None, names: Names) -> Cell:
    after = "" if row.after is None else _value(field, row.after[column], names)
    return Cell(str(field.verbose_name) if field else column, _value(field, row.before[column], names), after)


def _value(field: Field[Any, Any] | None, raw: Any, names: Names) -> str:
    if isinstance(field, ForeignKey) and raw is not None:
        return names.get((field.related_model, str(raw))) or str(raw)
    if field is not None and (mask := personal.masks_of(field.model).get(field.name)):
        return personal.masked(mask, raw) or values.show(field, None)
    return values.show(field, raw)


def _model(table: str) -> type[Model] | None:
    return next((model for model in apps.get_models() if model._meta.db_table == table), None)


def _fields(table: str) -> Fields:
    """The columns of a table and their fields, in the model's order; none for a table that no model has any more."""
    model = _model(table)
    return {str(field.column): field for field in model._meta.concrete_fields} if model else {}


def _names(ctx: Context, rows: Sequence[RowChange], fields: dict[str, Fields]) -> Names:
    """What the references of these changes are called: the kernel's own by name, records as far as the reader may meet them."""
    wanted: defaultdict[Any, set[str]] = defaultdict(set)
    for row in rows:
        for content in (row.before, row.after or {}):
            for column, raw in content.items():
                field = fields[row.table].get(column)
                if isinstance(field, ForeignKey) and raw is not None:
                    wanted[field.related_model].add(str(raw))
    names: Names = {}
    for model in wanted.keys() & NAMED.keys():
        names |= {(model, str(one.pk)): str(one) for one in NAMED[model].filter(pk__in=wanted[model])}
    rest = {model._meta.label_lower: model for model in wanted.keys() - NAMED.keys()}
    described = subjects.describe(ctx, [(kind, key) for kind, model in rest.items() for key in wanted[model]])
    return names | {(rest[kind], key): shown.title for (kind, key), shown in described.items()}
