"""Events and rules of an invented duty for the tests: a report is owed within two hours once a bell has rung."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - events look at their types when they are declared
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from anlan.kernel import rules, scanner
from anlan.kernel.clock import real_now
from anlan.kernel.events import event
from anlan.kernel.models import Clock, Exercise

if TYPE_CHECKING:
    from datetime import timedelta

    from anlan.kernel.models import Rule


@event("test.alarm.raised", _("报警"))
@dataclass(frozen=True)
class AlarmRaised:
    grade: str = "II"
    units: tuple[int, ...] = ()
    seen_at: datetime | None = None


@event("test.alarm.reported", _("报告"))
@dataclass(frozen=True)
class AlarmReported:
    units: tuple[int, ...] = ()


@event("test.alarm.dropped", _("误报"))
@dataclass(frozen=True)
class AlarmDropped:
    pass


@event("test.alarm.stopped", _("中止"))
@dataclass(frozen=True)
class AlarmStopped:
    pass


@event("test.alarm.continued", _("继续"))
@dataclass(frozen=True)
class AlarmContinued:
    pass


BASE = {
    "code": "test-report",
    "name": "两小时内报告",
    "source": "试验办法第一条",
    "from_on": "2020-01-01",
    "opens_on": ["test.alarm.raised"],
    "fulfilled_on": ["test.alarm.reported"],
    "withdrawn_on": ["test.alarm.dropped"],
    "paused_on": ["test.alarm.stopped"],
    "resumed_on": ["test.alarm.continued"],
    "limit": "PT2H",
    "reminders": ["PT30M"],
    "ladder": [{"after": "PT0S", "levels_up": 0}, {"after": "PT30M", "levels_up": 1}],
}


def load_rule(**changes: Any) -> Rule:
    """The rule above, with these fields otherwise; a field of None is left out."""
    row = {name: value for name, value in (BASE | changes).items() if value is not None}
    return rules.load([row])[0]


def yearly(**changes: Any) -> Rule:
    """Two drills in a year, for townships."""
    fields = {
        "code": "test-drills",
        "name": "每年两次演练",
        "every": "year",
        "count": 2,
        "unit_kinds": ["township"],
    }
    no_more = {"limit": None, "opens_on": [], "withdrawn_on": [], "paused_on": [], "resumed_on": []}
    return load_rule(**(fields | no_more | changes))


def standing_exercise(at: datetime | None = None) -> Exercise:
    """An exercise whose time stands still until it is moved."""
    moment = at or real_now()
    clock = Clock.objects.create(origin_at=moment, started_at=moment, paused_at=moment)
    return Exercise.objects.create(name="桌面推演", clock=clock)


def move(exercise: Exercise, by: timedelta) -> None:
    """Let time pass in an exercise."""
    Clock.objects.filter(pk=exercise.clock_id).update(origin_at=exercise.clock.origin_at + by)
    exercise.clock.refresh_from_db()


def fire_all() -> int:
    """Fire until nothing is due any more."""
    count = 0
    while fired := scanner.fire():
        count += fired
    return count
