"""What `confirm` and `answers` run inside the product: a callout of many, answers through the service, a load of phones."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from itertools import count, islice
from typing import TYPE_CHECKING

from django.db import connection

from anlan.kernel.context import Context
from anlan.message.callout import services
from anlan.message.callout.selectors import get_link
from anlan.message.callout.terms import LISTENS, How
from anlan.site.gathering import MOST, PATIENCE, Gatherer
from anlan.site.heap import settle

if TYPE_CHECKING:
    from collections.abc import Sequence

UNITS, IN_A_CALLOUT = 2000, 10_000
# As an opened callout leaves it: each has his SMS, which has arrived. Everything beside is as real as can be.
FILL = """
WITH root AS (
  INSERT INTO kernel_unit (path, code, name, kind, version, search) VALUES ('0.', 'B', '县', 'county', 1, '') RETURNING id
), units AS (
  INSERT INTO kernel_unit (path, code, name, kind, version, search)
  SELECT '0.' || i || '.', 'B' || i, '村' || i, 'village', 1, '' FROM generate_series(1, %(units)s) AS i RETURNING id
), numbered AS (SELECT id, row_number() OVER () AS n FROM units
), callouts AS (
  INSERT INTO callout_callout (id, unit_id, version, matter, subject_kind, subject, purpose, title, colour, state, texts,
    wordings, ladders, begun_at, started_at)
  SELECT gen_random_uuid(), id, 1, gen_random_uuid(), '', '', 'warning', '暴雨红色预警', 'red', 'running', '{}', '{}',
    '[{"name": "", "certain": false, "posts": [], "rungs": [{"at_s": 0, "target": "person", "ways": ["sms"]}]}]',
    ARRAY[now()], now() FROM root, generate_series(1, %(callouts)s) RETURNING id
), callout AS (SELECT id, row_number() OVER () AS n FROM callouts
), wording AS (
  INSERT INTO channel_wording (channel, subject, body, is_test, made_at)
  VALUES ('sms', '暴雨红色预警', '请立即到岗。', false, now()) RETURNING id
), people AS (
  INSERT INTO callout_recipient (callout_id, unit_id, person_id, post, ladder, wave, rung, rung_at, state, how)
  SELECT callout.id, numbered.id, gen_random_uuid(), 'grid_member', 0, 1, 0, now(), 0, ''
  FROM callout JOIN generate_series(0, %(people)s - 1) AS i ON callout.n = i / %(in_a_callout)s + 1
  JOIN numbered ON numbered.n = i %% %(units)s + 1 ORDER BY callout.n, hashint4(i) RETURNING id, unit_id)
INSERT INTO channel_delivery (unit_id, is_test, use, key, number, channel, wording_id, priority, state, due_at, queued_at,
  handed_at, delivered_at, carrier_ref, attempts, parts, cost_cny, answer, fault, permanent)
SELECT people.unit_id, false, 'callout', people.id::text, '10000000001', 'sms', wording.id, 0, 5, now(), now(), now(),
  now(), '', 1, 1, 0, '', '', false FROM people, wording
"""


def fill(people: str) -> int:
    """Callouts of so many together, 10,000 in each; the lowest of their ids, which follow each other."""
    with connection.cursor() as cursor:
        told = {"units": UNITS, "in_a_callout": IN_A_CALLOUT, "people": int(people)}
        cursor.execute(FILL, told | {"callouts": -(-int(people) // IN_A_CALLOUT)})
        cursor.execute("VACUUM ANALYZE")  # else autovacuum does it, while we measure
        cursor.execute("SELECT min(id) FROM callout_recipient")
        return int(cursor.fetchone()[0])


def links(first: str, people: str) -> list[str]:
    """The paths of the links of these recipients."""
    return [get_link(int(first) + place).partition("//")[2].partition("/")[2] for place in range(int(people))]


def confirm(first: str, people: str, at_once: str, seconds: str) -> dict[str, float]:
    """So many at once confirm, and when all are answered the next, for so long; rate and p95."""
    return asyncio.run(_confirm(int(first), int(people), int(at_once), float(seconds)))


async def _confirm(first: int, people: int, at_once: int, seconds: float) -> dict[str, float]:
    gatherer = Gatherer(_take, most=MOST, patience=PATIENCE)
    numbers = iter(range(first, first + people))
    await gatherer.ask(next(numbers))
    settle()  # as the process of answers does
    took: list[float] = []
    all_answered = asyncio.Event()
    begun = time.perf_counter()

    def answered(asked: float, answer: asyncio.Future[bool]) -> None:
        took.append(time.perf_counter() - asked)
        if len(took) % at_once == 0:
            all_answered.set()
        if answer.exception() or not answer.result():
            raise SystemExit("an answer was not taken")

    while time.perf_counter() - begun < seconds:
        asked_now = list(islice(numbers, at_once))
        if len(asked_now) < at_once:
            raise SystemExit("everybody has answered before the time was over")
        for number in asked_now:
            gatherer.ask(number).add_done_callback(partial(answered, time.perf_counter()))
        await all_answered.wait()
        all_answered.clear()
    lasted = time.perf_counter() - begun
    return {"rate": len(took) / lasted, "p95": sorted(took)[len(took) * 95 // 100]}


def _take(numbers: Sequence[int]) -> list[bool]:
    """The service's own act, with a context of its own as for every batch."""
    answers = [services.Answer(number, How.LINK) for number in numbers]
    new = services.confirm_recipients(Context(None, powers=LISTENS), answers)
    return [number in new for number in numbers]


def load(socket: str, first: str, people: str, connections: str, seconds: str) -> dict[str, float]:
    """Phones that press the button, over HTTP on the process's own socket; rate and p99. Every answer must be new."""
    paths = links(first, people)
    return asyncio.run(_load(socket, paths, int(connections), float(seconds)))


async def _load(socket: str, paths: list[str], connections: int, seconds: float) -> dict[str, float]:
    places = count()
    took: list[float] = []
    begun = time.perf_counter()
    until = begun + seconds

    async def phone() -> None:
        reader, writer = await asyncio.open_unix_connection(socket)
        while (asked := time.perf_counter()) < until:
            path = paths[next(places)]
            writer.write(f"POST /{path} HTTP/1.1\r\nHost: b\r\nContent-Length: 0\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            body = await reader.readexactly(length)
            took.append(time.perf_counter() - asked)
            if not head.startswith(b"HTTP/1.1 200") or b'class="state done"' not in body:
                raise SystemExit(f"an answer was not taken: {head[:40]!r}")
        writer.close()

    await asyncio.gather(*(phone() for _ in range(connections)))
    return {"rate": len(took) / (time.perf_counter() - begun), "p99": sorted(took)[len(took) * 99 // 100]}
