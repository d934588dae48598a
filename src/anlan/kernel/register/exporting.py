"""Export of a register's list as it is narrowed and sorted, by a long task; what it made is kept for some days.

Personal data is masked, unless the actor may look at it, says why and has shown a second factor (what one look at one
record does not ask for); that it left is written down either way.
"""

from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.http import QueryDict
from django.utils.timezone import localtime

from anlan.kernel import files, tasks
from anlan.kernel.act import act
from anlan.kernel.clock import real_now
from anlan.kernel.errors import DomainError
from anlan.kernel.events import PrivateText
from anlan.kernel.models import Unit
from anlan.kernel.register import listing
from anlan.kernel.register.declaration import register_of
from anlan.kernel.register.sheets import CSV, EXCEL, GEOJSON, MEDIA_TYPES, table_at
from anlan.kernel.scope import can, require, require_second_factor
from anlan.kernel.storage import incoming

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anlan.kernel.context import Context
    from anlan.kernel.models import LongTask
    from anlan.kernel.register.declaration import Register, Resolved
    from anlan.kernel.tasks import Progress

EXPORT = "kernel.register.export"
CHUNK = 2_000
MOST = 1_000_000  # rows; a sheet holds no more


def kinds_of(register: Register) -> list[str]:
    """In what forms it can be exported."""
    return [EXCEL, CSV, GEOJSON] if register.point else [EXCEL, CSV]


def begin_export(
    ctx: Context, register: Register, kind: str, query: str, *, personal: bool = False, reason: str = ""
) -> LongTask:
    """Have a list exported.

    kind      one of kinds_of
    query     the list's address after "?"
    personal  whether personal data is to be unmasked, where the actor may look at it; then with a reason
    raises    NotAllowed; NotFound for a unit out of reach; SecondFactorNeeded, or DomainError without a reason
    """
    if personal:
        require(ctx, register.capability("look"))
        if not reason.strip():
            raise DomainError("export_reason")
        require_second_factor(ctx)
    listing.read_wanted(ctx, register, QueryDict(query))
    arguments = {
        "register": register.prefix,
        "kind": kind,
        "query": query,
        "personal": personal,
        "reason": reason.strip(),
    }
    return act(register.capability("export"))(lambda ctx: tasks.start(ctx, EXPORT, arguments))(ctx)


def export(ctx: Context, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """The long task that exports a list."""
    register, kind = register_of(arguments["register"]), arguments["kind"]
    capability = register.capability("export")
    wanted = listing.read_wanted(ctx, register, QueryDict(arguments["query"]))
    looked = ctx.roots(register.capability("look")) if arguments["personal"] else ()
    progress.total(min(listing.ordered(ctx, register, wanted, capability).order_by().count(), MOST))
    with tempfile.TemporaryDirectory(dir=incoming()) as folder:
        path = Path(folder) / "export"
        table = table_at(path, kind, [str(column.label) for column in register.resolved])
        try:
            for rows in _chunks(ctx, register, wanted, capability):
                for row in rows:
                    table.add(*_shown(register, row, looked))
                progress.step(len(rows))
        finally:
            table.close()
        kept = files.keep(path, MEDIA_TYPES[kind])
    conditions = QueryDict(arguments["query"], mutable=True)
    words = PrivateText(" ".join(conditions.pop("q", [])))  # often somebody's name
    happened = register.events.exported(
        conditions.urlencode(), words, progress.done, bool(looked), PrivateText(arguments["reason"])
    )
    ctx.journal_bulk(happened, _units(ctx, wanted, capability))
    today = localtime(real_now()).strftime("%Y-%m-%d")
    name = f"{register.term} {today}.{kind}"
    return {"rows": progress.done, "stored": kept.pk, "name": name, tasks.GUARDED: bool(looked)}


def _chunks(
    ctx: Context, register: Register, wanted: listing.Wanted, capability: str
) -> Iterator[list[tuple[Any, ...]]]:
    """(key, unit's path, place or the path again, the columns' values …)"""
    paths = [register.unit_path, register.point or register.unit_path]
    paths += [column.path for column in register.resolved]
    return listing.iterate(ctx, register, wanted, capability=capability, paths=paths, chunk=CHUNK, most=MOST)


def _shown(register: Register, row: tuple[Any, ...], looked: tuple[str, ...]) -> tuple[list[Any], Any]:
    """The cells of a row, and its place on the map."""
    _key, path, place, *values = row
    open_to = any(path.startswith(root) for root in looked)
    cells = [
        _cell(column, value, looked=open_to) for column, value in zip(register.resolved, values, strict=True)
    ]
    return cells, place if register.point else None


def _cell(column: Resolved, value: Any, *, looked: bool) -> Any:
    """Figures stay figures; the rest as the list shows it."""
    is_figure = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    plain = is_figure and not column.mask and not column.field.flatchoices and not column.column.show
    return value if plain else str(column.text(value, looked=looked))


def _units(ctx: Context, wanted: listing.Wanted, capability: str) -> list[Unit]:
    """What the journal's entry is about: the unit that was asked for, else those that the actor's scope begins with."""
    if wanted.unit:
        return [wanted.unit]
    return list(Unit.unscoped.filter(path__in=ctx.roots(capability)))  # his own roots


def may_look(ctx: Context, register: Register) -> bool:
    return bool(register.personal) and can(ctx, register.capability("look"))
