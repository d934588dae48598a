"""The demo's data: an invented three-level tree and a cast to log in as. Nothing here is real, and it says so."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from anlan.kernel.models import Grant, Role, Unit, User
from anlan.kernel.seeds import plant_unit

PASSWORD = "anlan-demo-2026"  # noqa: S105 - printed at every start; the demo listens on this machine only


@dataclass(frozen=True)
class Member:
    """One of the cast: log-in name, what he is, role, and the code of the unit he acts in."""

    username: str
    display_name: str
    role: str
    unit: str


TREE = (
    ("D-1", "", "安澜市（演示）", "city"),
    ("D-1-1", "D-1", "临河区（演示）", "district"),
    ("D-1-2", "D-1", "山前区（演示）", "district"),
    ("D-1-1-1", "D-1-1", "河西镇（演示）", "township"),
    ("D-1-1-2", "D-1-1", "东桥镇（演示）", "township"),
    ("D-1-1-3", "D-1-1", "南湾街道（演示）", "street"),
    ("D-1-2-1", "D-1-2", "北坡镇（演示）", "township"),
)
CAST = (
    Member("duty", "区值班员（演示）", "duty_officer", "D-1-1"),
    Member("leader", "区带班领导（演示）", "leader", "D-1-1"),
    Member("town", "河西镇负责人（演示）", "unit_head", "D-1-1-1"),
    Member("clerk", "河西镇信息员（演示）", "clerk", "D-1-1-1"),
    Member("neighbour", "山前区值班员（演示）", "duty_officer", "D-1-2"),
    Member("city", "市值班员（演示）", "duty_officer", "D-1"),
    Member("system", "系统管理员（演示）", "system_administrator", "D-1"),
    Member("security", "安全管理员（演示）", "security_administrator", "D-1"),
    Member("auditor", "审计员（演示）", "audit_administrator", "D-1"),
)


@transaction.atomic
def load() -> None:
    """Put the demo's tree and cast in place; what is there already stays as it is."""
    for code, parent, name, kind in TREE:
        if not Unit.unscoped.filter(code=code).exists():
            plant_unit(code, name, kind, Unit.unscoped.filter(code=parent).first())
    for member in CAST:
        user = User.objects.filter(username=member.username).first() or User.objects.create_user(
            member.username, PASSWORD, display_name=member.display_name
        )
        Grant.objects.get_or_create(
            user=user,
            role=Role.objects.get(code=member.role),
            scope_root=Unit.unscoped.get(code=member.unit),
            defaults={"line": ""},
        )


def log_ins_as_text() -> str:
    """The cast as a table for the terminal."""
    rows = [(member.username, member.display_name) for member in CAST]
    lines = [f"  {name:<12}{title}" for name, title in rows]
    return "\n".join([_("演示登录名（口令均为 %(password)s）：") % {"password": PASSWORD}, *lines])
