"""Confirmation links: whom one was made for, what stands behind it, and what a text to somebody is filled with."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID  # noqa: TC003 - field of a named tuple

from django.conf import settings
from django.db import connection
from django.utils import translation
from django.utils.translation import gettext as _

from anlan.kernel.clock import real_now
from anlan.message.callout.terms import FOR_STAND_IN, UPPER, USE
from anlan.message.channel.selectors import FILLS
from anlan.protocols import links

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

OF_PERSON, OF_STAND_IN = 0, 1  # marks in a link
KEPT = timedelta(days=7)  # a link shows what became of it for so long after the end
STANDING = """
SELECT r.id, r.state, r.how, r.ended_at, u.name, c.id, c.title, c.colour, c.purpose, c.state, c.ended_at,
  CASE WHEN c.exercise_id IS NULL THEN NULL ELSE domain_now(x.clock_id) END, c.exercise_id
FROM callout_recipient r JOIN callout_callout c ON c.id = r.callout_id JOIN kernel_unit u ON u.id = r.unit_id
LEFT JOIN kernel_exercise x ON x.id = c.exercise_id
WHERE r.id = ANY (%(ids)s::bigint[])
"""
EXERCISES = "SELECT id, exercise_id FROM callout_recipient WHERE id = ANY (%(ids)s::bigint[])"
NAMES = """
SELECT r.id, coalesce(p.name, u.name), coalesce(s.name, '') FROM callout_recipient r JOIN kernel_unit u ON u.id = r.unit_id
LEFT JOIN person_person p ON p.id = r.person_id LEFT JOIN person_person s ON s.id = r.stand_in_id
WHERE r.id = ANY (%(ids)s::bigint[])
"""
NOTICES = """
SELECT n.id, n.callout_id, n.people, u.name FROM callout_uppernotice n JOIN kernel_unit u ON u.id = n.unit_id
WHERE n.id = ANY (%(ids)s::bigint[])
"""


class Linked(NamedTuple):
    """Whom a link was made for."""

    recipient_id: int
    is_stand_in: bool


class Standing(NamedTuple):
    """What stands behind a link.

    drill_at  domain time of its exercise; None: it is real
    """

    recipient_id: int
    state: int
    how: str
    ended_at: datetime | None
    unit: str
    callout_id: UUID
    title: str
    colour: str
    purpose: str
    callout_state: str
    callout_ended_at: datetime | None
    drill_at: datetime | None
    exercise_id: int | None

    @property
    def is_over(self) -> bool:
        """Whether the link shows nothing any more."""
        now = self.drill_at or real_now()
        return self.callout_ended_at is not None and now > self.callout_ended_at + KEPT


def get_link(recipient_id: int, *, of_stand_in: bool = False) -> str:
    """The address at which a recipient, or his stand-in, confirms. Nothing of it is kept anywhere."""
    mark = OF_STAND_IN if of_stand_in else OF_PERSON
    return f"{settings.PUBLIC_URL}/c/{links.sealed(_key(), recipient_id, mark)}"


def find_linked(token: str) -> Linked | None:
    """Whom a link was made for; None for what this node never made."""
    found = links.opened(_key(), token)
    return Linked(found[0], found[1] == OF_STAND_IN) if found else None


def list_standing(recipient_ids: Collection[int]) -> dict[int, Standing]:
    """What stands behind links, by recipient: the link itself is what lets one see it."""
    rows = _rows(STANDING, list(recipient_ids))
    return {row[0]: Standing(*row) for row in rows}


def list_exercises(recipient_ids: Collection[int]) -> dict[int, int | None]:
    """In which exercise each of these recipients is called; None: in real life."""
    return dict(_rows(EXERCISES, list(recipient_ids)))


def list_filled(keys: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
    """What stands for {name} and {link} in texts to recipients and their stand-ins, by the deliveries' keys."""
    ids = {int(key.removesuffix(FOR_STAND_IN)) for key in keys}
    names = {row[0]: row[1:] for row in _rows(NAMES, list(ids))}
    filled: dict[str, dict[str, str]] = {}
    with translation.override(settings.LANGUAGE_CODE):
        for key in keys:
            number = int(key.removesuffix(FOR_STAND_IN))
            if number not in names:
                continue
            name, stand_in = names[number]
            for_stand_in = key.endswith(FOR_STAND_IN)
            if for_stand_in:
                name = _("%(stand_in)s（代%(name)s）") % {"stand_in": stand_in, "name": name}
            filled[key] = {"name": name, "link": get_link(number, of_stand_in=for_stand_in)}
    return filled


def list_filled_upper(keys: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
    """The same in texts to duty desks: how many people of theirs have not answered, and where the board is."""
    with translation.override(settings.LANGUAGE_CODE):
        return {
            str(number): {
                "name": _("%(unit)s下辖 %(people)s 人") % {"unit": unit, "people": people},
                "link": f"{settings.PUBLIC_URL}/message/callouts/{callout}/",
            }
            for number, callout, people, unit in _rows(NOTICES, [int(key) for key in keys])
        }


FILLS[USE], FILLS[UPPER] = list_filled, list_filled_upper


@cache
def _key() -> bytes:
    """A key of its own, so that a link can stand for nothing else that the node's secret signs."""
    return hmac.digest(settings.SECRET_KEY.encode(), b"anlan.message.callout.link", "sha256")


def _rows(sql: str, ids: list[int]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"ids": ids})
        return list(cursor.fetchall())
