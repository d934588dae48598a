"""Exercises: drills that run the real code. Opened and closed, entered for one session, with a clock of their own.

Whoever is in an exercise sees and does the exercise's alone; nothing of it reaches real life. What he may do there his real
grants say. Its clock runs faster or slower, stands still, or jumps forward; never back, since what fell due has happened.
When it is over it is entered to be read: nothing but reading and exporting counts in it then (scope.LOOK_BACK).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, NamedTuple

from django.db.models import Exists, F, Min, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from anlan.kernel.act import act
from anlan.kernel.clock import real_now
from anlan.kernel.errors import DomainError, NotFound, StateConflict
from anlan.kernel.events import event
from anlan.kernel.models import Attendance, Clock, Due, Exercise, Inject
from anlan.kernel.scope import can, require, upward

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet

    from anlan.kernel.context import Context
    from anlan.kernel.models import Unit, User

RUN = "kernel.exercise.run"
JOIN = "kernel.exercise.join"
FASTEST = 3600.0  # an hour a second
MOST_SHOWN = 200  # who is in it


@event("kernel.exercise.opened", _("开始演练"))
@dataclass(frozen=True)
class ExerciseOpened:
    origin_at: datetime


@event("kernel.exercise.closed", _("结束演练"))
@dataclass(frozen=True)
class ExerciseClosed:
    """timers: how many that had not fired are dropped"""

    timers: int


@event("kernel.exercise.entered", _("进入演练"))
@dataclass(frozen=True)
class ExerciseEntered:
    pass


@event("kernel.exercise.looked_back", _("回看演练"))
@dataclass(frozen=True)
class ExerciseLookedBack:
    """It was over when somebody entered it."""


@event("kernel.exercise.left", _("退出演练"))
@dataclass(frozen=True)
class ExerciseLeft:
    pass


@event("kernel.exercise.clock_set", _("调整演练时钟"))
@dataclass(frozen=True)
class ExerciseClockSet:
    """from_at, to_at: what time it was and is in the exercise; they differ where it jumped"""

    from_at: datetime
    to_at: datetime
    rate: float
    paused: bool


@event("kernel.exercise.planned", _("排定演练剧本"))
@dataclass(frozen=True)
class InjectsPlanned:
    injects: int


@event("kernel.exercise.injected", _("情景注入已发生"))
@dataclass(frozen=True)
class InjectDone:
    """number: its place in the list; as_expected: whether it came to what was expected"""

    number: int
    as_expected: bool


class Planned(NamedTuple):
    """What is to happen in an exercise, and whose move it is; blank: it happens by itself."""

    at: datetime
    title: str
    who: str = ""


# --- acts --------------------------------------------------------------------------------------------------------


@act(RUN)
def open_exercise(
    ctx: Context, unit: Unit, *, name: str, origin_at: datetime | None = None, rate: float = 1.0
) -> Exercise:
    """Begin an exercise of a unit and all below it.

    origin_at   what time it is in it at first; None: the real time
    rate        how many seconds pass in it in one real second
    raises      NotFound for a unit out of reach; clock_out_of_range
    """
    if not can(ctx, RUN, unit):
        raise NotFound
    _check(rate)
    now = real_now()
    clock = Clock.objects.create(origin_at=origin_at or now, started_at=now, rate=rate)
    exercise = Exercise.objects.create(unit=unit, name=name, clock=clock, opened_at=now)
    ctx.journal(ExerciseOpened(clock.origin_at), exercise)
    return exercise


@act(RUN)
def close_exercise(ctx: Context, exercise_id: int) -> Exercise:
    """End it: its clock stands, what was still to fire is dropped, everybody in it is back in real life."""
    exercise = _lock(ctx, exercise_id)
    _set(exercise.clock, paused=True)
    exercise.closed_at = real_now()
    exercise.save(update_fields=["closed_at"])
    dropped, _kinds = Due.objects.filter(clock=exercise.clock).delete()
    exercise.attendances.all().delete()
    ctx.journal(ExerciseClosed(dropped), exercise)
    return exercise


@act(JOIN)
def enter_exercise(ctx: Context, exercise_id: int, session_key: str) -> Exercise:
    """Be in it from now on, with this session; one that is over is there to be read. raises NotFound for one out of reach"""
    exercise = get_exercise(ctx, exercise_id)
    if ctx.actor is None:
        raise NotFound
    Attendance.objects.update_or_create(
        session_key=session_key, defaults={"exercise": exercise, "user": ctx.actor, "entered_at": real_now()}
    )
    ctx.journal(ExerciseEntered() if exercise.closed_at is None else ExerciseLookedBack(), exercise)
    return exercise


@act(JOIN)
def leave_exercise(ctx: Context, session_key: str) -> None:
    """Be back in real life; nothing happens to who is there already."""
    attendance = Attendance.objects.filter(session_key=session_key).select_related("exercise").first()
    if attendance is not None:
        attendance.delete()
        ctx.journal(ExerciseLeft(), attendance.exercise)


@act(RUN)
def set_clock(ctx: Context, exercise_id: int, *, rate: float | None = None, paused: bool = False) -> Exercise:
    """Let its clock run at a rate (None: as before) or stand still. raises clock_out_of_range"""
    exercise = _lock(ctx, exercise_id)
    if rate is not None:
        _check(rate)
        exercise.clock.rate = rate
    return _moved(ctx, exercise, timedelta(0), paused=paused)


@act(RUN)
def jump_clock(
    ctx: Context, exercise_id: int, *, by: timedelta | None = None, to_inject: bool = False
) -> Exercise:
    """Let time pass in it at once; by None: up to what falls due next, or to what its list says is next.

    raises  clock_backwards; nothing_due where nothing is to come
    """
    exercise = _lock(ctx, exercise_id)
    if by is None:
        following = next_inject(exercise) if to_inject else next_due(exercise)
        if following is None:
            raise DomainError("nothing_due")
        by = max(following - exercise.clock.at(real_now()), timedelta(0))
    if by < timedelta(0):
        raise DomainError("clock_backwards")
    return _moved(ctx, exercise, by, paused=exercise.clock.paused_at is not None)


@act(RUN)
def plan_injects(ctx: Context, exercise_id: int, rows: Sequence[Planned]) -> list[Inject]:
    """Lay down what is to happen in it, once. raises NotFound; StateConflict, too, where that has been done"""
    exercise = _lock(ctx, exercise_id)
    if exercise.injects.exists():
        raise StateConflict
    ctx.journal(InjectsPlanned(len(rows)), exercise)
    return Inject.objects.bulk_create(
        Inject(exercise=exercise, number=number, at=one.at, title=one.title, who=one.who)
        for number, one in enumerate(rows, 1)
    )


@act(RUN)
def address_inject(ctx: Context, inject_id: int, address: str) -> None:
    """Say on which page it is done, as soon as that is known. Not journalled: nothing has happened."""
    _lock_inject(ctx, inject_id)
    Inject.objects.filter(pk=inject_id).update(address=address)


@act(RUN)
def finish_inject(ctx: Context, inject_id: int, *, by: User | None = None, failed: str = "") -> Inject:
    """It has happened; a second time nothing does.

    by      who did it; None: those who direct the exercise
    failed  why it did not come to what was expected
    raises  NotFound; StateConflict where the exercise is over
    """
    inject = _lock_inject(ctx, inject_id)
    if inject.done_at is None:
        inject.done_at = inject.exercise.clock.at(real_now())
        inject.done_by, inject.failed = by, failed[:500]
        inject.save()
        ctx.journal(InjectDone(inject.number, not failed), inject.exercise)
    return inject


def _lock_inject(ctx: Context, inject_id: int) -> Inject:
    inject = Inject.objects.select_for_update(of=("self",)).filter(pk=inject_id).first()
    if inject is None:
        raise NotFound
    inject.exercise = _lock(ctx, inject.exercise_id)
    return inject


def _moved(ctx: Context, exercise: Exercise, by: timedelta, *, paused: bool) -> Exercise:
    before = exercise.clock.at(real_now())
    _set(exercise.clock, by=by, paused=paused)
    clock = exercise.clock
    ctx.journal(ExerciseClockSet(before, clock.origin_at, clock.rate, paused), exercise)
    return exercise


def _set(clock: Clock, *, by: timedelta = timedelta(0), paused: bool) -> None:
    """Reckon the clock anew from this moment on."""
    now = real_now()
    stored = Clock.objects.get(pk=clock.pk)  # the rate may be new, until now the old one held
    clock.origin_at, clock.started_at = stored.at(now) + by, now
    clock.paused_at = now if paused else None
    clock.save()


def _check(rate: float) -> None:
    if not 0 < rate <= FASTEST:
        raise DomainError("clock_out_of_range", most=f"{FASTEST:,.0f}")


# --- reads -------------------------------------------------------------------------------------------------------


def list_exercises(ctx: Context, capability: str = JOIN) -> QuerySet[Exercise]:
    """The exercises within reach, those that go on first."""
    return _reached(ctx, capability).order_by(F("closed_at").desc(nulls_first=True), "-opened_at", "-pk")


def get_exercise(ctx: Context, exercise_id: int) -> Exercise:
    found = _reached(ctx, JOIN).filter(pk=exercise_id).first()
    if found is None:
        raise NotFound
    return found


def get_closed(exercise_id: int) -> Exercise:
    """One that is over, for those who end what belonged to it."""
    return Exercise.objects.select_related("clock").get(pk=exercise_id, closed_at__isnull=False)


def find_attended(ctx: Context, exercise_id: int, session_key: str) -> Exercise | None:
    """The exercise that a session says it is in; None where it has ended since, or is out of reach by now."""
    if not can(ctx, JOIN):
        return None
    looks_back = Exists(Attendance.objects.filter(exercise=OuterRef("pk"), session_key=session_key))
    return _reached(ctx, JOIN).filter(Q(closed_at=None) | looks_back, pk=exercise_id).first()


def list_attending(ctx: Context, exercise: Exercise) -> QuerySet[Attendance]:
    """Who is in it, the latest first."""
    require(ctx, JOIN)
    return exercise.attendances.select_related("user").order_by("-entered_at")[:MOST_SHOWN]


def next_due(exercise: Exercise) -> datetime | None:
    """When something falls due in it next, in its own time."""
    found: datetime | None = Due.objects.filter(clock=exercise.clock_id).aggregate(first=Min("at"))["first"]
    return found


def list_injects(ctx: Context, exercise: Exercise) -> list[Inject]:
    """What is to happen in it and what has, in order."""
    require(ctx, JOIN)
    return list(exercise.injects.select_related("done_by")[:MOST_SHOWN])


def next_inject(exercise: Exercise) -> datetime | None:
    """When the first of its list that has not happened shall, in its own time."""
    coming = exercise.injects.filter(done_at=None).order_by("number")
    found: datetime | None = coming.values_list("at", flat=True).first()
    return found


def _reached(ctx: Context, capability: str) -> QuerySet[Exercise]:
    """Those of units in the actor's subtrees, and of units above them: the district's exercise is its townships', too."""
    require(ctx, capability)
    roots = ctx.roots(capability)
    above = [path for root in roots for path in upward(root)]
    below = reduce(or_, (Q(unit__path__startswith=root) for root in roots), Q(pk__in=[]))
    return Exercise.objects.filter(below | Q(unit__path__in=above)).select_related("clock", "unit")


def _lock(ctx: Context, exercise_id: int) -> Exercise:
    """One that goes on, of a unit in the actor's subtrees, for update. raises NotFound; StateConflict"""
    exercise = Exercise.objects.select_for_update(of=("self",)).filter(pk=exercise_id, unit__isnull=False)
    found = exercise.select_related("clock", "unit").first()
    if found is None or not can(ctx, RUN, found.unit):
        raise NotFound
    if found.closed_at is not None:
        raise StateConflict
    return found
