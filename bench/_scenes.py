"""What `publish`, `ladder` and `carrier` run inside the product: a county with people, its carriers, warnings, callouts, visits."""

from __future__ import annotations

import contextlib
import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection, transaction

from anlan.kernel import rooms
from anlan.kernel.clock import real_now
from anlan.kernel.context import Context
from anlan.kernel.errors import StateConflict
from anlan.kernel.ids import uuid7
from anlan.kernel.models import Unit, User
from anlan.kernel.seeds import Seedling, plant_units
from anlan.message.callout import services as callouts
from anlan.message.callout.models import Callout, Recipient
from anlan.message.callout.terms import CalloutState, RecipientState
from anlan.message.channel.drivers.posting import HttpLine
from anlan.message.channel.services import create_carrier
from anlan.message.channel.terms import MOST_IN_A_BATCH, Account, Item
from anlan.message.errand.models import Errand
from anlan.message.errand.services import record_visit as record_errand
from anlan.message.errand.terms import ErrandState
from anlan.message.ladder.models import Ladder
from anlan.organisation.contact.models import ContactPoint
from anlan.organisation.person.models import Person
from anlan.organisation.post.models import Post, Posting
from anlan.site.heap import settle
from anlan.watch.kind.models import WarningKind
from anlan.watch.kind.services import load_standard_kinds
from anlan.watch.warning import services as warnings
from anlan.watch.warning.selectors.areas import Placed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from django.db.models import QuerySet

CODE = "bench"
NODE = Context(None, powers=frozenset(rooms.capabilities()))
BATCH = 2000
AWAY = 0.3  # seconds until one looks again
TEXTS = {
    "app": ("暴雨红色预警", "请立即到岗。"),
    "sms": ("暴雨红色预警", "{name}：请立即到岗。确认：{link}，或回复{reply}。"),
    "voice": ("暴雨红色预警", "{name}，请立即到岗。听完请按1确认。"),
}
SAID = "预计6小时内降雨量将达50毫米以上。"


# The rows of a callout once more, of its deliveries those that it began with; nothing of them waits for the sender.
COPIES = (
    """
INSERT INTO callout_callout (id, version, unit_id, exercise_id, matter, subject_kind, subject, purpose, title, colour, state,
  texts, wordings, ladders, begun_at, started_at, ended_at, follows_id)
SELECT %(to)s, version, unit_id, exercise_id, %(to)s, subject_kind, subject, purpose, title, colour, 'stopped', texts,
  wordings, ladders, begun_at, started_at, now(), NULL FROM callout_callout WHERE id = %(of)s
""",
    """
WITH was AS (SELECT * FROM callout_recipient WHERE callout_id = %(of)s ORDER BY id), made AS (
  INSERT INTO callout_recipient (callout_id, unit_id, exercise_id, person_id, holder_id, stand_in_id, post, ladder, wave,
    rung, rung_at, state, how)
  SELECT %(to)s, unit_id, exercise_id, person_id, holder_id, stand_in_id, post, ladder, wave, 0, rung_at, 0, '' FROM was
  RETURNING id, person_id)
INSERT INTO channel_delivery (unit_id, is_test, use, key, person_id, number, channel, wording_id, priority, state, due_at,
  queued_at, handed_at, carrier_ref, attempts, parts, cost_cny, answer, fault, permanent, ended_at)
SELECT d.unit_id, d.is_test, d.use, made.id::text, d.person_id, d.number, d.channel, d.wording_id, d.priority, 2, d.due_at,
  d.queued_at, now(), '', 1, 1, 0, '', '', false, now()
FROM was JOIN made ON made.person_id = was.person_id
JOIN LATERAL (
  SELECT DISTINCT ON (d.channel) d.* FROM channel_delivery d WHERE d.use = 'callout' AND d.key = was.id::text
  ORDER BY d.channel, d.queued_at) AS d ON true
""",
)


# --- the county ---------------------------------------------------------------------------------------------------


def county(people: str, towns: str, villages: str, stand_ins: str, lines: str) -> int:
    """A county with so many towns, so many villages in each, and people who hold posts all over them; its id.

    stand_ins  so many of the first have somebody who stands in for them, who is not counted
    lines      of so many units, from the top, the duty desk has a line of its own
    """
    units = list(_units(int(towns), int(villages)))
    load_standard_kinds(NODE, units[0])
    numbers = (f"100{n:08}" for n in count(1))
    _people(units, int(people), int(stand_ins), numbers)
    points = [_point(unit, None, next(numbers)) for unit in units[: int(lines)]]
    ContactPoint.unscoped.bulk_create(points)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return int(units[0].pk)


def _units(towns: int, villages: int) -> Iterator[Unit]:
    seeds = [Seedling(CODE, "", "安澜县", "county")]
    seeds += [Seedling(f"{CODE}{t}", CODE, f"第{t}镇", "township") for t in range(towns)]
    seeds += [
        Seedling(f"{CODE}{t}-{v}", f"{CODE}{t}", f"第{t}镇{v}村", "village")
        for t in range(towns)
        for v in range(villages)
    ]
    made = plant_units(seeds)
    return (made[one.code] for one in seeds)


def _people(units: Sequence[Unit], many: int, stand_ins: int, numbers: Iterator[str]) -> None:
    """The first two of a unit hold posts of leaders, the others are its grid's; each has an account and a mobile."""
    whole = range(many + stand_ins)
    unit_of = [units[n % many % len(units)] for n in whole]
    users = [User(username=f"{CODE}{n}", display_name=f"责任人{n}", password="!") for n in whole]  # noqa: S106
    User.objects.bulk_create(users, batch_size=BATCH)
    people = [
        Person(id=uuid7(), unit=unit, name=f"责任人{n}", user=user)
        for n, (unit, user) in enumerate(zip(unit_of, users, strict=True))
    ]
    Person.unscoped.bulk_create(people, batch_size=BATCH)
    ContactPoint.unscoped.bulk_create(
        (_point(one.unit, one, next(numbers)) for one in people), batch_size=BATCH
    )
    kinds = ("party_first", "government_first")
    posts = [
        Post(
            id=uuid7(),
            unit=unit,
            kind=kinds[n // len(units)] if n // len(units) < len(kinds) else "grid_member",
            name=f"岗位{n}",
        )
        for n, unit in enumerate(unit_of[:many])
    ]
    Post.unscoped.bulk_create(posts, batch_size=BATCH)
    since = real_now()
    postings = [
        Posting(
            unit=posts[n % many].unit, post=posts[n % many], person=one, stand_in=n >= many, from_at=since
        )
        for n, one in enumerate(people)
    ]
    Posting.unscoped.bulk_create(postings, batch_size=BATCH)


def _point(unit: Unit, person: Person | None, number: str) -> ContactPoint:
    return ContactPoint(id=uuid7(), unit=unit, person=person, kind="mobile", value=number)


def lay_ladder(unit: str, steps: str) -> None:
    """The one ladder that holds in this county, for every post and colour."""
    Ladder.unscoped.filter(unit_id=int(unit)).delete()
    ladder = Ladder(unit_id=int(unit), name="基准", steps=steps)
    ladder.clean()
    ladder.save(force_insert=True)


def enter_carriers(unit: str, addresses: str, simulated: str) -> None:
    """Carriers by code and address, those whose code begins with `sms` for messages, the others for calls."""
    for code, address in json.loads(addresses).items():
        create_carrier(
            NODE,
            unit=Unit.unscoped.get(pk=int(unit)),
            code=code,
            name=code,
            driver="sms_http" if code.startswith("sms") else "voice_http",
            address=address,
            simulated=simulated == "simulated",
        )


# --- warnings and callouts ----------------------------------------------------------------------------------------


def publish(unit_id: str) -> dict[str, Any]:
    """A leader approves a red warning for the whole county and it is published; when that began, and was committed."""
    unit = Unit.unscoped.get(pk=int(unit_id))
    kind = WarningKind.unscoped.get(unit=unit, name="暴雨")
    issue = warnings.draft_warning(NODE, unit=unit, kind=kind, colour="red", relayed_from="县气象台")
    issue = warnings.edit_issue(
        NODE,
        issue.pk,
        version=issue.version,
        placed=[Placed(unit)],
        description=SAID,
        expires_at=NODE.now() + timedelta(hours=6),
    )
    warnings.submit_issue(NODE, issue.pk)
    settle()  # as a process of pages does
    begun = time.time()
    warnings.approve_high_issue(NODE, issue.pk)
    warnings.publish_issue(NODE, issue.pk)
    committed = time.time()
    return {"begun": begun, "committed": committed, "callout": str(_running().latest("started_at").pk)}


def raw(callout_id: str, addresses: str, secret: str) -> float:
    """What the machine needs for the same without a product: in seconds.

    A callout's rows are copied within the database in one transaction, then as many messages and calls posted from ready
    texts, by two connections to each carrier.
    """
    ready = [
        (
            HttpLine(Account(code, address, "", secret), "messages" if code.startswith("sms") else "calls"),
            items,
        )
        for code, address in json.loads(addresses).items()
        for items in _halves(callout_id, code)
    ]
    begun = time.time()
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in COPIES:
            cursor.execute(statement, {"of": callout_id, "to": uuid7()})
    with ThreadPoolExecutor(len(ready)) as threads:
        for done in [threads.submit(_post, line, items) for line, items in ready]:
            done.result()
    return time.time() - begun


def _halves(callout_id: str, code: str) -> Iterator[list[Item]]:
    """The texts to everybody, for two connections."""
    people = Recipient.unscoped.filter(callout_id=UUID(callout_id)).values_list(
        "person__contact_points__value", flat=True
    )
    text = TEXTS[code][1]
    items = [
        Item(uuid7(), number, "", text.format(name="责任人", link="x" * 60, reply="1"), 1)
        for number in people
    ]
    yield items[::2]
    yield items[1::2]


def _post(line: HttpLine, items: Sequence[Item]) -> None:
    for first in range(0, len(items), MOST_IN_A_BATCH):
        line.send(items[first : first + MOST_IN_A_BATCH])
    line.close()


def call(unit_id: str, title: str) -> str:
    """Call the whole county, once under this title, however often the database goes away; the callout's id."""
    _be_quiet()
    while True:
        try:
            there = Callout.unscoped.filter(title=title).first()
            return str((there or _call(int(unit_id), title)).pk)
        except (OperationalError, InterfaceError):
            connection.close()
            time.sleep(AWAY)


def _call(unit_id: int, title: str) -> Callout:
    unit = Unit.unscoped.get(pk=unit_id)
    return callouts.open_callout(
        NODE, unit=unit, purpose="warning", title=title, colour="red", unit_ids=[unit_id], texts=TEXTS
    )


def _be_quiet() -> None:
    """That the database is not there need not be said each time; it is killed on purpose."""
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)


def visit(callout: str, seconds: str) -> int:
    """Those who are sent to doors find somebody there, and whoever has nobody to be sent is told all the same.

    Until the callout is complete, or for so long; how many were told so.
    """
    _be_quiet()
    told, until = 0, time.monotonic() + float(seconds)
    while time.monotonic() < until:
        try:
            if Callout.unscoped.exclude(state=CalloutState.RUNNING).filter(pk=callout).exists():
                break
            told += _visit(callout)
        except (OperationalError, InterfaceError):
            connection.close()
        time.sleep(AWAY)
    return told


def _visit(callout: str) -> int:
    told = 0
    for key in Errand.unscoped.filter(state=ErrandState.OPEN).values_list("pk", flat=True):
        with contextlib.suppress(StateConflict):  # he has answered meanwhile
            record_errand(NODE, key, result="self", words="在家，已告知")
            told += 1
    left = Recipient.unscoped.filter(callout_id=UUID(callout), state=RecipientState.UNREACHABLE)
    for number in left.values_list("pk", flat=True):
        with contextlib.suppress(StateConflict):
            callouts.record_visit(NODE, number, words="已当面告知")
            told += 1
    return told


def stop_all() -> int:
    """Nobody is called any more."""
    ids = list(_running().values_list("pk", flat=True))
    for key in ids:
        callouts.stop_callout(NODE, key, reason="基准测试")
    return len(ids)


def _running() -> QuerySet[Callout]:
    return Callout.unscoped.filter(state=CalloutState.RUNNING)
