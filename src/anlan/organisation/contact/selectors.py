"""Reads of contact points, within the actor's scope."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - field of a named tuple
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID  # noqa: TC003 - the same

from django.db import connection

from anlan.kernel import arrays
from anlan.kernel.errors import NotFound
from anlan.kernel.models import Unit
from anlan.kernel.scope import visible
from anlan.organisation.contact.models import ContactPoint

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.db.models import QuerySet

    from anlan.kernel.context import Context
    from anlan.organisation.person.models import Person

READ = "organisation.contact.read"
MOST_SHOWN = 50  # on the page of one person or unit
# The first of each kind, in their order; of a drill's own and of real life: who answers is real in a drill, too.
BEST = """
SELECT DISTINCT ON (c.person_id, c.kind) c.person_id, c.unit_id, c.kind, c.value, c.shown, c.private, c.verified_at
FROM contact_contactpoint c
WHERE c.person_id = ANY (%(people)s::uuid[]) AND c.retired_at IS NULL
  AND (c.exercise_id IS NULL OR c.exercise_id = %(exercise)s)
ORDER BY c.person_id, c.kind, c.rank, c.id
"""
BEST_OF_UNITS = """
SELECT DISTINCT ON (c.unit_id, c.kind) c.person_id, c.unit_id, c.kind, c.value, c.shown, c.private, c.verified_at
FROM contact_contactpoint c
WHERE c.person_id IS NULL AND c.unit_id = ANY (%(units)s::bigint[]) AND c.retired_at IS NULL
  AND (c.exercise_id IS NULL OR c.exercise_id = %(exercise)s)
ORDER BY c.unit_id, c.kind, c.public DESC, c.rank, c.id
"""


class Best(NamedTuple):
    """The first contact point of one kind, of a person or (person_id None) of a unit as such.

    value   for programs that send to it; a person sees `shown`
    """

    person_id: UUID | None
    unit_id: int
    kind: str
    value: str
    shown: str
    private: bool
    verified_at: datetime | None


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


def list_best(ctx: Context, people: Collection[UUID] = (), units: Collection[int] = ()) -> list[Best]:
    """How each of these people, and each of these units as such, is reached first, by kind.

    Whom to send to is the caller's to answer for: a person is reached at his home unit's contact points, which may lie
    outside the caller's scope.
    """
    told: dict[str, Any] = {
        "people": arrays.of_plain(people),
        "units": arrays.of_plain(units),
        "exercise": ctx.exercise.pk if ctx.exercise else None,
    }
    found: list[Best] = []
    with connection.cursor() as cursor:
        for asked, sql in ((people, BEST), (units, BEST_OF_UNITS)):
            if asked:
                cursor.execute(sql, told)
                found += [Best(*row) for row in cursor.fetchall()]
    return found


def list_own_contacts(ctx: Context) -> QuerySet[ContactPoint]:
    """The actor's own contact points in use, the best first; nobody needs a capability to know his own."""
    mine = ContactPoint.unscoped.filter(person__user=ctx.actor, retired_at=None)
    return mine.exclude(person__user=None).order_by("rank", "pk")


def list_same(ctx: Context, contact: ContactPoint) -> QuerySet[ContactPoint]:
    """Others in use with the same value within scope: two people may share a line, or one of them is a mistake."""
    same = visible(ctx, ContactPoint, READ).filter(kind=contact.kind, value=contact.value, retired_at=None)
    return same.exclude(pk=contact.pk).select_related("person", "unit").order_by("pk")
