"""Whom a message would reach if it were published now: by unit, through what, at what cost, and whom not and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from django.utils.translation import gettext as _

from anlan.kernel.models import Unit
from anlan.kernel.scope import can
from anlan.message.callout.selectors import READ as CALLOUT_READ
from anlan.message.callout.selectors import get_link, list_audience, list_callouts
from anlan.message.channel.selectors import list_carriers
from anlan.organisation.person.selectors import list_named
from anlan.protocols import sms
from anlan.watch.warning.models import POSTS
from anlan.watch.warning.selectors.areas import get_territory, list_called
from anlan.watch.warning.selectors.warnings import READ
from anlan.watch.warning.selectors.wording import list_texts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from anlan.kernel.context import Context
    from anlan.message.callout.models import Callout
    from anlan.message.callout.selectors import Audience
    from anlan.message.channel.models import Carrier
    from anlan.organisation.person.models import Person
    from anlan.watch.warning.models import EarlyWarning, WarningIssue
    from anlan.watch.warning.selectors.areas import Placed

# Who may draft may look at whom it would reach; to publish is another matter.
LOOKS = frozenset({"message.callout.open", "message.channel.read"})
NAME, REPLY, LONG_ID = "\u3007" * 4, "1", 10**12  # what stands for a person, to count the parts of a text
MOST_SHOWN, MOST_CALLOUTS = 60, 20  # units and gaps each


class OfUnit(NamedTuple):
    """How many are called in a unit, and for how many posts nobody can be."""

    unit: Unit
    people: int
    gaps: int


class Unreached(NamedTuple):
    """who   blank where nobody holds the post, or the reader may not know; why: in words"""

    unit: Unit
    post: str
    who: str
    why: str


class Told(NamedTuple):
    """What one channel carries.

    people   how many have such a way
    parts    of an SMS
    carrier  who would carry it; None: nobody, so it won't go out. The reader's own page needs none
    cost_cny if each of them is tried once by it
    """

    channel: str
    subject: str
    body: str
    people: int
    parts: int
    carrier: Carrier | None
    cost_cny: Decimal


@dataclass(frozen=True)
class Reach:
    people: int
    units: list[OfUnit]
    unreached: list[Unreached]
    told: list[Told]

    @property
    def cost_cny(self) -> Decimal:
        return sum((one.cost_cny for one in self.told), Decimal(0))


def list_told(ctx: Context, issue: WarningIssue, placed: Sequence[Placed]) -> Reach:
    """Whom it would reach, of whom not all in the list but all in the figures; the worst units first.

    With whom the warning is only shared, he meets his own units' part.
    """
    node = replace(ctx, powers=LOOKS)
    called_for = list_called(get_territory(issue.unit), placed)
    audience = list_audience(node, issue.unit, called_for.unit_ids, alone=called_for.alone)
    numbers = {member.unit_id for member in audience.members} | {gap.unit_id for gap in audience.gaps}
    units = Unit.unscoped.in_bulk(numbers)
    if not can(ctx, READ, issue.unit):
        audience = _own_part(ctx, audience, units)
    called = Counter(one.unit_id for one in audience.members)
    lacking = Counter(one.unit_id for one in audience.gaps)
    by_unit = [
        OfUnit(units[number], called[number], lacking[number])
        for number in sorted({*called, *lacking}, key=lambda number: (-lacking[number], units[number].path))
    ]
    return Reach(
        people=len(audience.members),
        units=by_unit,
        unreached=_unreached(ctx, audience, units),
        told=_told(node, issue, placed, audience),
    )


def _own_part(ctx: Context, audience: Audience, units: Mapping[int, Unit]) -> Audience:
    own = {number for number, unit in units.items() if can(ctx, READ, unit)}
    members = tuple(one for one in audience.members if one.unit_id in own)
    return replace(audience, members=members, gaps=tuple(one for one in audience.gaps if one.unit_id in own))


def list_callouts_of(ctx: Context, warning: EarlyWarning) -> list[Callout]:
    """The callouts about a warning that the reader may see, the latest first."""
    if not can(ctx, CALLOUT_READ):
        return []
    return list(list_callouts(ctx).filter(matter=warning.pk)[:MOST_CALLOUTS])


def _unreached(ctx: Context, audience: Audience, units: Mapping[int, Unit]) -> list[Unreached]:
    gaps = sorted(audience.gaps, key=lambda one: units[one.unit_id].path)
    shown = gaps[:MOST_SHOWN]
    names: dict[UUID, Person] = {}
    if can(ctx, "organisation.person.read"):  # who holds a post is real in a drill, too
        ids = [one.person_id for one in shown if one.person_id]
        names = list_named(replace(ctx, exercise=None), ids)
    return [
        Unreached(
            units[one.unit_id],
            str(POSTS.get(one.post, _("值班电话"))),
            str(names.get(one.person_id) or "") if one.person_id else "",
            str(one.lack.label),
        )
        for one in gaps
    ]


def _told(node: Context, issue: WarningIssue, placed: Sequence[Placed], audience: Audience) -> list[Told]:
    texts = issue.texts or list_texts(issue, placed)
    ways = Counter(way for member in audience.members for way in member.ways)
    carriers = _carriers(node)
    link = get_link(LONG_ID)
    told = []
    for channel, (subject, body) in texts.items():
        filled = body.replace("{name}", NAME).replace("{link}", link).replace("{reply}", REPLY)
        parts = len(sms.cut(filled).parts) if channel == "sms" else 1
        carrier = carriers.get(channel)
        price = carrier.price_cny if carrier else Decimal(0)
        told.append(
            Told(channel, subject, body, ways[channel], parts, carrier, price * parts * ways[channel])
        )
    return told


def _carriers(node: Context) -> dict[str, Carrier]:
    """The first carrier of each channel that may serve this side; where there is none, the first of the other (a demo's)."""
    simulated = node.exercise is not None
    found: dict[str, Carrier] = {}
    carriers = [one for one in list_carriers(node) if one.retired_at is None]
    for carrier in sorted(carriers, key=lambda one: (one.simulated is not simulated, one.rank)):
        found.setdefault(carrier.channel, carrier)
    return found
