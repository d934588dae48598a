"""Users: adding one. He may do nothing until he is granted a role, and chooses a password of his own first."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from anlan.kernel.act import act
from anlan.kernel.errors import DomainError
from anlan.kernel.events import event
from anlan.kernel.models import User

if TYPE_CHECKING:
    from anlan.kernel.context import Context

CREATE = "kernel.user.create"
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look alike on paper


@event("kernel.user.created", _("添加用户"))
@dataclass(frozen=True)
class UserCreated:
    pass


@act(CREATE)
def create_user(ctx: Context, *, username: str, display_name: str) -> tuple[User, str]:
    """A user and his initial password, which is shown once and kept nowhere.

    raises  username_taken
    """
    password = "-".join("".join(secrets.choice(LETTERS) for _letter in range(4)) for _group in range(3))
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                username, password, display_name=display_name, password_is_initial=True
            )
    except IntegrityError as error:
        raise DomainError("username_taken") from error
    ctx.journal(UserCreated(), user)
    return user, password
