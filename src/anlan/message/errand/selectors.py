"""Reads of errands, within the actor's scope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection
from django.utils import translation
from django.utils.translation import gettext as _

from anlan.kernel.errors import NotFound
from anlan.kernel.reach import ReachKind
from anlan.kernel.scope import visible
from anlan.message.channel.selectors import FILLS
from anlan.message.errand.models import Errand
from anlan.message.errand.terms import ErrandState
from anlan.organisation.contact.selectors import list_best

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from uuid import UUID

    from django.db.models import QuerySet

    from anlan.kernel.context import Context

READ = "message.errand.read"
USE = "errand"  # of deliveries to whoever shall go
MOST_SHOWN = 200
ALONG = ("unit", "person", "at_unit", "at_unit__parent", "visited_by")

# Where a unit has no line of its own: who leads it, who is on duty, who knows every door.
GOING = ("duty_contact", "party_first", "government_first", "grid_member")
HOLDERS = """
SELECT DISTINCT ON (o.unit_id) o.unit_id, g.person_id FROM post_post o
JOIN post_posting g ON g.post_id = o.id AND g.from_at <= %(now)s AND (g.until_at IS NULL OR g.until_at > %(now)s)
JOIN person_person p ON p.id = g.person_id AND p.retired_at IS NULL
JOIN contact_contactpoint c ON c.person_id = p.id AND c.kind = 'mobile' AND c.retired_at IS NULL
WHERE o.unit_id = ANY (%(units)s::bigint[]) AND o.kind = ANY (%(kinds)s) AND o.retired_at IS NULL
ORDER BY o.unit_id, g.stand_in, array_position(%(kinds)s, o.kind::text), g.rank
"""
NAMES = """
SELECT e.id::text, coalesce(p.name, ''), u.name FROM errand_errand e JOIN kernel_unit u ON u.id = e.at_unit_id
LEFT JOIN person_person p ON p.id = e.person_id WHERE e.id = ANY (%s::uuid[])
"""


def get_errand(ctx: Context, errand_id: UUID, capability: str = READ) -> Errand:
    return _one(visible(ctx, Errand, capability).select_related(*ALONG), errand_id)


def lock_errand(ctx: Context, errand_id: UUID, capability: str) -> Errand:
    return _one(visible(ctx, Errand, capability).select_for_update(of=("self",)), errand_id)


def lock_open(about_kind: str, keys: Collection[str]) -> list[Errand]:
    """The open errands about these records, for update: whoever ends what they are about ends them, wherever they are."""
    found = Errand.unscoped.filter(about_kind=about_kind, about__in=list(keys), state=ErrandState.OPEN)
    return list(found.select_for_update().order_by("pk"))


def list_errands(ctx: Context, *, ended: bool = False) -> QuerySet[Errand]:
    """Those within scope that wait, the longest waiting first; or those that have ended, the last one first."""
    found = visible(ctx, Errand, READ).select_related(*ALONG)
    if ended:
        return found.exclude(state=ErrandState.OPEN).order_by("-ended_at", "pk")
    return found.filter(state=ErrandState.OPEN).order_by("ordered_at", "pk")


def list_of(about_kind: str, about: str) -> QuerySet[Errand]:
    """All errands about one record, which the caller has within scope."""
    return list_about(about_kind, [about]).select_related(*ALONG).order_by("ordered_at")


def list_about(about_kind: str, keys: Collection[str] | QuerySet[Any, Any]) -> QuerySet[Errand]:
    """All errands about many records, which the caller has within scope."""
    return Errand.unscoped.filter(about_kind=about_kind, about__in=keys)


def list_numbers(ctx: Context, unit_ids: Collection[int]) -> dict[int, dict[str, str]]:
    """Way → number by which each of these units is sent out: its own line, else one who holds a post in it."""
    found: dict[int, dict[str, str]] = {}
    for line in list_best(ctx, (), unit_ids):
        _add_ways(found.setdefault(line.unit_id, {}), line.kind, line.value)
    missing = [unit for unit in unit_ids if not found.get(unit)]
    if missing:
        with connection.cursor() as cursor:
            cursor.execute(HOLDERS, {"units": missing, "kinds": list(GOING), "now": ctx.now()})
            unit_of = {person: unit for unit, person in cursor.fetchall()}
        for line in list_best(ctx, list(unit_of)):
            if line.person_id is not None:
                _add_ways(found.setdefault(unit_of[line.person_id], {}), line.kind, line.value)
    return found


def _add_ways(ways: dict[str, str], kind: str, number: str) -> None:
    if kind == ReachKind.MOBILE:
        ways["sms"] = ways["voice"] = number
    elif kind == ReachKind.LAND_LINE:
        ways.setdefault("voice", number)


def list_filled(keys: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
    """What stands for {name} and {link} in texts to those who go, by errand."""
    with connection.cursor() as cursor:
        cursor.execute(NAMES, [list(keys)])
        rows = cursor.fetchall()
    with translation.override(settings.LANGUAGE_CODE):
        return {
            key: {
                "name": _("%(unit)s的%(name)s") % {"unit": unit, "name": name or _("负责人或值班人员")},
                "link": f"{settings.PUBLIC_URL}/message/errands/{key}/",
            }
            for key, name, unit in rows
        }


FILLS[USE] = list_filled


def _one(found: QuerySet[Errand], errand_id: UUID) -> Errand:
    errand = found.filter(pk=errand_id).first()
    if errand is None:
        raise NotFound
    return errand
