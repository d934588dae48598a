"""Confirmation links as the process of answers works through them: batches of reads, batches of answers, and their pages."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.db import close_old_connections
from django.template.loader import render_to_string
from django.utils import formats, timezone, translation
from django.utils.html import escape

from anlan.kernel.context import Context
from anlan.kernel.models import Exercise
from anlan.kernel.terms import WarningColour
from anlan.message.callout import selectors, services
from anlan.message.callout.terms import LISTENS, CalloutState, How, Purpose, RecipientState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from anlan.message.callout.selectors import Linked, Standing

# What stands in a page for what differs; none of it can be in a text, so nothing is filled in twice.
PLACES = ("title", "unit", "colour", "at", "how", "purpose")
MARK = "\x01{}\x02"
NO_MARKS = {1: None, 2: None}
NOBODYS = -1  # no exercise's id
OPEN, NEW, DONE, OVER, UNKNOWN, BUSY = "open", "new", "done", "over", "unknown", "busy"


class Outcome(NamedTuple):
    """What a page says: the state, and whom it is about; None: nobody we know."""

    state: str
    standing: Standing | None


def look(asked: Sequence[Linked]) -> list[Outcome]:
    """What stands behind these links; nothing changes by looking."""
    try:
        found = selectors.list_standing({one.recipient_id for one in asked})
        return [_outcome(found.get(one.recipient_id)) for one in asked]
    finally:
        close_old_connections()


def confirm(asked: Sequence[Linked]) -> list[Outcome]:
    """Take these answers in one batch for each exercise and for real life; what each of them came to."""
    try:
        ids = {one.recipient_id for one in asked}
        exercise_of = selectors.list_exercises(ids)
        new: set[int] = set()
        for exercise in set(exercise_of.values()):
            answers = [
                services.Answer(one.recipient_id, How.STAND_IN if one.is_stand_in else How.LINK)
                for one in asked
                if exercise_of.get(one.recipient_id, NOBODYS) == exercise
            ]
            new |= services.confirm_recipients(_context(exercise), answers)
        after = selectors.list_standing(ids)
        return [
            Outcome(NEW, after[one.recipient_id])
            if one.recipient_id in new
            else _outcome(after.get(one.recipient_id))
            for one in asked
        ]
    finally:
        close_old_connections()


def page_of(outcome: Outcome, language: str) -> bytes:
    """The page of one outcome, in one of the node's languages."""
    standing = outcome.standing
    if standing is None:
        return _frame(outcome.state, language, is_drill=False).encode()
    html = _frame(outcome.state, language, is_drill=standing.exercise_id is not None)
    with translation.override(language):
        values = {
            "title": standing.title,
            "unit": standing.unit,
            "colour": str(WarningColour(standing.colour).label) if standing.colour else "",
            "at": _shown(standing.ended_at or standing.callout_ended_at),
            "how": str(How(standing.how).label) if standing.how else "",
            "purpose": str(Purpose(standing.purpose).label),
        }
    for name, text in values.items():
        html = html.replace(MARK.format(name), escape(text.translate(NO_MARKS)))
    return html.encode()


def _outcome(standing: Standing | None) -> Outcome:
    if standing is None or standing.is_over:
        return Outcome(UNKNOWN, None)
    if standing.state >= RecipientState.CONFIRMED:
        return Outcome(DONE, standing)
    return Outcome(OPEN if standing.callout_state == CalloutState.RUNNING else OVER, standing)


def _context(exercise_id: int | None) -> Context:
    exercise = Exercise.objects.select_related("clock").get(pk=exercise_id) if exercise_id else None
    return Context(None, exercise, powers=LISTENS)


def _shown(moment: datetime | None) -> str:
    return formats.date_format(timezone.localtime(moment), "DATETIME_FORMAT") if moment else ""


@cache
def _frame(state: str, language: str, *, is_drill: bool) -> str:
    """The page of a state with marks for what differs; made once in each process."""
    shown: dict[str, Any] = {name: MARK.format(name) for name in PLACES}
    shown |= {"state": state, "is_drill": is_drill, "node": settings.ANLAN.node_name, "language": language}
    with translation.override(language):
        return render_to_string("site/answer.html", shown)
