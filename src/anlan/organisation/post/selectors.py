"""Reads of posts: which there are, who holds them right now, which are vacant or missing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from uuid import UUID  # noqa: TC003 - dataclass field

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, F, Model, Q

from anlan.kernel.errors import NotFound
from anlan.kernel.models import Unit
from anlan.kernel.scope import visible
from anlan.organisation.person.selectors import find_person, get_person, list_named
from anlan.organisation.post.models import Absence, OfficeCheck, Post, Posting
from anlan.organisation.post.terms import NEEDED

T = TypeVar("T", bound=Model)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from django.db.models import QuerySet

    from anlan.kernel.context import Context
    from anlan.organisation.person.models import Person

READ = "organisation.post.read"
MOST_SHOWN = 200  # rows of a panel or of the page of vacancies
FOUR = ("body", "duties", "establishment", "staff")


@dataclass(frozen=True)
class Seat:
    """Who answers for one seat of a post right now.

    holder_id  who holds it; None: vacant
    person_id  who is to be asked: the holder, while he is away his stand-in; None: nobody
    next_id    who is asked next, where that one cannot be reached: the first stand-in who is there; None: nobody
    """

    post_id: UUID
    unit_id: int
    kind: str
    number: int
    holder_id: UUID | None
    person_id: UUID | None
    acting: bool
    next_id: UUID | None = None

    @property
    def is_covered(self) -> bool:
        """Whether another stands in for the holder."""
        return self.person_id is not None and self.person_id != self.holder_id


class Missing(NamedTuple):
    """A post that a unit must have and has not."""

    unit_id: int
    unit_name: str
    kind: str
    seats: int
    source: str


# Whoever is retired holds nothing. While the holder is away, the one named for his absence takes over, if he is there;
# else the first stand-in of the post who is.
SEATS = """
WITH posts (id, unit_id, kind, seats) AS ({posts}),
away AS (
  SELECT person_id, stand_in_id FROM post_absence
  WHERE from_at <= %s AND (until_at IS NULL OR until_at > %s)
),
posted AS (
  SELECT p.post_id, p.person_id, p.stand_in, p.rank, p.acting, away.person_id IS NOT NULL AS absent, away.stand_in_id
  FROM posts JOIN post_posting p ON p.post_id = posts.id
  JOIN person_person person ON person.id = p.person_id AND person.retired_at IS NULL
  LEFT JOIN away ON away.person_id = p.person_id
  WHERE p.from_at <= %s AND (p.until_at IS NULL OR p.until_at > %s)
),
ready AS (
  SELECT DISTINCT ON (post_id) post_id, person_id FROM posted WHERE stand_in AND NOT absent ORDER BY post_id, rank
)
SELECT posts.id, posts.unit_id, posts.kind, seat.number, held.person_id,
       CASE WHEN NOT held.absent THEN held.person_id ELSE coalesce(cover.id, ready.person_id) END,
       coalesce(held.acting, false),
       CASE WHEN NOT held.absent THEN ready.person_id WHEN cover.id IS NOT NULL THEN nullif(ready.person_id, cover.id) END
FROM posts CROSS JOIN LATERAL generate_series(1, posts.seats) AS seat (number)
LEFT JOIN posted held ON held.post_id = posts.id AND NOT held.stand_in AND held.rank = seat.number
LEFT JOIN person_person cover ON held.absent AND cover.id = held.stand_in_id AND cover.retired_at IS NULL
     AND NOT EXISTS (SELECT FROM away WHERE away.person_id = cover.id)
LEFT JOIN ready ON ready.post_id = posts.id
ORDER BY posts.unit_id, posts.kind, posts.id, seat.number
"""
MISSING = """
WITH needed AS (
  SELECT * FROM jsonb_to_recordset(%s::jsonb) AS needed (kind text, unit_kinds text[], seats int, source text)
), units AS ({units})
SELECT u.id, u.name, n.kind, n.seats, n.source
FROM units u JOIN needed n ON u.kind = ANY (n.unit_kinds)
WHERE NOT EXISTS (
  SELECT FROM post_post p WHERE p.unit_id = u.id AND p.kind = n.kind AND p.retired_at IS NULL
    AND p.exercise_id IS NOT DISTINCT FROM %s)
ORDER BY u.path, n.kind LIMIT %s
"""


def list_seats(
    ctx: Context,
    *,
    capability: str = READ,
    unit_ids: Collection[int] | None = None,
    kinds: Collection[str] | None = None,
    at: datetime | None = None,
) -> list[Seat]:
    """Who answers for each seat of the posts of many units at a moment (None: now), in one query."""
    posts = visible(ctx, Post, capability).filter(retired_at=None)
    if unit_ids is not None:
        posts = posts.filter(unit_id__in=list(unit_ids))
    if kinds is not None:
        posts = posts.filter(kind__in=list(kinds))
    return _seats(posts, at or ctx.now())


def list_seats_of_posts(ctx: Context, posts: Collection[Post], capability: str = READ) -> list[Seat]:
    """The same for these posts."""
    found = visible(ctx, Post, capability).filter(pk__in=[post.pk for post in posts])
    return _seats(found, ctx.now())


def _seats(posts: QuerySet[Post], at: datetime) -> list[Seat]:
    try:
        sql, values = posts.order_by().values_list("pk", "unit_id", "kind", "seats").query.sql_with_params()
    except EmptyResultSet:  # nothing can be among no posts
        return []
    with connection.cursor() as cursor:
        cursor.execute(SEATS.format(posts=sql), [*values, at, at, at, at])
        return [Seat(*row) for row in cursor.fetchall()]


def list_people(ctx: Context, seats: Sequence[Seat]) -> dict[UUID, Person]:
    """The people of these seats by id; who holds a post is no secret to whoever may see the post."""
    ids = {one for seat in seats for one in (seat.holder_id, seat.person_id) if one}
    return list_named(ctx, ids)


def get_post(ctx: Context, post_id: UUID, capability: str = READ) -> Post:
    return _one(visible(ctx, Post, capability).select_related("unit").filter(pk=post_id))


def lock_post(ctx: Context, post_id: UUID, capability: str) -> Post:
    return _one(visible(ctx, Post, capability).select_for_update(of=("self",)).filter(pk=post_id))


def list_posts(ctx: Context, unit: Unit) -> QuerySet[Post]:
    """The posts of one unit that are in use."""
    return visible(ctx, Post, READ).filter(unit=unit, retired_at=None).order_by("kind", "name", "pk")


def get_posting(ctx: Context, posting_id: UUID, capability: str) -> Posting:
    found = visible(ctx, Posting, capability).select_related("post", "person")
    return _one(found.filter(pk=posting_id))


def get_absence(ctx: Context, absence_id: UUID, capability: str) -> Absence:
    return _one(visible(ctx, Absence, capability).filter(pk=absence_id))


def lock_absence(ctx: Context, absence_id: UUID, capability: str) -> Absence:
    return _one(visible(ctx, Absence, capability).select_for_update(of=("self",)).filter(pk=absence_id))


def list_current(posts: Collection[UUID], at: datetime) -> QuerySet[Posting]:
    """The postings of posts, which the caller has within scope, that hold at a moment."""
    found = Posting.unscoped.filter(post_id__in=posts, from_at__lte=at)
    return found.filter(Q(until_at=None) | Q(until_at__gt=at)).select_related("person", "person__unit")


def list_postings_of(ctx: Context, person: Person) -> QuerySet[Posting]:
    """The posts that a person holds, has held or stands in for, the current ones first."""
    found = visible(ctx, Posting, READ).filter(person=person, post__retired_at=None)
    return found.select_related("post", "post__unit").order_by(
        F("until_at").desc(nulls_first=True), "-from_at"
    )


def list_postings_held(ctx: Context, person_id: UUID) -> QuerySet[Posting]:
    """All that a person holds or stands in for now, wherever: he leaves all of it at once."""
    found = Posting.unscoped.filter(person_id=person_id, exercise=ctx.exercise)
    return found.filter(Q(until_at=None) | Q(until_at__gt=ctx.now())).order_by("pk")


def list_absences(ctx: Context, person: Person) -> QuerySet[Absence]:
    """Absences of a person that last or are to come, the next one first."""
    found = visible(ctx, Absence, READ).filter(person=person)
    found = found.filter(Q(until_at=None) | Q(until_at__gt=ctx.now()))
    return found.select_related("stand_in").order_by("from_at")


def get_person_away(ctx: Context, person_id: UUID, capability: str) -> Person:
    """Whose absence is to be reported."""
    return get_person(ctx, person_id, capability)


def list_chosen(ctx: Context, key: str) -> list[Person]:
    """Whom a form names already, as far as its reader may see him."""
    found = find_person(ctx, key)
    return [found] if found else []


def list_vacant(ctx: Context, unit: Unit | None = None) -> QuerySet[Post]:
    """Posts that must be held and have fewer holders than seats; with `held`, how many they have."""
    now = ctx.now()
    holds = Q(
        postings__stand_in=False, postings__from_at__lte=now, postings__person__retired_at__isnull=True
    ) & (Q(postings__until_at=None) | Q(postings__until_at__gt=now))
    posts = visible(ctx, Post, READ).filter(retired_at=None, required=True, unit__retired_at=None)
    if unit is not None:
        posts = posts.filter(unit__path__startswith=unit.path)
    posts = posts.annotate(held=Count("postings", filter=holds)).filter(held__lt=F("seats"))
    return posts.select_related("unit").order_by("unit__path", "kind", "pk")


def list_missing(
    ctx: Context, unit: Unit | None = None, *, capability: str = READ, most: int = MOST_SHOWN
) -> list[Missing]:
    """Posts that units must have by data/needed.json and have not."""
    units = visible(ctx, Unit, capability).filter(retired_at=None)
    if unit is not None:
        units = units.filter(path__startswith=unit.path)
    sql, values = units.order_by().values("id", "name", "kind", "path").query.sql_with_params()
    needed = json.dumps([one._asdict() for one in NEEDED])
    exercise = ctx.exercise.pk if ctx.exercise else None
    with connection.cursor() as cursor:
        cursor.execute(MISSING.format(units=sql), [needed, *values, exercise, most])
        return [Missing(*row) for row in cursor.fetchall()]


def find_unit(ctx: Context, unit_id: int, capability: str = READ) -> Unit | None:
    return visible(ctx, Unit, capability).filter(pk=unit_id).first()


def get_office(ctx: Context, unit_id: int, capability: str) -> Unit:
    """An emergency office within scope."""
    return _one(visible(ctx, Unit, capability).filter(pk=unit_id, kind="office", retired_at=None))


def find_check(ctx: Context, office: Unit, year: int | None = None) -> OfficeCheck | None:
    """The check of a year, or the latest one, of an office that the caller has within scope."""
    checks = OfficeCheck.unscoped.filter(unit=office, exercise=ctx.exercise)
    return (checks if year is None else checks.filter(year=year)).order_by("-year").first()


def _one(found: QuerySet[T]) -> T:
    record = found.first()
    if record is None:
        raise NotFound
    return record
