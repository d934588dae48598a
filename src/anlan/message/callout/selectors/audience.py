"""Who is called for an area, how each can be reached, and for which posts nobody can be: the same before and when it is done."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID  # noqa: TC003 - field of a dataclass

from django.db import connection

from anlan.kernel.scope import require
from anlan.message.callout.terms import DUTY_LINE, PLACES, POSTS, Lack
from anlan.organisation.contact.selectors import list_best
from anlan.organisation.post.selectors import list_seats

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from anlan.kernel.context import Context
    from anlan.kernel.models import Unit
    from anlan.organisation.contact.selectors import Best
    from anlan.organisation.post.selectors import Seat

K = TypeVar("K")
V = TypeVar("V")
OPEN = "message.callout.open"
# Which contact points a way uses, the best first.
KINDS = {
    "sms": ("mobile",),
    "voice": ("mobile", "land_line", "satellite", "service"),
    "email": ("email",),
}
AREA = """
SELECT DISTINCT u.id, u.path, u.kind, u.parent_id FROM unnest(%(tops)s::text[]) AS top (path)
JOIN kernel_unit u ON u.path >= top.path AND u.path < top.path || '~'
WHERE u.retired_at IS NULL AND u.path LIKE ANY (%(scope)s)
UNION
SELECT u.id, u.path, u.kind, u.parent_id FROM kernel_unit u
WHERE u.id = ANY (%(above)s) AND u.retired_at IS NULL AND u.path LIKE ANY (%(scope)s)
"""
PATHS = "SELECT path FROM kernel_unit WHERE id = ANY (%(units)s::bigint[]) AND path LIKE ANY (%(scope)s)"
USERS = """
SELECT p.id FROM person_person p JOIN kernel_user u ON u.id = p.user_id AND u.is_active WHERE p.id = ANY (%(people)s::uuid[])
"""


@dataclass(frozen=True)
class Member:
    """One who is called.

    unit_id    whose answer it is
    person_id  None: whoever answers the unit's line
    ways       way → number or address; "app" → blank
    """

    unit_id: int
    person_id: UUID | None
    post: str
    holder_id: UUID | None = None
    stand_in_id: UUID | None = None
    ways: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Gap:
    """A post for which nobody is called, or one who is and has no way to be reached."""

    unit_id: int
    post: str
    lack: Lack
    person_id: UUID | None = None


@dataclass(frozen=True)
class Audience:
    """units: the places that answer for somebody, in the order of the tree."""

    members: tuple[Member, ...]
    gaps: tuple[Gap, ...]
    units: tuple[int, ...]


@dataclass(frozen=True)
class _Place:
    id: int
    path: str
    kind: str
    parent_id: int | None


def list_audience(ctx: Context, unit: Unit, unit_ids: Collection[int]) -> Audience:
    """Whom `unit` calls for these units: posts in them, below them and up the line to itself, and their own lines.

    A person is called once, for the first of his posts; who is away is stood in for. A place where nobody holds a post is
    called on its own line; so is one that has a line beside its posts. Everything lies in the caller's scope.
    """
    require(ctx, OPEN, unit)
    places = _area(ctx, unit, unit_ids)
    owner = {place.id: _owner(place, places) for place in places.values()}
    # Who holds a post is real in a drill, too.
    seats = list_seats(
        replace(ctx, exercise=None), capability=OPEN, unit_ids=list(places), kinds=POSTS, at=ctx.now()
    )
    seats.sort(key=lambda seat: (POSTS.index(seat.kind), places[seat.unit_id].path, seat.number))
    members, gaps = _called(seats, owner)
    people = {one for member in members for one in (member.person_id, member.stand_in_id) if one}
    standing = [place.id for place in places.values() if place.kind in PLACES]
    ways, of_units = list_ways(ctx, people, standing)
    manned = {member.unit_id for member in members}
    members = [replace(member, ways=ways.get(member.person_id, {})) for member in members]
    members += [
        Member(place, None, DUTY_LINE, ways=of_units.get(place, {}))
        for place in standing
        if place in of_units or place not in manned
    ]
    gaps += [
        Gap(one.unit_id, one.post, Lack.NO_WAY, one.person_id) for one in members if not one.ways
    ]
    members.sort(key=lambda member: places[member.unit_id].path)
    units = dict.fromkeys(member.unit_id for member in members)
    return Audience(tuple(members), tuple(gaps), tuple(units))


def list_ways(
    ctx: Context, people: Collection[UUID], units: Collection[int]
) -> tuple[dict[UUID | None, dict[str, str]], dict[int, dict[str, str]]]:
    """How people, and units as such, are reached: way → number. Whom to send to is the caller's to answer for."""
    best = list_best(ctx, people, units)
    of_people: dict[UUID | None, dict[str, str]] = {}
    of_units: dict[int, dict[str, str]] = {}
    for person, lines in _grouped((one.person_id, one) for one in best if one.person_id):
        of_people[person] = _ways(lines)
    for unit, lines in _grouped((one.unit_id, one) for one in best if not one.person_id):
        if ways := _ways(lines):
            of_units[unit] = ways
    for (person,) in _rows(USERS, {"people": list(people)}) if people else ():
        of_people.setdefault(person, {})["app"] = ""
    return of_people, of_units


def _ways(lines: Iterable[Best]) -> dict[str, str]:
    by_kind = {line.kind: line.value for line in lines}
    found = {
        way: next((by_kind[kind] for kind in kinds if kind in by_kind), "") for way, kinds in KINDS.items()
    }
    return {way: number for way, number in found.items() if number}


def _grouped(pairs: Iterable[tuple[K, V]]) -> list[tuple[K, list[V]]]:
    groups: dict[K, list[V]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return list(groups.items())


def _area(ctx: Context, unit: Unit, unit_ids: Collection[int]) -> dict[int, _Place]:
    """All that lies in or below these units, and what lies above them up to `unit`."""
    scope = [f"{root}%" for root in ctx.roots(OPEN)]
    tops = [path for (path,) in _rows(PATHS, {"units": list(unit_ids), "scope": scope})]
    above = {
        int(part)
        for path in tops
        if path.startswith(unit.path)
        for part in path.removeprefix(unit.path).split(".")[:-2]
    }
    if any(path.startswith(unit.path) for path in tops):
        above.add(unit.pk)
    told = {"tops": tops, "above": list(above), "scope": scope}
    return {row[0]: _Place(*row) for row in sorted(_rows(AREA, told), key=lambda row: row[1])}


def _owner(place: _Place, places: Mapping[int, _Place]) -> int:
    """Whose answer it is: a grid's is its village's."""
    while place.kind == "grid" and place.parent_id in places:
        place = places[place.parent_id]
    return place.id


def _called(seats: Sequence[Seat], owner: Mapping[int, int]) -> tuple[list[Member], list[Gap]]:
    members: dict[UUID, Member] = {}
    gaps: list[Gap] = []
    for seat in seats:
        unit = owner[seat.unit_id]
        if seat.person_id is None:
            gaps.append(Gap(unit, seat.kind, Lack.AWAY if seat.holder_id else Lack.VACANT, seat.holder_id))
        elif seat.person_id not in members:
            covered = seat.holder_id if seat.is_covered else None
            members[seat.person_id] = Member(unit, seat.person_id, seat.kind, covered, seat.next_id)
    return list(members.values()), gaps


def _rows(sql: str, told: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, told)
        return cursor.fetchall()
