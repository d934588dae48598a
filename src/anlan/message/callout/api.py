"""Callouts over the programming interface: what the board shows, and what one does at it."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime  # noqa: TC003 - the interface's description needs it
from typing import TYPE_CHECKING, Any
from uuid import UUID  # noqa: TC003 - the same

from ninja import Query, Router, Schema, Status
from ninja.decorators import decorate_view
from pydantic import Field

from anlan.kernel.errors import NotFound
from anlan.kernel.interface import Asked, Strict, Why, Words, cleaned, needs, page_of, refuse_unknown
from anlan.kernel.words import lazy as gettext_lazy
from anlan.message.callout import selectors, services
from anlan.message.callout.forms import OpenForm
from anlan.message.callout.terms import CalloutState, RecipientState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from anlan.kernel.context import Context
    from anlan.kernel.requests import PageRequest
    from anlan.message.callout.models import Callout

PREFIX = "/callouts"
READ, OPEN, STOP, HANDLE = selectors.READ, "message.callout.open", "message.callout.stop", selectors.HANDLE
STATES = {state: state.name.lower() for state in RecipientState}
SENT_AS = {"unit": "unit_id", "areas": "area_ids"}
router = Router(tags=["message"])


class CalloutOut(Schema):
    """One callout. states: how many people are in each state, as far as the reader's scope goes."""

    id: UUID
    title: str
    purpose: str
    colour: str
    state: str
    unit_id: int
    unit__name: str
    matter: UUID
    started_at: datetime
    ended_at: datetime | None
    states: dict[str, int]


class CalloutPage(Schema):
    """`next` is the `after` of the next page; blank: this is the last."""

    items: list[CalloutOut]
    next: str


class CountOut(Schema):
    """How far a unit with all below it has come. has_parts: one can ask for what lies below it"""

    unit_id: int
    unit__name: str
    people: int
    confirmed: int
    visited: int
    unreachable: int
    open: int
    last_at: datetime | None
    has_parts: bool


class CalloutWhole(CalloutOut):
    """One callout with all counts.

    hows      how many answered in each way
    begun_at  when people were called together: at first, and at each extension
    certain   whether somebody has verified the times of its ladders
    units     the worst first
    """

    hows: dict[str, int]
    begun_at: list[datetime]
    certain: bool
    units: list[CountOut]


class LineOut(Schema):
    """How one is reached; masked where it is private."""

    kind: str
    shown: str


class PersonOut(Schema):
    """One who is called.

    name   blank: whoever answers the unit's own line
    rung   the last step of his ladder that was taken, from 1; 0: none yet
    """

    id: int
    name: str
    holder: str
    unit_id: int
    unit__name: str
    post: str
    state: str
    how: str
    ended_at: datetime | None
    ended_by: str
    taken_by: str
    rung: int
    rungs: int
    lines: list[LineOut]


class PersonPage(Schema):
    """`next` is the `after` of the next page; blank: this is the last."""

    items: list[PersonOut]
    next: str


class OfState(Asked):
    state: str = ""


class OpenIn(Strict):
    """A callout by hand. area_ids: places directly below the unit; none: the unit with all below it"""

    unit_id: int
    purpose: str
    title: Words = Field(max_length=60)
    body: Words = Field(max_length=300)
    colour: str = ""
    area_ids: list[int] = []


class VisitIn(Strict):
    """What was seen or done; the journal keeps it."""

    words: Words = Field(max_length=500)


# --- reads --------------------------------------------------------------------------------------------------------


@router.get(
    "", response=CalloutPage, summary=gettext_lazy("叫应一览，进行中的在前"), operation_id="callout_table"
)
@decorate_view(needs(READ))
def table(request: PageRequest, asked: Query[OfState]) -> dict[str, Any]:
    refuse_unknown("state", asked.state, CalloutState.values)
    found, following = page_of(selectors.list_callouts(request.ctx, state=asked.state), asked)
    return {"items": _out(request.ctx, found), "next": following}


@router.get(
    "/{uuid:callout_id}",
    response=CalloutWhole,
    summary=gettext_lazy("一次叫应的进展"),
    operation_id="callout_record",
)
@decorate_view(needs(READ))
def record(request: PageRequest, callout_id: UUID, unit_id: int | None = None) -> dict[str, Any]:
    """`unit_id`: the parts of that unit instead of those of the unit that calls; 404: it is none of the reader's."""
    ctx = request.ctx
    callout = selectors.get_callout(ctx, callout_id)
    within = callout.unit_id if unit_id is None else unit_id
    if unit_id is not None and selectors.find_unit(ctx, str(unit_id)) is None:
        raise NotFound
    return _whole(ctx, callout, within, READ)


@router.get(
    "/{uuid:callout_id}/people",
    response=PersonPage,
    summary=gettext_lazy("一次叫应的全部人员"),
    operation_id="callout_people",
)
@decorate_view(needs(READ))
def people(request: PageRequest, callout_id: UUID, asked: Query[OfState]) -> dict[str, Any]:
    refuse_unknown("state", asked.state, STATES.values())
    callout = selectors.get_callout(request.ctx, callout_id)
    found = selectors.list_recipients(request.ctx, callout)
    if asked.state:
        found = found.filter(state=RecipientState[asked.state.upper()])
    shown, following = page_of(found, asked)
    return {"items": [_person(callout, one) for one in shown], "next": following}


# --- acts ---------------------------------------------------------------------------------------------------------


@router.post("", response={201: CalloutWhole}, summary=gettext_lazy("发起叫应"), operation_id="callout_open")
@decorate_view(needs(OPEN))
def open_(request: PageRequest, given: OpenIn) -> Status[dict[str, Any]]:
    """Who is called and by which texts is as on the page; it goes out at once."""
    ctx = request.ctx
    sent = given.model_dump()
    form = OpenForm(
        ctx,
        {
            name: sent[SENT_AS.get(name, name)]
            for name in ("unit", "areas", "purpose", "title", "body", "colour")
        },
    )
    said = cleaned(form, SENT_AS)
    callout = services.open_callout(
        ctx,
        unit=said["unit"],
        purpose=said["purpose"],
        colour=said["colour"],
        title=said["title"],
        unit_ids=form.unit_ids(),
        texts=form.texts(),
    )
    return Status(201, _whole(ctx, callout, callout.unit_id, OPEN))


@router.post(
    "/people/{int:recipient_id}/confirm",
    response=PersonOut,
    summary=gettext_lazy("代为确认（须写明理由，记入留痕）"),
    operation_id="callout_confirm_for",
)
@decorate_view(needs(HANDLE))
def confirm_for(request: PageRequest, recipient_id: int, why: Why) -> dict[str, Any]:
    """409: it is over for him, or for the callout."""
    services.confirm_on_behalf(request.ctx, recipient_id, reason=why.reason)
    return _one(request.ctx, recipient_id)


@router.post(
    "/people/{int:recipient_id}/visit",
    response=PersonOut,
    summary=gettext_lazy("登记上门告知（须写明情况，记入留痕）"),
    operation_id="callout_visit",
)
@decorate_view(needs(HANDLE))
def visit(request: PageRequest, recipient_id: int, said: VisitIn) -> dict[str, Any]:
    """409: it is over for him, or for the callout."""
    services.record_visit(request.ctx, recipient_id, words=said.words)
    return _one(request.ctx, recipient_id)


@router.post(
    "/{uuid:callout_id}/stop",
    response=CalloutOut,
    summary=gettext_lazy("终止叫应（须写明理由，记入留痕）"),
    operation_id="callout_stop",
)
@decorate_view(needs(STOP))
def stop(request: PageRequest, callout_id: UUID, why: Why) -> dict[str, Any]:
    """409: it does not run any more."""
    callout = services.stop_callout(request.ctx, callout_id, reason=why.reason)
    return _out(request.ctx, [callout], STOP)[0]


# --- as it is told ------------------------------------------------------------------------------------------------


def _out(ctx: Context, callouts: Sequence[Callout], capability: str = READ) -> list[dict[str, Any]]:
    tallies: defaultdict[UUID, list[selectors.Tally]] = defaultdict(list)
    for one in selectors.list_tallies(ctx, [callout.pk for callout in callouts], capability):
        tallies[one.callout_id].append(one)
    return [_brief(callout, tallies[callout.pk]) for callout in callouts]


def _brief(callout: Callout, tallies: Iterable[selectors.Tally]) -> dict[str, Any]:
    states = Counter(dict.fromkeys(STATES.values(), 0))
    for one in tallies:
        states[STATES[RecipientState(one.state)]] += one.people
    return {
        "id": callout.pk,
        "title": callout.title,
        "purpose": callout.purpose,
        "colour": callout.colour,
        "state": callout.state,
        "unit_id": callout.unit_id,
        "unit__name": callout.unit.name,
        "matter": callout.matter,
        "started_at": callout.started_at,
        "ended_at": callout.ended_at,
        "states": states,
    }


def _whole(ctx: Context, callout: Callout, within_id: int, capability: str) -> dict[str, Any]:
    tallies = selectors.list_tallies(ctx, [callout.pk], capability)
    hows: Counter[str] = Counter()
    for one in tallies:
        hows.update({one.how: one.people} if one.how else {})
    counts = selectors.list_counts(ctx, callout, within_id, capability)
    return _brief(callout, tallies) | {
        "hows": hows,
        "begun_at": callout.begun_at,
        "certain": all(ladder["certain"] for ladder in callout.ladders),
        "units": [_count(count) for count in sorted(counts, key=lambda count: count.rank)],
    }


def _count(count: selectors.Count) -> dict[str, Any]:
    return {
        "unit_id": count.unit_id,
        "unit__name": count.name,
        "people": count.people,
        "confirmed": count.confirmed,
        "visited": count.visited,
        "unreachable": count.unreachable,
        "open": count.open,
        "last_at": count.last_at,
        "has_parts": count.is_group,
    }


def _one(ctx: Context, recipient_id: int) -> dict[str, Any]:
    recipient = selectors.get_recipient(ctx, recipient_id, HANDLE)
    return _person(recipient.callout, recipient)


def _person(callout: Callout, one: Any) -> dict[str, Any]:
    return {
        "id": one.pk,
        "name": str(one.person or ""),
        "holder": str(one.holder or ""),
        "unit_id": one.unit_id,
        "unit__name": one.unit.name,
        "post": one.post,
        "state": STATES[RecipientState(one.state)],
        "how": one.how,
        "ended_at": one.ended_at,
        "ended_by": str(one.ended_by or ""),
        "taken_by": str(one.taken_by or "") if one.is_open else "",
        "rung": one.rung + 1,
        "rungs": len(callout.ladders[one.ladder]["rungs"]),
        "lines": [
            {"kind": kind, "shown": masked if private else value}
            for kind, value, masked, private in one.lines
        ],
    }
