"""People: acts beyond those of every register."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from anlan.kernel.act import act
from anlan.organisation.person import selectors
from anlan.organisation.person.events import PersonLinked

if TYPE_CHECKING:
    from uuid import UUID

    from anlan.kernel.context import Context
    from anlan.organisation.person.models import Person


@act("organisation.person.link")
def link_user(ctx: Context, person_id: UUID, *, username: str) -> Person:
    """Say which account a person logs in with; blank: none any more.

    raises  NotFound; ValidationError where there is no such account, or another person has it
    """
    person = selectors.lock_person(ctx, person_id, "organisation.person.link")
    user = selectors.find_user(username) if username else None
    if username and user is None:
        raise ValidationError({"username": _("没有这个登录名，或该用户已停用。请核对后重填。")})
    holder = selectors.find_holder(user) if user else None
    if holder and holder.pk != person.pk:
        raise ValidationError({"username": _("该登录名已关联其他人员。一个登录名只能关联一人。")})
    if person.user != user:
        person.user = user
        person.version += 1
        person.save(update_fields=("user", "version"))
        ctx.journal(PersonLinked(user.pk if user else None), person)
    return person
