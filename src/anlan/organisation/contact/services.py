"""Contact points: acts beyond those of every register."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anlan.kernel.act import act
from anlan.kernel.errors import StateConflict
from anlan.organisation.contact import selectors
from anlan.organisation.contact.events import ContactVerified

if TYPE_CHECKING:
    from uuid import UUID

    from anlan.kernel.context import Context
    from anlan.organisation.contact.models import ContactPoint
    from anlan.organisation.contact.terms import VerifiedHow


@act("organisation.contact.verify")
def verify_contact(ctx: Context, contact_id: UUID, *, version: int, how: VerifiedHow) -> ContactPoint:
    """Note that it reaches whom it is to reach, by the value that the actor saw. raises NotFound; StateConflict"""
    contact = selectors.lock_contact(ctx, contact_id, "organisation.contact.verify")
    if contact.version != version or contact.retired_at:
        raise StateConflict
    contact.verified_at, contact.verified_how = ctx.now(), how
    contact.version += 1
    contact.save(update_fields=("verified_at", "verified_how", "version"))
    ctx.journal(ContactVerified(how), contact)
    return contact
