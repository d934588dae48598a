"""What is written down of logging in and out: who, when, how; from where is a text that can be destroyed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from anlan.kernel import journal
from anlan.kernel.context import Context
from anlan.kernel.events import PrivateText, event
from anlan.kernel.models import Entry, User

if TYPE_CHECKING:
    from django.db.models import QuerySet

USER = User._meta.label_lower
NOBODY = "0"  # in place of a user's number


@event("kernel.user.logged_in", _("登录"))
@dataclass(frozen=True)
class LoggedIn:
    """methods: password, totp, webauthn, recovery_codes"""

    methods: list[str]
    where: PrivateText


@event("kernel.user.log_in_failed", _("登录失败"))
@dataclass(frozen=True)
class LogInFailed:
    """method: what was wrong, password or mfa"""

    method: str
    where: PrivateText


@event("kernel.user.unknown", _("不存在的登录名登录失败"))
@dataclass(frozen=True)
class UnknownName:
    name: PrivateText
    where: PrivateText


@event("kernel.user.locked_out", _("多次失败，暂停登录"))
@dataclass(frozen=True)
class LockedOut:
    where: PrivateText


@event("kernel.user.logged_out", _("退出登录"))
@dataclass(frozen=True)
class LoggedOut:
    pass


@event("kernel.user.password_changed", _("修改密码"))
@dataclass(frozen=True)
class PasswordChanged:
    pass


@event("kernel.user.second_factor_set", _("开启两步验证"))
@dataclass(frozen=True)
class SecondFactorSet:
    kind: str


@event("kernel.user.second_factor_removed", _("停用两步验证"))
@dataclass(frozen=True)
class SecondFactorRemoved:
    kind: str


OF_LOG_IN = tuple(
    f"kernel.user.{what}" for what in ("logged_in", "log_in_failed", "locked_out", "logged_out")
)


@transaction.atomic
def write(happened: object, user: User, *, by_himself: bool = True) -> None:
    """About a user. by_himself: whether it is known that it was he"""
    Context(user if by_himself else None).journal(happened, user)


@transaction.atomic
def write_unknown(name: str, where: str) -> None:
    """That somebody tried a name that nobody has."""
    happened = UnknownName(PrivateText(name), PrivateText(where))
    journal.write_about(Context(None), happened, USER, [NOBODY], ())


def list_own(user: User, most: int) -> QuerySet[Entry]:
    """The latest log-ins and attempts of a user, for himself."""
    about = Entry.objects.filter(subject_kind=USER, subject=str(user.pk), event__in=OF_LOG_IN)
    return about.prefetch_related("private").order_by("-id")[:most]
