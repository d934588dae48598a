"""Reads of contact points, within the actor's scope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anlan.kernel.errors import NotFound
from anlan.kernel.models import Unit
from anlan.kernel.scope import visible
from anlan.organisation.contact.models import ContactPoint

if TYPE_CHECKING:
    from uuid import UUID

    from django.db.models import QuerySet

    from anlan.kernel.context import Context
    from anlan.organisation.person.models import Person

READ = "organisation.contact.read"
MOST_SHOWN = 50  # on the page of one person or unit


def lock_contact(ctx: Context, contact_id: UUID, capability: str) -> ContactPoint:
    found = visible(ctx, ContactPoint, capability).select_for_update(of=("self",)).filter(pk=contact_id)
    contact = found.first()
    if contact is None:
        raise NotFound
    return contact


def list_contacts(ctx: Context, of: Person | Unit, *, capability: str = READ) -> QuerySet[ContactPoint]:
    """The contact points in use of one person, or of a unit as such; the best first."""
    found = visible(ctx, ContactPoint, capability).filter(retired_at=None)
    mine = found.filter(unit=of, person=None) if isinstance(of, Unit) else found.filter(person=of)
    return mine.order_by("rank", "pk")


def list_own_contacts(ctx: Context) -> QuerySet[ContactPoint]:
    """The actor's own contact points in use, the best first; nobody needs a capability to know his own."""
    mine = ContactPoint.unscoped.filter(person__user=ctx.actor, retired_at=None)
    return mine.exclude(person__user=None).order_by("rank", "pk")


def list_same(ctx: Context, contact: ContactPoint) -> QuerySet[ContactPoint]:
    """Others in use with the same value within scope: two people may share a line, or one of them is a mistake."""
    same = visible(ctx, ContactPoint, READ).filter(kind=contact.kind, value=contact.value, retired_at=None)
    return same.exclude(pk=contact.pk).select_related("person", "unit").order_by("pk")
