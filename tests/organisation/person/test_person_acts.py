"""People: who may enter and see whom, what must hold of them, whose account is whose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.core.exceptions import ValidationError

from anlan.kernel.errors import DomainError, NotAllowed, NotFound
from anlan.kernel.models import Entry
from anlan.kernel.register import acts, listing
from anlan.organisation.person import services
from anlan.organisation.person.models import Person
from anlan.organisation.person.register import PEOPLE
from tests.cast import acting
from tests.organisation.people import PERSON_EDIT, make_person

if TYPE_CHECKING:
    from tests.cast import World

IDENTITY = "110101199003070011"


def test_a_clerk_enters_people_of_his_unit_and_of_no_other(world: World) -> None:
    ctx = acting(world.clerk)
    person = acts.create_record(ctx, PEOPLE, unit=world.town, name="李建国")
    assert acts.get_record(ctx, PEOPLE, person.pk) == person
    with pytest.raises(NotAllowed):
        acts.create_record(ctx, PEOPLE, unit=world.neighbour_town, name="李建国")


def test_people_are_found_by_name_pinyin_and_code_in_pinyin_order(world: World) -> None:
    for name, code in (("张卫国", "A2"), ("安小平", "A1"), ("王秀兰", "A3")):
        make_person(world.town, name, code=code)
    ctx = acting(world.officer)
    names = [person.name for person in listing.ordered(ctx, PEOPLE, listing.Wanted(sort="name"))]
    assert names == ["安小平", "王秀兰", "张卫国"]
    for words in ("秀兰", "wxl", "wangxiu", "a3"):
        assert [p.name for p in listing.ordered(ctx, PEOPLE, listing.Wanted(words, sort="name"))] == [
            "王秀兰"
        ]


def test_a_neighbour_finds_nobody(world: World) -> None:
    make_person(world.town)
    assert not listing.ordered(acting(world.neighbour), PEOPLE, listing.Wanted(sort="name"))


def test_a_code_is_one_person_s(world: World) -> None:
    ctx = acting(world.holder(PERSON_EDIT))
    acts.create_record(ctx, PEOPLE, unit=world.town, name="李建国", code="A1")
    with pytest.raises(DomainError, match="已有相同编号"):
        acts.create_record(ctx, PEOPLE, unit=world.town, name="王秀兰", code="A1")
    acts.create_record(ctx, PEOPLE, unit=world.town, name="张卫国")
    acts.create_record(ctx, PEOPLE, unit=world.town, name="张卫国")


@pytest.mark.parametrize("identity", ["11010119900307001X", "110101900307001", "甲"])
def test_what_is_no_identity_number_is_refused_at_its_field(world: World, identity: str) -> None:
    ctx = acting(world.holder(PERSON_EDIT))
    with pytest.raises(ValidationError) as wrong:
        acts.create_record(ctx, PEOPLE, unit=world.town, name="李建国", identity=identity)
    assert list(wrong.value.message_dict) == ["identity"]


def test_linking_an_account_is_journalled_once(world: World) -> None:
    person = make_person(world.town)
    ctx = acting(world.holder("organisation.person.link"))
    for _ in range(2):
        services.link_user(ctx, person.pk, username=world.clerk.username)
    entry = Entry.objects.get(event="organisation.person.linked")
    assert entry.data == {"user": world.clerk.pk}
    services.link_user(ctx, person.pk, username="")
    assert Person.unscoped.get(pk=person.pk).user is None


def test_an_account_is_one_person_s(world: World) -> None:
    make_person(world.neighbour_town, user=world.clerk)
    person = make_person(world.town)
    ctx = acting(world.holder("organisation.person.link"))
    for username in (world.clerk.username, "nobody"):
        with pytest.raises(ValidationError) as wrong:
            services.link_user(ctx, person.pk, username=username)
        assert list(wrong.value.message_dict) == ["username"]
    with pytest.raises(NotFound):
        services.link_user(ctx, make_person(world.neighbour_town).pk, username="")
