"""Users: adding one, stopping and starting one, helping one who has lost what he logs in with.

A new user may do nothing until he is granted a role, and chooses a password of his own first.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from allauth.mfa.models import Authenticator
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anlan.kernel import sessions
from anlan.kernel.access import in_force_at, keep_a_granter
from anlan.kernel.act import act
from anlan.kernel.clock import real_now
from anlan.kernel.errors import DomainError, NotFound, StateConflict
from anlan.kernel.events import PrivateText, event
from anlan.kernel.models import Grant, User
from anlan.kernel.scope import can, units_where

if TYPE_CHECKING:
    from anlan.kernel.context import Context

CREATE = "kernel.user.create"
SUSPEND = "kernel.user.suspend"
RESET = "kernel.user.reset"
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look alike on paper


@event("kernel.user.created", pgettext_lazy("event", "添加用户"), version=2)
@dataclass(frozen=True)
class UserCreated:
    is_machine: bool


@event("kernel.user.disabled", _("停用用户"))
@dataclass(frozen=True)
class UserDisabled:
    sessions: int
    reason: PrivateText


@event("kernel.user.enabled", _("启用用户"))
@dataclass(frozen=True)
class UserEnabled:
    reason: PrivateText


@event("kernel.user.thrown_out", _("结束用户的登录"))
@dataclass(frozen=True)
class UserThrownOut:
    sessions: int
    reason: PrivateText


@event("kernel.user.password_reset", _("重设密码"))
@dataclass(frozen=True)
class PasswordReset:
    sessions: int
    reason: PrivateText


@event("kernel.user.second_factor_lifted", _("解除两步验证"))
@dataclass(frozen=True)
class SecondFactorLifted:
    kinds: list[str]
    sessions: int
    reason: PrivateText


@act(CREATE)
def create_user(
    ctx: Context, *, username: str, display_name: str, is_machine: bool = False
) -> tuple[User, str]:
    """A user and his initial password, which is shown once and kept nowhere; a machine has none.

    raises  username_taken
    """
    password = "" if is_machine else _initial_password()
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                username,
                password or None,
                display_name=display_name,
                password_is_initial=not is_machine,
                is_machine=is_machine,
            )
    except IntegrityError as error:
        raise DomainError("username_taken") from error
    ctx.journal(UserCreated(is_machine), user)
    return user, password


@act(SUSPEND)
def disable_user(ctx: Context, user_id: int, reason: str) -> User:
    """Stop a user: he is thrown out, and neither he nor his tokens come in until he is enabled again.

    raises  NotFound outside the actor's reach; own_account, user_inactive, last_security_administrator
    """
    user = lock_user(ctx, user_id, SUSPEND)
    if not user.is_active:
        raise StateConflict
    now = real_now()
    for grant in Grant.objects.filter(in_force_at(now), user=user).select_related("role", "scope_root"):
        keep_a_granter(grant, now)
    user.is_active = False
    user.save(update_fields=["is_active"])
    ctx.journal(UserDisabled(sessions.end_all(user), PrivateText(reason)), user)
    return user


@act(SUSPEND)
def enable_user(ctx: Context, user_id: int, reason: str) -> User:
    """Let a user in again, with the grants that he has."""
    user = lock_user(ctx, user_id, SUSPEND)
    if user.is_active:
        raise DomainError("user_is_active")
    user.is_active = True
    user.save(update_fields=["is_active"])
    ctx.journal(UserEnabled(PrivateText(reason)), user)
    return user


@act(SUSPEND)
def throw_out_user(ctx: Context, user_id: int, reason: str) -> int:
    """End all sessions of a user; how many. He may log in again."""
    user = lock_user(ctx, user_id, SUSPEND)
    ended = sessions.end_all(user)
    ctx.journal(UserThrownOut(ended, PrivateText(reason)), user)
    return ended


@act(RESET)
def reset_password(ctx: Context, user_id: int, reason: str) -> tuple[User, str]:
    """A new initial password, which is shown once; his sessions end, his second factor stays."""
    user = lock_user(ctx, user_id, RESET)
    _refuse_machine(user)
    password = _initial_password()
    user.set_password(password)
    user.password_is_initial = True
    user.save(update_fields=["password", "password_set_at", "password_is_initial"])
    ctx.journal(PasswordReset(sessions.end_all(user), PrivateText(reason)), user)
    return user, password


@act(RESET)
def lift_second_factor(ctx: Context, user_id: int, reason: str) -> User:
    """Take away a second factor that is lost: his sessions end, and he sets one up anew.

    raises  no_second_factor
    """
    user = lock_user(ctx, user_id, RESET)
    _refuse_machine(user)
    kinds = sorted(Authenticator.objects.filter(user=user).values_list("type", flat=True))
    if not kinds:
        raise DomainError("no_second_factor")
    Authenticator.objects.filter(user=user).delete()
    ctx.journal(SecondFactorLifted(kinds, sessions.end_all(user), PrivateText(reason)), user)
    return user


def lock_user(ctx: Context, user_id: int, capability: str) -> User:
    """A user whom the actor may manage, for update; never himself. raises NotFound, own_account"""
    user = User.objects.select_for_update(no_key=True).filter(pk=user_id).first()
    if user is None or not is_within_reach(ctx, user, capability):
        raise NotFound
    if ctx.actor is not None and ctx.actor.pk == user.pk:
        raise DomainError("own_account")
    return user


def get_user(ctx: Context, user_id: int, capability: str) -> User:
    """A user whom the actor may manage. raises NotFound"""
    user = User.objects.filter(pk=user_id).first()
    if user is None or not is_within_reach(ctx, user, capability):
        raise NotFound
    return user


def is_within_reach(ctx: Context, user: User, capability: str) -> bool:
    """Whether all that a user may do, now or later, lies within the actor's scope; of who may nothing it does."""
    if not can(ctx, capability):
        return False
    grants = Grant.objects.filter(in_force_at(real_now()), user=user)
    return not grants.exclude(scope_root__in=units_where(ctx, capability)).exists()


def has_second_factor(user: User) -> bool:
    return Authenticator.objects.filter(user=user).exists()


def _refuse_machine(user: User) -> None:
    if user.is_machine:
        raise DomainError("machine_account")


def _initial_password() -> str:
    return "-".join("".join(secrets.choice(LETTERS) for _letter in range(4)) for _group in range(3))
