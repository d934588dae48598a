"""Contact points on pages: one click from the person, masked unless one gives a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse

from anlan.kernel.models import Entry
from anlan.organisation.contact.models import ContactPoint
from tests.organisation.people import MOBILE, make_contact, make_person

if TYPE_CHECKING:
    from django.test import Client

    from tests.cast import World


def test_a_number_is_added_from_the_person_s_page(world: World, door: Client) -> None:
    person = make_person(world.town)
    door.force_login(world.clerk)
    page = door.get(reverse("person_detail", args=[person.pk])).content.decode()
    address = f"{reverse('contact_create')}?unit={world.town.pk}&amp;person={person.pk}"
    assert address in page
    form = door.get(address.replace("&amp;", "&")).content.decode()
    assert form.count("checked") >= 2
    given = {"unit": world.town.pk, "person": person.pk, "kind": "mobile", "value": MOBILE, "rank": 1}
    assert door.post(reverse("contact_create"), given).status_code == 302
    assert MOBILE in door.get(reverse("person_detail", args=[person.pk])).content.decode()


def test_a_wrong_number_is_told_how_to_write_it_and_stays(world: World, door: Client) -> None:
    door.force_login(world.clerk)
    given = {"unit": world.town.pk, "kind": "mobile", "value": "10000", "rank": 1}
    page = door.post(reverse("contact_create"), given).content.decode()
    assert "11 位数字" in page
    assert 'value="10000"' in page
    assert not ContactPoint.unscoped.exists()


def test_a_private_number_is_seen_for_a_reason_that_is_written_down(world: World, door: Client) -> None:
    contact = make_contact(make_person(world.town), private=True)
    address = reverse("contact_look", args=[contact.pk])
    door.force_login(world.clerk)
    assert MOBILE not in door.get(reverse("contact_detail", args=[contact.pk])).content.decode()
    assert door.post(address, {"reason": "核对防汛名单"}).status_code == 403
    door.force_login(world.holder("organisation.contact.look"))
    assert MOBILE not in door.post(address, {"reason": ""}, follow=True).content.decode()
    assert MOBILE in door.post(address, {"reason": "核对防汛名单"}).content.decode()
    assert Entry.objects.filter(event="organisation.contact.looked").count() == 1


def test_an_office_s_number_is_open_to_every_reader(world: World, door: Client) -> None:
    contact = make_contact(world.town)
    door.force_login(world.officer)
    page = door.get(reverse("contact_detail", args=[contact.pk])).content.decode()
    assert page.count(MOBILE) >= 2
    assert "查看完整的个人信息" not in page


def test_verifying_twice_says_so(world: World, door: Client) -> None:
    contact = make_contact(make_person(world.town))
    door.force_login(world.clerk)
    address, given = reverse("contact_verify", args=[contact.pk]), {"how": "call", "version": 1}
    assert "已记为核实" in door.post(address, given, follow=True).content.decode()
    assert "刚被他人修改" in door.post(address, given, follow=True).content.decode()
    assert Entry.objects.filter(event="organisation.contact.verified").count() == 1
