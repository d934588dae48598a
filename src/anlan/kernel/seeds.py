"""What every node starts with: the roles (data/roles.json), and the way a unit is put into the tree."""

from __future__ import annotations

import json
from pathlib import Path

from django.db import connection, transaction
from django.utils.translation import gettext as _

from anlan.kernel.models import Grant, Role, Unit, User

ROLES = Path(__file__).parent / "data/roles.json"


def load_roles() -> None:
    """Add the roles that are missing; what an administrator has edited is left alone."""
    roles = [Role(**row) for row in json.loads(ROLES.read_text())]
    Role.objects.bulk_create(roles, ignore_conflicts=True)


def unit_by_code(code: str) -> Unit:
    return Unit.unscoped.get(code=code)


def has_units(codes: list[str]) -> bool:
    """Whether any unit of these codes is there."""
    return Unit.unscoped.filter(code__in=codes).exists()


def ensure_unit(code: str, parent: str, name: str, kind: str) -> Unit:
    """The unit of that code, made below the unit of code `parent` ("": a root) if there is none."""
    found = Unit.unscoped.filter(code=code).first()
    return found or plant_unit(code, name, kind, unit_by_code(parent) if parent else None)


@transaction.atomic
def plant_unit(code: str | None, name: str, kind: str, parent: Unit | None) -> Unit:
    """Add a unit below `parent` (None: a root). Its path holds its own id, so the id is drawn first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('kernel_unit', 'id'))")
        number = int(cursor.fetchone()[0])
    path = f"{parent.path if parent else ''}{number}."
    return Unit.unscoped.create(id=number, path=path, parent=parent, code=code, name=name, kind=kind)


@transaction.atomic
def load_first_administrator(username: str, password: str) -> User:
    """The node's own unit, and a system administrator over it, on a node that has nobody yet."""
    root = Unit.unscoped.order_by("path").first() or plant_unit(None, _("本级政府"), "government", None)
    role = Role.objects.get(code="system_administrator")
    user = User.objects.create_user(username, password, display_name=role.name)
    Grant.objects.create(user=user, role=role, scope_root=root)
    return user
