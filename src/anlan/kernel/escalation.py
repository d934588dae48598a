"""What time does to obligations: reminders and rungs of the ladder are taken, recurring duties opened at local midnight."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from django.db import connection
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from anlan.kernel import journal, periods, rules, timers
from anlan.kernel.events import event
from anlan.kernel.models import Escalation, Obligation, Rule
from anlan.kernel.obligations import KIND, STEP, UNIT, ObligationsOpened
from anlan.kernel.steps import Step, steps_of, unit_told
from anlan.kernel.terms import Every, ObligationState, Rung
from anlan.kernel.timers import timer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import date, datetime

    from anlan.kernel.context import Context
    from anlan.kernel.models import Due

DAY = "kernel.obligation.day"  # the timer that opens recurring duties
AT_A_TIME = 10_000  # obligations in one entry of the journal


@event("kernel.obligation.reminded", _("提醒履责"))
@dataclass(frozen=True)
class ObligationsReminded:
    rule: str
    step: int


@event("kernel.obligation.escalated", _("逾期告知"))
@dataclass(frozen=True)
class ObligationsEscalated:
    """units: whom it was told, in the order of the obligations."""

    rule: str
    step: int
    units: tuple[int, ...]


class Taken(NamedTuple):
    """One step of one obligation: what it was, whom it was told, when the next one is due."""

    obligation: Obligation
    step: Step
    unit_id: int
    next_at: datetime | None


@timer(STEP)
def take_steps(ctx: Context, due: Sequence[Due]) -> Collection[int]:
    """Take the next step of each obligation that is still open; those that somebody is working on just now wait."""
    ids = [int(one.key) for one in due]
    still = Obligation.unscoped.filter(pk__in=ids, state=ObligationState.OPEN)
    locked = list(
        still.select_related("rule", "unit").select_for_update(of=("self",), skip_locked=True).order_by("pk")
    )
    now = ctx.now()
    taken = list(_taken(locked, now))
    _write(ctx, taken, now)
    ahead = [(str(row.pk), at) for row in locked if (at := _planned(row)) and at > now]
    ahead += [(str(one.obligation.pk), one.next_at) for one in taken if one.next_at]
    if ahead:
        timers.arm_many(ctx, STEP, ahead)
    if len(locked) == len(ids):
        return ()
    busy = set(still.values_list("pk", flat=True)) - {row.pk for row in locked}
    return [one.pk for one in due if int(one.key) in busy]


def _taken(rows: Sequence[Obligation], now: datetime) -> Iterator[Taken]:
    for row in rows:
        planned, steps = _planned(row), steps_of(row.rule)
        if planned is None or planned > now:  # it was paused and resumed, or its rule edited: not yet
            continue
        step = steps[row.step]
        following = row.due_at + steps[row.step + 1].offset if row.step + 1 < len(steps) else None
        yield Taken(row, step, unit_told(row.unit.path, step.levels_up), following)


def _planned(row: Obligation) -> datetime | None:
    """When the obligation's next step is to be taken; None after the last."""
    steps = steps_of(row.rule)
    return row.due_at + steps[row.step].offset if row.step < len(steps) else None


def _write(ctx: Context, taken: Sequence[Taken], now: datetime) -> None:
    Escalation.objects.bulk_create(
        Escalation(
            obligation=one.obligation,
            step=one.obligation.step,
            rung=one.step.rung,
            unit_id=one.unit_id,
            at=now,
        )
        for one in taken
    )
    Obligation.unscoped.filter(pk__in=[one.obligation.pk for one in taken]).update(step=F("step") + 1)
    together: defaultdict[tuple[str, int, Rung], list[Taken]] = defaultdict(list)
    for one in taken:
        together[one.obligation.rule.code, one.obligation.step, one.step.rung].append(one)
    for (code, number, rung), several in together.items():
        units = tuple(one.unit_id for one in several)
        happened = (
            ObligationsReminded(code, number)
            if rung == Rung.REMINDER
            else ObligationsEscalated(code, number, units)
        )
        keys = [str(one.obligation.pk) for one in several]
        journal.write_about(ctx, happened, KIND, keys, [one.obligation.unit_id for one in several])


# --- recurring duties ---------------------------------------------------------------------------------------------


@timer(DAY)
def begin_day(ctx: Context, due: Sequence[Due]) -> None:
    """Open what recurs and is not open yet, and wake again at the next local midnight."""
    today = periods.local_date(ctx.now())
    open_recurring(ctx, today)
    timers.arm(ctx, DAY, due[0].key, periods.end_of(today))


def open_recurring(ctx: Context, day: date) -> int:
    """Open every recurring duty of the periods that a day lies in, for all units that owe it; how many were new."""
    recurring = Rule.objects.exclude(every="").order_by("code", "-region")
    held = [rule for rule in recurring if rules.is_in_effect(rule, day)]
    return sum(_open_period(ctx, rule, held, day) for rule in held)


def _open_period(ctx: Context, rule: Rule, held: Sequence[Rule], day: date) -> int:
    if rule.every == Every.WORKDAY and not periods.is_working(day):
        return 0
    due_at = periods.end_of(periods.due_day_of(rule.every, day, rule.due_month, rule.due_day))
    now, steps = ctx.now(), steps_of(rule)
    with connection.cursor() as cursor:
        cursor.execute(
            OPEN_PERIOD,
            {
                "rule": rule.pk,
                "post": rule.post,
                "kind": UNIT,
                "period": periods.period_of(rule.every, day),
                "now": now,
                "due_at": due_at,
                "count": rule.count,
                "unit_kinds": rule.unit_kinds,
                "region": f"{rule.region}%",
                "not_regions": [f"{other.region}%" for other in held if _is_more_special(other, rule)],
                "step": STEP,
                "first_at": due_at + steps[0].offset if steps else None,
            },
        )
        made = cursor.fetchall()
    for first in range(0, len(made), AT_A_TIME):
        part = made[first : first + AT_A_TIME]
        units = tuple(unit for _key, unit in part)
        keys = [str(key) for key, _unit in part]
        journal.write_about(ctx, ObligationsOpened(rule.code, due_at, units), KIND, keys, units)
    return len(made)


def _is_more_special(other: Rule, rule: Rule) -> bool:
    """Whether another version of a rule holds in its place where both could: a closer region, or a later beginning."""
    same = other.code == rule.code and other.region.startswith(rule.region)
    return same and (len(other.region), other.from_on) > (len(rule.region), rule.from_on)


# Every unit of the kinds that exists now, in one statement, with the timers of the first step.
OPEN_PERIOD = """
WITH made AS (
  INSERT INTO kernel_obligation (rule_id, unit_id, post, clock_id, subject_kind, subject, period, state,
                                 opened_at, due_at, count, done, step)
  SELECT %(rule)s, u.id, %(post)s, 1, %(kind)s, u.id::text, %(period)s, 'open', %(now)s, %(due_at)s, %(count)s, 0, 0
  FROM kernel_unit u
  WHERE u.kind = ANY(%(unit_kinds)s) AND coalesce(u.code, '') LIKE %(region)s
    AND NOT coalesce(u.code, '') LIKE ANY(%(not_regions)s::text[])
    AND (u.retired_at IS NULL OR u.retired_at > %(now)s::timestamptz)
  ON CONFLICT DO NOTHING
  RETURNING id, unit_id
), armed AS (
  INSERT INTO kernel_due (clock_id, at, kind, key, attempts, error)
  SELECT 1, %(first_at)s, %(step)s, id::text, 0, '' FROM made WHERE %(first_at)s::timestamptz IS NOT NULL
)
SELECT id, unit_id FROM made ORDER BY id
"""


def wake_daily(ctx: Context) -> None:
    """Have the recurring duties looked at now, and from then on each midnight; a start of the node calls it."""
    timers.arm(ctx, DAY, "all", ctx.now() - timedelta(seconds=1))
