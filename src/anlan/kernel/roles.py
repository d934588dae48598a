"""Roles: named sets of capabilities; their acts and reads."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - mypy and readers want it where it is
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from anlan.kernel import rooms
from anlan.kernel.access import READ, in_force_at
from anlan.kernel.act import act
from anlan.kernel.clock import real_now
from anlan.kernel.errors import DomainError, NotFound, StateConflict
from anlan.kernel.events import event
from anlan.kernel.models import Grant, Role, Unit
from anlan.kernel.scope import require, units_where, visible
from anlan.kernel.terms import RESERVED, Administrator

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

    from anlan.kernel.context import Context

EDIT = "kernel.access.edit_role"


@event("kernel.role.created", _("新建角色"))
@dataclass(frozen=True)
class RoleCreated:
    code: str
    capabilities: list[str]


@event("kernel.role.edited", _("修改角色"))
@dataclass(frozen=True)
class RoleEdited:
    """holders: how many users hold it now or will, whom the change therefore touches."""

    code: str
    added: list[str]
    removed: list[str]
    renamed: bool
    holders: int


@dataclass(frozen=True)
class Difference:
    """What an edit would change."""

    added: list[str]
    removed: list[str]
    renamed: bool

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.renamed)


@act(EDIT)
def create_role(ctx: Context, *, name: str, capabilities: Iterable[str]) -> Role:
    """A role of the node's own. It never makes an administrator; its code tells it from those that come with us.

    raises  unknown_capability, reserved_capability, role_name_taken
    """
    held = sorted(set(capabilities))
    role = Role(code=f"own-{secrets.token_hex(4)}", name=name, capabilities=held, edited_at=real_now())
    _refuse_capabilities(role, held)
    _write(role, force_insert=True)
    ctx.journal(RoleCreated(role.code, held), role)
    return role


@act(EDIT)
def edit_role(
    ctx: Context, role_id: int, *, name: str, capabilities: Iterable[str], seen_at: datetime | None
) -> Role:
    """Name and capabilities of a role; from then on an upgrade leaves it alone. What changes nothing is no edit.

    seen_at  its `edited_at` as the actor saw it
    raises   own_role, role_held_elsewhere, unknown_capability, reserved_capability, role_name_taken; StateConflict
    """
    role = Role.objects.select_for_update().filter(pk=role_id).first()  # grants of it wait, too
    if role is None:
        raise NotFound
    refuse_edit(ctx, role)
    if role.edited_at != seen_at:
        raise StateConflict
    wanted = sorted(set(capabilities))
    difference = compare(role, name, wanted)
    if not difference:
        return role
    _refuse_capabilities(role, difference.added)
    role.name, role.capabilities, role.edited_at = name, wanted, real_now()
    _write(role, update_fields=["name", "capabilities", "edited_at"])
    ctx.journal(edited(role, difference), role)
    return role


def refuse_edit(ctx: Context, role: Role) -> None:
    """raises own_role, role_held_elsewhere: nobody changes what he may do himself, or others outside his scope may"""
    grants = Grant.objects.filter(in_force_at(real_now()), role=role)
    if ctx.actor is not None and grants.filter(user=ctx.actor).exists():
        raise DomainError("own_role")
    if grants.exclude(scope_root__in=units_where(ctx, EDIT)).exists():
        raise DomainError("role_held_elsewhere")


def refuse_name(name: str, role: Role | None) -> None:
    """raises role_name_taken: lists of roles to grant show nothing but the name"""
    same = Role.objects.filter(name=name)
    if (same.exclude(pk=role.pk) if role else same).exists():
        raise DomainError("role_name_taken")


def why_not_edit(ctx: Context, role: Role) -> str:
    """The sentence why the actor may not edit it, or blank."""
    try:
        refuse_edit(ctx, role)
    except DomainError as refusal:
        return str(refusal)
    return ""


def compare(role: Role, name: str, capabilities: Iterable[str]) -> Difference:
    """What an edit would change; capabilities in their order."""
    before, after = set(role.capabilities), set(capabilities)
    return Difference(sorted(after - before), sorted(before - after), name != role.name)


def edited(role: Role, difference: Difference) -> RoleEdited:
    """The event of a change that has been made."""
    return RoleEdited(
        role.code, difference.added, difference.removed, difference.renamed, count_holders(role)
    )


def count_holders(role: Role) -> int:
    """How many users hold it now or will, on the whole node."""
    held = Grant.objects.filter(in_force_at(real_now()), role=role)
    return held.values("user").distinct().count()


def list_roles(ctx: Context) -> QuerySet[Role]:
    """All roles, the three administrators last, each with `holders` within the reader's scope."""
    within = Q(grants__scope_root__in=visible(ctx, Unit, READ)) & in_force_at(real_now(), "grants__")
    holders = Count("grants__user", filter=within, distinct=True)
    return Role.objects.annotate(holders=holders).order_by("administrator", "pk")


def get_role(ctx: Context, role_id: int, capability: str = READ) -> Role:
    require(ctx, capability)
    role = Role.objects.filter(pk=role_id).first()
    if role is None:
        raise NotFound
    return role


def capabilities_for(administrator: str) -> dict[str, str]:
    """The capabilities that a role of that kind may hold, with their terms."""
    return {
        code: str(term)
        for code, term in rooms.capabilities().items()
        if RESERVED.get(code, administrator) == administrator
    }


def _write(role: Role, **how: Any) -> None:
    try:
        with transaction.atomic():
            role.save(**how)
    except IntegrityError as error:
        raise DomainError("role_name_taken") from error


def _refuse_capabilities(role: Role, capabilities: list[str]) -> None:
    known = rooms.capabilities()
    for code in capabilities:
        if code not in known:
            raise DomainError("unknown_capability", capability=code)
        owner = RESERVED.get(code)
        if owner is not None and owner != role.administrator:
            term, label = known[code], Administrator(owner).label
            raise DomainError("reserved_capability", capability=term, administrator=label)
