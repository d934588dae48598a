"""What every node starts with: the roles, and the way a unit is put into the tree."""

from __future__ import annotations

from django.db import connection, transaction


from anlan.kernel.models import Grant, Role, Unit, User

READ = ["organisation.unit.read"]
WATCH_NODE = ["kernel.node.read", "kernel.node.check"]
# code → name, capabilities. Added when missing; what an administrator has edited is left alone.
ROLES = {
    "duty_officer": ("值班员", [*READ, *WATCH_NODE]),
    "leader": ("带班领导", [*READ, *WATCH_NODE]),
    "unit_head": ("单位负责人", READ),
    "clerk": ("信息员", READ),
    "system_administrator": ("系统管理员", [*WATCH_NODE, "kernel.node.release"]),
    "security_administrator": ("安全管理员", READ),
    "audit_administrator": ("审计员", READ),
}


def load_roles() -> None:
    Role.objects.bulk_create(
        [Role(code=code, name=name, capabilities=held) for code, (name, held) in ROLES.items()], ignore_conflicts=True
    )


@transaction.atomic
def plant_unit(code: str, name: str, kind: str, parent: Unit | None) -> Unit:
    """Add a unit below `parent` (None: a root). Its path holds its own id, so the id is drawn first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('kernel_unit', 'id'))")
        number = int(cursor.fetchone()[0])
    path = f"{parent.path if parent else ''}{number}."
    return Unit.unscoped.create(id=number, path=path, parent=parent, code=code, name=name, kind=kind)


@transaction.atomic
def load_first_administrator(username: str, password: str) -> User:
    """The node's own unit, and a system administrator over it, on a node that has nobody yet."""
    root = Unit.unscoped.order_by("path").first() or plant_unit("", "本级政府", "government", None)
    user = User.objects.create_user(username, password, display_name="系统管理员")
    Grant.objects.create(user=user, role=Role.objects.get(code="system_administrator"), scope_root=root)
    return user
