"""What every node starts with: the roles (data/roles.json), and the way a unit is put into the tree."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from anlan.kernel import access, roles
from anlan.kernel.clock import real_now
from anlan.kernel.context import Context
from anlan.kernel.models import Grant, Role, Unit, User
from anlan.kernel.models.clock import REAL
from anlan.kernel.models.relay import SHARDS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

BATCH = 2000  # rows of one statement
ROLES = Path(__file__).parent / "data/roles.json"


@dataclass(frozen=True)
class Seedling:
    """A unit that is to stand in the tree, below the one of code `parent` ("": a root)."""

    code: str
    parent: str
    name: str
    kind: str
    line: str = ""


def lay_ground(**_signal: object) -> None:
    """The rows that everything stands on: real life's clock and the relays' shards. Runs after every migration."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('kernel_clock')")
        if cursor.fetchone() == (None,):  # migrated back to before it
            return
        cursor.execute(
            "INSERT INTO kernel_clock (id, origin_at, started_at, rate) VALUES (%s, '2000-01-01Z', '2000-01-01Z', 1)"
            " ON CONFLICT DO NOTHING",
            [REAL],
        )
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence('kernel_clock', 'id'), (SELECT max(id) FROM kernel_clock))"
        )
        cursor.execute(
            "INSERT INTO kernel_shard (id) SELECT generate_series(0, %s) ON CONFLICT DO NOTHING", [SHARDS - 1]
        )


@transaction.atomic
def load_roles() -> None:
    """Add the roles that are missing and renew those that nobody has edited; what was edited is left alone."""
    given = [Role(**row) for row in json.loads(ROLES.read_text())]
    there = {role.code: role for role in Role.objects.select_for_update()}
    taken = {role.name: role.code for role in there.values()}
    for role in given:
        if taken.get(role.name, role.code) != role.code:  # the node named one of its own so: theirs stays
            role.name = f"{role.name} ({role.code})"
    Role.objects.bulk_create(role for role in given if role.code not in there)
    for role in given:
        if role.code in there and there[role.code].edited_at is None:
            _renew(there[role.code], role)


def _renew(role: Role, given: Role) -> None:
    """Take over what this version says of a role; a change of what its holders may do is written down."""
    difference = roles.compare(role, given.name, given.capabilities)
    if not difference and role.administrator == given.administrator:
        return
    role.name, role.capabilities, role.administrator = given.name, given.capabilities, given.administrator
    role.save(update_fields=["name", "capabilities", "administrator"])
    if difference:
        Context(None).journal(roles.edited(role, difference), role)


def unit_by_code(code: str) -> Unit:
    return Unit.unscoped.get(code=code)


def has_units(codes: Collection[str]) -> bool:
    """Whether any unit of these codes is there."""
    return Unit.unscoped.filter(code__in=codes).exists()


@transaction.atomic
def plant_units(seedlings: Sequence[Seedling]) -> dict[str, Unit]:
    """Add, set-wise, the units whose code is not in the tree yet; which were added, by code.

    Each stands below the one of code `parent` ("": a root), which is in the tree or comes before it.
    """
    codes = {code for one in seedlings for code in (one.code, one.parent)}
    there = {unit.code: unit for unit in Unit.unscoped.filter(code__in=codes).only("code", "path")}
    missing = [one for one in seedlings if one.code not in there]
    added: dict[str, Unit] = {}
    for one, number in zip(missing, _draw_numbers(len(missing)), strict=True):
        parent = there[one.parent] if one.parent else None
        path = f"{parent.path if parent else ''}{number}."
        unit = Unit(
            id=number,
            path=path,
            parent=parent,
            code=one.code,
            name=one.name,
            kind=one.kind,
            line=one.line,
        )
        unit.search = unit.document_of()
        there[one.code] = added[one.code] = unit
    Unit.unscoped.bulk_create(added.values(), batch_size=BATCH)
    return added


def _draw_numbers(many: int) -> list[int]:
    """Ids for new units, of one length: paths sort as text, and siblings shall stay in the order they were given."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('kernel_unit', 'id'))")
        start = first = int(cursor.fetchone()[0])
        while len(str(start)) < len(str(start + many)):
            start = 10 ** len(str(start))
        if start > first:
            cursor.execute("SELECT setval(pg_get_serial_sequence('kernel_unit', 'id'), %s, false)", [start])
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('kernel_unit', 'id')) FROM generate_series(1, %s)", [many]
        )
        return [int(row[0]) for row in cursor.fetchall()]


@transaction.atomic
def plant_unit(code: str | None, name: str, kind: str, parent: Unit | None, **more: Any) -> Unit:
    """Add a unit below `parent` (None: a root). Its path holds its own id, so the id is drawn first.

    more  further fields of the unit
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('kernel_unit', 'id'))")
        number = int(cursor.fetchone()[0])
    path = f"{parent.path if parent else ''}{number}."
    return Unit.unscoped.create(id=number, path=path, parent=parent, code=code, name=name, kind=kind, **more)


@transaction.atomic
def load_first_administrator(username: str, password: str) -> User:
    """The node's own unit, and a system administrator over it, on a node that has nobody yet."""
    root = Unit.unscoped.order_by("path").first() or plant_unit(None, _("本级政府"), "government", None)
    role = Role.objects.get(code="system_administrator")
    user = User.objects.create_user(username, password, display_name=role.name)
    grant = Grant.objects.create(user=user, role=role, scope_root=root, from_at=real_now())
    Context(None).journal(access.given(grant), grant)
    return user
