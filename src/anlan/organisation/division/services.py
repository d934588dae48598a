"""Acts on divisions: keep a list, start an import, do it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import F

from anlan.kernel import tasks
from anlan.kernel.act import act
from anlan.kernel.context import EVERYWHERE
from anlan.kernel.errors import DomainError
from anlan.kernel.models import Unit
from anlan.kernel.search import document
from anlan.kernel.tasks import Progress
from anlan.organisation.division import selectors
from anlan.organisation.division.events import DivisionsImported
from anlan.organisation.division.selectors import VANISHED
from anlan.protocols.divisions import FILES, Level

if TYPE_CHECKING:
    from pathlib import Path

    from anlan.kernel.context import Context
    from anlan.kernel.models import LongTask

TASK = "organisation.division.import"
CHUNK = 20_000  # rows of one statement: between two of them the work can be stopped, and is told of
# A level after the other: a path begins with the parent's. What the tree has already keeps its place.
PLACE = """
INSERT INTO division_placed (unit_id, parent_id, path, code, name, kind, fresh, renamed)
SELECT n.id, n.parent_id, coalesce(n.path, n.path_above || n.id || '.'), n.code, n.name, n.kind, n.fresh, n.renamed
FROM (
  SELECT CASE WHEN u.id IS NULL THEN nextval(pg_get_serial_sequence('kernel_unit', 'id')) ELSE u.id END AS id,
         coalesce(p.unit_id, %(above)s) AS parent_id, u.path, coalesce(p.path, %(path)s) AS path_above,
         s.code, s.name, s.kind, u.id IS NULL AS fresh,
         u.retired_at IS NULL AND u.name COLLATE "C" <> s.name COLLATE "C" AS renamed
  FROM division_staged s
  LEFT JOIN kernel_unit u ON u.code = s.code
  LEFT JOIN division_placed p ON p.code = s.parent
  WHERE s.level = %(level)s
) n
"""
PREPARE = """
DROP TABLE IF EXISTS division_placed;
CREATE TEMPORARY TABLE division_placed (
  unit_id bigint NOT NULL, parent_id bigint, path text COLLATE "C" NOT NULL, code varchar(32) NOT NULL,
  name varchar(120) NOT NULL, kind varchar(32) NOT NULL, fresh boolean NOT NULL, renamed boolean
) ON COMMIT DROP
"""
NEXT = """
SELECT unit_id, name, code FROM division_placed WHERE {which} AND unit_id > %s ORDER BY unit_id LIMIT %s
"""
ADD = """
INSERT INTO kernel_unit (id, parent_id, path, code, name, kind, version, search)
SELECT p.unit_id, p.parent_id, p.path, p.code, p.name, p.kind, 1, d.search::tsvector
FROM unnest(%s::bigint[], %s::text[]) AS d (unit_id, search) JOIN division_placed p ON p.unit_id = d.unit_id
"""
RENAME = """
UPDATE kernel_unit u SET name = p.name, search = d.search::tsvector, version = u.version + 1
FROM unnest(%s::bigint[], %s::text[]) AS d (unit_id, search) JOIN division_placed p ON p.unit_id = d.unit_id
WHERE u.id = d.unit_id
"""
AS_LISTED = (
    "UPDATE kernel_unit u SET kind = s.kind FROM division_staged s WHERE u.id = %s AND s.code = u.code"
)
ROOTS = """
SELECT u.id FROM division_staged s JOIN kernel_unit u ON u.code = s.code
WHERE s.level = (SELECT min(level) FROM division_staged)
"""
RETIRE = f"UPDATE kernel_unit u SET retired_at = %(at)s, version = u.version + 1 WHERE {VANISHED}"  # noqa: S608 - our own text


@dataclass(frozen=True)
class Imported:
    """What an import changed; `unit_id` is a unit whose page shows it, None where nothing was listed below one."""

    added: int
    renamed: int
    retired: int
    unit_id: int | None


@act("organisation.division.import")
def keep_lists(ctx: Context, folder: Path) -> int:  # noqa: ARG001 - an act; who may is asked before
    """Take the list of a folder (a stick's) as this node's, once all of it was found whole: how many divisions it has.

    raises  DomainError; the list the node had stays
    """
    count = selectors.count_divisions(folder)
    home = selectors.get_folder()
    fresh = home.with_name("divisions.new")  # becomes the list only when it is whole
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    for name in FILES.values():
        shutil.copyfile(folder / name, fresh / name)
        (fresh / name).chmod(0o644)
    fresh.chmod(0o755)  # the services' user reads it
    shutil.rmtree(home, ignore_errors=True)
    fresh.rename(home)
    return count


@act("organisation.division.import")
def start_import(ctx: Context, code: str, below: int | None, *, as_root: bool = False) -> LongTask:
    """Have it imported by a task; what can be refused at once is. See `import_divisions`."""
    selectors.get_lists()
    if as_root:
        _unnamed_root(ctx, code)
    else:
        _place_of(ctx, code, below)
    return tasks.start(ctx, TASK, {"code": code, "below": below, "as_root": as_root})


@act("organisation.division.import")
def import_divisions(
    ctx: Context,
    code: str,
    below: int | None = None,
    progress: Progress | None = None,
    *,
    as_root: bool = False,
) -> Imported:
    """Bring the tree up to the list at a full code and below (blank: the whole country): all of it, or nothing.

    below     the unit to hang it below, where the tree doesn't have it; None: below the division that the codes say, or
              as a new root (the node itself only)
    as_root   instead: the node's own unit, which has no code yet, becomes it
    raises    DomainError: no list or a broken one, units outside scope, no place to hang it
    """
    progress = progress or Progress()
    with connection.cursor() as cursor:
        # Whoever moves a unit or adds one waits: a path that changed meanwhile would leave ours behind. Records go on.
        # Autoanalyze stays out, too: it would count no row in a table half loaded, and send each check of the foreign
        # keys through a whole index.
        cursor.execute("LOCK TABLE kernel_unit IN SHARE ROW EXCLUSIVE MODE")
        root = _take_code(ctx, code) if as_root else None
        above = None if root else _place_of(ctx, code, below)
        found = selectors.get_comparison(ctx, code, progress)
        progress.total(progress.done + found.added + found.renamed)
        if root:
            cursor.execute(AS_LISTED, [root.pk])
        if found.added or found.renamed:
            _place(cursor, above)
            _in_chunks(cursor, "fresh", ADD, progress)
            _in_chunks(cursor, "renamed", RENAME, progress)
        if found.retired:
            cursor.execute(RETIRE, {"at": ctx.now(), **selectors.get_vanished(ctx, code)})
    shown = root or above
    imported = Imported(found.added, found.renamed, found.retired, shown.pk if shown else None)
    if found.changes or root:
        _write_down(ctx, code, above, imported)
    return imported


def _unnamed_root(ctx: Context, code: str) -> Unit:
    root = selectors.find_unnamed_root(ctx)
    if root is None or not code or selectors.find_unit(ctx, code) is not None:
        raise DomainError("division_root_named")
    return root


def _take_code(ctx: Context, code: str) -> Unit:
    """Let the node's own unit be known by a division's code: from here on it is one that the tree has already."""
    root = _unnamed_root(ctx, code)
    root.code = code
    Unit.unscoped.filter(pk=root.pk).update(code=code, search=root.document_of(), version=F("version") + 1)
    return root


def _place_of(ctx: Context, code: str, below: int | None) -> Unit | None:
    """The unit that it hangs below, or is to; None for roots."""
    asked = selectors.get_unit(ctx, below) if below is not None else None
    there = selectors.find_unit(ctx, code)
    if there is not None:
        if asked is not None and asked.pk != there.parent_id:
            raise DomainError("division_there", name=there.name, above=there.parent or "–")
        return there.parent
    above = asked or selectors.find_unit_above(ctx, code)
    if above is None and EVERYWHERE not in ctx.roots(selectors.IMPORT):
        raise DomainError("division_no_place")
    return above


def _place(cursor: Any, above: Unit | None) -> None:
    """Draw ids and build paths for what is staged."""
    cursor.execute(PREPARE)
    hung = {"above": above.pk if above else None, "path": above.path if above else ""}
    for level in Level:
        cursor.execute(PLACE, {"level": level.value, **hung})
    cursor.execute("CREATE INDEX ON division_placed (unit_id)")
    cursor.execute("ANALYZE division_placed")


def _in_chunks(cursor: Any, which: str, statement: str, progress: Progress) -> None:
    """Write the placed rows, with the documents they are found by."""
    last = 0
    while True:
        cursor.execute(NEXT.format(which=which), [last, CHUNK])
        rows = cursor.fetchall()
        if not rows:
            return
        last = rows[-1][0]
        cursor.execute(
            statement, [[row[0] for row in rows], [document(name, code) for _, name, code in rows]]
        )
        progress.step(len(rows))


def _write_down(ctx: Context, code: str, above: Unit | None, imported: Imported) -> None:
    """One entry, about the unit that the divisions hang below; about the roots where there is none."""
    happened = DivisionsImported(code, imported.added, imported.renamed, imported.retired)
    if above is not None:
        ctx.journal(happened, above)
        return
    with connection.cursor() as cursor:
        cursor.execute(ROOTS)
        roots = Unit.unscoped.in_bulk([unit_id for (unit_id,) in cursor.fetchall()])
    ctx.journal_bulk(happened, list(roots.values()))
