"""Reads of the official list, and of how the tree differs from it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection, transaction

from anlan.kernel.errors import DomainError, NotFound
from anlan.kernel.models import Unit
from anlan.kernel.scope import visible
from anlan.kernel.tasks import Progress
from anlan.organisation.division.terms import DivisionLevel
from anlan.protocols import divisions
from anlan.protocols.divisions import BrokenList, Division, Kind, Level

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anlan.kernel.context import Context

IMPORT = "organisation.division.import"
MOST_FOUND = 50  # divisions by their name
EXAMPLES = 5
STEP = 5_000  # rows between two words on the progress
# Compared by code in the column's own collation; by name in C, whatever the tree sorts names by.
STAGE = """
DROP TABLE IF EXISTS division_staged;
CREATE TEMPORARY TABLE division_staged (
  level smallint NOT NULL, code varchar(32) NOT NULL, parent varchar(32) NOT NULL,
  name varchar(120) NOT NULL, kind varchar(32) NOT NULL
) ON COMMIT DROP
"""
COUNT = """
SELECT s.level, count(*), count(*) FILTER (WHERE u.id IS NULL),
       count(*) FILTER (WHERE u.retired_at IS NULL AND u.name COLLATE "C" <> s.name COLLATE "C"),
       count(*) FILTER (WHERE u.retired_at IS NOT NULL)
FROM division_staged s LEFT JOIN kernel_unit u ON u.code = s.code GROUP BY s.level ORDER BY s.level
"""
RENAMED = """
SELECT u.name, s.name FROM division_staged s JOIN kernel_unit u ON u.code = s.code
WHERE u.retired_at IS NULL AND u.name COLLATE "C" <> s.name COLLATE "C" ORDER BY s.level, s.code LIMIT %s
"""
ELSEWHERE = """
SELECT count(*) FROM division_staged s JOIN kernel_unit u ON u.code = s.code WHERE NOT u.path LIKE ANY (%s)
"""
# Divisions of the tree that the list has no more; whoever retires them and whoever counts them says the same.
VANISHED = """
u.retired_at IS NULL AND u.code LIKE %(beginning)s AND u.code ~ '^[0-9]{12}$' AND u.kind = ANY (%(kinds)s)
AND u.path LIKE ANY (%(within)s) AND NOT EXISTS (SELECT FROM division_staged s WHERE s.code = u.code)
"""


@dataclass(frozen=True)
class LevelCount:
    """Of one level: how many are listed, how many the tree doesn't have, has by another name, has out of use."""

    level: DivisionLevel
    listed: int
    added: int
    renamed: int
    out_of_use: int


@dataclass(frozen=True)
class Comparison:
    """How the tree would change.

    names    examples of renamed units, before and after
    retired  units that the list has no more; `gone` are examples of their names
    """

    levels: tuple[LevelCount, ...]
    retired: int
    names: tuple[tuple[str, str], ...] = ()
    gone: tuple[str, ...] = ()

    @property
    def listed(self) -> int:
        return sum(level.listed for level in self.levels)

    @property
    def added(self) -> int:
        return sum(level.added for level in self.levels)

    @property
    def renamed(self) -> int:
        return sum(level.renamed for level in self.levels)

    @property
    def out_of_use(self) -> int:
        return sum(level.out_of_use for level in self.levels)

    @property
    def changes(self) -> int:
        return self.added + self.renamed + self.retired


# --- the list ----------------------------------------------------------------------------------------------------


def get_folder() -> Path:
    """Where this node keeps the list, or would."""
    return (settings.ANLAN.var or Path()) / "divisions"


def find_lists() -> Path | None:
    """The folder of the list if all its files are there."""
    folder = get_folder()
    return folder if all((folder / name).is_file() for name in divisions.FILES.values()) else None


def get_lists() -> Path:
    """raises DomainError where the node has no list"""
    folder = find_lists()
    if folder is None:
        raise DomainError("division_no_lists")
    return folder


def list_divisions(at: str = "", words: str = "") -> list[Division]:
    """Divisions down to counties: those right below one (blank: the provinces), or of the country by name or code."""
    listed = _read(get_lists(), deepest=Level.COUNTY)
    if words:
        return list(islice((d for d in listed if words in d.name or d.code.startswith(words)), MOST_FOUND))
    return [division for division in listed if division.parent == at]


def list_line(code: str) -> list[Division]:
    """A division of the list down to counties with all above it, the highest first; empty for a blank code."""
    if not code:
        return []
    line = {code, *divisions.parents_of(code)}
    found = [division for division in _read(get_lists(), deepest=Level.COUNTY) if division.code in line]
    if not found or found[-1].code != code:
        raise NotFound
    return found


def _read(folder: Path, code: str = "", *, deepest: Level = Level.VILLAGE) -> Iterator[Division]:
    """As the list's own reader, with a sentence for what is wrong."""
    try:
        yield from divisions.read(folder, code, deepest=deepest)
    except BrokenList as broken:
        raise DomainError(f"division_{broken.problem}", **broken.where) from broken


def count_divisions(folder: Path) -> int:
    """Read a whole list to its end: how many there are. raises DomainError where anything is wrong with it"""
    return sum(1 for _ in _read(folder))


# --- the tree ----------------------------------------------------------------------------------------------------


def find_unit(ctx: Context, code: str) -> Unit | None:
    """A unit of the tree by its code, within scope."""
    return visible(ctx, Unit, IMPORT).select_related("parent").filter(code=code).first() if code else None


def find_unit_above(ctx: Context, code: str) -> Unit | None:
    """The unit that a division hangs below by its code: the nearest one there is, within scope."""
    above = divisions.parents_of(code) if code else []
    found = visible(ctx, Unit, IMPORT).filter(code__in=above, retired_at=None)
    return min(found, key=lambda unit: above.index(str(unit.code)), default=None)


def find_unnamed_root(ctx: Context) -> Unit | None:
    """The node's own unit as its first start left it: the only root, without a code. A division may become it."""
    roots = list(Unit.unscoped.filter(parent=None)[:2])  # another's root is counted, and not shown
    root = roots[0] if len(roots) == 1 and not roots[0].code and not roots[0].retired_at else None
    return root if root is not None and visible(ctx, Unit, IMPORT).filter(pk=root.pk).exists() else None


def get_unit(ctx: Context, unit_id: int) -> Unit:
    """A unit that divisions may be hung below."""
    unit = visible(ctx, Unit, IMPORT).filter(pk=unit_id, retired_at=None).first()
    if unit is None:
        raise NotFound
    return unit


def get_comparison(ctx: Context, code: str, progress: Progress | None = None) -> Comparison:
    """How the tree differs from the list at that full code and below (blank: the whole country).

    What is listed stands in the table division_staged until the transaction ends, for who goes on with it.

    raises  DomainError: no list, or a broken one; units of those codes outside the actor's scope
    """
    progress = progress or Progress()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(STAGE)
        with cursor.copy("COPY division_staged (level, code, parent, name, kind) FROM STDIN") as copy:
            for number, d in enumerate(_read(get_lists(), code), 1):
                copy.write_row((d.level.value, d.code, d.parent, d.name, d.kind.value))
                if number % STEP == 0:
                    progress.step(STEP)
        cursor.execute("ANALYZE division_staged")
        within = _within(ctx)
        cursor.execute(ELSEWHERE, [within])
        if elsewhere := cursor.fetchone()[0]:
            raise DomainError("division_elsewhere", count=elsewhere)
        return _compare(cursor, get_vanished(ctx, code))


def get_vanished(ctx: Context, code: str) -> dict[str, Any]:
    """The values that VANISHED asks for."""
    kinds = [kind.value for kind in Kind]
    return {"beginning": f"{divisions.prefix_of(code)}%", "kinds": kinds, "within": _within(ctx)}


def _compare(cursor: Any, vanished: dict[str, Any]) -> Comparison:
    cursor.execute(COUNT)
    levels = tuple(LevelCount(DivisionLevel(level), *counts) for level, *counts in cursor.fetchall())
    cursor.execute(RENAMED, [EXAMPLES])
    names = tuple(cursor.fetchall())
    cursor.execute(f"SELECT count(*) FROM kernel_unit u WHERE {VANISHED}", vanished)  # noqa: S608 - our own text
    retired = cursor.fetchone()[0]
    chosen = f"SELECT u.name FROM kernel_unit u WHERE {VANISHED} ORDER BY u.path LIMIT {EXAMPLES}"  # noqa: S608 - our own text
    cursor.execute(chosen, vanished)
    return Comparison(levels, retired, names, tuple(name for (name,) in cursor.fetchall()))


def _within(ctx: Context) -> list[str]:
    """Patterns of the paths that the actor may write to."""
    return [f"{root}%" for root in ctx.roots(IMPORT)]
