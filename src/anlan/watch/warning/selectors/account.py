"""The account of a warning: what happened and how fast, each moment with the journal's entry that it stands on.

Whoever may read the warning in its own unit gets all of it. Whom it is only shared with gets what was published, and of the
callouts what lies within his own scope: neither how it came about, nor what is owed, nor what it cost.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta  # noqa: TC003 - fields of dataclasses
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID  # noqa: TC003 - field of a dataclass

from django.db.models import Count, F, Min, Q

from anlan.kernel.models import Entry, Obligation
from anlan.kernel.scope import can
from anlan.kernel.terms import ObligationState
from anlan.kernel.timeline import who
from anlan.message.callout.selectors import READ as CALLOUT_READ
from anlan.message.callout.selectors import Course, list_courses
from anlan.watch.warning.models import EarlyWarning
from anlan.watch.warning.selectors import warnings
from anlan.watch.warning.terms import IssueState, WarningState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from anlan.kernel.context import Context
    from anlan.watch.warning.models import WarningIssue, WarningReview
    from anlan.watch.warning.selectors.warnings import Taken

__all__ = ("CALLOUT_READ", "Account", "Course", "Moment", "Owed", "Stretch", "Told", "get_account")

KIND = EarlyWarning._meta.label_lower
# Rooms above say by the journal that a message from outside became a draft; what they are called is all that is known of them.
DRAFTED_FROM, CAME, OUTSIDE = "connect.alert.drafted", "connect.alert.received", "alert.alertmessage"
STEPS = ("drafted", "submitted", "approved", "returned", "countersigned")
PUBLISHED = ("published", "updated", "cancelled")
ENDS = ("cancelled", "expired")
AFTER = ("expired", "measure_taken", "reviewed")
EVENTS = (*(f"watch.warning.{name}" for name in (*STEPS, *PUBLISHED, *AFTER)), DRAFTED_FROM)
MOST_ENTRIES = 1000
LATE_END = Q(state=ObligationState.FULFILLED, ended_at__gt=F("due_at"))
IN_TIME = Q(state=ObligationState.FULFILLED, ended_at__lte=F("due_at"))
RELEASED = Q(state__in=(ObligationState.WAIVED, ObligationState.WITHDRAWN))
STILL = Q(state__in=(ObligationState.OPEN, ObligationState.PAUSED))


@dataclass(frozen=True)
class Moment:
    """When something happened, who did it, and which entry about which record says so. who: blank for the node itself"""

    at: datetime
    kind: str
    key: str
    entry_id: int
    who: str = ""


class Stretch(NamedTuple):
    """A colour in force, from when until when; None: still."""

    colour: str
    from_at: datetime
    until_at: datetime | None


class Owed(NamedTuple):
    """What one rule had owed about the warning or one of its callouts.

    overdue    of the open ones; only: the one there is, where there is one
    """

    code: str
    name: str
    kind: str
    key: str
    in_time: int
    late: int
    open: int
    overdue: int
    released: int
    first: int

    @property
    def all(self) -> int:
        return self.in_time + self.late + self.open + self.released

    @property
    def only(self) -> int | None:
        return self.first if self.all == 1 else None


@dataclass
class Told:
    """One message of the warning: how it came about, and what came of telling it.

    received   the message from outside that it was drafted from, when it came
    returns    how often it was given back to its author
    course     None: nobody was called, or the reader may not see callouts
    """

    issue: WarningIssue
    received: Moment | None = None
    drafted: Moment | None = None
    submitted: Moment | None = None
    approved: Moment | None = None
    published: Moment | None = None
    countersigned: Moment | None = None
    returns: int = 0
    course: Course | None = None

    @property
    def published_at(self) -> datetime | None:
        return self.issue.published_at

    @property
    def to_draft(self) -> timedelta | None:
        return _between(self.received, self.drafted)

    @property
    def to_submission(self) -> timedelta | None:
        return _between(self.drafted, self.submitted)

    @property
    def to_approval(self) -> timedelta | None:
        return _between(self.submitted, self.approved)

    @property
    def to_publication(self) -> timedelta | None:
        return _between(self.approved, self.published)

    @property
    def in_the_making(self) -> timedelta | None:
        """From the message from outside, else from the draft, to publication."""
        return _between(self.received or self.drafted, self.published)

    @property
    def to_countersignature(self) -> timedelta | None:
        return _between(self.published, self.countersigned)

    @property
    def to_first_hand_over(self) -> timedelta | None:
        """From approval; of an urgent message, from publication."""
        return _since(self.approved or self.published, self.course.handed_first_at if self.course else None)

    @property
    def to_last_hand_over(self) -> timedelta | None:
        return _since(self.approved or self.published, self.course.handed_last_at if self.course else None)

    @property
    def to_settled(self) -> timedelta | None:
        """From publication until everybody had answered or was visited."""
        return self.after(self.course.settled_at if self.course else None)

    def after(self, at: datetime | None) -> timedelta | None:
        """How long after publication."""
        return at - self.published_at if at and self.published_at else None


@dataclass
class Account:
    """A warning from its first draft to its end, as it stands at a moment.

    whole     whether the reader may read the warning in its own unit, not only as one it is shared with
    told      its messages, in order
    spoken    the published ones of these
    courses   callouts about it that belong to none of these messages
    owed      None: not the reader's to see
    """

    warning: EarlyWarning
    at: datetime
    whole: bool
    told: list[Told] = field(default_factory=list)
    courses: list[Course] = field(default_factory=list)
    owed: list[Owed] | None = None
    measures: list[Taken] = field(default_factory=list)
    measures_taken: dict[str, Moment] = field(default_factory=dict)
    ended: Moment | None = None
    review: WarningReview | None = None
    reviewed: Moment | None = None

    @property
    def spoken(self) -> list[Told]:
        return [one for one in self.told if one.issue.is_published]

    @property
    def all_courses(self) -> list[Course]:
        return [one.course for one in self.told if one.course] + self.courses

    @property
    def colours(self) -> list[Stretch]:
        """In what colour it was in force, one after the other."""
        found: list[Stretch] = []
        for one in self.spoken:
            at = one.published_at
            if at is None or one.issue.is_end:
                continue
            if found and found[-1].colour == one.issue.colour:
                continue
            if found:
                found[-1] = found[-1]._replace(until_at=at)
            found.append(Stretch(one.issue.colour, at, None))
        if found:
            found[-1] = found[-1]._replace(until_at=self.warning.ended_at)
        return found

    @property
    def begun_at(self) -> datetime:
        """The first moment that it tells of."""
        moments = [one.at for told in self.told for one in (told.received, told.drafted) if one]
        shown = [at for told in self.spoken if (at := told.published_at)]
        return min([*moments, *shown], default=self.warning.drafted_at)

    @property
    def until_at(self) -> datetime:
        """The last: now, while it is in force; its end stopped whatever still called."""
        return self.at if self.is_running else (self.warning.ended_at or self.at)

    @property
    def is_running(self) -> bool:
        return self.warning.state in {WarningState.PENDING, WarningState.IN_FORCE}

    @property
    def measures_done(self) -> int:
        return sum(one.row.done_at is not None for one in self.measures)

    @property
    def costs(self) -> list[tuple[str, int, Decimal]]:
        """By channel: how many parts or calls, and what they cost; for those who bear it."""
        if not self.whole:
            return []
        parts: dict[str, int] = {}
        sums: dict[str, Decimal] = {}
        for one in (tried for course in self.all_courses for tried in course.attempts):
            if one.channel != "app":
                parts[one.channel] = parts.get(one.channel, 0) + one.parts
                sums[one.channel] = sums.get(one.channel, Decimal(0)) + one.cost_cny
        return [(channel, parts[channel], sums[channel]) for channel in sums]

    @property
    def cost_cny(self) -> Decimal:
        return sum((cost for _channel, _parts, cost in self.costs), Decimal(0))


def get_account(ctx: Context, warning_id: UUID) -> Account:
    """What happened about one warning. raises NotFound"""
    warning = warnings.get_warning(ctx, warning_id)
    whole = can(ctx, warnings.READ, warning.unit)
    account = Account(warning, ctx.now(), whole)
    issues = [one for one in warnings.list_issues(ctx, warning) if one.state != IssueState.DISCARDED]
    account.told = [Told(one) for one in sorted(issues, key=lambda one: one.number)]
    _add_moments(account, warning)
    if can(ctx, CALLOUT_READ):
        _add_courses(account, list_courses(ctx, warning.pk))
    if whole:
        account.owed = _list_owed(ctx, account)
        account.measures = warnings.list_measures(ctx, warning)
        account.review = warnings.find_review(warning)
    return account


def _add_moments(account: Account, warning: EarlyWarning) -> None:
    """Which entry says when each step was taken; to whom it is only shared, publications and the end alone."""
    entries = list(
        Entry.objects.filter(subject_kind=KIND, subject=str(warning.pk), event__in=EVENTS)
        .select_related("actor")
        .order_by("pk")[:MOST_ENTRIES]
    )
    told = {str(one.issue.pk): one for one in account.told}
    from_outside: dict[str, str] = {}
    for entry in entries:
        name = entry.event.rpartition(".")[2]
        if name in ENDS:
            account.ended = _moment(entry)
        if entry.event == DRAFTED_FROM:
            from_outside.setdefault(entry.data["issue"], entry.data["message"])
        elif one := told.get(entry.data.get("issue", "")):
            _add_step(one, name, entry, whole=account.whole)
        elif name == "measure_taken":
            account.measures_taken[entry.data["code"]] = _moment(entry)
        elif name == "reviewed":
            account.reviewed = _moment(entry)
    if account.whole and from_outside:
        _add_receipts(told, from_outside)


def _add_step(one: Told, name: str, entry: Entry, *, whole: bool) -> None:
    if name in PUBLISHED:
        one.published = _moment(entry)
    elif whole and name == "returned":
        one.returns, one.submitted, one.approved = one.returns + 1, None, None
    elif whole:
        setattr(one, name, _moment(entry))


def _add_receipts(told: dict[str, Told], from_outside: dict[str, str]) -> None:
    came = Entry.objects.filter(subject_kind=OUTSIDE, subject__in=from_outside.values(), event=CAME)
    received = {entry.subject: entry for entry in came.order_by("-pk")}
    for issue, message in from_outside.items():
        if issue in told and message in received:
            told[issue].received = _moment(received[message])


def _add_courses(account: Account, courses: Iterable[Course]) -> None:
    told = {str(one.issue.pk): one for one in account.told}
    for course in courses:
        one = told.get(course.callout.subject)
        if one and one.course is None:
            one.course = course
        else:
            account.courses.append(course)


def _list_owed(ctx: Context, account: Account) -> list[Owed]:
    """What was owed about the warning and its callouts, rule by rule, what opened first first."""
    calls = [str(one.callout.pk) for one in account.all_courses]
    about = Q(subject_kind=KIND, subject=str(account.warning.pk)) | Q(
        subject_kind="callout.callout", subject__in=calls
    )
    found = Obligation.unscoped.filter(about, exercise=ctx.exercise)
    rows = found.values_list("rule__code", "rule__name", "subject_kind", "subject").annotate(
        in_time=Count("pk", filter=IN_TIME),
        late=Count("pk", filter=LATE_END),
        open=Count("pk", filter=STILL),
        overdue=Count("pk", filter=STILL & Q(due_at__lt=account.at)),
        released=Count("pk", filter=RELEASED),
        first=Min("pk"),
    )
    return [Owed(*row) for row in rows.order_by("first")]


def _moment(entry: Entry) -> Moment:
    return Moment(entry.at, entry.subject_kind, entry.subject, entry.pk, who(entry) if entry.actor_id else "")


def _between(before: Moment | None, then: Moment | None) -> timedelta | None:
    return then.at - before.at if before and then else None


def _since(before: Moment | None, at: datetime | None) -> timedelta | None:
    return at - before.at if before and at else None
