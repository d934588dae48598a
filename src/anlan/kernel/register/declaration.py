"""What a room says of its register, and what follows from that: columns with their fields, events, capabilities, addresses.

PEOPLE = Register(
    Person,
    "organisation.person",
    columns=(Column("name", sort=True), Column("unit__name"), Column("kind")),
    filters=(Filter("kind"),),
    fields=("unit", "code", "name", "kind"),
    icon="users",
    empty=_("人员由本单位管理员录入，也可以从 Excel 导入。"),
)
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from anlan.kernel import personal, rooms
from anlan.kernel.models import Record, Registered, Unit
from anlan.kernel.register import events
from anlan.kernel.register.cells import shower_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from django.db.models import Field, Model, QuerySet
    from django.utils.functional import _StrPromise

    from anlan.kernel.context import Context
    from anlan.kernel.personal import Mask
    from anlan.kernel.register.events import Events


@dataclass(frozen=True)
class Column:
    """One column of the list, of exports and of the API.

    path    a field, or one reached through foreign keys ("unit__name")
    label   its heading; blank: what the field is called
    show    value → text; None: by the kind of field
    sort    whether the list can be sorted by it: an index over (field, key) must answer that, and it is never null
    wide    left out of the list on the page, not of exports and the API
    """

    path: str
    label: _StrPromise | str = ""
    show: Callable[[Any], str] | None = None
    sort: bool = False
    wide: bool = False


@dataclass(frozen=True)
class Filter:
    """One filter: by the choices of a field, yes or no, or what `apply` does with one of `choices`.

    name     the field, and the part of the address
    """

    name: str
    label: _StrPromise | str = ""
    choices: Callable[[Context], Sequence[tuple[str, Any]]] | None = None
    apply: Callable[[QuerySet[Any], str], QuerySet[Any]] | None = None


@dataclass(frozen=True)
class Panel:
    """A part of the record's page that only this register has: a template, and what it is given (None: left out)."""

    template: str
    given: Callable[[Context, Any], dict[str, Any] | None]


@dataclass(frozen=True)
class Deed:
    """An act of the room's own that is done to the ticked records of the list, and to one from its page.

    name        the address `<room>_<name>` takes a POST with the records' keys as `id`
    fits        whether the record is in a state that the act starts from
    """

    name: str
    label: _StrPromise | str
    capability: str
    fits: Callable[[Any], bool]


@dataclass(frozen=True)
class Page:
    """A page of the room's own that its list leads to.

    capability   what one needs for it; blank: what reading the register takes
    """

    label: _StrPromise | str
    name: str
    capability: str = ""


@dataclass(frozen=True)
class Resolved:
    """A column with its field: what heads it, how it is shown, by what it is masked."""

    column: Column
    field: Field[Any, Any]
    label: Any
    show: Callable[[Any], str]
    mask: Callable[[str], str] | None

    @property
    def path(self) -> str:
        return self.column.path

    def text(self, value: Any, *, looked: bool = False) -> str:
        """A value as a person reads it; personal ones masked unless he gave a reason."""
        if self.mask and not looked:
            return personal.masked(self.mask, value)
        return self.show(value)


@dataclass(eq=False)
class Register:
    """One register.

    prefix      "wing.room": its capabilities are `prefix.read`, `.edit` (enter, change, retire, import), `.export`, and
                `.look` where it holds personal data; its addresses are named by the room
    fields      what is entered, and imported, in this order; `unit` says where a record belongs
    key         the field by which an import knows a record again; blank: it cannot be imported
    order       the field by which it is sorted at first
    choices     values with labels of fields whose model names none
    required    fields that must be entered here though the table can do without
    fixed       fields that are entered once and not changed by the form
    bulk        fields that can be set for many records at once
    deeds       acts of the room's own
    pages       further pages of the room, to which the list leads; open to who may read
    unit_path   look-up to the path of a record's unit
    parts       further tables that are read along with a record
    create, edit, retire, restore   acts of its own instead of those of every register; the same arguments
    point       look-up to a point or area, for export as GeoJSON
    """

    model: type[Model]
    prefix: str
    columns: tuple[Column, ...]
    fields: tuple[str, ...]
    filters: tuple[Filter, ...] = ()
    key: str = ""
    order: str = "name"
    choices: Mapping[str, Sequence[tuple[str, Any]]] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    bulk: tuple[str, ...] = ()
    unit_path: str = "unit__path"
    parts: tuple[str, ...] = ()
    panels: tuple[Panel, ...] = ()
    deeds: tuple[Deed, ...] = ()
    pages: tuple[Page, ...] = ()
    icon: str = "list"
    lead: _StrPromise | str = ""
    empty: _StrPromise | str = ""
    create: Callable[..., Model] | None = None
    edit: Callable[..., Model] | None = None
    retire: Callable[..., Model] | None = None
    restore: Callable[..., Model] | None = None
    point: str = ""
    attach: bool = False
    events: Events = field(init=False)

    def __post_init__(self) -> None:
        self.events = events.declare(self.prefix, self.term)
        if not issubclass(self.model, Registered):
            raise TypeError(f"{self.model.__name__} is not Registered")
        for column in self.resolved:
            if column.column.sort and (column.field.null or column.mask):
                raise ValueError(f"{self.prefix}: {column.path} cannot be sorted by")
        if found := self.masks.keys() & {
            *self.model.SEARCHED,
            self.order,
            *(one.name for one in self.filters),
        }:
            raise ValueError(f"{self.prefix}: {found} tells itself to who searches, sorts or filters by it")
        _registers[self.prefix] = self

    @property
    def name(self) -> str:
        """The room's name, which its addresses begin with."""
        return self.prefix.rpartition(".")[2]

    @property
    def term(self) -> Any:
        """What one record is called."""
        return self.model._meta.verbose_name

    @property
    def label(self) -> str:
        return self.model._meta.label_lower

    @property
    def is_of_units(self) -> bool:
        """Whether its records are the units themselves."""
        return self.model is Unit

    def needs(self, name: str) -> bool:
        """Whether a new record must be given this field."""
        found: Any = self.model._meta.get_field(name)
        return name in self.required or not (found.blank or found.has_default())

    def capability(self, verb: str) -> str:
        return f"{self.prefix}.{verb}"

    @cached_property
    def resolved(self) -> tuple[Resolved, ...]:
        """The columns with their fields."""
        return tuple(_resolve(self.model, self._with_labels(column)) for column in self.columns)

    def _with_labels(self, column: Column) -> Column:
        if column.path not in self.choices or column.show:
            return column
        labels = dict(self.choices[column.path])
        return replace(column, show=lambda value: str(labels.get(value, value or "")))

    @cached_property
    def listed(self) -> tuple[Resolved, ...]:
        """The columns of the list on the page."""
        return tuple(column for column in self.resolved if not column.column.wide)

    @cached_property
    def sorts(self) -> dict[str, Resolved]:
        """What the list can be sorted by; its first order need not be a column."""
        found = {column.path: column for column in self.resolved if column.column.sort}
        return (
            found if self.order in found else {**found, self.order: _resolve(self.model, Column(self.order))}
        )

    @property
    def personal(self) -> tuple[Resolved, ...]:
        return tuple(column for column in self.resolved if column.mask)

    @cached_property
    def masks(self) -> dict[str, Mask]:
        """What is personal of what is entered or shown, each with its mask."""
        own = personal.masks_of(self.model)
        entered = {name: own[name] for name in self.fields if name in own}
        return entered | {column.path: column.mask for column in self.resolved if column.mask}

    @property
    def all_panels(self) -> tuple[Panel, ...]:
        """Its own panels, then those of higher rooms."""
        return (*self.panels, *_added[self.prefix])

    @property
    def is_record(self) -> bool:
        """Whether its records belong to a unit and maybe an exercise."""
        return issubclass(self.model, Record)


_registers: dict[str, Register] = {}
_added: defaultdict[str, list[Panel]] = defaultdict(list)


def add_panel(prefix: str, panel: Panel) -> None:
    """Put a panel on the pages of a lower room's register: it knows nothing of the rooms above it.

    What the panel shows, its `given` has to ask within the reader's scope; where that is None, it is left out.
    """
    _added[prefix].append(panel)


def registers() -> Mapping[str, Register]:
    """Every register that a room has declared, by its prefix."""
    return _registers


def register_of(prefix: str) -> Register:
    """A register by its prefix, in processes that have met no page yet, too. raises KeyError"""
    if prefix not in _registers:
        for room in rooms.find():
            room.part("register")
    return _registers[prefix]


def _resolve(model: type[Model], column: Column) -> Resolved:
    found: Any = None
    at: Any = model
    for name in column.path.split("__"):
        found = at._meta.get_field(name)
        at = found.related_model
    mask = personal.masks_of(found.model).get(found.name)
    said: Any = model._meta.get_field(column.path.split("__")[0]).verbose_name  # type: ignore[union-attr]  # a field with a name
    return Resolved(column, found, column.label or said, column.show or shower_of(found), mask)
