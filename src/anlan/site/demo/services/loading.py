"""The demo's district and people, put in place set-wise; what is there already stays as it is."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import count
from random import Random
from typing import TYPE_CHECKING, Any

import shapely
from django.contrib.auth.hashers import make_password
from django.contrib.gis.geos import GEOSGeometry
from django.db import transaction

from anlan.kernel import seeds
from anlan.kernel.context import Context
from anlan.kernel.models import Grant, Role, Unit, User
from anlan.kernel.reach import ReachKind
from anlan.message.neighbour.models import Neighbour
from anlan.organisation.contact.models import ContactPoint
from anlan.organisation.contact.terms import VerifiedHow
from anlan.organisation.helper.models import Helper
from anlan.organisation.person.models import Person
from anlan.organisation.post.events import PostFounded
from anlan.organisation.post.models import Absence, Post, Posting
from anlan.organisation.post.terms import AbsenceReason, PostKind
from anlan.organisation.unit.models import UnitProfile
from anlan.site.demo import PASSWORD, areas, district, people
from anlan.watch.kind.services import load_standard_kinds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from anlan.kernel.models import Registered
    from anlan.site.demo.areas import Place
    from anlan.site.demo.district import Body
    from anlan.site.demo.people import Seat

IN_OFFICE_FOR = timedelta(days=500)  # longer ago than the last summer, in which stories are set
REPORTED_ON = date(2026, 3, 1)


@transaction.atomic
def load(scale: int = 1) -> None:
    """All units, their people and the cast. `scale` multiplies villages, grids and people."""
    bodies = list(district.units(scale))
    added = seeds.plant_units(bodies)
    new = [body for body in bodies if body.code in added]
    _describe(new, areas.places(bodies))
    _Staff(added).engage(new)
    _gather(added)
    _take_over_kinds()
    _agree(added)
    _welcome()


def _take_over_kinds() -> None:
    """Kinds of warning of each of the two districts."""
    ctx = Context(None, powers=frozenset({"watch.kind.edit"}))
    for code in (district.COUNTY, district.NEIGHBOUR):
        load_standard_kinds(ctx, seeds.unit_by_code(code))


def _agree(units: dict[str, Unit]) -> None:
    """Which village sends people to which, where somebody there cannot be reached."""
    found = [
        Neighbour(unit=units[row["unit"]], neighbour=units[row["neighbour"]], note=row["note"])
        for row in district.read_json("neighbours.json")
        if row["unit"] in units and row["neighbour"] in units
    ]
    for one in found:
        one.clean()
        one.search = one.document_of()
    Neighbour.unscoped.bulk_create(found)


def _describe(bodies: list[Body], places: dict[str, Place]) -> None:
    """The profiles of new units."""
    ids = dict(Unit.unscoped.filter(code__isnull=False).values_list("code", "pk"))
    profiles = [
        UnitProfile(
            unit_id=ids[body.code],
            answers_to_id=ids.get(body.answers_to),
            **_lies(places.get(body.code)),
        )
        for body in bodies
        if body.answers_to or body.code in places
    ]
    UnitProfile.unscoped.bulk_create(profiles, batch_size=seeds.BATCH)


def _gather(units: dict[str, Unit]) -> None:
    """Who has reported to the new communities to serve there."""
    found = [
        Helper(unit=units[code], since_on=REPORTED_ON, phone=f"100{90_000_000 + number:08}", **one)
        for number, (code, one) in enumerate(
            (code, one)
            for code, several in district.read_json("helpers.json").items()
            if code in units
            for one in several
        )
    ]
    for helper in found:
        helper.search = helper.document_of()
    Helper.unscoped.bulk_create(found)


def _lies(place: Place | None) -> dict[str, Any]:
    if place is None:
        return {}
    seat, area = (
        shape and GEOSGeometry(memoryview(shapely.to_wkb(shape)), srid=4326)
        for shape in (place.seat, place.area)
    )
    return {"seat": seat, "area": area, "is_sketch": True, "source": place.source}


class _Staff:
    """Posts of new units, who holds them, and how they are reached."""

    def __init__(self, units: dict[str, Unit]) -> None:
        self.units = units
        self.ctx = Context(None)
        self.now = self.ctx.now()
        self.numbers = count(1 + Person.unscoped.count() + ContactPoint.unscoped.count())
        self.people: list[Person] = []
        self.posts: list[Post] = []
        self.postings: list[Posting] = []
        self.contacts: list[ContactPoint] = []
        self.absences: list[Absence] = []

    def engage(self, bodies: Iterable[Body]) -> None:
        cast = district.read_json("cast.json")
        kept = {
            body.code: frozenset(one["post"] for one in cast if "post" in one and one["unit"] == body.code)
            for body in bodies
        }
        for body in bodies:
            if body.kind in people.WITH_A_LINE:
                self._install_line(self.units[body.code])
            self._fill(self.units[body.code], list(people.seats_of(body, kept[body.code])))
        for member in cast:
            if "title" in member and member["unit"] in self.units:
                self._hire(self.units[member["unit"]], member["username"], member["title"])
        self._write()

    def _fill(self, unit: Unit, seats: list[Seat]) -> None:
        holders: dict[int, Person] = {}
        for seat in seats:
            kind = PostKind(seat.kind)
            post = Post(
                unit=unit,
                kind=kind,
                name=seat.name or str(kind.label),
                field=seat.field,
                required=seat.required,
            )
            self.posts.append(post)
            if seat.holder is None:
                continue
            holder = self._hire(unit, str(seat.number), seat.title, seat.holder)
            self.contacts.append(self._mobile(holder, seat))
            holders[seat.number] = holder
            self._post(post, holder)
            if seat.covered_by in holders:
                self._post(post, holders[seat.covered_by], stand_in=True)
        away = [seat for seat in seats if seat.away_days]
        for seat in away:
            self.absences.append(self._absence(holders[seat.number], seat))

    def _hire(self, unit: Unit, key: str, title: str, name: str = "") -> Person:
        code = f"{unit.code}-{key}"
        name = name or people.name_of(Random(code))  # noqa: S311 - an invented name, no secret
        person = Person(unit=unit, code=code, name=name, title=title)
        self.people.append(person)
        return person

    def _post(self, post: Post, person: Person, *, stand_in: bool = False) -> None:
        since = self.now - IN_OFFICE_FOR
        self.postings.append(
            Posting(unit=post.unit, post=post, person=person, stand_in=stand_in, from_at=since)
        )

    def _mobile(self, person: Person, seat: Seat) -> ContactPoint:
        how = {"verified_at": self.now, "verified_how": VerifiedHow.IMPORT} if seat.verified else {}
        number = f"100{next(self.numbers):08}"
        return ContactPoint(
            unit=person.unit, person=person, kind=ReachKind.MOBILE, value=number, private=seat.private, **how
        )

    def _install_line(self, unit: Unit) -> None:
        number = f"000-{10_000_000 + next(self.numbers)}"
        name = people.plan()["line"]
        self.contacts.append(
            ContactPoint(unit=unit, kind=ReachKind.LAND_LINE, value=number, name=name, public=True)
        )

    def _absence(self, person: Person, seat: Seat) -> Absence:
        reasons = list(AbsenceReason)
        return Absence(
            unit=person.unit,
            person=person,
            from_at=self.now - timedelta(days=1),
            until_at=self.now + timedelta(days=seat.away_days),
            reason=reasons[seat.away_days % len(reasons)],
        )

    def _write(self) -> None:
        """All of it; a post that must be held and is vacant is told of, so that somebody owes to fill it."""
        found: tuple[Registered, ...] = (*self.people, *self.posts, *self.contacts)
        for record in found:
            record.search = record.document_of()
        Person.unscoped.bulk_create(self.people, batch_size=seeds.BATCH)
        Post.unscoped.bulk_create(self.posts, batch_size=seeds.BATCH)
        Posting.unscoped.bulk_create(self.postings, batch_size=seeds.BATCH)
        ContactPoint.unscoped.bulk_create(self.contacts, batch_size=seeds.BATCH)
        Absence.unscoped.bulk_create(self.absences, batch_size=seeds.BATCH)
        held = {posting.post_id for posting in self.postings}
        vacant = [post for post in self.posts if post.required and post.pk not in held]
        if vacant:
            self.ctx.journal_bulk(PostFounded(required=True), vacant)


def _welcome() -> None:
    """Those who may log in, each with the roles that he holds where the demo is set, and who he is there."""
    roles = {role.code: role for role in Role.objects.all()}
    password = make_password(PASSWORD)  # slow on purpose; all have the same
    for member in district.read_json("cast.json"):
        user, _is_new = User.objects.get_or_create(
            username=member["username"],
            defaults={"password": password, "display_name": member["display_name"]},
        )
        for one in (member, *member.get("also", ())):
            held = {
                "user": user,
                "role": roles[one["role"]],
                "scope_root": seeds.unit_by_code(one["unit"]),
                "line": one.get("line", ""),
            }
            if not Grant.objects.filter(**held).exists():
                Grant.objects.create(**held)
        if not Person.unscoped.filter(user=user).exists():
            _identify(user, seeds.unit_by_code(member["unit"]), member)


def _identify(user: User, unit: Unit, member: dict[str, str]) -> None:
    """Link a user to the one who holds his post, or to his own record."""
    if "post" in member:
        holds = {
            "postings__post__unit": unit,
            "postings__post__kind": member["post"],
            "postings__stand_in": False,
        }
        found = Person.unscoped.filter(**holds).order_by("code")
    else:
        found = Person.unscoped.filter(code=f"{unit.code}-{member['username']}")
    Person.unscoped.filter(pk__in=found.values("pk")[:1], user=None).update(user=user)
