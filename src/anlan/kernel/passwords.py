"""What a password must be: long and mixed enough, known to nobody, not one that its owner had before, not too old."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from anlan.kernel.models import FormerPassword, User

if TYPE_CHECKING:
    from datetime import datetime

KINDS = 3  # of small letters, capitals, figures and signs
LONG = 16  # from this length on, length makes up for kinds


class Strength:
    """Long enough, and of several kinds of characters or so long that it does not matter."""

    def validate(self, password: str, user: User | None = None) -> None:
        """raises ValidationError"""
        del user
        if len(password) < settings.ANLAN.password_length:
            raise ValidationError(self.get_help_text(), code="password_too_short")
        if len(password) < LONG and kinds_of(password) < KINDS:
            raise ValidationError(self.get_help_text(), code="password_too_plain")

    def get_help_text(self) -> str:
        return _(
            "密码至少 %(length)s 位，小写字母、大写字母、数字、符号中至少三种；达到 %(long)s 位的不限种类。"
        ) % {"length": settings.ANLAN.password_length, "long": LONG}


def kinds_of(password: str) -> int:
    """How many kinds of characters it has; letters without case, such as Chinese ones, are a kind of their own."""
    return len({_kind(character) for character in password})


def _kind(character: str) -> str:
    if character.isdigit():
        return "figure"
    if character.isalpha():
        return "small" if character.islower() else "capital" if character.isupper() else "other"
    return "sign"


class CommonHere(CommonPasswordValidator):
    """None of those that meet every rule of length and kinds and that everybody tries first in this country."""

    def __init__(self) -> None:
        super().__init__(Path(__file__).parent / "data/common_passwords.txt")


class NotFormer:
    """None of the latest passwords of its owner. Django tells it of each new one; only hashes are kept."""

    def validate(self, password: str, user: User | None = None) -> None:
        """raises ValidationError"""
        if user is None or user.pk is None:
            return
        latest = settings.ANLAN.password_history
        kept = user.former_passwords.order_by("-id").values_list("hashed", flat=True)[:latest]
        # A password from before this was kept, or one written by hand, is in the user's row alone.
        if any(check_password(password, hashed) for hashed in {user.password, *kept}):
            raise ValidationError(self.get_help_text(), code="password_used_before")

    def password_changed(self, password: str, user: User | None = None) -> None:
        del password
        if user is None or not user.has_usable_password():
            return
        FormerPassword.objects.create(user=user, hashed=user.password)
        kept = user.former_passwords.order_by("-id").values("pk")[: settings.ANLAN.password_history]
        user.former_passwords.exclude(pk__in=kept).delete()

    def get_help_text(self) -> str:
        return _("不能与最近用过的 %(count)s 个密码相同。") % {"count": settings.ANLAN.password_history}


def is_expired(user: User, logged_in_at: datetime) -> bool:
    """Whether the password was too old when its owner logged in; nobody is stopped in the middle of his work."""
    days = settings.ANLAN.password_days
    return bool(days) and (user.password_set_at or user.created_at) + timedelta(days=days) < logged_in_at
