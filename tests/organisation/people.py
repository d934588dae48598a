"""People and their contact points, for the tests of the rooms that know them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from anlan.kernel.reach import ReachKind
from anlan.kernel.register import acts
from anlan.organisation.contact.register import CONTACTS
from anlan.organisation.person.register import PEOPLE
from tests.cast import acting

if TYPE_CHECKING:
    from anlan.kernel.models import Unit
    from anlan.organisation.contact.models import ContactPoint
    from anlan.organisation.person.models import Person
    from tests.cast import World

PERSON_EDIT, CONTACT_EDIT = "organisation.person.edit", "organisation.contact.edit"
MOBILE = "10000001234"


def make_person(unit: Unit, name: str = "李建国", **more: Any) -> Person:
    """The least valid person."""
    return _model(PEOPLE).create(unit=unit, name=name, **more)


def make_contact(of: Person | Unit, value: str = MOBILE, **more: Any) -> ContactPoint:
    """The least valid contact point: an office's mobile number."""
    owner = {"unit": of.unit, "person": of} if hasattr(of, "contact_points") else {"unit": of}
    return _model(CONTACTS).create(**({"kind": ReachKind.MOBILE, "value": value} | owner | more))


def enter_person(world: World, **values: Any) -> Person:
    """A person entered by one who may, in the district's town unless said otherwise."""
    ctx = acting(world.holder(PERSON_EDIT))
    return acts.create_record(ctx, PEOPLE, **({"unit": world.town, "name": "李建国"} | values))


def _model(register: Any) -> Any:
    return register.model.unscoped
