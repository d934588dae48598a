"""Obligations as rows of lists, boards and exports show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext as _

from anlan.kernel import subjects
from anlan.kernel.obligation_lists import FULFIL
from anlan.kernel.obligations import UNIT
from anlan.kernel.scope import can
from anlan.kernel.subjects import Shown
from anlan.kernel.terms import ObligationState
from anlan.site import duty_words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from anlan.kernel.context import Context
    from anlan.kernel.models import Obligation

MARKS = {
    ObligationState.OPEN: "open",
    ObligationState.PAUSED: "waiting",
    ObligationState.FULFILLED: "done",
    ObligationState.WAIVED: "stopped",
    ObligationState.WITHDRAWN: "stopped",
}


@dataclass(frozen=True)
class Row:
    """One obligation, with its state as a word and a mark, and the one thing to do about it.

    about   the record it is about, blank where the reader may not meet it
    act     a verb and where it leads; blank where there is nothing to do
    """

    duty: Obligation
    what: str
    about: Shown
    mark: str
    state: str
    act: str = ""
    act_url: str = ""

    @property
    def url(self) -> str:
        return reverse("obligation_detail", args=[self.duty.pk])

    @property
    def runs(self) -> bool:
        return self.duty.is_open

    @property
    def clock_at(self) -> datetime:
        """When it is due, or when it ended."""
        return self.duty.ended_at or self.duty.due_at


def rows_of(ctx: Context, duties: Sequence[Obligation]) -> list[Row]:
    """With one query a kind of record that they are about; what recurs is about its own unit and needs none."""
    keys = [(duty.subject_kind, duty.subject) for duty in duties if not duty.rule.every]
    shown = subjects.describe(ctx, keys)
    now = ctx.now()
    return [_row(ctx, duty, shown.get((duty.subject_kind, duty.subject), Shown()), now) for duty in duties]


def _row(ctx: Context, duty: Obligation, about: Shown, now: datetime) -> Row:
    mark, state = standing_of(duty, now)
    act, act_url = _act(ctx, duty, about)
    return Row(duty, duty_words.what(duty, about), about, mark, state, act, act_url)


def _act(ctx: Context, duty: Obligation, about: Shown) -> tuple[str, str]:
    """A duty about a record is done there; one about the unit itself is done when somebody says how."""
    if not duty.is_open:
        return "", ""
    if about.url and duty.subject_kind != UNIT:
        return _("去办理"), about.url
    if can(ctx, FULFIL, duty):
        return _("登记办结"), f"{reverse('obligation_fulfil')}?id={duty.pk}"
    return "", ""


def standing_of(duty: Obligation, now: datetime) -> tuple[str, str]:
    """The mark and the word for how an obligation stands."""
    state = ObligationState(duty.state)
    if state == ObligationState.OPEN and duty.due_at < now:
        return "failed", _("已逾期")
    if state == ObligationState.FULFILLED and late_of(duty):
        return "done", _("逾期办结")
    return MARKS[state], str(state.label)


def late_of(duty: Obligation) -> str:
    """How late it was done, in words; blank where it was in time or is not done."""
    if duty.state != ObligationState.FULFILLED or duty.ended_at is None or duty.ended_at <= duty.due_at:
        return ""
    return duty_words.span(duty.ended_at - duty.due_at)
