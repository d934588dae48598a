"""People on pages: personal data masked, wrong input keeps what was typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse

from anlan.kernel import history
from anlan.kernel.register import acts
from anlan.organisation.person.models import Person
from anlan.organisation.person.register import PEOPLE
from tests.cast import acting
from tests.organisation.people import make_person

if TYPE_CHECKING:
    from django.test import Client

    from tests.cast import World

IDENTITY = "110101199003070011"


def test_an_identity_number_is_masked_on_the_page_and_in_its_history(world: World, door: Client) -> None:
    person = make_person(world.town, identity=IDENTITY)
    acts.edit_record(acting(world.clerk), PEOPLE, person.pk, version=1, identity="110101199003070038")
    (change,) = history.list_changes(acting(world.officer), person, "organisation.person.read").changes
    assert [(cell.name, cell.before) for cell in change.cells] == [("身份证号", "110•••••••••••••11")]
    door.force_login(world.officer)
    page = door.get(reverse("person_detail", args=[person.pk])).content.decode()
    assert "110••••" in page
    assert IDENTITY not in page


def test_what_was_typed_stays_beside_the_error(world: World, door: Client) -> None:
    door.force_login(world.clerk)
    given = {"unit": world.town.pk, "name": "李建国", "identity": "12", "title": "副镇长"}
    page = door.post(reverse("person_create"), given).content.decode()
    assert "校验码不符" in page
    assert 'value="副镇长"' in page
    assert not Person.unscoped.exists()


def test_a_unit_s_page_leads_to_its_people_and_to_entering_them(world: World, door: Client) -> None:
    address = reverse("unit_detail", args=[world.town.pk])
    door.force_login(world.clerk)
    page = door.get(address).content.decode()
    assert f"{reverse('person_list')}?unit={world.town.pk}" in page
    assert f"{reverse('person_create')}?unit={world.town.pk}" in page
    door.force_login(world.holder("organisation.unit.read", world.town))
    assert reverse("person_list") not in door.get(address).content.decode()


def test_a_person_s_account_is_linked_on_his_page(world: World, door: Client) -> None:
    person = make_person(world.town)
    door.force_login(world.person("keeper", "security_administrator", world.district))
    address = reverse("person_link", args=[person.pk])
    assert "没有这个登录名" in door.post(address, {"username": "谁"}).content.decode()
    assert door.post(address, {"username": world.clerk.username}).status_code == 302
    assert world.clerk.username in door.get(reverse("person_detail", args=[person.pk])).content.decode()
