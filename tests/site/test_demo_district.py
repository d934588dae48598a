"""The demo's district as it stands in the database: whole, repeatable, everything invented or sketched marked as such."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
import shapely
from django.db import transaction
from django.urls import get_resolver

from anlan.kernel import rules, scope, seeds
from anlan.kernel.context import Context
from anlan.kernel.models import Grant, Obligation, Unit, User
from anlan.organisation.contact.models import ContactPoint
from anlan.organisation.helper.models import Helper
from anlan.organisation.person.models import Person
from anlan.organisation.post.models import Absence, Post, Posting
from anlan.organisation.post.selectors import READ, list_seats
from anlan.organisation.post.terms import PostKind
from anlan.organisation.unit.models import UnitProfile
from anlan.site import demo
from anlan.site.demo import areas, district, people
from anlan.site.demo.services import loading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django import DjangoAssertNumQueries, DjangoDbBlocker

MARK = "（演示）"
SQUARE_DEGREE = 111.32 * 111.0  # km² on the equator, where areas are reckoned with a narrowed longitude


@pytest.fixture(scope="module")
def loaded(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The demo's data, once for all tests that don't load it themselves; they are undone within it."""
    with django_db_blocker.unblock(), transaction.atomic():
        seeds.load_roles()
        assert (
            get_resolver().url_patterns
        )  # rooms declare some of the events that rules name with their pages
        rules.load_all()
        demo.ensure(1)
        yield
        transaction.set_rollback(True)


@pytest.fixture
def demo_data(loaded: None, db: None) -> None:
    """The district and its cast."""


def kinds_below(code: str) -> Counter[str]:
    path = Unit.unscoped.get(code=code).path
    return Counter(Unit.unscoped.filter(path__startswith=path).values_list("kind", flat=True))


def test_a_demo_s_database_is_refused_for_real_use_and_goes_on_as_a_demo(demo_data: None) -> None:
    before = list(Unit.unscoped.values_list("pk", "code", "version"))
    granted = Grant.objects.count()
    assert "ANLAN_VAR" in demo.why_not("up")
    assert not demo.why_not("demo")
    loading.load()
    assert list(Unit.unscoped.values_list("pk", "code", "version")) == before
    assert Grant.objects.count() == granted


def test_a_second_start_asks_one_question(
    demo_data: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        demo.ensure(1)


def test_the_district_has_its_official_divisions_and_the_bodies_of_a_district(demo_data: None) -> None:
    kinds = kinds_below(district.COUNTY)
    assert (kinds["street"], kinds["township"], kinds["park"]) == (6, 24, 7)
    assert kinds["village"] + kinds["community"] == 745
    assert kinds["grid"] == 2 * 745
    assert (kinds["party"], kinds["committee"], kinds["office"], kinds["headquarters"]) == (1, 1, 1, 15)
    assert kinds["government"] == 1 + 37
    assert kinds_below(district.NEIGHBOUR)["township"] > 10
    marked = Unit.unscoped.filter(name__contains=MARK)
    assert {unit.kind for unit in marked} == {"city", "district"}
    assert Unit.unscoped.get(code="120114109248001").name == "大友垡村第一网格"
    bureau = UnitProfile.unscoped.get(unit__code="D-WQ-emergency")
    assert (bureau.unit.line, str(bureau.answers_to)) == ("emergency", "天津市应急管理局")


def test_siblings_stand_in_the_order_of_the_official_list(demo_data: None) -> None:
    towns = Unit.unscoped.filter(parent__code=district.COUNTY, code__startswith="120114").order_by("path")
    codes = list(towns.values_list("code", flat=True))
    assert codes == sorted(codes)


def test_the_cast_logs_in_where_it_works(demo_data: None) -> None:
    assert User.objects.get(username="village").check_password(demo.PASSWORD)
    granted = Grant.objects.order_by("-pk").values_list("user__username", "scope_root__name")
    assert ("leader", "武清区防汛抗旱指挥部") in granted
    roots = dict(granted)  # of each the first one
    assert roots["duty"] == roots["leader"] == "武清区（演示）"
    assert roots["town"] == roots["clerk"] == "河西务镇"
    assert (roots["neighbour"], roots["village"]) == ("宝坻区（演示）", "大友垡村委会")
    assert roots["city"] == roots["system"] == roots["security"] == roots["auditor"] == "天津市（演示）"


def test_a_larger_demo_has_more_villages_and_grids_and_the_same_towns(demo_data: None) -> None:
    demo.ensure(2)
    kinds = kinds_below(district.COUNTY)
    assert kinds["village"] + kinds["community"] == 2 * 745
    assert kinds["grid"] == 4 * 745
    assert kinds["township"] == 24
    held = Posting.unscoped.filter(stand_in=False, post__kind="grid_member")
    assert 0.95 * 4 * 745 < held.count() <= 4 * 745
    assert ContactPoint.unscoped.values("value").distinct().count() == ContactPoint.unscoped.count()
    assert Unit.unscoped.get(code="120114109248-2").name == "大友垡村委会（扩展 2）"


def test_sketched_areas_fill_what_they_lie_in_and_hold_their_seats() -> None:
    bodies = list(district.units(1))
    places = areas.places(bodies)
    parents = {body.code: body.parent for body in bodies}
    assert shapely.is_valid([place.area for place in places.values()]).all()
    within: Counter[str] = Counter()
    for code, place in places.items():
        assert place.seat is None or place.area.buffer(1e-9).contains(place.seat), code
        within[parents[code]] += place.area.area
    for code in {parents[code] for code in places} & places.keys() - {district.COUNTY}:
        assert within[code] == pytest.approx(places[code].area.area, rel=1e-6), code
    # The parks' discs are cut out of the towns; one of them reaches beyond the county by a hair.
    assert within[district.COUNTY] == pytest.approx(places[district.COUNTY].area.area, rel=1e-3)
    area_km2 = places[district.COUNTY].area.area * areas.NARROW * SQUARE_DEGREE
    assert area_km2 == pytest.approx(1574, rel=0.01)  # the official figure


def test_areas_are_the_same_at_each_load_and_marked_as_sketches(demo_data: None) -> None:
    again = areas.places(list(district.units(1)))
    for profile in UnitProfile.unscoped.exclude(area=None).select_related("unit")[::50]:
        assert shapely.from_wkb(profile.area.wkb.tobytes()) == again[profile.unit.code].area, profile
    profiles = UnitProfile.unscoped.exclude(area=None)
    assert profiles.count() == 2 + 37 + 14 + 3 * 745
    assert not profiles.filter(is_sketch=False).exists()
    assert not profiles.filter(source="").exists()
    assert "GeoNames" in profiles.get(unit__code="120114103000").source


def test_posts_are_held_by_invented_people_who_are_reached_by_numbers_of_nobody(demo_data: None) -> None:
    assert Person.unscoped.count() > 745 * 4
    numbers = dict(ContactPoint.unscoped.values_list("value", "kind"))
    assert len(numbers) == ContactPoint.unscoped.count()
    assert all(
        value.startswith({"mobile": "100", "land_line": "000-1"}[kind]) for value, kind in numbers.items()
    )
    for contact in ContactPoint.unscoped.all()[::500]:
        contact.clean()
    with_a_line = ContactPoint.unscoped.filter(public=True).values_list("unit__name", flat=True)
    assert {"武清区（演示）", "河西务镇", "武清区应急管理办公室"} <= set(with_a_line)
    without = Person.unscoped.filter(contact_points=None).values_list("user__username", flat=True)
    assert sorted(without) == ["auditor", "security", "system", "water"]
    for post in Post.unscoped.filter(kind=PostKind.FIELD_LEADER)[::20]:
        post.clean()


def test_some_posts_are_vacant_and_somebody_owes_to_fill_them(demo_data: None) -> None:
    held = Posting.unscoped.filter(stand_in=False).values("post")
    vacant = Post.unscoped.exclude(pk__in=held).filter(required=True)
    assert 10 < vacant.count() < 60
    owed = Obligation.unscoped.filter(subject_kind="post.post")
    assert set(owed.values_list("subject", "unit_id")) == {(str(post.pk), post.unit_id) for post in vacant}


def test_some_are_away_and_most_of_them_are_stood_in_for(demo_data: None) -> None:
    away = set(Absence.unscoped.values_list("person_id", flat=True))
    assert 20 < len(away) < 80
    assert not Person.unscoped.filter(pk__in=away).exclude(user=None).exists()
    town = Unit.unscoped.get(code="120114109000")
    seats = {
        seat.kind: seat for seat in list_seats(Context(None, powers=frozenset({READ})), unit_ids=[town.pk])
    }
    assert seats["government_first"].person_id == User.objects.get(username="town").person.pk
    assert Posting.unscoped.filter(stand_in=True, post__kind="disaster_officer").count() > 700


def test_each_of_the_cast_is_somebody_and_holds_what_his_log_in_says(demo_data: None) -> None:
    held = Posting.unscoped.filter(stand_in=False).exclude(person__user=None)
    assert dict(held.values_list("person__user__username", "post__kind")) == {
        "duty": "duty_contact",
        "leader": "field_leader",
        "town": "government_first",
        "clerk": "liaison",
        "village": "government_first",
        "neighbour": "duty_contact",
        "city": "duty_contact",
    }
    assert Person.unscoped.exclude(user=None).count() == len(district.read_json("cast.json"))


def test_the_water_officer_reaches_the_water_bureau_alone(demo_data: None) -> None:
    water = Context(User.objects.get(username="water"))
    seen = set(scope.visible(water, Unit, "organisation.unit.read").values_list("name", flat=True))
    assert "武清区水务局" in seen
    assert {"武清区（演示）", "武清区气象局", "天津市水务局"}.isdisjoint(seen)


def test_people_have_reported_to_a_village(demo_data: None) -> None:
    helpers = Helper.unscoped.filter(unit__code="120114109248")
    assert {"转移组", "安置组", "巡查组"} <= set(helpers.values_list("team", flat=True))
    for helper in helpers:
        helper.clean()
        assert helper.phone.startswith("100")


def test_people_are_the_same_at_each_load() -> None:
    body = next(body for body in district.units(1) if body.code == "120114109000")
    assert list(people.seats_of(body, frozenset())) == list(people.seats_of(body, frozenset()))
