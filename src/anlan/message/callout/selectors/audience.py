"""Who is called for an area, how each can be reached, and for which posts nobody can be: the same before and when it is done."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID  # noqa: TC003 - field of a dataclass

from django.db import connection

from anlan.kernel import arrays
from anlan.kernel.scope import require
from anlan.message.callout.terms import DUTY_LINE, PLACES, POSTS, Lack
from anlan.organisation.contact.selectors import list_best
from anlan.organisation.post.selectors import list_seats

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from anlan.kernel.context import Context
    from anlan.kernel.models import Unit
    from anlan.organisation.post.selectors import Seat

OPEN = "message.callout.open"
# Which ways a contact point serves; 0: it is the best for that.
SERVES = {
    "mobile": (("sms", 0), ("voice", 0)),
    "land_line": (("voice", 1),),
    "satellite": (("voice", 1),),
    "service": (("voice", 1),),
    "email": (("email", 0),),
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


class Member(NamedTuple):
    """One who is called.

    unit_id    whose answer it is
    person_id  None: whoever answers the unit's line
    ways       way → number or address; "app" → blank
    """

    unit_id: int
    person_id: UUID | None
    post: str
    holder_id: UUID | None
    stand_in_id: UUID | None
    ways: Mapping[str, str]


class Ways(NamedTuple):
    """How people, and units as such, are reached: way → number."""

    of_people: Mapping[UUID | None, Mapping[str, str]]
    of_units: Mapping[int, Mapping[str, str]]


@dataclass(frozen=True)
class Gap:
    """A post for which nobody is called, or one who is and has no way to be reached."""

    unit_id: int
    post: str
    lack: Lack
    person_id: UUID | None = None


@dataclass(frozen=True)
class Audience:
    """units: the places that answer for somebody, in the order of the tree; ways: also of those who stand in."""

    members: tuple[Member, ...]
    gaps: tuple[Gap, ...]
    units: tuple[int, ...]
    ways: Ways


@dataclass(frozen=True)
class _Place:
    id: int
    path: str
    kind: str
    parent_id: int | None


def list_audience(
    ctx: Context, unit: Unit, unit_ids: Collection[int], *, alone: Collection[int] = ()
) -> Audience:
    """Whom `unit` calls for these units: posts in them, below them and up the line to itself, and their own lines.

    alone  further units, without those below them

    A person is called once, for the first of his posts; who is away is stood in for. A place where nobody holds a post is
    called on its own line; so is one that has a line beside its posts. Everything lies in the caller's scope.
    """
    require(ctx, OPEN, unit)
    places = _area(ctx, unit, unit_ids, alone)
    owner = {place.id: _owner(place, places) for place in places.values()}
    # Who holds a post is real in a drill, too.
    seats = list_seats(
        replace(ctx, exercise=None), capability=OPEN, unit_ids=list(places), kinds=POSTS, at=ctx.now()
    )
    order = {kind: number for number, kind in enumerate(POSTS)}
    seats.sort(key=lambda seat: (order[seat.kind], places[seat.unit_id].path, seat.number))
    asked, gaps = _asked(seats, owner)
    people = {one for seat in asked.values() for one in (seat.person_id, seat.next_id) if one}
    standing = [place.id for place in places.values() if place.kind in PLACES]
    ways = list_ways(ctx, people, standing)
    members = [
        Member(
            owner[seat.unit_id],
            person,
            seat.kind,
            seat.holder_id if seat.is_covered else None,
            seat.next_id,
            ways.of_people.get(person, {}),
        )
        for person, seat in asked.items()
    ]
    manned = {one.unit_id for one in members}
    members += [
        Member(place, None, DUTY_LINE, None, None, ways.of_units.get(place, {}))
        for place in standing
        if place in ways.of_units or place not in manned
    ]
    gaps += [Gap(one.unit_id, one.post, Lack.NO_WAY, one.person_id) for one in members if not one.ways]
    members.sort(key=lambda one: places[one.unit_id].path)
    units = dict.fromkeys(one.unit_id for one in members)
    return Audience(tuple(members), tuple(gaps), tuple(units), ways)


def list_ways(ctx: Context, people: Collection[UUID], units: Collection[int]) -> Ways:
    """How people, and units as such, are reached. Whom to send to is the caller's to answer for."""
    of_people: dict[UUID | None, dict[str, str]] = {}
    of_units: dict[int, dict[str, str]] = {}
    for line in list_best(ctx, people, units):
        ways = (
            of_people.setdefault(line.person_id, {})
            if line.person_id
            else of_units.setdefault(line.unit_id, {})
        )
        for way, rank in SERVES.get(line.kind, ()):
            if rank == 0 or way not in ways:
                ways[way] = line.value
    for (person,) in _rows(USERS, {"people": arrays.of_plain(people)}) if people else ():
        of_people.setdefault(person, {})["app"] = ""
    return Ways(of_people, {unit: ways for unit, ways in of_units.items() if ways})


def _area(ctx: Context, unit: Unit, unit_ids: Collection[int], alone: Collection[int]) -> dict[int, _Place]:
    """All that lies in or below these units, what lies above them up to `unit`, and what is named alone."""
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
    told = {"tops": tops, "above": list(above.union(alone)), "scope": scope}
    return {row[0]: _Place(*row) for row in sorted(_rows(AREA, told), key=lambda row: row[1])}


def _owner(place: _Place, places: Mapping[int, _Place]) -> int:
    """Whose answer it is: a grid's is its village's."""
    while place.kind == "grid" and (above := places.get(place.parent_id or 0)):
        place = above
    return place.id


def _asked(seats: Sequence[Seat], owner: Mapping[int, int]) -> tuple[dict[UUID, Seat], list[Gap]]:
    """Each person's first seat, and the seats for which nobody can be asked."""
    asked: dict[UUID, Seat] = {}
    gaps: list[Gap] = []
    for seat in seats:
        if seat.person_id is None:
            lack = Lack.AWAY if seat.holder_id else Lack.VACANT
            gaps.append(Gap(owner[seat.unit_id], seat.kind, lack, seat.holder_id))
        else:
            asked.setdefault(seat.person_id, seat)
    return asked, gaps


def _rows(sql: str, told: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, told)
        return list(cursor.fetchall())
