"""Reads of people, within the actor's scope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anlan.kernel.errors import NotFound
from anlan.kernel.models import User
from anlan.kernel.scope import can, visible
from anlan.organisation.person.models import Person

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    from django.db.models import QuerySet

    from anlan.kernel.context import Context

READ = "organisation.person.read"


def get_person(ctx: Context, person_id: UUID, capability: str = READ) -> Person:
    return _one(visible(ctx, Person, capability).select_related("unit", "user"), person_id)


def list_candidates(ctx: Context) -> QuerySet[Person]:
    """Whom a form may name: nobody for who may see no people."""
    if not can(ctx, READ):
        return Person.unscoped.none()
    return visible(ctx, Person, READ).select_related("unit")


def lock_person(ctx: Context, person_id: UUID, capability: str) -> Person:
    people = visible(ctx, Person, capability).select_related("unit", "user")
    return _one(people.select_for_update(of=("self",)), person_id)


def find_user(username: str) -> User | None:
    """The account of that log-in name, in use."""
    return User.objects.filter(username=username, is_active=True).first()


def find_holder(user: User) -> Person | None:
    """Who logs in with an account already, wherever he is: an account is one person's."""
    return Person.unscoped.filter(user=user).first()


def list_named(ctx: Context, ids: Collection[UUID]) -> dict[UUID, Person]:
    """People by id, whom the caller met in a record that he may see: their names and units, nothing else is to be shown."""
    found = Person.unscoped.filter(exercise=ctx.exercise).select_related("unit")
    return found.only("name", "title", "unit__name", "retired_at").in_bulk(list(ids))


def _one(people: QuerySet[Person], person_id: UUID) -> Person:
    person = people.filter(pk=person_id).first()
    if person is None:
        raise NotFound
    return person
