"""How far a callout has come, by unit, in one query each; how well people can be reached at all."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from django.contrib.gis.geos import GEOSGeometry
from django.db import connection

from anlan.kernel.scope import require
from anlan.message.callout.selectors.reading import READ
from anlan.message.callout.terms import HANDS_OFF

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from anlan.kernel.context import Context
    from anlan.message.callout.models import Callout

TEST_COUNTS = timedelta(days=190)  # a reach test tells about today for half a year
STALE = timedelta(days=180)  # a number that nobody made sure of for so long
MOST_SCORED, MOST_STALE = 200, 200
# Recipients by the unit directly below the one looked at that they lie in.
COUNTS = """
WITH top AS (
  SELECT id, path, length(path) - length(replace(path, '.', '')) + 1 AS next FROM kernel_unit WHERE id = %(within)s
), called AS (
  SELECT r.unit_id, count(*) AS people,
    count(*) FILTER (WHERE r.state = 2) AS confirmed, count(*) FILTER (WHERE r.state = 3) AS visited,
    count(*) FILTER (WHERE r.state = 1) AS unreachable,
    count(*) FILTER (WHERE r.state < 2 AND r.taken_at > %(busy)s) AS taken, max(r.ended_at) AS last_at
  FROM callout_recipient r WHERE r.callout_id = %(callout)s GROUP BY r.unit_id)
SELECT g.id, g.name, sum(c.people)::int, sum(c.confirmed)::int, sum(c.visited)::int, sum(c.unreachable)::int,
  sum(c.taken)::int, max(c.last_at), bool_or(u.id <> g.id) AND g.id <> %(within)s
FROM top CROSS JOIN called c JOIN kernel_unit u ON u.id = c.unit_id
JOIN kernel_unit g ON g.id = coalesce(nullif(split_part(u.path, '.', top.next), '')::bigint, u.id)
WHERE u.path LIKE top.path || '%%' AND u.path LIKE ANY (%(scope)s)
GROUP BY g.id ORDER BY g.path
"""
# Where no area is known, the seat; drawn, not measured.
SHAPES = """
SELECT p.unit_id, ST_AsEWKB(CASE WHEN p.area IS NOT NULL THEN ST_Multi(ST_SimplifyPreserveTopology(p.area, 0.001)) ELSE p.seat END)
FROM unit_unitprofile p WHERE p.unit_id = ANY (%(units)s::bigint[]) AND (p.area IS NOT NULL OR p.seat IS NOT NULL)
"""
SCORES = """
WITH tests AS (
  SELECT id, started_at FROM callout_callout
  WHERE purpose = 'reach_test' AND exercise_id IS NOT DISTINCT FROM %(exercise)s::bigint AND started_at > %(since)s
), latest AS (
  SELECT DISTINCT ON (coalesce(r.person_id::text, r.unit_id::text)) r.unit_id, r.state, r.ended_at - t.started_at AS took
  FROM tests t JOIN callout_recipient r ON r.callout_id = t.id
  ORDER BY coalesce(r.person_id::text, r.unit_id::text), t.started_at DESC)
SELECT u.id, u.name, count(*)::int, count(*) FILTER (WHERE l.state = 2)::int,
  count(*) FILTER (WHERE l.state = 2 AND l.took <= interval '5 minutes')::int
FROM latest l JOIN kernel_unit u ON u.id = l.unit_id WHERE u.path LIKE ANY (%(scope)s)
GROUP BY u.id ORDER BY count(*) FILTER (WHERE l.state = 2)::float / count(*), u.path LIMIT %(most)s
"""
# Of those who must be reached: a number that failed for good, or that nobody has made sure of for long.
STALE_LINES = """
SELECT p.id, p.name, u.name, c.kind, c.shown, c.verified_at,
  EXISTS (SELECT FROM channel_delivery d
    WHERE d.number = c.value AND d.permanent AND d.queued_at > %(since)s
      AND d.exercise_id IS NOT DISTINCT FROM %(exercise)s::bigint) AS failed
FROM contact_contactpoint c JOIN person_person p ON p.id = c.person_id JOIN kernel_unit u ON u.id = p.unit_id
WHERE c.retired_at IS NULL AND p.retired_at IS NULL AND c.kind = 'mobile' AND u.path LIKE ANY (%(scope)s)
  AND c.exercise_id IS NOT DISTINCT FROM %(exercise)s::bigint
  AND (c.verified_at IS NULL OR c.verified_at < %(old)s)
  AND EXISTS (SELECT FROM post_posting g WHERE g.person_id = p.id AND g.from_at <= %(now)s
    AND (g.until_at IS NULL OR g.until_at > %(now)s))
ORDER BY failed DESC, c.verified_at NULLS FIRST, u.path, p.name LIMIT %(most)s
"""


class Count(NamedTuple):
    """How far a unit with all below it has come.

    is_group  whether there is more to see below it
    """

    unit_id: int
    name: str
    people: int
    confirmed: int
    visited: int
    unreachable: int
    taken: int
    last_at: datetime | None
    is_group: bool

    @property
    def done(self) -> int:
        return self.confirmed + self.visited

    @property
    def open(self) -> int:
        return self.people - self.done

    @property
    def share(self) -> int:
        """Of a hundred, how many are done; a hundred only where all are."""
        return self.done * 100 // self.people

    @property
    def rank(self) -> tuple[int, int]:
        """The worst first: the smallest share, of equal ones the most people."""
        return self.share, -self.open


class Shape(NamedTuple):
    """A unit's area as rings of points, or its seat as one point; longitude and latitude."""

    unit_id: int
    rings: list[list[tuple[float, float]]]


class Score(NamedTuple):
    """How a unit's people answered the reach tests of the last half-year, each by his latest."""

    unit_id: int
    name: str
    called: int
    confirmed: int
    within_five: int

    @property
    def share(self) -> int:
        return self.confirmed * 100 // self.called


class StaleLine(NamedTuple):
    """A mobile number of an office-holder that may not reach him any more. failed: it was tried, and there is no such number."""

    person_id: UUID
    person: str
    unit: str
    kind: str
    shown: str
    verified_at: datetime | None
    failed: bool


def list_counts(ctx: Context, callout: Callout, within_id: int, capability: str = READ) -> list[Count]:
    """The units directly below one, each with all below it; of a callout that the reader has, as far as his scope goes.

    That a callout's matter is shared with him opens the callout, not how other units answer.
    """
    require(ctx, capability)
    scope = [f"{root}%" for root in ctx.roots(capability)]
    busy = ctx.now() - HANDS_OFF
    told = {"callout": callout.pk, "within": within_id, "scope": scope, "busy": busy}
    return [Count(*row) for row in _rows(COUNTS, told)]


def list_shapes(unit_ids: Sequence[int]) -> list[Shape]:
    """Where units lie, for a small map; of units that the caller has within scope."""
    return [
        Shape(unit, _rings(GEOSGeometry(memoryview(raw))))
        for unit, raw in _rows(SHAPES, {"units": list(unit_ids)})
    ]


def list_scores(ctx: Context) -> list[Score]:
    """How well the units within scope can be reached, the worst first."""
    told = {**_now(ctx), "since": ctx.now() - TEST_COUNTS, "most": MOST_SCORED}
    return [Score(*row) for row in _rows(SCORES, told)]


def list_stale(ctx: Context) -> list[StaleLine]:
    """Numbers within scope that want checking before they are needed, those known to be wrong first."""
    now = ctx.now()
    told = {**_now(ctx), "since": now - TEST_COUNTS, "old": now - STALE, "now": now, "most": MOST_STALE}
    return [StaleLine(*row) for row in _rows(STALE_LINES, told)]


def _now(ctx: Context) -> dict[str, Any]:
    require(ctx, READ)
    exercise = ctx.exercise.pk if ctx.exercise else None
    return {"scope": [f"{root}%" for root in ctx.roots(READ)], "exercise": exercise}


def _rings(shape: Any) -> list[list[tuple[float, float]]]:
    if shape.geom_type == "Point":
        return [[(shape.x, shape.y)]]
    return [[(x, y) for x, y, *_ in polygon[0].coords] for polygon in shape]


def _rows(sql: str, told: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, told)
        return list(cursor.fetchall())
