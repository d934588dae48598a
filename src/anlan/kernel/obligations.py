"""Obligations: opened, fulfilled, paused and withdrawn by what happens, inside the transaction in which it happens.

Whether a duty was done in time is reckoned from when its event happened, so nothing that runs late makes a punctual unit
late. What a rule says stands in `rules`; what is told when a duty is late is taken step by step in `escalation`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import connection
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from anlan.kernel import arrays, journal, rules, timers
from anlan.kernel.act import act
from anlan.kernel.errors import NotFound, StateConflict
from anlan.kernel.events import PrivateText, event
from anlan.kernel.models import Obligation, Rule
from anlan.kernel.periods import local_date, period_of
from anlan.kernel.scope import visible
from anlan.kernel.steps import steps_of
from anlan.kernel.terms import ObligationState, RuleEffect

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from anlan.kernel.context import Context
    from anlan.kernel.journal import Effects
    from anlan.kernel.models import Entry

KIND = "kernel.obligation"  # of the records, and of the entries about them
UNIT = "kernel.unit"  # what a recurring duty is about: the owing unit
STEP = "kernel.obligation.step"  # the timer of an obligation's next reminder or rung
RUNNING = (ObligationState.OPEN, ObligationState.PAUSED)


@event("kernel.obligation.opened", _("产生履责事项"))
@dataclass(frozen=True)
class ObligationsOpened:
    rule: str
    due_at: datetime
    units: tuple[int, ...]


@event("kernel.obligation.counted", _("履责一次"))
@dataclass(frozen=True)
class ObligationsCounted:
    rule: str


@event("kernel.obligation.fulfilled", _("办结履责事项"))
@dataclass(frozen=True)
class ObligationsFulfilled:
    """late_s: seconds after the due time for each, negative before it."""

    rule: str
    late_s: tuple[int, ...]


@event("kernel.obligation.proved", _("登记履责情况"))
@dataclass(frozen=True)
class FulfilmentProved:
    proof: PrivateText


@event("kernel.obligation.withdrawn", _("撤销履责事项"))
@dataclass(frozen=True)
class ObligationsWithdrawn:
    rule: str


@event("kernel.obligation.waived", _("免除履责事项"))
@dataclass(frozen=True)
class ObligationsWaived:
    reason: PrivateText


@event("kernel.obligation.paused", _("中止履责事项"))
@dataclass(frozen=True)
class ObligationsPaused:
    reason: PrivateText


@event("kernel.obligation.resumed", _("恢复履责事项"))
@dataclass(frozen=True)
class ObligationsResumed:
    pass


@event("kernel.obligation.urged", _("督办履责事项"))
@dataclass(frozen=True)
class ObligationsUrged:
    words: PrivateText


class Owed(NamedTuple):
    """What one unit owes about one record."""

    kind: str
    subject: str
    unit_id: int


# --- by what happens ----------------------------------------------------------------------------------------------


def follow(ctx: Context, entry: Entry, effects: Effects, units: Sequence[int | None] = ()) -> None:
    """Let an entry open and end what is owed by it; what ends goes first, the same event may open it anew.

    units  of a bulk act's records, in the order of its `subjects`
    """
    if not effects:
        return
    ctx = replace(ctx, cause_id=entry.pk)
    known = _rules({rule_id for rule_id, _effect in effects})
    by_effect = {
        effect: [known[rule_id] for rule_id, its in effects if its == effect] for effect in RuleEffect.values
    }
    for effect, end in _ENDINGS.items():
        rows = _running(ctx, entry, by_effect[effect], units, by_owner=effect == RuleEffect.FULFIL)
        if rows:
            for row, rule in zip(rows, _rules_of(rows, known), strict=True):
                row.rule = rule
            end(ctx, entry, rows)
    for rule, owed in rules.choose(by_effect[RuleEffect.OPEN], entry, units, _owed):
        _open(ctx, entry, rule, owed)


def _owed(entry: Entry, rule: Rule, units: Sequence[int | None]) -> Iterable[Owed]:
    """The units that owe a rule's duty by an entry, each with what it is about.

    An event that only withdraws or pauses need not name them: it concerns all that is owed about its record.
    """
    kind = rule.subject_kind or entry.subject_kind
    bulk = not entry.subject and not rule.subject_field
    keys = entry.data["subjects"] if bulk else _listed(entry.data.get(rule.subject_field) or entry.subject)
    if rule.owners_field and rule.owners_field in entry.data:
        pairs = [(key, unit) for key in keys for unit in _listed(entry.data[rule.owners_field])]
    else:
        pairs = list(zip(keys, units, strict=True)) if bulk else [(key, entry.unit_id) for key in keys]
    for key, unit_id in pairs:
        if unit_id is None:
            raise ValueError(f"nobody owes {rule.code}: {entry.event} is about no unit and names none")
        yield Owed(UNIT, str(unit_id), unit_id) if rule.every else Owed(kind, str(key), unit_id)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple | set | frozenset) else [value]


def _open(ctx: Context, entry: Entry, rule: Rule, owed: Sequence[Owed]) -> None:
    due_at = rules.due_at(rule, _moment(entry, rule))
    steps = steps_of(rule)
    with connection.cursor() as cursor:
        cursor.execute(
            OPEN,
            {
                "rule": rule.pk,
                "post": rule.post,
                "exercise": ctx.exercise.pk if ctx.exercise else None,
                "clock": timers.clock_of(ctx),
                "again": rule.again,
                "period": str(entry.pk) if rule.again else "",
                "opened_at": entry.at,
                "due_at": due_at,
                "count": rule.count,
                "entry": entry.pk,
                "step": STEP,
                "first_at": due_at + steps[0].offset if steps else None,
                "kinds": [one.kind for one in owed],
                "subjects": [one.subject for one in owed],
                "units": [one.unit_id for one in owed],
            },
        )
        made = cursor.fetchall()
    if made:
        units = tuple(unit for _key, unit in made)
        opened = ObligationsOpened(rule.code, due_at, units)
        journal.write_about(ctx, opened, KIND, [str(key) for key, _unit in made], units)


# One statement for any number of units. Two acts on one record wait for each other by the record's lock, so a duty that
# may come again is not opened twice; one that may not is unique in the table.
OPEN = """
WITH made AS (
  INSERT INTO kernel_obligation (rule_id, unit_id, post, exercise_id, clock_id, subject_kind, subject, period, state,
                                 opened_at, due_at, count, done, step, opened_entry_id)
  SELECT %(rule)s, owed.unit, %(post)s, %(exercise)s, %(clock)s, owed.kind, owed.subject, %(period)s, 'open',
         %(opened_at)s, %(due_at)s, %(count)s, 0, 0, %(entry)s
  FROM unnest(%(kinds)s::text[], %(subjects)s::text[], %(units)s::bigint[]) AS owed(kind, subject, unit)
  WHERE NOT %(again)s OR NOT EXISTS (
    SELECT FROM kernel_obligation o
    WHERE o.rule_id = %(rule)s AND o.unit_id = owed.unit AND o.subject_kind = owed.kind AND o.subject = owed.subject
      AND o.exercise_id IS NOT DISTINCT FROM %(exercise)s AND o.state IN ('open', 'paused'))
  ON CONFLICT DO NOTHING
  RETURNING id, unit_id
), armed AS (
  INSERT INTO kernel_due (clock_id, at, kind, key, attempts, error)
  SELECT %(clock)s, %(first_at)s, %(step)s, id::text, 0, '' FROM made WHERE %(first_at)s::timestamptz IS NOT NULL
)
SELECT id, unit_id FROM made ORDER BY id
"""


def _moment(entry: Entry, rule: Rule) -> datetime:
    said = entry.data.get(rule.moment_field) if rule.moment_field else None
    return said if isinstance(said, datetime) else entry.at


def _withdraw(ctx: Context, entry: Entry, rows: Sequence[Obligation]) -> None:
    _end(rows, ObligationState.WITHDRAWN, entry)
    for code, several in _by_rule(rows):
        _tell(ctx, ObligationsWithdrawn(code), several)


def _pause_by(ctx: Context, entry: Entry, rows: Sequence[Obligation]) -> None:
    if running := [row for row in rows if row.is_open]:
        _pause(running, entry.at)
        _tell(ctx, ObligationsPaused(PrivateText(entry.event)), running)


def _resume_by(ctx: Context, entry: Entry, rows: Sequence[Obligation]) -> None:
    if paused := [row for row in rows if not row.is_open]:
        _resume(ctx, paused, entry.at)
        _tell(ctx, ObligationsResumed(), paused)


# By statements of our own: every act asks them, and to have them composed each time takes longer than they do.
FOUND = """
SELECT o.* FROM kernel_obligation o JOIN kernel_rule r ON r.id = o.rule_id
WHERE r.code = ANY (%(codes)s) AND o.state IN ('open', 'paused')
  AND o.exercise_id IS NOT DISTINCT FROM %(exercise)s
  AND o.subject_kind = ANY (%(kinds)s) AND o.subject = ANY (%(subjects)s::text[])
  AND (%(units)s::bigint[] IS NULL OR o.unit_id = ANY (%(units)s::bigint[]))
  AND (%(period)s::text IS NULL OR o.period = %(period)s)
ORDER BY o.id FOR UPDATE OF o
"""
RULES = "SELECT * FROM kernel_rule WHERE id = ANY (%s)"


def _rules(ids: Collection[int]) -> dict[int, Rule]:
    return {rule.pk: rule for rule in Rule.objects.raw(RULES, [list(ids)])}


def _rules_of(rows: Sequence[Obligation], known: Mapping[int, Rule]) -> list[Rule]:
    """Their rules; they may be of an earlier version than those that are known."""
    earlier = {row.rule_id for row in rows} - known.keys()
    every = {**known, **_rules(earlier)} if earlier else known
    return [every[row.rule_id] for row in rows]


def _running(
    ctx: Context, entry: Entry, ended: Sequence[Rule], units: Sequence[int | None], *, by_owner: bool
) -> list[Obligation]:
    """What is open or paused of these rules (any version of them) by an entry, locked; rules that look alike in one query."""
    rows: list[Obligation] = []
    alike: dict[tuple[object, ...], list[Rule]] = {}
    for rule in {one.code: one for one in reversed(ended)}.values():  # of several versions one
        key = (rule.subject_kind, rule.subject_field, rule.owners_field, rule.every)
        alike.setdefault(key, []).append(rule)
    for several in alike.values():
        rule, owed = several[0], list(_owed(entry, several[0], units))
        of_owners = by_owner and bool(rule.owners_field or rule.every)
        told = {
            "codes": [one.code for one in several],
            "exercise": ctx.exercise.pk if ctx.exercise else None,
            "kinds": list({one.kind for one in owed}),
            "subjects": arrays.of_texts(list({one.subject for one in owed})),
            "units": arrays.of_plain({one.unit_id for one in owed}) if of_owners else None,
            "period": period_of(rule.every, local_date(entry.at)) if by_owner and rule.every else None,
        }
        rows += Obligation.unscoped.raw(FOUND, told)
    return rows


# --- what changes -------------------------------------------------------------------------------------------------


def _fulfil(ctx: Context, entry: Entry, rows: Sequence[Obligation]) -> None:
    """Count one more for each; those that have their number are fulfilled, as of the moment of the entry."""
    Obligation.unscoped.filter(pk__in=[row.pk for row in rows]).update(done=F("done") + 1)
    full = [row for row in rows if row.done + 1 >= row.count]
    part = [row for row in rows if row.done + 1 < row.count]
    _end(full, ObligationState.FULFILLED, entry)
    for code, several in _by_rule(full):
        late = tuple(round((entry.at - row.due_at).total_seconds()) for row in several)
        _tell(ctx, ObligationsFulfilled(code, late), several)
    for code, several in _by_rule(part):
        _tell(ctx, ObligationsCounted(code), several)


def _end(rows: Sequence[Obligation], state: ObligationState, entry: Entry) -> None:
    Obligation.unscoped.filter(pk__in=[row.pk for row in rows]).update(
        state=state, ended_at=entry.at, ended_entry_id=entry.pk, paused_at=None
    )


def _pause(rows: Sequence[Obligation], at: datetime) -> None:
    keys = [row.pk for row in rows]
    Obligation.unscoped.filter(pk__in=keys).update(state=ObligationState.PAUSED, paused_at=at)


def _resume(ctx: Context, rows: Sequence[Obligation], at: datetime) -> None:
    """The time that a duty stood still is added to its due time."""
    armed = []
    for row in rows:
        row.due_at += at - (row.paused_at or at)
        row.state, row.paused_at = ObligationState.OPEN, None
        steps = steps_of(row.rule)
        if row.step < len(steps):
            armed.append((str(row.pk), row.due_at + steps[row.step].offset))
    Obligation.unscoped.bulk_update(rows, ("due_at", "state", "paused_at"), batch_size=1000)
    if armed:
        timers.arm_many(ctx, STEP, armed)


def _tell(ctx: Context, happened: object, rows: Sequence[Obligation]) -> Entry:
    keys = [str(row.pk) for row in rows]
    return journal.write_about(ctx, happened, KIND, keys, [row.unit_id for row in rows])


_ENDINGS: dict[str, Callable[[Context, Entry, Sequence[Obligation]], None]] = {
    RuleEffect.FULFIL: _fulfil,
    RuleEffect.WITHDRAW: _withdraw,
    RuleEffect.PAUSE: _pause_by,
    RuleEffect.RESUME: _resume_by,
}


def _by_rule(rows: Sequence[Obligation]) -> list[tuple[str, list[Obligation]]]:
    ordered = sorted(rows, key=lambda row: row.rule.code)
    return [(code, list(several)) for code, several in groupby(ordered, key=lambda row: row.rule.code)]


# --- by people ----------------------------------------------------------------------------------------------------


@act("kernel.obligation.fulfil")
def fulfil_obligations(ctx: Context, ids: Collection[int], *, proof: str) -> Entry:
    """Record that duties were done, where no event of the system shows it; `proof` says how it was done."""
    rows = _lock(ctx, ids, "kernel.obligation.fulfil", RUNNING)
    entry = _tell(ctx, FulfilmentProved(PrivateText(proof)), rows)
    _fulfil(replace(ctx, cause_id=entry.pk), entry, rows)
    return entry


@act("kernel.obligation.waive")
def waive_obligations(ctx: Context, ids: Collection[int], *, reason: str) -> Entry:
    """Release the units from duties that need not be done."""
    rows = _lock(ctx, ids, "kernel.obligation.waive", RUNNING)
    entry = _tell(ctx, ObligationsWaived(PrivateText(reason)), rows)
    _end(rows, ObligationState.WAIVED, entry)
    return entry


@act("kernel.obligation.pause")
def pause_obligations(ctx: Context, ids: Collection[int], *, reason: str) -> Entry:
    """Stop the clock of duties that cannot be done for a reason beyond the unit."""
    rows = _lock(ctx, ids, "kernel.obligation.pause", (ObligationState.OPEN,))
    entry = _tell(ctx, ObligationsPaused(PrivateText(reason)), rows)
    _pause(rows, entry.at)
    return entry


@act("kernel.obligation.pause")
def resume_obligations(ctx: Context, ids: Collection[int]) -> Entry:
    rows = _lock(ctx, ids, "kernel.obligation.pause", (ObligationState.PAUSED,))
    entry = _tell(ctx, ObligationsResumed(), rows)
    _resume(ctx, rows, entry.at)
    return entry


@act("kernel.obligation.urge")
def urge_obligations(ctx: Context, ids: Collection[int], *, words: str) -> Entry:
    """Supervise open duties 督办: the units are told so, and it stands in the record."""
    return _tell(
        ctx,
        ObligationsUrged(PrivateText(words)),
        _lock(ctx, ids, "kernel.obligation.urge", (ObligationState.OPEN,)),
    )


def _lock(
    ctx: Context, ids: Collection[int], capability: str, states: Sequence[ObligationState]
) -> list[Obligation]:
    """These obligations for update: all within scope, or NotFound; all in one of the states, or StateConflict."""
    rows = visible(ctx, Obligation, capability).filter(pk__in=ids).select_related("rule")
    locked = list(rows.select_for_update(of=("self",)).order_by("pk"))
    if not ids or len(locked) != len(set(ids)):
        raise NotFound
    if any(row.state not in states for row in locked):
        raise StateConflict
    return locked
