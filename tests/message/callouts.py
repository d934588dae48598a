"""Callouts for the tests: an area with people who can be reached, and a callout of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from anlan.kernel.context import Context
from anlan.kernel.seeds import plant_unit
from anlan.message.callout import services
from anlan.message.callout.models import Callout, Recipient
from anlan.message.callout.terms import CLIMBS, LISTENS, Purpose
from tests.organisation.people import make_contact, make_person
from tests.organisation.posts import appoint, make_post

if TYPE_CHECKING:
    from anlan.kernel.models import Exercise, Unit
    from anlan.organisation.person.models import Person
    from tests.cast import World

OPENS = frozenset({"message.callout.open", "message.callout.stop"})
TEXTS = {
    "app": ("暴雨红色预警", "请立即到岗。"),
    "sms": ("暴雨红色预警", "{name}：请立即到岗。确认：{link}，或回复{reply}。"),
    "voice": ("暴雨红色预警", "请立即到岗。确认请按1。"),
}


def opener(exercise: Exercise | None = None) -> Context:
    """Who opens callouts anywhere, without being anybody."""
    return Context(None, exercise, powers=OPENS)


def listener(exercise: Exercise | None = None) -> Context:
    return Context(None, exercise, powers=LISTENS)


def climber(exercise: Exercise | None = None) -> Context:
    return Context(None, exercise, powers=CLIMBS)


def make_village(town: Unit, number: int, name: str = "") -> Unit:
    return plant_unit(f"{town.code}-{number}", name or f"第{number}村", "village", town)


def hold(unit: Unit, kind: str, name: str, number: str = "", **more: Any) -> Person:
    """Somebody who holds a new post of that kind, reached at that mobile number."""
    person = make_person(unit, name, **more)
    appoint(make_post(unit, kind), person)
    if number:
        make_contact(person, number)
    return person


def call(world: World, *units: Unit, **more: Any) -> Callout:
    """A red callout of the district for these units, its town unless said otherwise."""
    ctx = more.pop("ctx", None) or opener()
    given: dict[str, Any] = {
        "unit": world.district,
        "purpose": Purpose.WARNING,
        "title": "暴雨红色预警",
        "colour": "red",
        "unit_ids": [unit.pk for unit in units or (world.town,)],
        "texts": TEXTS,
    }
    return services.open_callout(ctx, **(given | more))


def recipient(callout: Callout, person: Person | None = None) -> Recipient:
    found = Recipient.unscoped.filter(callout=callout, person=person).select_related("callout")
    return found.get()


def confirm(*recipients: Recipient, how: str = "link", ctx: Context | None = None) -> set[int]:
    answers = [services.Answer(one.pk, how) for one in recipients]
    return services.confirm_recipients(ctx or listener(), answers)
