"""Access: what each address answers to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anlan.kernel.models import Grant, Role
from tests.cast import make_user
from tests.matrix import Case

if TYPE_CHECKING:
    from tests.cast import World

READ = "kernel.access.read"
GRANT = "kernel.access.grant"
EDIT = "kernel.access.edit_role"
CREATE = "kernel.user.create"
APPOINT = "kernel.access.appoint"


def _person(world: World) -> dict[str, int]:
    return {"user_id": world.clerk.pk}


def _newcomer(world: World) -> dict[str, int]:
    return {"user_id": make_user("newcomer", "newcomer").pk}


def _grant(world: World) -> dict[str, int]:
    return {"grant_id": Grant.objects.get(user=world.clerk).pk}


def _grant_next_door(world: World) -> dict[str, int]:
    return {"grant_id": Grant.objects.get(user=world.neighbour).pk}


def _role(world: World) -> dict[str, int]:
    return {"role_id": Role.objects.get(code="leader").pk}


def _no_user(world: World) -> dict[str, int]:
    return {"user_id": 987_654_321}


def _no_role(world: World) -> dict[str, int]:
    return {"role_id": 987_654_321}


CASES = (
    Case("access_users", READ, budget=8),
    Case("access_user", READ, own=_person, other=_no_user, budget=10),
    Case("access_user_create", CREATE),
    Case(
        "access_user_create",
        CREATE,
        method="post",
        data={"username": "new", "display_name": "新人"},
        budget=12,
    ),
    Case("access_appoint", APPOINT, own=_newcomer, other=_no_user),
    Case("access_appoint", APPOINT, own=_newcomer, method="post", answers=302, budget=16),
    Case("access_grant", GRANT, own=_person, other=_no_user, budget=10),
    Case("access_units", GRANT),
    Case("access_grant_end", GRANT, own=_grant, other=_grant_next_door),
    Case(
        "access_grant_end",
        GRANT,
        own=_grant,
        other=_grant_next_door,
        method="post",
        data={"reason": "调离"},
        answers=302,
        budget=14,
    ),
    Case("access_grant_until", GRANT, own=_grant, other=_grant_next_door),
    Case("access_roles", READ),
    Case("access_role", READ, own=_role, other=_no_role, budget=10),
    Case("access_role_create", EDIT),
    Case("access_role_edit", EDIT, own=_role, other=_no_role, budget=10),
)
