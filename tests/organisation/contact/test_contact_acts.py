"""Contact points: what is none, whose they are, that a new value is not verified, what is masked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from anlan.kernel.errors import DomainError, NotAllowed, StateConflict
from anlan.kernel.models import Entry
from anlan.kernel.register import acts, listing
from anlan.organisation.contact import selectors, services
from anlan.organisation.contact.models import ContactPoint
from anlan.organisation.contact.register import CONTACTS
from anlan.organisation.contact.terms import VerifiedHow
from anlan.organisation.person.register import PEOPLE
from tests.cast import acting
from tests.organisation.people import MOBILE, make_contact, make_person

if TYPE_CHECKING:
    from tests.cast import World

LINE = {"kind": "land_line", "value": "（000）1000 0001", "rank": 1}


def enter(world: World, **values: Any) -> ContactPoint:
    contact: ContactPoint = acts.create_record(
        acting(world.clerk), CONTACTS, **({"unit": world.town} | LINE | values)
    )
    return contact


def test_a_value_is_kept_in_one_way_of_writing(world: World) -> None:
    assert enter(world).value == "000-10000001"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"value": "1000001"}, "value"),
        ({"private": True}, "private"),
        ({"rank": 0}, "rank"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_field(world: World, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        enter(world, **wrong)
    assert list(refused.value.message_dict) == [field]


def test_a_person_s_number_is_never_public_and_of_his_own_unit(world: World) -> None:
    person, head = make_person(world.town), acting(world.person("head", "unit_head", world.district))
    for wrong, field in (({"public": True}, "public"), ({"unit": world.district}, "person")):
        with pytest.raises(ValidationError) as refused:
            acts.create_record(
                head,
                CONTACTS,
                **({"unit": world.town, "person": person} | LINE | wrong),
            )
        assert list(refused.value.message_dict) == [field]
    with pytest.raises(IntegrityError), transaction.atomic():
        make_contact(person, public=True)


def test_the_same_number_twice_at_one_owner_is_refused_at_two_it_is_a_hint(world: World) -> None:
    first, second = make_person(world.town), make_person(world.town, "王秀兰")
    one = make_contact(first)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_contact(first)
    other = make_contact(second)
    make_contact(make_person(world.neighbour_town))
    assert list(selectors.list_same(acting(world.officer), one)) == [other]
    with pytest.raises(DomainError, match="已有相同编号"):
        acts.create_record(
            acting(world.clerk), CONTACTS, unit=world.town, person=first, kind="mobile", value=MOBILE, rank=1
        )


def test_contact_points_move_with_their_person(world: World) -> None:
    person = make_person(world.town)
    contact = make_contact(person)
    head = acting(world.person("head", "unit_head", world.district))
    acts.set_many(head, PEOPLE, [person.pk], "unit", world.district)
    contact.refresh_from_db()
    assert contact.unit == world.district


def test_verifying_is_journalled_and_forgotten_when_the_value_changes(world: World) -> None:
    contact, ctx = make_contact(world.town), acting(world.clerk)
    services.verify_contact(ctx, contact.pk, version=1, how=VerifiedHow.CALL)
    assert Entry.objects.get(event="organisation.contact.verified").data == {"how": "call"}
    acts.edit_record(ctx, CONTACTS, contact.pk, version=2, name="值班室")
    contact.refresh_from_db()
    assert contact.verified_at
    acts.edit_record(ctx, CONTACTS, contact.pk, version=3, value="10000009999")
    contact.refresh_from_db()
    assert (contact.verified_at, contact.verified_how) == (None, "")


def test_what_changed_meanwhile_is_not_verified(world: World) -> None:
    contact = make_contact(world.town)
    ContactPoint.unscoped.filter(pk=contact.pk).update(value="10000009999", version=2)
    with pytest.raises(StateConflict):
        services.verify_contact(acting(world.clerk), contact.pk, version=1, how=VerifiedHow.CALL)
    with pytest.raises(NotAllowed):
        services.verify_contact(acting(world.auditor), contact.pk, version=2, how=VerifiedHow.CALL)


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("mobile", MOBILE, "100••••1234"),
        ("land_line", "000-10000001", "000•••••0001"),
        ("service", "12345", "•••45"),
        ("email", "zhiban@example.cn", "z•••@example.cn"),
    ],
)
def test_a_private_number_is_shown_masked_and_not_found_by_itself(
    world: World, kind: str, value: str, shown: str
) -> None:
    person = make_person(world.town)
    private = make_contact(person, value, kind=kind, private=True)
    office = make_contact(world.town, value, kind=kind)
    for contact in (private, office):
        contact.refresh_from_db()
    assert (private.shown, office.shown) == (shown, value)
    found = listing.ordered(acting(world.officer), CONTACTS, listing.Wanted(words=value, sort="rank"))
    assert list(found) == [office]
