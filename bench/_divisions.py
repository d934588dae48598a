"""What `divisions` runs inside the product: the import, and the bare COPY of what it made."""

from __future__ import annotations

import time
from pathlib import Path

from django.db import connection, transaction

from anlan.kernel.context import Context
from anlan.kernel.models import Unit
from anlan.organisation.division import selectors, services

COLUMNS = "id, parent_id, path, code, name, kind, version, search"
BLOCK = 1024 * 1024  # bytes


def keep(folder: str) -> int:
    """Take the list as this node's; how many divisions it has."""
    return services.keep_lists(_node(), Path(folder))


def bring_in() -> float:
    """Import the whole country; seconds until it was committed."""
    begun = time.perf_counter()
    services.import_divisions(_node(), "")
    return time.perf_counter() - begun


def save(file: str) -> int:
    """Write the units down as COPY reads them; how many there are."""
    rows = f"COPY (SELECT {COLUMNS} FROM kernel_unit ORDER BY id) TO STDOUT"  # noqa: S608 - our own text
    with Path(file).open("wb") as out, connection.cursor() as cursor, cursor.copy(rows) as copy:
        out.writelines(copy)
    return Unit.unscoped.count()


def copy_in(file: str) -> float:
    """The same units by nothing but COPY; seconds until they were committed."""
    begun = time.perf_counter()
    with Path(file).open("rb") as rows, transaction.atomic(), connection.cursor() as cursor:
        # As the import does. Without it autoanalyze may meet the table half loaded, count no row in its many pages, and
        # the planner then checks the foreign key through any index at all: a commit of hours.
        cursor.execute("LOCK TABLE kernel_unit IN SHARE ROW EXCLUSIVE MODE")
        with cursor.copy(f"COPY kernel_unit ({COLUMNS}) FROM STDIN") as copy:
            while block := rows.read(BLOCK):
                copy.write(block)
    return time.perf_counter() - begun


def _node() -> Context:
    return Context(None, powers=frozenset({selectors.IMPORT}))
