"""Access: what each address answers to whom."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from anlan.kernel.clock import real_now
from anlan.kernel.models import Grant, MachineToken, Role
from tests.cast import make_machine, make_user
from tests.matrix import Case

if TYPE_CHECKING:
    from collections.abc import Callable

    from anlan.kernel.models import Unit, User
    from tests.cast import World

READ = "kernel.access.read"
GRANT = "kernel.access.grant"
EDIT = "kernel.access.edit_role"
CREATE = "kernel.user.create"
APPOINT = "kernel.access.appoint"
SUSPEND = "kernel.user.suspend"
RESET = "kernel.user.reset"
ISSUE = "kernel.token.issue"
REASON = {"reason": "调离"}


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


def _neighbour(world: World) -> dict[str, int]:
    return {"user_id": world.neighbour.pk}


def _machine_in(world: World, unit: Unit) -> User:
    machine = make_machine(f"machine-{unit.code}")
    Grant.objects.create(user=machine, role=Role.objects.get(code="clerk"), scope_root=unit)
    return machine


def _machine(world: World) -> dict[str, int]:
    return {"user_id": _machine_in(world, world.town).pk}


def _machine_next_door(world: World) -> dict[str, int]:
    return {"user_id": _machine_in(world, world.neighbour_town).pk}


def _token_of(world: World, machine: User) -> dict[str, int]:
    now = real_now()
    made = MachineToken.objects.create(
        user=machine,
        name="t",
        digest=machine.username,
        scopes=[],
        issued_by=world.administrator,
        issued_at=now,
        expires_at=now + timedelta(days=1),
    )
    return {"token_id": made.pk}


def _token(world: World) -> dict[str, int]:
    return _token_of(world, _machine_in(world, world.town))


def _token_next_door(world: World) -> dict[str, int]:
    return _token_of(world, _machine_in(world, world.neighbour_town))


def _deed(of: Callable[[World], dict[str, int]], deed: str) -> Callable[[World], dict[str, int | str]]:
    return lambda world: {**of(world), "deed": deed}


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
    Case(
        "access_user_deed",
        SUSPEND,
        own=_deed(_person, "disable"),
        other=_deed(_neighbour, "disable"),
        method="post",
        data=REASON,
        answers=302,
        budget=22,
    ),
    Case("access_user_deed", SUSPEND, own=_deed(_person, "throw-out"), other=_deed(_neighbour, "throw-out")),
    Case("access_user_reset", RESET, own=_person, other=_neighbour),
    Case("access_user_reset", RESET, own=_person, other=_neighbour, method="post", data=REASON, budget=24),
    Case("access_token_issue", ISSUE, own=_machine, other=_machine_next_door),
    Case("access_token_end", ISSUE, own=_token, other=_token_next_door),
)
