"""Reads of callouts and of those who are called."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - fields of named tuples
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID  # noqa: TC003 - the same

from django.db import connection
from django.db.models import BigIntegerField, Case, CharField, Count, Exists, IntegerField, OuterRef, Q, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast

from anlan.kernel import arrays
from anlan.kernel.errors import NotFound
from anlan.kernel.events import label_of
from anlan.kernel.models import Entry, PrivateNote, Unit
from anlan.kernel.scope import owns, require, units_where, visible
from anlan.message.callout.models import Callout, Recipient, UpperNotice
from anlan.message.callout.terms import (
    DOOR,
    FOR_STAND_IN,
    KIND,
    PLACES,
    STATES,
    USE,
    CalloutState,
    How,
    RecipientState,
)
from anlan.message.channel.selectors import list_ordered
from anlan.message.errand.selectors import list_about as list_errands
from anlan.message.errand.selectors import list_of as list_errands_of
from anlan.message.neighbour.selectors import list_neighbours

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.db.models import QuerySet

    from anlan.kernel.context import Context

READ, HANDLE = "message.callout.read", "message.callout.handle"
MOST_SHOWN = 50
URGENCY = {"red": 0, "orange": 1, "yellow": 2, "blue": 3}
RUNNING_FIRST = Case(When(state=CalloutState.RUNNING, then=0), default=1, output_field=IntegerField())
ALONG = ("person", "unit", "holder", "stand_in", "taken_by", "ended_by")

# As an array: the planner cannot know that hundreds of people are of one callout or two, and would go through all there are.
KEYS = "unnest(%(keys)s::uuid[])"
CALLED_BY = (
    "unnest(ARRAY(SELECT DISTINCT callout_id FROM callout_recipient WHERE id = ANY (%(keys)s::bigint[])))"
)
# A statement of our own: for a thousand who answer at once, to have it composed takes as long as to carry it out.
LOCKED = """
SELECT * FROM callout_callout
WHERE id IN (SELECT {which}) AND exercise_id IS NOT DISTINCT FROM %(exercise)s AND state = %(running)s
ORDER BY id FOR UPDATE
"""
# What those who have not answered were sent in their present rung, and what may still come of it. Their own page does not
# count: nobody knows whether they look at it.
SILENT = """
SELECT r.id FROM callout_recipient r JOIN callout_callout c ON c.id = r.callout_id
WHERE r.id = ANY (%(ids)s::bigint[]) AND r.state < 2 AND c.state = 'running'
  AND NOT EXISTS (
    SELECT FROM channel_delivery d
    WHERE d.use = %(use)s AND d.key IN (r.id::text, r.id || %(stand_in)s) AND d.queued_at >= r.rung_at
      AND d.channel <> 'app' AND d.state NOT IN (3, 4))
"""
# How each can be called: kind, value, what is shown of it, whether it is private; his own, or his unit's line.
LINES = """(
SELECT coalesce(json_agg(json_build_array(line.kind, line.value, line.shown, line.private) ORDER BY line.rank, line.id), '[]')
FROM (
  SELECT c.* FROM contact_contactpoint c
  WHERE c.person_id = callout_recipient.person_id AND c.retired_at IS NULL
  UNION ALL
  SELECT c.* FROM contact_contactpoint c
  WHERE callout_recipient.person_id IS NULL AND c.person_id IS NULL AND c.unit_id = callout_recipient.unit_id
    AND c.retired_at IS NULL) AS line
WHERE line.exercise_id IS NULL OR line.exercise_id = callout_recipient.exercise_id)"""
# Whom a carrier says a text has reached, who is not through yet, and when.
REACHED = """
SELECT r.id, min(d.delivered_at) FROM callout_recipient r
JOIN channel_delivery d ON d.use = %(use)s AND d.key = r.id::text AND d.channel <> 'app'
WHERE r.callout_id = %(callout)s AND r.state < 2 AND d.delivered_at IS NOT NULL GROUP BY r.id ORDER BY r.id
"""
WAITING = """
SELECT d.key, d.channel FROM channel_delivery d WHERE d.use = %(use)s AND d.key = ANY (%(keys)s::text[]) AND d.state <= 1
"""


class Own(NamedTuple):
    """What is the actor's own to answer. is_person: as the one who was called, not as his stand-in"""

    recipient: Recipient
    is_person: bool

    @property
    def callout(self) -> Callout:
        return self.recipient.callout


class Tally(NamedTuple):
    """How many people of a callout are in one state, having come to it in one way."""

    callout_id: UUID
    state: int
    how: str
    people: int


class Said(NamedTuple):
    """What happened to one recipient beside what was sent to him: an entry of the journal, who, and what he wrote."""

    label: str
    at: datetime
    who: str
    words: list[str]


def get_callout(ctx: Context, callout_id: UUID) -> Callout:
    """One callout that the reader's unit made, or that calls people of units within his scope."""
    return _one(_seen(ctx).select_related("unit", "follows"), callout_id)


def get_opened(ctx: Context, callout_id: UUID, capability: str) -> Callout:
    """One callout of a unit over which the actor holds the capability of an act."""
    return _one(visible(ctx, Callout, capability).select_related("unit"), callout_id)


def lock_callout(ctx: Context, callout_id: UUID, capability: str) -> Callout:
    found = visible(ctx, Callout, capability).select_related("unit").select_for_update(of=("self",))
    return _one(found, callout_id)


def lock_running(ctx: Context, matter: UUID, purpose: str) -> list[Callout]:
    """What still runs about a matter, for update: whoever opens an update of it stops the earlier one, whose ever it is."""
    running = Callout.unscoped.filter(
        matter=matter, purpose=purpose, exercise=ctx.exercise, state=CalloutState.RUNNING
    )
    return list(running.select_related("unit").select_for_update(of=("self",)).order_by("pk"))


def lock_of(ctx: Context, recipient_ids: Collection[int]) -> dict[UUID, Callout]:
    """The running callouts that call these recipients, for update, in an order that all keep.

    Everybody who changes recipients holds their callout: two who answer last, at once, can't each take the other for open.
    """
    return _locked(ctx, CALLED_BY, recipient_ids)


def lock_by_key(ctx: Context, keys: Collection[UUID]) -> dict[UUID, Callout]:
    """These callouts as far as they run, for update: for the node's own work."""
    return _locked(ctx, KEYS, keys)


def _locked(ctx: Context, which: str, keys: Collection[UUID] | Collection[int]) -> dict[UUID, Callout]:
    exercise = ctx.exercise.pk if ctx.exercise else None
    told = {"keys": arrays.of_plain(keys), "exercise": exercise, "running": CalloutState.RUNNING}
    return {callout.pk: callout for callout in Callout.unscoped.raw(LOCKED.format(which=which), told)}


def list_callouts(ctx: Context, *, state: str = "") -> QuerySet[Callout]:
    """What runs first, then the latest."""
    found = _seen(ctx).select_related("unit").order_by(RUNNING_FIRST, "-started_at", "pk")
    return found.filter(state=state) if state else found


def get_recipient(ctx: Context, recipient_id: int, capability: str = READ) -> Recipient:
    found = visible(ctx, Recipient, capability).select_related("callout", "callout__unit", *ALONG)
    recipient: Recipient | None = _with_lines(found).filter(pk=recipient_id).first()
    if recipient is None:
        raise NotFound
    return recipient


def list_recipients(
    ctx: Context, callout: Callout, capability: str = READ, *, only: str = ""
) -> QuerySet[Recipient]:
    """All that are called, as far as the reader's scope goes, unit by unit, each with how he is reached.

    only  those of one of terms.ONLY
    """
    found = visible(ctx, Recipient, capability).filter(callout=callout)
    if only in STATES:
        found = found.filter(state__in=STATES[only])
    elif only in How.values:
        found = found.filter(how=only)
    elif only.startswith(DOOR):
        # Errands are about records of any room, so their keys are texts.
        errands = list_errands(KIND, found.order_by().values(text=Cast("pk", CharField())))
        state = only.removeprefix(DOOR)
        told = errands.filter(state=state) if state else errands
        found = found.filter(pk__in=told.order_by().values(number=Cast("about", BigIntegerField())))
    return _with_lines(found.select_related(*ALONG)).order_by("unit__path", "pk")


def list_tallies(ctx: Context, callout_ids: Collection[UUID], capability: str = READ) -> list[Tally]:
    """How many of each callout stand where, as far as the reader's scope goes."""
    found = visible(ctx, Recipient, capability).filter(callout__in=list(callout_ids))
    rows = found.order_by().values_list("callout", "state", "how").annotate(people=Count("pk"))
    return [Tally(*row) for row in rows]


def list_open(ctx: Context, callout: Callout, within: Unit | None = None) -> QuerySet[Recipient]:
    """Who has not answered: who was reached by nothing first, then who waits longest."""
    found = visible(ctx, Recipient, READ).filter(callout=callout, state__lt=RecipientState.CONFIRMED)
    if within is not None:
        found = found.filter(unit__path__startswith=within.path)
    found = _with_lines(found.select_related(*ALONG))
    return found.order_by("-state", "-rung", "unit__path", "pk")


def list_mine(ctx: Context) -> list[Own]:
    """What the actor himself has not answered, the most urgent first; nobody needs a capability over his own unit for that.

    A stand-in finds it once he is asked: when his rung has been taken.
    """
    found = [_own(ctx, one) for one in _of_actor(ctx) if one.is_open and one.callout.is_running]
    asked = [one for one in found if one.is_person or _is_asked(one.recipient)]
    return sorted(asked, key=lambda one: (URGENCY.get(one.callout.colour, 4), one.callout.started_at))


def get_own(ctx: Context, recipient_id: int) -> Own:
    """One of the actor's own, answered or not."""
    recipient = _of_actor(ctx).filter(pk=recipient_id).first()
    if recipient is None:
        raise NotFound
    return _own(ctx, recipient)


def _of_actor(ctx: Context) -> QuerySet[Recipient]:
    own = Q(person__user=ctx.actor) | Q(stand_in__user=ctx.actor)
    found = Recipient.unscoped.filter(own, exercise=ctx.exercise).exclude(
        person__user=None, stand_in__user=None
    )
    return found.select_related("callout", "callout__unit", "unit", "person", "stand_in", "holder")


def _own(ctx: Context, recipient: Recipient) -> Own:
    actor = ctx.actor.pk if ctx.actor else None
    return Own(recipient, recipient.person is not None and recipient.person.user_id == actor)


def _is_asked(recipient: Recipient) -> bool:
    rungs = recipient.callout.ladders[recipient.ladder]["rungs"]
    return any(rung["target"] == "stand_in" for rung in rungs[: recipient.rung + 1])


def list_silent(recipient_ids: Collection[int]) -> list[int]:
    """Those of these recipients for whom nothing of their present rung is on its way any more."""
    told = {"ids": list(recipient_ids), "use": USE, "stand_in": FOR_STAND_IN}
    return [row[0] for row in _rows(SILENT, told)]


def list_waiting(keys: Collection[str]) -> set[tuple[str, str]]:
    """Key and channel of what was ordered and has not been handed over: a second of the same would only add to it."""
    return {
        (key, channel) for key, channel in _rows(WAITING, {"use": USE, "keys": arrays.of_texts(list(keys))})
    }


def list_reached(callout_id: UUID) -> list[tuple[int, datetime]]:
    """Whom of a callout a text has reached that has not been counted yet, and when: for the node's own work."""
    return [(row[0], row[1]) for row in _rows(REACHED, {"use": USE, "callout": callout_id})]


def list_attempts(recipient: Recipient) -> QuerySet[Any]:
    """All that was sent to reach one recipient or his stand-in, whom the caller has within scope, in order."""
    return list_ordered(USE, [str(recipient.pk), f"{recipient.pk}{FOR_STAND_IN}"])


def list_said(recipient: Recipient) -> list[Said]:
    """What people did for one recipient, whom the caller has within scope, the latest first."""
    about = Entry.objects.filter(
        subject_kind=Callout._meta.label_lower, subject=str(recipient.callout_id)
    ).filter(Q(data__recipient=recipient.pk) | Q(data__recipients__contains=recipient.pk))
    entries = list(about.select_related("actor").order_by("-pk")[:MOST_SHOWN])
    notes: dict[int, list[str]] = {}
    for note in PrivateNote.objects.filter(entry__in=entries).order_by("pk"):
        if note.text:
            notes.setdefault(note.entry_id, []).append(note.text)
    return [Said(label_of(one.event), one.at, str(one.actor or ""), notes.get(one.pk, [])) for one in entries]


def list_upper_notices(ctx: Context, callout: Callout) -> QuerySet[UpperNotice]:
    """Which desks above were told, of a callout that the reader has; of another unit's, his own desks alone."""
    told = callout.upper_notices.select_related("unit").order_by("told_at", "pk")
    return told if owns(ctx, READ, callout) else told.filter(unit__in=units_where(ctx, READ))


def list_goers(ctx: Context, unit_ids: Collection[int]) -> dict[int, int]:
    """Whose people go and knock in each of these units."""
    return list_neighbours(ctx, unit_ids)


def list_visits(recipient: Recipient) -> QuerySet[Any]:
    """The errands to a recipient's door, whom the caller has within scope."""
    return list_errands_of(KIND, str(recipient.pk))


def list_callers(ctx: Context, capability: str) -> QuerySet[Unit]:
    """Places that the actor may call for, from the top; a village calls nobody below it."""
    found = visible(ctx, Unit, capability).filter(retired_at=None, kind__in=PLACES)
    return found.exclude(kind__in=("village", "community")).order_by("path")


def list_below(ctx: Context, capability: str, unit: Unit | None) -> QuerySet[Unit]:
    """Places directly below one, within scope."""
    found = visible(ctx, Unit, capability).filter(retired_at=None, kind__in=PLACES)
    return found.filter(parent=unit).order_by("code", "path") if unit else found.none()


def list_unit_names(unit_ids: Collection[int]) -> dict[int, str]:
    """What units are called that the caller met within scope."""
    return dict(Unit.unscoped.filter(pk__in=list(unit_ids)).values_list("pk", "name"))


def find_unit(ctx: Context, key: str) -> Unit | None:
    """A unit within the reader's scope by what an address says; None also for what no key can be."""
    if not key.isdecimal() or len(key) > 18:
        return None
    return visible(ctx, Unit, READ).filter(pk=int(key)).first()


def _with_lines(found: QuerySet[Recipient]) -> QuerySet[Recipient]:
    return found.annotate(lines=RawSQL(LINES, ()))  # noqa: S611 - our own words


def _seen(ctx: Context) -> QuerySet[Callout]:
    require(ctx, READ)
    called = visible(ctx, Recipient, READ).filter(callout=OuterRef("pk"))
    made = visible(ctx, Callout, READ).order_by().values("pk")
    return Callout.unscoped.filter(Q(pk__in=made) | Exists(called), exercise=ctx.exercise)


def _one(found: QuerySet[Callout], callout_id: UUID) -> Callout:
    callout = found.filter(pk=callout_id).first()
    if callout is None:
        raise NotFound
    return callout


def _rows(sql: str, told: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, told)
        return list(cursor.fetchall())
