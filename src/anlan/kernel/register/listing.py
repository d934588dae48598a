"""The list of a register: what is asked for in the address, one page of rows in one query, how many there are.

Pages follow each other by the last row's place (keyset), so that any page costs the same among a million.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from django.db.models import Count, OuterRef, Q, Value, Window
from django.db.models.functions import Concat, Length, StrIndex
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from anlan.kernel.errors import NotFound
from anlan.kernel.models import Unit
from anlan.kernel.scope import BEHIND, units_where, visible
from anlan.kernel.search import question

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from django.db.models import QuerySet

    from anlan.kernel.context import Context
    from anlan.kernel.register.declaration import Filter, Register

ROWS = 50
LONGEST_QUERY = 1_000  # characters of an address that is kept for later
MOST_FOUND = 2_000  # hits of a search that are put in order; of more the first that the index gives
FEW_UNITS = 2_000  # up to here a list's units are named one by one
COUNTED = 1_000  # up to here rows are counted
DEAR = 2_000.0  # what counting may cost, as the planner reckons: some 20 ms
IN_USE, RETIRED, ALL = "", "retired", "all"
PLACES = ("after", "before")  # what in an address is no condition


@dataclass(frozen=True)
class Wanted:
    """Which records, in which order.

    words    searched for
    unit     with all below it; None: the reader's whole scope
    use      IN_USE, RETIRED or ALL
    chosen   values of the register's filters by their names
    sort     a column's path, with "-" before it for the other way round
    """

    words: str = ""
    unit: Unit | None = None
    use: str = IN_USE
    chosen: Mapping[str, str] = field(default_factory=dict)
    sort: str = ""

    @property
    def is_narrowed(self) -> bool:
        return bool(self.words or self.unit or self.use or self.chosen)


class Slice(NamedTuple):
    """Rows of a list as (key, value of each column), and the marks that its neighbours begin at; blank: there is none.

    found   how many the words find, up to MOST_FOUND; None: not asked for, or a later page
    """

    rows: list[tuple[Any, ...]]
    before: str
    after: str
    found: int | None = None


@dataclass(frozen=True)
class Option:
    """One choice of a filter."""

    value: str
    label: str
    on: bool


def read_wanted(ctx: Context, register: Register, asked: Mapping[str, Any]) -> Wanted:
    """What an address asks for; what it says wrongly counts as not said. raises NotFound for a unit out of reach"""
    sort = str(asked.get("sort", ""))
    unit = str(asked.get("unit", ""))
    use = str(asked.get("use", ""))
    chosen = {}
    for one in register.filters:
        value = str(asked.get(one.name, ""))
        if value and value in dict(choices_of(ctx, register, one)):
            chosen[one.name] = value
    return Wanted(
        words=str(asked.get("q", "")).strip()[:100],
        unit=get_unit(ctx, register, int(unit)) if unit.isdecimal() and len(unit) < 19 else None,
        use=use if use in {RETIRED, ALL} else IN_USE,
        chosen=chosen,
        sort=sort if sort.removeprefix("-") in register.sorts else register.order,
    )


def get_unit(ctx: Context, register: Register, unit_id: int) -> Unit:
    """A unit within the reader's scope of this register; `ids_below`: of it and the units below, as far as they are few."""
    subtree = Unit.unscoped.filter(
        path__gte=OuterRef("path"), path__lt=Concat(OuterRef("path"), Value(BEHIND))
    )
    below = ArraySubquery(subtree.order_by().values("pk")[: FEW_UNITS + 1])
    units = visible(ctx, Unit, register.capability("read")).annotate(ids_below=below)
    found = units.filter(pk=unit_id).first()
    if found is None:
        raise NotFound
    return found


def find_units(ctx: Context, capability: str, words: str, most: int) -> list[Unit]:
    """Units to choose from: those that the words find, the nearest first; without words the first of the scope."""
    found = visible(ctx, Unit, capability).filter(retired_at=None).select_related("parent")
    if not words:
        return list(found.order_by("path")[:most])
    asked = question(words)
    if not asked:
        return []
    hits = found.filter(search__holds=asked).order_by().values("pk")[:MOST_FOUND]
    near = (StrIndex("name", Value(words)), Length("name"), "path")
    return list(found.filter(pk__in=hits).order_by(*near)[:most])


def choices_of(ctx: Context, register: Register, one: Filter) -> Sequence[tuple[str, Any]]:
    """The values of a filter with their labels."""
    if one.choices:
        return one.choices(ctx)
    if one.name in register.choices:
        return register.choices[one.name]
    found = register.model._meta.get_field(one.name)
    if isinstance(found, models.BooleanField):
        return (("1", pgettext("value", "是")), ("0", pgettext("value", "否")))
    return [(str(value), label) for value, label in found.flatchoices]  # type: ignore[union-attr]  # it has some


def label_of(register: Register, one: Filter) -> Any:
    return one.label or register.model._meta.get_field(one.name).verbose_name  # type: ignore[union-attr]  # a plain field


def records(ctx: Context, register: Register, wanted: Wanted, capability: str = "") -> QuerySet[Any]:
    """The records that are wanted, in no order."""
    found: QuerySet[Any] = visible(ctx, register.model, capability or register.capability("read"))
    if wanted.use != ALL:
        found = found.filter(retired_at__isnull=wanted.use == IN_USE)
    if wanted.unit:
        found = found.filter(**{f"{register.unit_path}__startswith": wanted.unit.path})
    for one in register.filters:
        if value := wanted.chosen.get(one.name):
            found = _narrow(found, register, one, value)
    return found


def _narrow(found: QuerySet[Any], register: Register, one: Filter, value: str) -> QuerySet[Any]:
    if one.apply:
        return one.apply(found, value)
    is_boolean = isinstance(register.model._meta.get_field(one.name), models.BooleanField)
    return found.filter(**{one.name: value == "1" if is_boolean else value})


def _of_few_units(
    ctx: Context, register: Register, wanted: Wanted, found: QuerySet[Any], capability: str
) -> QuerySet[Any]:
    """The same records, by their units' ids where these are few: the planner knows how many records they have.

    By their path it takes them for evenly spread, and looks for a small town's records all along the order of names.
    """
    field = register.unit_path.removesuffix("__path")
    if field == register.unit_path:
        return found
    ids = wanted.unit.ids_below if wanted.unit else _ids_within(ctx, capability)  # type: ignore[attr-defined]  # get_unit asked for them
    return found if len(ids) > FEW_UNITS else found.filter(**{f"{field}__in": ids})


def _ids_within(ctx: Context, capability: str) -> list[int]:
    """The ids of the units within scope, of more than FEW_UNITS one more than that."""
    return list(units_where(ctx, capability).order_by().values_list("pk", flat=True)[: FEW_UNITS + 1])


def ordered(ctx: Context, register: Register, wanted: Wanted, capability: str = "") -> QuerySet[Any]:
    """The same in order. What words find is bounded before it is sorted: else it would cost as much as there are hits."""
    found = records(ctx, register, wanted, capability)
    found = _of_few_units(ctx, register, wanted, found, capability or register.capability("read"))
    turn = "-" if wanted.sort.startswith("-") else ""
    return _hits(register, wanted, found).order_by(wanted.sort, f"{turn}pk")


def matching(ctx: Context, register: Register, wanted: Wanted) -> QuerySet[Any]:
    """What the words find within scope, bounded and in no order, in one query."""
    return _hits(register, wanted, records(ctx, register, wanted))


def _hits(register: Register, wanted: Wanted, found: QuerySet[Any]) -> QuerySet[Any]:
    if asked := question(wanted.words):
        hits = found.filter(search__holds=asked).order_by().values("pk")[:MOST_FOUND]
        found = register.model.unscoped.filter(pk__in=hits)  # type: ignore[attr-defined]  # the hits lie within scope
    elif wanted.words:
        found = found.none()
    return found


def list_slice(
    ctx: Context,
    register: Register,
    wanted: Wanted,
    *,
    after: str = "",
    before: str = "",
    rows: int = ROWS,
    paths: Sequence[str] = (),
) -> Slice:
    """One page. A mark that cannot be read counts as none.

    paths   what is read of each row; none: what the list on the page shows
    """
    column = wanted.sort.removeprefix("-")
    start = _read_mark(register, column, after) or _read_mark(register, column, before)
    backwards = bool(start) and not _read_mark(register, column, after)
    upward = wanted.sort.startswith("-") == backwards
    found = ordered(ctx, register, wanted)
    if start:
        found = found.filter(_beyond(column, start, upward=upward))
    if backwards:
        found = found.reverse()
    paths = paths or [one.path for one in register.listed]
    # The hits of words are bounded and all read to put them in order: their number comes along at no cost.
    is_first = bool(wanted.words) and not start
    hits = Window(Count("*")) if is_first else Value(None, models.BigIntegerField())
    got = list(found.annotate(hits=hits).values_list("pk", column, *paths, "hits")[: rows + 1])
    number = got[0][-1] if got else 0 if is_first else None
    more, got = len(got) > rows, got[:rows]
    if backwards:
        got.reverse()
    if not got:
        return Slice([], "", "", number)
    earlier, later = (more, True) if backwards else (bool(start), more)
    shown = [(row[0], *row[2:-1]) for row in got]
    before, after = mark_of(*got[0][:2]) if earlier else "", mark_of(*got[-1][:2]) if later else ""
    return Slice(shown, before, after, number)


def iterate(
    ctx: Context,
    register: Register,
    wanted: Wanted,
    *,
    capability: str,
    paths: Sequence[str],
    chunk: int,
    most: int,
) -> Iterator[list[tuple[Any, ...]]]:
    """The whole list in chunks of (key, value of each path); no cursor stays open between them."""
    column, upward = wanted.sort.removeprefix("-"), not wanted.sort.startswith("-")
    base, start, left = ordered(ctx, register, wanted, capability), None, most
    while left > 0:
        found = base.filter(_beyond(column, start, upward=upward)) if start else base
        got = list(found.values_list("pk", column, *paths)[: min(chunk, left)])
        if not got:
            return
        yield [(row[0], *row[2:]) for row in got]
        start, left = (got[-1][1], got[-1][0]), left - len(got)


def count(ctx: Context, register: Register, wanted: Wanted, *, shown: Slice | None = None) -> str:
    """How many there are, in words: counted where they are few and that is cheap, else as the planner estimates.

    shown   the page that is shown; where there is no other, it says it all
    """
    if shown and not (shown.before or shown.after):
        return _in_all(len(shown.rows))
    if wanted.words:
        hits = shown.found if shown else None
        if hits is None:
            hits = _hits(register, wanted, records(ctx, register, wanted)).order_by().count()
        if hits >= MOST_FOUND:
            return _("匹配过多，只列 %(number)s 条，请输入更完整的词") % {"number": f"{MOST_FOUND:,}"}
        return _in_all(hits)
    number, is_exact = _count(records(ctx, register, wanted).order_by(), estimate=not wanted.is_narrowed)
    if not is_exact:
        number = max(number, ROWS)  # there is more than the page that is shown
        return _("约 %(number)s 条") % {"number": f"{_rounded(number):,}"}
    if number > COUNTED:
        return _("超过 %(number)s 条") % {"number": f"{COUNTED:,}"}
    return _in_all(number)


def _in_all(number: int) -> str:
    return _("共 %(number)s 条") % {"number": f"{number:,}"}


def _count(found: QuerySet[Any], *, estimate: bool) -> tuple[int, bool]:
    """How many, and whether they were counted; more than COUNTED are one more than that. See kernel migration 0013."""
    sql, values = found.values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        asked = [cursor.mogrify(sql, values), COUNTED + 1, DEAR, estimate]
        cursor.execute("SELECT number, is_exact FROM kernel_count(%s, %s, %s, %s)", asked)
        number, is_exact = cursor.fetchone()
    return int(number), bool(is_exact)


def _rounded(number: int) -> int:
    step: int = 10 ** max(len(str(number)) - 2, 0)
    return round(number / step) * step


def _beyond(column: str, start: tuple[Any, Any], *, upward: bool) -> Q:
    """Rows behind a place; the first condition alone is what the index is entered by."""
    than, (value, key) = ("gt" if upward else "lt"), start
    return Q(**{f"{column}__{than}e": value}) & (
        Q(**{f"{column}__{than}": value}) | Q(**{f"pk__{than}": key})
    )


def is_mark(register: Register, wanted: Wanted, text: str) -> bool:
    """Whether it names a place in this list."""
    return _read_mark(register, wanted.sort.removeprefix("-"), text) is not None


def mark_of(key: Any, value: Any) -> str:
    """The place of a record in a list, by its key and the value of what it is sorted by."""
    text = json.dumps([value, key], cls=DjangoJSONEncoder, ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_mark(register: Register, column: str, text: str) -> tuple[Any, Any] | None:
    """The place that a mark names: the value of the column it is sorted by, and the key."""
    if not text or len(text) > 1000:
        return None
    try:
        value, key = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        found = register.sorts[column].field
        return found.to_python(value), register.model._meta.pk.to_python(key)
    except (ValueError, TypeError, binascii.Error, ValidationError):
        return None
