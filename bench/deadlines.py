"""The scene of `obligations` and `timers`: a million of each waiting, thousands falling due in each minute, two scanners.

Lateness is from the moment a row is due to the return of the commit that took it. The scanners are the node's own `scan`
processes; a thin shell around their work notes what each commit held.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bench.figures import progress
from bench.stores import private_stores, result_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.stores import Stores

WAITING = 1_000_000
OBLIGATIONS_A_MINUTE, TICKS_A_MINUTE = 10_000, 20_000
UNITS = 1_000
SCANNERS = 2
MINUTE = 60.0
STEP, TICK = "kernel.obligation.step", "bench.tick"
SETTLE = 8.0  # seconds before the first minute and after the last

RULE = """
INSERT INTO kernel_rule (code, name, source, region, from_on, certain, conditions, owners_field, subject_field,
  subject_kind, post, moment_field, "limit", every, again, unit_kinds, count, reminders, ladder)
VALUES ('bench', 'bench', 'bench', '', '2020-01-01', true, '{}', '', '', '', '', '', '2 hours', '', false, '{}', 1, '{}',
  '[{"after": 0, "levels_up": 1}, {"after": 86400, "levels_up": 2}]') RETURNING id
"""
TREE = """
INSERT INTO kernel_unit (id, path, name, kind, parent_id, search, version)
SELECT 1000000, '1000000.', 'bench', 'city', NULL, '', 1
UNION ALL SELECT 1000000 + n, '1000000.' || 1000000 + n || '.', 'bench', 'township', 1000000, '', 1
FROM generate_series(1, %(units)s) n
"""
OBLIGATIONS = """
WITH made AS (
  INSERT INTO kernel_obligation (rule_id, unit_id, post, clock_id, subject_kind, subject, period, state, opened_at,
                                 due_at, count, done, step)
  SELECT %(rule)s, 1000001 + n %% %(units)s, '', 1, 'bench.thing', %(first)s + n || '', '', 'open', %(from_at)s,
         %(from_at)s::timestamptz + random() * %(seconds)s * interval '1 second', 1, 0, 0
  FROM generate_series(1, %(count)s) n RETURNING id, due_at)
INSERT INTO kernel_due (clock_id, at, kind, key, attempts, error)
SELECT 1, due_at, 'kernel.obligation.step', id::text, 0, '' FROM made
"""
TICKS = """
INSERT INTO kernel_due (clock_id, at, kind, key, attempts, error)
SELECT 1, %(from_at)s::timestamptz + random() * %(seconds)s * interval '1 second', 'bench.tick',
       %(first)s + n || '', 0, ''
FROM generate_series(1, %(count)s) n
"""


@dataclass(frozen=True)
class Played:
    """What was seen: lateness in seconds of everything that fell due, minute by minute, by kind of timer."""

    late: dict[str, list[list[float]]]
    remarks: tuple[str, ...]


def play(minutes: int, *, obligations: bool, ticks: bool) -> Played:
    """Set the scene, let the minutes pass, and check that each was taken exactly once."""
    with private_stores("deadlines") as stores:
        progress(f"{WAITING:,} obligations and {WAITING:,} timers are put on the list")
        rule = fill(stores)
        from_at = datetime.fromtimestamp(time.time() + SETTLE, tz=UTC)
        span = {"from_at": from_at, "seconds": minutes * MINUTE, "first": 2 * WAITING, "units": UNITS}
        with stores.connect() as connection:
            if obligations:
                connection.execute(
                    OBLIGATIONS, span | {"rule": rule, "count": minutes * OBLIGATIONS_A_MINUTE}
                )
            if ticks:
                connection.execute(TICKS, span | {"count": minutes * TICKS_A_MINUTE})
        seconds = minutes * MINUTE + 2 * SETTLE
        progress(f"{SCANNERS} scanners for {seconds:g} s")
        running = [stores.start("bench._deadlines:scan", seconds) for _ in range(SCANNERS)]
        taken = [row for process in running for row in result_of(process)]
        remarks = check(stores, taken, minutes, obligations=obligations, ticks=ticks)
    return Played(lateness(taken, from_at.timestamp(), minutes), remarks)


def fill(stores: Stores) -> int:
    """A million of each that are due in the next weeks; the rule's id."""
    with stores.connect() as connection:
        connection.execute(TREE, {"units": UNITS})
        row = connection.execute(RULE).fetchone()
        rule = int(row[0]) if row else 0
        later = {"from_at": datetime.fromtimestamp(time.time() + 86_400, tz=UTC), "first": 0}
        later |= {"seconds": 30 * 86_400, "units": UNITS, "count": WAITING}
        connection.execute(OBLIGATIONS, later | {"rule": rule})
        connection.execute(TICKS, later)
        connection.execute("VACUUM ANALYZE kernel_due, kernel_obligation")
    return rule


def check(
    stores: Stores, taken: Sequence[list[Any]], minutes: int, *, obligations: bool, ticks: bool
) -> tuple[str, ...]:
    """Stop the benchmark unless every one that fell due was taken once, and nothing else."""
    due = {STEP: minutes * OBLIGATIONS_A_MINUTE * obligations, TICK: minutes * TICKS_A_MINUTE * ticks}
    for kind, count in due.items():
        keys = [key for its, key, _at, _done in taken if its == kind]
        if len(keys) != count or len(set(keys)) != count:
            raise SystemExit(
                f"{kind}: {count} fell due, {len(keys)} were taken, {len(set(keys))} of them different"
            )
    with stores.connect() as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM kernel_escalation), (SELECT count(*) FROM kernel_obligation WHERE step = 1),"
            " (SELECT coalesce(sum(jsonb_array_length(data->'subjects')), 0) + count(*) FILTER (WHERE subject <> '')"
            "  FROM kernel_entry WHERE event = 'kernel.obligation.escalated'),"
            " (SELECT count(*) FROM kernel_due WHERE kind IN ('kernel.obligation.step', 'bench.tick'))"
        ).fetchone()
    waiting = 2 * WAITING + due[STEP]  # each obligation's next step is on the list again
    if not row or tuple(map(int, row)) != (due[STEP], due[STEP], due[STEP], waiting):
        raise SystemExit(
            f"escalated, stepped, journalled, waiting: {row}, expected {due[STEP]} thrice and {waiting}"
        )
    return (
        f"{SCANNERS} scan processes on the same cores as PostgreSQL; each of {sum(due.values()):,} taken exactly once",
    )


def lateness(taken: Sequence[list[Any]], begun: float, minutes: int) -> dict[str, list[list[float]]]:
    late: dict[str, list[list[float]]] = {
        STEP: [[] for _ in range(minutes)],
        TICK: [[] for _ in range(minutes)],
    }
    for kind, _key, at, done in taken:
        late[kind][min(minutes - 1, int((at - begun) // MINUTE))].append(done - at)
    return late


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
