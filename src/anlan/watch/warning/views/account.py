"""Warnings: the account of one, on a page, on paper and as a workbook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from anlan.kernel.pages import needs
from anlan.kernel.register.sheets import EXCEL, MEDIA_TYPES
from anlan.kernel.scope import can
from anlan.kernel.terms import WarningColour
from anlan.watch.warning.selectors.account import CALLOUT_READ, get_account
from anlan.watch.warning.selectors.warnings import READ, list_warnings
from anlan.watch.warning.tables import Writer, summary_of, workbook_of
from anlan.watch.warning.terms import WarningState
from anlan.watch.warning.views.course import curve_of, night_of

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from anlan.kernel.context import Context
    from anlan.kernel.requests import PageRequest
    from anlan.watch.warning.selectors.account import Account, Told
    from anlan.watch.warning.tables import Cell

MOST_SHOWN = 20  # warnings of an exercise


class Mark(NamedTuple):
    """A moment that stands on the picture under its number. colour: of what was published then"""

    number: int
    at: datetime
    text: str
    colour: str
    cell: Cell

    @property
    def word(self) -> str:
        return str(WarningColour(self.colour).label)


@require_safe
@needs(READ)
def warning_account(request: PageRequest, warning_id: UUID) -> HttpResponse:
    """What happened and how fast; it fetches itself again as long as anything of it goes on."""
    account = get_account(request.ctx, warning_id)
    write = Writer(request.ctx, account)
    marks = _marks(write, account)
    shown = {
        "account": account,
        "warning": account.warning,
        "headline": next((one.issue.headline for one in account.told), str(account.warning)),
        "summary": summary_of(account),
        "may_see_callouts": can(request.ctx, CALLOUT_READ),
        "marks": marks,
        "picture": night_of(account, [(one.at, str(one.number)) for one in marks]),
        "parts": [_part(write, account, one) for one in account.told],
        "owed": write.owed() if account.owed else None,
        "measures": write.measures() if account.measures else None,
        "costs": write.costs() if account.costs else None,
        "review": account.review,
        "review_url": write.entry(account.reviewed),
    }
    return render(request, "warning/account.html", shown)


@require_safe
@needs(READ)
def warning_account_export(request: PageRequest, warning_id: UUID) -> HttpResponse:
    account = get_account(request.ctx, warning_id)
    response = HttpResponse(workbook_of(request.ctx, account), content_type=MEDIA_TYPES[EXCEL])
    name = f"{account.begun_at:%Y%m%d%H%M}"
    response["Content-Disposition"] = f'attachment; filename="warning-{name}.xlsx"'
    return response


def of_exercise(ctx: Context) -> dict[str, Any] | None:
    """What stands on the page of the exercise that the reader is in: its warnings, the latest first."""
    if not can(ctx, READ):
        return None
    found = list(list_warnings(ctx).order_by("-drafted_at", "pk")[:MOST_SHOWN])
    return {"warnings": found} if found else None


def _part(write: Writer, account: Account, told: Told) -> dict[str, Any]:
    """One message, and what came of telling it."""
    course = told.course if told.course and told.course.people else None
    return {
        "issue": told.issue,
        "course": course,
        "steps": write.steps(told),
        "figures": write.figures(course) if course else [],
        "curve": curve_of(course, account.at) if course else None,
        "tried": write.tried(course) if course and course.attempts else None,
        "rungs": write.rungs(course) if course and course.rungs else None,
        "doors": write.doors(course) if course else [],
    }


def _marks(write: Writer, account: Account) -> list[Mark]:
    """What is numbered on the picture."""
    found: list[tuple[datetime, str, str, str]] = []  # when, words, colour, address
    for one in account.told:
        name, colour = one.issue.get_message_type_display(), "" if one.issue.is_end else one.issue.colour
        if one.received:
            found.append((one.received.at, _("收到外部报文"), "", write.entry(one.received)))
        if one.published_at:
            found.append((one.published_at, name, colour, write.entry(one.published)))
        settled = one.course.settled_at if one.course else None
        if one.course and settled:
            words = _("%(name)s：全部确认或上门告知") % {"name": name}
            found.append((settled, words, "", write.turn(one.course, "completed")))
    if account.ended and account.warning.state == WarningState.EXPIRED:
        found.append((account.ended.at, account.warning.get_state_display(), "", write.entry(account.ended)))
    found.sort(key=lambda one: one[0])
    return [
        Mark(number, at, text, colour, write.moment(at, url))
        for number, (at, text, colour, url) in enumerate(found, start=1)
    ]
