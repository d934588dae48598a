"""Grants: who holds which role where; their acts and reads. Grants count in real time, in exercises as well."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - events look at their types when they are declared
from typing import TYPE_CHECKING

from django.db.models import F, Prefetch, Q
from django.db.models.functions import Collate
from django.utils.translation import gettext_lazy as _

from anlan.kernel.act import act
from anlan.kernel.clock import real_now
from anlan.kernel.errors import DomainError, NotFound, StateConflict
from anlan.kernel.events import PrivateText, event
from anlan.kernel.log_ins import OF_LOG_IN
from anlan.kernel.models import Entry, Grant, Role, Unit, User
from anlan.kernel.scope import can, reaches, require, units_of_line, visible, who_can
from anlan.kernel.terms import Administrator, GrantState

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from anlan.kernel.context import Context

READ = "kernel.access.read"
GRANT = "kernel.access.grant"
APPOINT = "kernel.access.appoint"
PINYIN = "zh-x-icu"  # how names sort


@event("kernel.grant.given", _("授予角色"))
@dataclass(frozen=True)
class RoleGranted:
    user: int
    role: str
    unit: int
    line: str
    from_at: datetime
    until_at: datetime | None


@event("kernel.grant.ended", _("收回角色"))
@dataclass(frozen=True)
class GrantEnded:
    user: int
    role: str
    until_at: datetime
    reason: PrivateText


@event("kernel.grant.end_changed", _("修改授权期限"))
@dataclass(frozen=True)
class GrantEndChanged:
    user: int
    role: str
    before: datetime | None
    after: datetime | None
    reason: PrivateText


# --- acts --------------------------------------------------------------------------------------------------------


@act(GRANT)
def grant_role(
    ctx: Context,
    user: User,
    role: Role,
    unit: Unit,
    *,
    line: str = "",
    from_at: datetime | None = None,
    until_at: datetime | None = None,
) -> Grant:
    """Let a user hold a role over a unit and all below it; a line narrows that to the units of it, with all below them.

    from_at, until_at   None: from now on, without end; neither may lie in the past
    raises              NotFound where the actor may not grant over that unit; own_grant, second_administrator,
                        already_granted, user_inactive, begins_in_past, ends_in_past, ends_before_begin
    """
    holder = _lock_user(user)
    if not can(ctx, GRANT, unit):
        raise NotFound
    _refuse_own(ctx, holder.pk)
    begin, end = _span(from_at, until_at)
    return _give(ctx, Grant(user=holder, role=role, scope_root=unit, line=line, from_at=begin, until_at=end))


@act(GRANT)
def end_grant(ctx: Context, grant_id: int, reason: str) -> Grant:
    """Take a role back from now on; the grant stays as history. One that has not begun never will have."""
    grant = lock_grant(ctx, grant_id)
    _refuse_own(ctx, grant.user_id)
    now = real_now()
    if grant.state_at(now) == GrantState.ENDED:
        raise StateConflict
    keep_a_granter(grant, now)
    grant.until_at = max(now, grant.from_at)
    grant.save(update_fields=["until_at"])
    ended = GrantEnded(grant.user_id, grant.role.code, grant.until_at, PrivateText(reason))
    ctx.journal(ended, grant)
    return grant


@act(GRANT)
def change_grant_end(ctx: Context, grant_id: int, until_at: datetime | None, *, reason: str) -> Grant:
    """Let a grant end sooner, later or never (None); never in the past, which would be taking it back."""
    grant = lock_grant(ctx, grant_id)
    _refuse_own(ctx, grant.user_id)
    now, before = real_now(), grant.until_at
    if grant.state_at(now) == GrantState.ENDED:
        raise StateConflict
    _refuse_end(grant.from_at, until_at, now)
    if _is_sooner(until_at, before):
        keep_a_granter(grant, now)
    grant.until_at = until_at
    _refuse_twice(grant)
    _refuse_second_administrator(grant)
    grant.save(update_fields=["until_at"])
    changed = GrantEndChanged(grant.user_id, grant.role.code, before, until_at, PrivateText(reason))
    ctx.journal(changed, grant)
    return grant


@act(APPOINT)
def appoint_security_administrator(ctx: Context, user: User) -> list[Grant]:
    """Make somebody security administrator where there is none: on a new node nobody else could grant anything.

    The system administrator may do so over his own subtrees only as long as nobody there can grant.
    raises  security_administrator_exists; own_grant, second_administrator, user_inactive
    """
    holder = _lock_user(user)
    _refuse_own(ctx, holder.pk)
    role = Role.objects.get(administrator=Administrator.SECURITY)
    _queue_up()  # two appointing at once
    vacant = list_vacant_units(ctx)
    if not vacant:
        raise DomainError("security_administrator_exists")
    now = real_now()
    return [_give(ctx, Grant(user=holder, role=role, scope_root=unit, from_at=now)) for unit in vacant]


# --- reads -------------------------------------------------------------------------------------------------------


def list_users(ctx: Context, *, words: str = "", role_id: int | None = None) -> QuerySet[User]:
    """Users by name, each with `grants_in_force`: those within the reader's scope that hold now or will.

    Users belong to no unit; whoever may look at grants may find everybody.
    """
    in_force = list_grants(ctx).filter(in_force_at(real_now()))
    users = User.objects.order_by(Collate("display_name", PINYIN), "pk")
    users = users.prefetch_related(Prefetch("grants", in_force, to_attr="grants_in_force"))
    if words:
        users = users.filter(Q(display_name__icontains=words) | Q(username__icontains=words))
    return users if role_id is None else users.filter(pk__in=in_force.filter(role=role_id).values("user"))


def get_user(ctx: Context, user_id: int, capability: str = READ) -> User:
    require(ctx, capability)
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise NotFound
    return user


def list_grants(ctx: Context) -> QuerySet[Grant]:
    """Grants over units within scope, past ones too, the latest first."""
    grants = Grant.objects.filter(scope_root__in=visible(ctx, Unit, READ))
    return grants.select_related("role", "scope_root").order_by("-from_at", "-pk")


def get_grant(ctx: Context, grant_id: int, capability: str = READ) -> Grant:
    return _one(Grant.objects.select_related("user", "role", "scope_root"), ctx, grant_id, capability)


def lock_grant(ctx: Context, grant_id: int) -> Grant:
    """The grant and its user, for update: whatever else is granted to him waits."""
    grants = Grant.objects.select_related("user", "role", "scope_root")
    return _one(grants.select_for_update(of=("self", "user"), no_key=True), ctx, grant_id, GRANT)


def count_units_of_line(ctx: Context, root: Unit, line: str) -> int:
    """How many units of a line there are below a unit, as far as the actor may grant over them."""
    return units_of_line(root, line).filter(pk__in=visible(ctx, Unit, GRANT)).count()


def list_history(ctx: Context, user: User) -> QuerySet[Entry]:
    """What happened to a user and to his grants within scope, the latest first; not when he came and went."""
    keys = [str(pk) for pk in list_grants(ctx).filter(user=user).values_list("pk", flat=True)]
    of_user = Q(subject_kind=User._meta.label_lower, subject=str(user.pk)) & ~Q(event__in=OF_LOG_IN)
    of_grants = Q(subject_kind=Grant._meta.label_lower, subject__in=keys)
    return Entry.objects.filter(of_user | of_grants).select_related("actor").order_by("-pk")


def list_vacant_units(ctx: Context) -> list[Unit]:
    """The tops of the actor's subtrees in which nobody may grant: he may appoint there. Empty for who may not."""
    if not can(ctx, APPOINT):
        return []
    tops = Unit.unscoped.filter(path__in=ctx.roots(APPOINT)).order_by("path")
    return [unit for unit in tops if not who_can(GRANT, unit).exists()]


def in_force_at(moment: datetime, prefix: str = "") -> Q:
    """Grants that hold at a moment or will hold later."""
    until, begin = f"{prefix}until_at", f"{prefix}from_at"
    return Q(**{f"{until}__isnull": True}) | Q(**{f"{until}__gt": moment}) & Q(**{f"{until}__gt": F(begin)})


# --- guards ------------------------------------------------------------------------------------------------------


def _give(ctx: Context, grant: Grant) -> Grant:
    """Guards, row and entry; the user is locked, so that what is granted to him at the same time comes later."""
    if not grant.user.is_active:
        raise DomainError("user_inactive")
    if grant.user.is_machine and grant.role.administrator:
        raise DomainError("machine_administrator")
    if grant.line and grant.role.administrator:
        raise DomainError("administrator_of_line")
    _refuse_twice(grant)
    _refuse_second_administrator(grant)
    grant.save(force_insert=True)
    ctx.journal(given(grant), grant)
    return grant


def given(grant: Grant) -> RoleGranted:
    """The event of a grant as it begins."""
    where = (grant.scope_root_id, grant.line)
    return RoleGranted(grant.user_id, grant.role.code, *where, grant.from_at, grant.until_at)


def _one(grants: QuerySet[Grant], ctx: Context, grant_id: int, capability: str) -> Grant:
    grant = grants.filter(pk=grant_id, scope_root__in=visible(ctx, Unit, capability)).first()
    if grant is None:
        raise NotFound
    return grant


def _lock_user(user: User) -> User:
    return User.objects.select_for_update(no_key=True).get(pk=user.pk)


def _refuse_own(ctx: Context, user_id: int) -> None:
    if ctx.actor is not None and ctx.actor.pk == user_id:
        raise DomainError("own_grant")


def _span(from_at: datetime | None, until_at: datetime | None) -> tuple[datetime, datetime | None]:
    now = real_now()
    if from_at is not None and from_at < now:
        raise DomainError("begins_in_past")
    begin = from_at or now
    _refuse_end(begin, until_at, now)
    return begin, until_at


def _refuse_end(from_at: datetime, until_at: datetime | None, now: datetime) -> None:
    if until_at is not None and until_at <= now:
        raise DomainError("ends_in_past")
    if until_at is not None and until_at <= from_at:
        raise DomainError("ends_before_begin")


def _refuse_twice(grant: Grant) -> None:
    """The database refuses it as well (grant_once), without a sentence."""
    same = {"role": grant.role, "scope_root": grant.scope_root, "line": grant.line}
    if _meanwhile(grant).filter(**same).exists():
        raise DomainError("already_granted")


def _refuse_second_administrator(grant: Grant) -> None:
    """System, security and audit administrator exclude each other 三员分立, at any moment at which both would hold."""
    if not grant.role.administrator:
        return
    others = _meanwhile(grant).exclude(role__administrator__in=("", grant.role.administrator))
    held = others.select_related("role").first()
    if held is not None:
        is_now, asked = held.role.get_administrator_display(), grant.role.get_administrator_display()
        raise DomainError("second_administrator", held=is_now, asked=asked)


def _meanwhile(grant: Grant) -> QuerySet[Grant]:
    """The same user's other grants that hold at some moment at which this one does."""
    others = Grant.objects.filter(in_force_at(grant.from_at), user=grant.user).exclude(pk=grant.pk)
    return others if grant.until_at is None else others.filter(from_at__lt=grant.until_at)


def _is_sooner(until_at: datetime | None, before: datetime | None) -> bool:
    return until_at is not None and (before is None or until_at < before)


def _queue_up() -> None:
    """Acts that decide who can still grant come one after the other: each locks the roles that can."""
    roles = Role.objects.filter(capabilities__contains=[GRANT]).order_by("pk")
    list(roles.select_for_update(no_key=True))


def keep_a_granter(grant: Grant, now: datetime) -> None:
    """Refuse to end the last grant by which somebody can grant there; one without end needs another without end."""
    if GRANT not in grant.role.capabilities or grant.state_at(now) != GrantState.CURRENT:
        return
    _queue_up()
    others = Grant.objects.filter(
        in_force_at(now),
        reaches(grant.scope_root.path),
        from_at__lte=now,
        role__capabilities__contains=[GRANT],
        user__is_active=True,
    ).exclude(pk=grant.pk)
    if grant.until_at is None:
        others = others.filter(until_at__isnull=True)
    if not others.exists():
        raise DomainError("last_security_administrator")
