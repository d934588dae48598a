"""Posts: founding, appointing, ending, absence, the duty to fill them, and the four of an emergency office."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from anlan.kernel import escalation, rules
from anlan.kernel.clock import real_now
from anlan.kernel.errors import NotAllowed, NotFound, StateConflict
from anlan.kernel.models import Due, Entry, Obligation
from anlan.kernel.register import acts
from anlan.kernel.seeds import plant_unit
from anlan.kernel.terms import ObligationState
from anlan.organisation.person.register import PEOPLE
from anlan.organisation.post import handlers, selectors, services
from anlan.organisation.post.models import Absence, Posting
from anlan.organisation.post.register import POSTS
from anlan.organisation.post.terms import PostKind
from tests.cast import acting
from tests.organisation.people import make_person
from tests.organisation.posts import NODE, appoint, make_post

if TYPE_CHECKING:
    from collections.abc import Callable

    from anlan.kernel.context import Context
    from tests.cast import World

DAY = timedelta(days=1)
APPOINT = "organisation.post.appoint"


@pytest.fixture
def head(world: World) -> Context:
    return acting(world.person("head", "unit_head", world.town))


def fields_wrong(act: Callable[[], object]) -> list[str]:
    with pytest.raises(ValidationError) as wrong:
        act()
    return list(wrong.value.message_dict)


def duties() -> list[str]:
    found = Obligation.unscoped.filter(rule__code="organisation-post-fill").order_by("pk")
    return list(found.values_list("state", flat=True))


def test_appointing_is_for_who_may_over_that_unit(world: World, head: Context) -> None:
    person = make_person(world.town)
    posting = services.appoint_person(head, make_post(world.town).pk, person.pk, acting=True)
    entry = Entry.objects.get(event="organisation.post.appointed")
    assert entry.data["posting"] == str(posting.pk)
    assert entry.data["person"] == str(person.pk)
    with pytest.raises(NotFound):
        services.appoint_person(head, make_post(world.neighbour_town).pk, person.pk)
    with pytest.raises(NotAllowed):
        services.appoint_person(acting(world.clerk), make_post(world.district).pk, person.pk)


def test_a_seat_has_one_holder_and_a_person_holds_a_post_once(world: World, head: Context) -> None:
    post, first, second = make_post(world.town), make_person(world.town), make_person(world.town)
    services.appoint_person(head, post.pk, first.pk)
    assert fields_wrong(lambda: services.appoint_person(head, post.pk, first.pk)) == ["person"]
    assert fields_wrong(lambda: services.appoint_person(head, post.pk, second.pk)) == ["person"]
    given: dict[str, Any] = {"unit": world.town, "post": post, "from_at": real_now()}
    for more in ({"person": second}, {"person": first, "rank": 2}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Posting.unscoped.create(**given, **more)


def test_a_post_of_two_seats_has_two_holders(world: World, head: Context) -> None:
    post = make_post(world.town, PostKind.RANGER, seats=2)
    for name in "甲乙":
        services.appoint_person(head, post.pk, make_person(world.town, name).pk)
    assert len({seat.holder_id for seat in selectors.list_seats(head)}) == 2
    third = make_person(world.town, "丙")
    assert fields_wrong(lambda: services.appoint_person(head, post.pk, third.pk)) == ["person"]


@pytest.mark.parametrize(
    ("times", "field"), [({"from_at": DAY}, "from_at"), ({"until_at": -DAY}, "until_at")]
)
def test_times_that_do_not_fit_are_refused_at_their_field(
    world: World, head: Context, times: dict[str, timedelta], field: str
) -> None:
    post, person = make_post(world.town), make_person(world.town)
    given: dict[str, Any] = {name: real_now() + shift for name, shift in times.items()}
    assert fields_wrong(lambda: services.appoint_person(head, post.pk, person.pk, **given)) == [field]


def test_ending_twice_is_refused(world: World, head: Context) -> None:
    posting = appoint(make_post(world.town), make_person(world.town))
    services.end_posting(head, posting.pk)
    with pytest.raises(StateConflict):
        services.end_posting(head, posting.pk)
    assert Entry.objects.filter(event="organisation.post.posting_ended").count() == 1


def test_a_vacancy_is_owed_until_it_is_filled_and_again_when_it_falls_vacant(
    world: World, head: Context
) -> None:
    rules.load_all()
    post = make_post(world.town)
    assert duties() == [ObligationState.OPEN]
    posting = services.appoint_person(head, post.pk, make_person(world.town).pk)
    assert duties() == [ObligationState.FULFILLED]
    services.end_posting(head, posting.pk)
    assert duties() == [ObligationState.FULFILLED, ObligationState.OPEN]
    acts.retire_record(NODE, POSTS, post.pk, reason="撤并")
    assert duties() == [ObligationState.FULFILLED, ObligationState.WITHDRAWN]
    make_post(world.town, PostKind.OTHER, required=False)
    assert len(duties()) == 2


def test_a_posting_ends_when_its_time_has_come(world: World) -> None:
    rules.load_all()
    posting = appoint(make_post(world.town), make_person(world.town), until_at=real_now() + DAY)
    timer = Due.objects.get(kind=services.END, key=str(posting.pk))
    Posting.unscoped.filter(pk=posting.pk).update(from_at=real_now() - DAY, until_at=real_now())
    handlers.end(NODE, [timer])
    assert duties() == [ObligationState.FULFILLED, ObligationState.OPEN]


def test_who_is_retired_leaves_all_his_posts(world: World) -> None:
    person = make_person(world.town)
    appoint(make_post(world.town), person)
    appoint(make_post(world.district), person)
    acts.retire_record(acting(world.clerk), PEOPLE, person.pk, reason="调离")
    handlers.vacate(NODE, Entry.objects.get(event="organisation.person.retired"))
    assert not selectors.list_postings_held(NODE, person.pk)


def test_absences_of_one_person_do_not_overlap(world: World, head: Context) -> None:
    person, now = make_person(world.town), real_now()

    def report(**more: Any) -> Absence:
        given = {"from_at": now, "until_at": now + DAY, "reason": "leave"}
        return services.report_absence(head, person.pk, **(given | more))

    assert fields_wrong(lambda: report(until_at=now - DAY)) == ["until_at"]
    assert fields_wrong(lambda: report(stand_in_id=person.pk)) == ["stand_in"]
    absence = report()
    assert fields_wrong(report) == ["from_at"]
    services.end_absence(head, absence.pk)
    with pytest.raises(StateConflict):
        services.end_absence(head, absence.pk)
    report(from_at=now + 2 * DAY, until_at=None)


def test_an_absence_is_reported_over_one_s_own_people_only(world: World, head: Context) -> None:
    stranger = make_person(world.neighbour_town)
    with pytest.raises(NotFound):
        services.report_absence(head, stranger.pk, from_at=real_now(), until_at=None, reason="leave")


def test_a_county_must_have_what_a_district_must(world: World) -> None:
    from anlan.kernel.seeds import plant_unit  # noqa: PLC0415 - only here

    county = plant_unit("T-1-3", "丙县", "county", world.city)
    missing = selectors.list_missing(NODE)
    kinds = {
        unit: {one.kind for one in missing if one.unit_id == unit.pk} for unit in (county, world.district)
    }
    assert kinds[county] == kinds[world.district] != set()


def test_missing_posts_are_founded_for_all_units_once(world: World) -> None:
    ctx = acting(world.person("keeper", "security_administrator", world.district))
    missing = {(one.unit_id, one.kind) for one in selectors.list_missing(ctx)}
    assert (world.town.pk, PostKind.PARTY_FIRST) in missing
    made = services.found_missing_posts(ctx)
    assert {(post.unit_id, post.kind) for post in made} == missing
    assert services.found_missing_posts(ctx) == []
    assert {post.unit_id for post in selectors.list_vacant(ctx)} == {world.town.pk, world.district.pk}
    assert not selectors.list_vacant(acting(world.neighbour))


def test_the_four_of_an_emergency_office_are_owed_each_year_and_need_proof(
    world: World, head: Context
) -> None:
    rules.load_all()
    office = plant_unit(None, "河西镇应急办", "office", world.town)
    escalation.open_recurring(NODE, real_now().date())
    duty = Obligation.unscoped.get(rule__code="organisation-post-four-in-place")
    assert duty.unit == office
    proofs = {"body": "编发〔2026〕1号", "duties": "府办发〔2026〕2号", "establishment": "", "staff": "5 人"}
    assert not services.check_office(head, office.pk, proofs=proofs).is_complete
    duty.refresh_from_db()
    assert duty.state == ObligationState.OPEN
    assert services.check_office(head, office.pk, proofs=proofs | {"establishment": "5 名"}).is_complete
    duty.refresh_from_db()
    assert duty.state == ObligationState.FULFILLED
    with pytest.raises(NotFound):
        services.check_office(head, world.town.pk, proofs=proofs)
