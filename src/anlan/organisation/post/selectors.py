"""Reads of posts: which there are, who holds them right now, which are vacant or missing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, F, Model, OuterRef, Q, Subquery

from anlan.kernel.errors import NotFound
from anlan.kernel.models import Rule, Unit
from anlan.kernel.scope import visible
from anlan.organisation.person.selectors import get_person, list_candidates, list_named
from anlan.organisation.post.models import Absence, OfficeCheck, Post, Posting
from anlan.organisation.post.terms import NEEDED, Needed

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
FOUR_RULE = "organisation-post-four-in-place"  # in data/rules.json
ANY = "any"


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
  SELECT * FROM jsonb_to_recordset(%s::jsonb)
  AS needed (kind text, unit_kinds text[], seats int, source text, region text)
), units AS ({units})
SELECT u.id, u.name, n.kind, n.seats, n.source
FROM units u JOIN needed n ON u.kind = ANY (n.unit_kinds) AND coalesce(u.code, '') LIKE n.region || '%%'
WHERE NOT EXISTS (
  SELECT FROM post_post p WHERE p.unit_id = u.id AND p.kind = n.kind AND p.retired_at IS NULL
    AND p.exercise_id IS NOT DISTINCT FROM %s)
ORDER BY u.path, n.kind LIMIT %s
"""


# How the posts that units must have stand with each of them: `post` is one of that kind, NULL where none was founded.
STANDING = """
WITH needed AS (
  SELECT * FROM jsonb_to_recordset(%s::jsonb) AS needed (kind text, unit_kinds text[], seats int, region text)
), units AS ({units}), held AS (
  SELECT p.unit_id, p.kind, min(p.id::text) AS post, sum(p.seats)::int AS seats, sum(least(p.seats, (
    SELECT count(*) FROM post_posting h
    JOIN person_person person ON person.id = h.person_id AND person.retired_at IS NULL
    WHERE h.post_id = p.id AND NOT h.stand_in AND h.from_at <= %s AND (h.until_at IS NULL OR h.until_at > %s)
  )))::int AS held
  FROM post_post p JOIN units ON units.id = p.unit_id
  WHERE p.retired_at IS NULL AND p.exercise_id IS NOT DISTINCT FROM %s GROUP BY p.unit_id, p.kind
), standing AS (
  SELECT u.id, u.name, u.path, n.kind, h.post, coalesce(h.seats, n.seats) AS seats, coalesce(h.held, 0) AS held
  FROM units u JOIN needed n ON u.kind = ANY (n.unit_kinds) AND coalesce(u.code, '') LIKE n.region || '%%'
  LEFT JOIN held h ON h.unit_id = u.id AND h.kind = n.kind
)
"""
BY_KIND = """
SELECT kind, count(*), count(*) FILTER (WHERE post IS NULL), count(*) FILTER (WHERE post IS NOT NULL AND held < seats)
FROM standing GROUP BY kind
"""
BY_PART = """
SELECT part.id, part.name, count(*), count(*) FILTER (WHERE s.post IS NULL),
       count(*) FILTER (WHERE s.post IS NOT NULL AND s.held < s.seats)
FROM standing s JOIN kernel_unit part
  ON part.id = coalesce(nullif(split_part(s.path, '.', %s), '')::bigint, s.id)
GROUP BY part.id, part.name, part.path HAVING bool_or(s.held < s.seats)
ORDER BY count(*) FILTER (WHERE s.held < s.seats) DESC, part.path LIMIT %s
"""
LACKING = (
    "SELECT id, name, post, held, seats FROM standing WHERE kind = %s AND held < seats ORDER BY path LIMIT %s"
)


class Tally(NamedTuple):
    """Of the posts that must be there: how many, how many of them nobody founded, how many lack people."""

    due: int
    unfounded: int
    vacant: int

    @property
    def filled(self) -> int:
        return self.due - self.unfounded - self.vacant


class PartTally(NamedTuple):
    """The same for a unit with all below it."""

    unit_id: int
    name: str
    tally: Tally


class Lacking(NamedTuple):
    """A unit that has not the people it must have in a kind of post; post: None where the post itself is missing."""

    unit_id: int
    unit_name: str
    post: UUID | None
    held: int
    seats: int


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


def list_people_to_choose(ctx: Context) -> QuerySet[Person]:
    """Whom a form may name, as far as its reader may see them."""
    return list_candidates(ctx)


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
    sql, values = units.order_by().values("id", "name", "kind", "path", "code").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(MISSING.format(units=sql), [_needed_now(ctx), *values, _exercise(ctx), most])
        return [Missing(*row) for row in cursor.fetchall()]


def list_needed(ctx: Context) -> list[Needed]:
    """What units must have by now, by which clause."""
    today = ctx.now().astimezone().date()
    return [one for one in NEEDED if one.from_on is None or one.from_on <= today]


def count_by_kind(ctx: Context, unit: Unit | None) -> dict[str, Tally]:
    """How the posts that must be there stand within scope, or below a unit, by kind of post."""
    return {kind: Tally(*counts) for kind, *counts in _standing(ctx, unit, BY_KIND)}


def count_by_part(ctx: Context, unit: Unit) -> list[PartTally]:
    """How they stand with a unit and each one directly below it with all below that: those that lack some, most first."""
    depth = unit.path.count(".") + 1
    found = _standing(ctx, unit, BY_PART, depth, MOST_SHOWN)
    return [PartTally(unit_id, name, Tally(*counts)) for unit_id, name, *counts in found]


def list_lacking(ctx: Context, unit: Unit | None, kind: str) -> list[Lacking]:
    """The units that lack people in a kind of post they must have."""
    found = _standing(ctx, unit, LACKING, kind, MOST_SHOWN)
    return [Lacking(unit_id, name, post and UUID(post), *more) for unit_id, name, post, *more in found]


def _standing(ctx: Context, unit: Unit | None, question: str, *values: Any) -> list[tuple[Any, ...]]:
    units = visible(ctx, Unit, READ).filter(retired_at=None)
    if unit is not None:
        units = units.filter(path__startswith=unit.path)
    sql, asked = units.order_by().values("id", "name", "kind", "path", "code").query.sql_with_params()
    now = ctx.now()
    with connection.cursor() as cursor:
        given = [_needed_now(ctx), *asked, now, now, _exercise(ctx), *values]
        cursor.execute(STANDING.format(units=sql) + question, given)
        return list(cursor.fetchall())


def _needed_now(ctx: Context) -> str:
    return json.dumps([{**one._asdict(), "from_on": None} for one in list_needed(ctx)])


def _exercise(ctx: Context) -> int | None:
    return ctx.exercise.pk if ctx.exercise else None


def list_tops(ctx: Context) -> list[Unit]:
    """The units at the top of what the reader may see."""
    return list(visible(ctx, Unit, READ).filter(path__in=ctx.roots(READ)).order_by("path"))


def find_unit(ctx: Context, unit_id: int, capability: str = READ) -> Unit | None:
    return visible(ctx, Unit, capability).filter(pk=unit_id).first()


def list_kinds_checked() -> set[str]:
    """The kinds of unit whose four are checked: emergency offices, and what the rule names beside them."""
    named = Rule.objects.filter(code=FOUR_RULE).values_list("unit_kinds", flat=True)
    return {"office"}.union(*named)


def get_office(ctx: Context, unit_id: int, capability: str) -> Unit:
    """An emergency office, or another unit whose four are checked, within scope."""
    kinds = list_kinds_checked()
    return _one(visible(ctx, Unit, capability).filter(pk=unit_id, kind__in=kinds, retired_at=None))


def list_offices(ctx: Context, year: int) -> QuerySet[Unit]:
    """The units whose four are checked, each with `body` … as the year's check says them, and `check_id`; None: no check."""
    offices = visible(ctx, Unit, READ).filter(kind__in=list_kinds_checked(), retired_at=None)
    checks = OfficeCheck.unscoped.filter(unit=OuterRef("pk"), year=year, exercise=ctx.exercise)
    said = {name: Subquery(checks.values(name)[:1]) for name in FOUR}
    found = offices.annotate(check_id=Subquery(checks.values("pk")[:1]), **said)
    return found.select_related("parent").order_by("path")


def count_offices(offices: QuerySet[Unit]) -> dict[str, int]:
    """Of those: how many, how many are checked, have all four, and each of the four."""
    there = {name: ~Q(**{f"{name}__isnull": True}) & ~Q(**{name: ""}) for name in FOUR}
    whole = reduce(and_, there.values())
    counts: dict[str, int] = offices.order_by().aggregate(
        all=Count("pk"),
        checked=Count("pk", filter=Q(check_id__isnull=False)),
        whole=Count("pk", filter=whole),
        **{f"with_{name}": Count("pk", filter=one) for name, one in there.items()},
    )
    return counts


def list_without(offices: QuerySet[Unit], what: str) -> QuerySet[Unit]:
    """Of those: the ones that lack one of the four; ANY: whichever."""
    lacks = [Q(**{f"{name}__isnull": True}) | Q(**{name: ""}) for name in FOUR if what in {name, ANY}]
    return offices.filter(reduce(or_, lacks))


def get_check(ctx: Context, check_id: UUID) -> OfficeCheck:
    return _one(visible(ctx, OfficeCheck, READ).select_related("unit").filter(pk=check_id))


def find_check(ctx: Context, office: Unit, year: int | None = None) -> OfficeCheck | None:
    """The check of a year, or the latest one, of an office that the caller has within scope."""
    checks = OfficeCheck.unscoped.filter(unit=office, exercise=ctx.exercise)
    return (checks if year is None else checks.filter(year=year)).order_by("-year").first()


def _one(found: QuerySet[T]) -> T:
    record = found.first()
    if record is None:
        raise NotFound
    return record
