"""Who answers for a post right now: absence, stand-ins, many units at once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from anlan.kernel.clock import real_now
from anlan.kernel.models import Unit
from anlan.organisation.person.models import Person
from anlan.organisation.post import selectors, services
from anlan.organisation.post.models import Absence, Post, Posting
from anlan.organisation.post.terms import PostKind
from tests.cast import acting
from tests.organisation.people import make_person
from tests.organisation.posts import NODE, appoint, make_post

if TYPE_CHECKING:
    from tests.cast import World

DAY = timedelta(days=1)
MANY = 10_000


@pytest.fixture
def post(world: World) -> Post:
    return make_post(world.town)


def seat(world: World) -> selectors.Seat:
    (found,) = selectors.list_seats(acting(world.officer), unit_ids=[world.town.pk])
    return found


def away(person: Person, stand_in: Person | None = None) -> None:
    services.report_absence(
        NODE,
        person.pk,
        from_at=real_now() - DAY,
        until_at=real_now() + DAY,
        reason="leave",
        stand_in_id=stand_in.pk if stand_in else None,
    )


def test_a_vacant_seat_has_nobody(world: World, post: Post) -> None:
    assert (seat(world).holder_id, seat(world).person_id) == (None, None)


def test_the_holder_is_asked_while_he_is_there(world: World, post: Post) -> None:
    holder = make_person(world.town)
    appoint(post, holder, acting=True)
    found = seat(world)
    assert (found.holder_id, found.person_id, found.acting, found.is_covered) == (
        holder.pk,
        holder.pk,
        True,
        False,
    )


def test_while_he_is_away_the_one_named_takes_over_else_the_first_stand_in_who_is_there(
    world: World, post: Post
) -> None:
    holder, named, first, second = (make_person(world.town, name) for name in "甲乙丙丁")
    appoint(post, holder)
    for stand_in in (first, second):
        services.put_stand_in(NODE, post.pk, stand_in.pk)
    away(holder, named)
    assert seat(world).person_id == named.pk
    away(named)
    assert seat(world).person_id == first.pk
    away(first)
    assert seat(world).person_id == second.pk
    away(second)
    assert (seat(world).holder_id, seat(world).person_id) == (holder.pk, None)


def test_after_the_absence_he_is_asked_again(world: World, post: Post) -> None:
    holder, named = make_person(world.town), make_person(world.town, "王秀兰")
    appoint(post, holder)
    away(holder, named)
    services.end_absence(NODE, Absence.unscoped.get().pk)
    assert seat(world).person_id == holder.pk


def test_who_is_retired_holds_nothing(world: World, post: Post) -> None:
    holder = make_person(world.town)
    appoint(post, holder)
    Person.unscoped.update(retired_at=real_now())
    assert seat(world).holder_id is None


def test_a_stand_in_answers_for_a_vacant_seat(world: World, post: Post) -> None:
    stand_in = make_person(world.town)
    services.put_stand_in(NODE, post.pk, stand_in.pk)
    assert (seat(world).holder_id, seat(world).person_id) == (None, stand_in.pk)


def test_a_neighbour_learns_nothing(world: World, post: Post) -> None:
    assert selectors.list_seats(acting(world.neighbour)) == []


def test_ten_thousand_posts_are_one_query(world: World) -> None:
    ids = range(900_000, 900_000 + MANY)
    Unit.unscoped.bulk_create(
        Unit(pk=number, parent=world.town, path=f"{world.town.path}{number}.", name="网格", kind="grid")
        for number in ids
    )
    posts = [Post(unit_id=number, kind=PostKind.GRID_MEMBER, name="网格员") for number in ids]
    people = [Person(unit_id=number, name="李建国") for number in ids]
    Post.unscoped.bulk_create(posts)
    Person.unscoped.bulk_create(people)
    Posting.unscoped.bulk_create(
        Posting(unit_id=post.unit_id, post=post, person=person, from_at=real_now())
        for post, person in zip(posts, people, strict=True)
    )
    ctx = acting(world.officer)
    ctx.roots(selectors.READ)  # who he is, is asked once
    with CaptureQueriesContext(connection) as queries:
        seats = selectors.list_seats(ctx, unit_ids=ids, kinds=[PostKind.GRID_MEMBER])
    assert len(queries) == 1
    assert {found.person_id for found in seats} == {person.pk for person in people}
