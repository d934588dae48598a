"""The scene of `ladder` and `carrier`: 506 people, a third of whom does not answer at first, and the accounts compared.

Three ledgers tell of a callout: ours (deliveries), the carriers' own records of what they took and did, and the journal,
which says from when on the node knew of each answer.
"""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg

from bench.simulated import simulated, write_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from bench.simulated import Simulated
    from bench.stores import Stores

PEOPLE, TOWNS, VILLAGES, LINES = 500, 5, 10, 6  # the county's desk and the towns' are called, too: 506 in all
CALLED = PEOPLE + LINES
STAND_INS = 150  # of the first people
SILENT = CALLED * 35 // 100  # do not answer the message
NEVER = 60  # of these, whatever is tried; for every other one somebody stands in
WRONG = 5  # of these, whose number is none
CARRIER_LINES = 100
LADDER = "立即 本人 站内、短信\n8秒 本人 语音 2次 间隔12秒\n35秒 替补 短信、语音\n45秒 上级值班\n55秒 上门"
RUNGS = 6
CODES = ("sms-bench", "voice-bench")
UNDER_WAY = timedelta(
    seconds=2
)  # a request that was on its way to the carrier just when the answer was taken

OURS = """
SELECT d.id::text, d.use, d.key, d.attempts, d.handed_at IS NOT NULL, d.answered_at IS NOT NULL,
       coalesce((SELECT coalesce('matched to ' || r.delivery_id, 'matched to nothing') || ': ' || r.text
                 FROM channel_reply r WHERE r.carrier_id = d.carrier_id AND r.ref = 're-' || d.id), 'unknown here')
FROM channel_delivery d JOIN channel_carrier c ON c.id = d.carrier_id WHERE c.code = ANY (%s)
"""
KNOWN = """
SELECT told.id::bigint, min(e.recorded_at) FROM kernel_entry e
CROSS JOIN LATERAL jsonb_array_elements_text(e.data->'recipients') AS told (id)
WHERE e.event = 'message.callout.confirmed' GROUP BY 1
"""
MISSED = """
SELECT r.id FROM callout_recipient r WHERE r.callout_id = %s AND (r.state < 2 OR NOT EXISTS (
  SELECT FROM channel_delivery d WHERE d.use = 'callout' AND d.key = r.id::text
    AND d.channel <> 'app' AND d.handed_at IS NOT NULL))
"""
UNSETTLED = """
SELECT (SELECT count(*) FROM channel_delivery WHERE state <= 1 OR state = 3 AND ended_at IS NULL)
  + (SELECT count(*) FROM kernel_pending), (SELECT count(*) FROM kernel_parked)
"""
TROUBLES = "SELECT handler, error FROM kernel_parked WHERE attempts > 0 GROUP BY handler, error LIMIT 5"
TAKEN = """
SELECT data->>'target', count(DISTINCT (subject, data->>'rung'))::int FROM kernel_entry
WHERE event = 'message.callout.climbed' GROUP BY 1
"""
QUIET, PATIENCE = 8.0, 120.0  # longer than anybody takes to answer; until all is told


def build(stores: Stores, carriers: Sequence[Simulated], simulated: str) -> int:
    """The county with its people, its ladder and its carriers; its id."""
    scale = (PEOPLE, TOWNS, VILLAGES, STAND_INS, LINES)
    county = int(stores.run("bench._scenes:county", *scale, owner=True))
    stores.run("bench._scenes:lay_ladder", county, LADDER, owner=True)
    addresses = json.dumps({one.code: one.address for one in carriers})
    stores.run("bench._scenes:enter_carriers", county, addresses, simulated, owner=True)
    return county


@contextmanager
def carriers(
    folder: Path, callback: str, ca: Path | None = None, **behaviour: Any
) -> Iterator[tuple[Simulated, ...]]:
    """A gateway of messages and a platform of calls that play the county's people, and tell the node what happened."""
    plan = people() | behaviour
    sms, voice = CODES
    with (
        simulated(folder, sms, plan, callback=callback.format(sms), ca=ca) as messages,
        simulated(folder, voice, plan, callback=callback.format(voice), ca=ca) as calls,
    ):
        yield messages, calls


def secrets(folder: Path) -> Path:
    return write_secrets(folder, *CODES)


def people() -> dict[str, Any]:
    """How the county's people behave: who does not answer the message, and what it takes with him."""
    chance = random.Random(506)  # noqa: S311 - no secret
    silent = chance.sample(range(1, PEOPLE + 1), SILENT)
    never = {"messages": {"reply": {"share": 0}}, "calls": {"no_answer": 1}}
    plan: dict[str, Any] = {number(one): never for one in silent[:NEVER]}
    for place, one in enumerate(silent[NEVER:]):
        plan[number(one)] = {"messages": {"reply": {"share": 0}}, "calls": {"answers_at": 1 + place % 2}}
    for one in silent[NEVER : NEVER + WRONG]:
        plan[number(one)]["messages"] = {"undeliverable": 1}
    # Every third who stands in does not answer either.
    plan |= {number(PEOPLE + one): never for one in range(1, STAND_INS + 1, 3)}
    return {
        "messages": {
            "delay_s": [0.1, 0.8],
            "reply": {"share": 1, "after_s": [1, 5], "texts": ["1", "收到", "１。"]},
        },
        "calls": {
            "ring_s": [0.5, 2.0],
            "talk_s": 2,
            "key_after_s": [0.2, 1.0],
            "lines": CARRIER_LINES,
            "answers_at": 1,
        },
        "numbers": plan,
    }


def number(place: int) -> str:
    """The mobile number of the county's so-manieth person, as `_scenes.county` gives them."""
    return f"100{place:08}"


def settle(stores: Stores, carriers: Sequence[Simulated]) -> None:
    """Wait until nothing waits here, and nothing more has happened at the carriers for a while. Nothing may be stuck."""
    deadline = time.monotonic() + PATIENCE
    before, since = None, time.monotonic()
    while time.monotonic() < since + QUIET:
        left, stuck = _left(stores)
        now = left, [one.record(items=False) for one in carriers]
        if now != before or left:
            before, since = now, time.monotonic()
        if stuck or time.monotonic() > deadline:
            raise SystemExit(f"it did not come to rest: {left} wait, {stuck} are stuck: {_troubles(stores)}")
        time.sleep(0.5)


def _left(stores: Stores) -> tuple[int, int]:
    """How much waits, and how much is stuck; a database that was killed just now is waited for."""
    try:
        with stores.connect() as owner:
            waits, stuck = owner.execute(UNSETTLED).fetchone() or (1, 0)
            return int(waits), int(stuck)
    except psycopg.OperationalError:
        return 1, 0


def _troubles(stores: Stores) -> list[str]:
    """Which handlers failed, and why."""
    with stores.connect() as owner:
        return [" ".join(row) for row in owner.execute(TROUBLES)]


class Ours(NamedTuple):
    """A delivery as it stands in our ledger."""

    use: str
    key: str
    attempts: int
    handed: bool
    answered: bool
    reply: str = "unknown here"  # what became of the reply that the carrier says it passed on


NOTHING = Ours("", "", 0, handed=False, answered=False)
ANSWERS = ("replied", "key")  # among the steps of a carrier's record


@dataclass
class Compared:
    """What the ledgers say together.

    unaccounted  ids that one has and the other has not, requests that we did not count, answers that one side knows alone
    bothered     messages and calls that a carrier was given after the node knew of the answer
    rang         how many seconds after the answer calls rang that a carrier had by then, beyond the moment it takes to call off
    """

    handed: int = 0
    answered: int = 0
    unaccounted: list[str] = field(default_factory=list)
    bothered: list[str] = field(default_factory=list)
    rang: list[float] = field(default_factory=list)


def compare(stores: Stores, carriers: Sequence[Simulated]) -> Compared:
    """Of everything there ever was at these carriers."""
    records = [one.record() for one in carriers]
    items = {item["id"]: item for record in records for item in record["items"]}
    again = Counter({key: count for record in records for key, count in record["doubles"].items()})
    with stores.connect() as owner:
        rows = owner.execute(OURS, [[one.code for one in carriers]]).fetchall()
        known = dict(owner.execute(KNOWN).fetchall())
    return judge(items, again, {key: Ours(*row) for key, *row in rows}, known)


def judge(
    items: Mapping[str, dict[str, Any]],
    again: Mapping[str, int],
    ours: Mapping[str, Ours],
    known: Mapping[int, datetime],
) -> Compared:
    """What the ledgers come to.

    items  what carriers took, by id; again: how often they were given it once more
    ours   our deliveries that they may have been given
    known  since when the node knew of whose answer
    """
    found = Compared(len(items))
    for key in sorted(items.keys() | ours.keys()):
        own, item = ours.get(key, NOTHING), items.get(key)
        # What was withdrawn while it was on its way may be there, and we may never hear of it: it was attempted. In one
        # attempt a driver asks once more where a kept connection turns out to be closed.
        if own.handed if item is None else 1 + again.get(key, 0) > 2 * own.attempts:
            found.unaccounted.append(key)
        if item is None or own.use != "callout":
            continue
        if own.answered != any(what in ANSWERS for what, _at in item["steps"]):
            found.unaccounted.append(f"{key}: the answer, {'ours' if own.answered else own.reply}")
        found.answered += own.answered
        _bother(found, item, known.get(int(own.key.removesuffix("s"))))
    return found


def _bother(found: Compared, item: dict[str, Any], known_at: datetime | None) -> None:
    """Whether what a carrier took, or did, came after the answer."""
    if known_at is None:
        return
    if datetime.fromisoformat(item["at"]) > known_at + UNDER_WAY:
        found.bothered.append(item["id"])
        return
    for what, at in item["steps"]:
        late = datetime.fromisoformat(at) - known_at
        if what == "begun" and late > UNDER_WAY:
            found.rang.append(late.total_seconds())
