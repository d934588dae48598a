"""What happens to people beyond what happens in every register."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from anlan.kernel.events import event


@event("organisation.person.linked", _("关联登录用户"))
@dataclass(frozen=True)
class PersonLinked:
    """user: id of the account the person logs in with; None: of none any more."""

    user: int | None
