"""Who has registered with a community: grouped in normal times, enlisted on the spot, let go."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from anlan.kernel.clock import real_now
from anlan.kernel.errors import DomainError, NotAllowed, NotFound, StateConflict
from anlan.kernel.models import Entry, PrivateNote
from anlan.kernel.register import acts
from anlan.kernel.seeds import plant_unit
from anlan.organisation.helper import selectors, services
from anlan.organisation.helper.models import Enlistment, Helper
from anlan.organisation.helper.register import HELPERS
from tests.cast import acting, enter
from tests.organisation.helper.helpers import PHONE, enlist, make_helper

if TYPE_CHECKING:
    from django.test import Client

    from anlan.kernel.context import Context
    from tests.cast import World

pytestmark = pytest.mark.django_db
WORK = {"team": "转移组", "task": "协助河东片转移"}


@pytest.fixture
def clerk(world: World) -> Context:
    return acting(world.clerk)


@pytest.fixture
def town(world: World, door: Client) -> Client:
    enter(door, world.clerk)
    return door


def enlisted(ctx: Context) -> list[str]:
    return [one.helper.name for one in selectors.list_enlisted(ctx)]


# --- in normal times ----------------------------------------------------------------------------------------------


def test_the_community_s_page_shows_who_has_registered_there_by_team(world: World, town: Client) -> None:
    make_helper(world.town, team="巡查组", employer="区水务局")
    make_helper(world.town, "李建国")
    page = town.get(reverse("unit_detail", args=[world.town.pk])).content.decode()
    for word in ("巡查组", "王秀兰", "区水务局", "未编组", "李建国"):
        assert word in page
    assert "在编" not in page


def test_numbers_are_kept_one_way_and_masked(world: World, clerk: Context, town: Client) -> None:
    given = {"unit": world.town, "name": "王 秀兰", "phone": "100 0000-1234"}
    helper = acts.create_record(clerk, HELPERS, **given)
    assert (helper.name, helper.phone) == ("王秀兰", PHONE)
    page = town.get(reverse("helper_detail", args=[helper.pk])).content.decode()
    assert "100••••1234" in page
    assert PHONE not in page
    with pytest.raises(ValidationError):
        acts.create_record(clerk, HELPERS, **given | {"phone": "123"})


def test_they_are_found_by_what_they_can_do_and_whether_they_are_free(world: World, town: Client) -> None:
    make_helper(world.town, skills=["medical"])
    enlist(make_helper(world.town, "李建国", skills=["drive"]))

    def listed(**asked: str) -> str:
        return town.get(reverse("helper_list"), asked).content.decode()

    assert "王秀兰" in listed(skill="medical")
    assert "李建国" not in listed(skill="medical")
    assert "王秀兰" in listed(enlisted="0")
    assert "李建国" not in listed(enlisted="0")
    assert "李建国" in listed(enlisted="1")


# --- on the spot --------------------------------------------------------------------------------------------------


def test_several_are_enlisted_at_once_and_let_go(world: World, clerk: Context) -> None:
    helpers = [make_helper(world.town, name) for name in ("王秀兰", "李建国")]
    made = services.enlist_helpers(clerk, [one.pk for one in helpers], **WORK)
    assert sorted(enlisted(clerk)) == ["李建国", "王秀兰"]
    assert selectors.count_enlisted(clerk) == {"people": 2, "units": 1}
    services.release_helpers(clerk, [made[0].pk])
    assert len(enlisted(clerk)) == 1
    with pytest.raises(StateConflict):
        services.release_helpers(clerk, [one.pk for one in made])
    assert len(enlisted(clerk)) == 1
    freed = made[0].helper
    again = services.enlist_helpers(clerk, [freed.pk], **WORK)
    assert [one.pk for one in selectors.list_enlistments(clerk, freed)] == [again[0].pk, made[0].pk]


def test_it_is_written_down_without_words_about_people(world: World, clerk: Context) -> None:
    enlist(make_helper(world.town))
    entry = Entry.objects.get(event="organisation.helper.enlisted")
    assert "河东" not in str(entry.data)
    assert {note.text for note in PrivateNote.objects.filter(entry=entry)} == set(WORK.values())


def test_nobody_is_enlisted_twice_and_then_none_of_them_is(world: World, clerk: Context) -> None:
    busy, free = make_helper(world.town), make_helper(world.town, "李建国")
    enlist(busy)
    with pytest.raises(DomainError, match="王秀兰已经编入"):
        services.enlist_helpers(clerk, [busy.pk, free.pk], **WORK)
    assert enlisted(clerk) == ["王秀兰"]
    with pytest.raises(IntegrityError), transaction.atomic():
        Enlistment.unscoped.create(unit=world.town, helper=busy, from_at=real_now(), **WORK)


def test_only_one_s_own_community_s_people_are_enlisted(world: World, clerk: Context) -> None:
    own, other = make_helper(world.town), make_helper(world.neighbour_town)
    with pytest.raises(NotFound):
        services.enlist_helpers(clerk, [own.pk, other.pk], **WORK)
    gone = make_helper(world.town, "李建国", retired_at=real_now())
    with pytest.raises(NotFound):
        services.enlist_helpers(clerk, [gone.pk], **WORK)
    elsewhere = enlist(other)[0]
    with pytest.raises(NotFound):
        services.release_helpers(clerk, [elsewhere.pk])
    with pytest.raises(NotAllowed):
        services.enlist_walk_in(clerk, world.neighbour_town, name="赵强", phone=PHONE, **WORK)
    assert enlisted(clerk) == []


def test_a_township_sends_those_of_one_village_to_another_and_no_further(
    world: World, clerk: Context, town: Client
) -> None:
    east, west = (plant_unit(f"T-{name}", f"{name}村", "village", world.town) for name in ("河东", "河西"))
    helper = make_helper(east)
    page = town.post(reverse("helper_enlist"), {"id": helper.pk}).content.decode()
    assert "支援的社区、村" in page
    asked = {"id": helper.pk, "done": "1", "unit": west.pk, **WORK}
    assert town.post(reverse("helper_enlist"), asked).status_code == 302
    made = Enlistment.unscoped.get()
    assert (made.unit, made.helper.unit) == (west, east)
    assert [one.helper for one in selectors.list_enlisted(clerk, west)] == [helper]
    services.release_helpers(clerk, [made.pk])
    with pytest.raises(NotAllowed):
        services.enlist_helpers(clerk, [helper.pk], **WORK, unit=world.neighbour_town)


def test_a_time_to_come_is_refused_one_before_is_kept(world: World, clerk: Context) -> None:
    helper, hour = make_helper(world.town), timedelta(hours=1)
    with pytest.raises(ValidationError):
        services.enlist_helpers(clerk, [helper.pk], **WORK, from_at=real_now() + hour)
    since = real_now() - hour
    assert services.enlist_helpers(clerk, [helper.pk], **WORK, from_at=since)[0].from_at == since


def test_the_ticked_ones_are_enlisted_from_the_list(world: World, town: Client) -> None:
    helper = make_helper(world.town, team="转移组")
    address, ids = reverse("helper_enlist"), {"id": [str(helper.pk)]}
    page = town.post(address, ids).content.decode()
    assert 'value="转移组"' in page
    assert not Enlistment.unscoped.exists()
    refused = town.post(address, {**ids, "done": "1", "team": "转移组"}).content.decode()
    assert 'aria-invalid="true"' in refused
    page = town.post(address, {**ids, "done": "1", **WORK}, follow=True).content.decode()
    assert "1 个社区、村，在编 1 人" in page
    assert "协助河东片转移" in page
    assert "在编" in town.get(reverse("unit_detail", args=[world.town.pk])).content.decode()


def test_one_who_was_not_registered_is_by_being_enlisted(world: World, town: Client) -> None:
    given = {"unit": world.town.pk, "name": "赵强", "phone": PHONE, **WORK}
    wrong = town.post(reverse("helper_walk_in"), given | {"phone": "12"}).content.decode()
    assert "11 位" in wrong
    assert 'value="赵强"' in wrong
    assert not Helper.unscoped.exists()
    page = town.post(reverse("helper_walk_in"), given, follow=True).content.decode()
    assert "现场报到" in page
    helper = Helper.unscoped.get()
    assert (helper.unit, helper.walk_in, helper.since_on) == (
        world.town,
        True,
        real_now().astimezone().date(),
    )
    neighbours = given | {"unit": world.neighbour_town.pk}
    assert "不在您的管理范围内" in town.post(reverse("helper_walk_in"), neighbours).content.decode()


def test_an_open_page_fetches_the_list_alone(world: World, town: Client) -> None:
    enlist(make_helper(world.town))
    part = town.get(reverse("helper_enlisted"), headers={"HX-Request": "true"}).content.decode()
    assert "王秀兰" in part
    assert "<html" not in part
    assert town.get(reverse("helper_enlisted"), {"unit": world.neighbour_town.pk}).status_code == 404
