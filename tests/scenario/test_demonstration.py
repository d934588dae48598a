"""The demonstration: a bell nobody answers escalates twice and is answered late, while every program is killed once.

All that the node is for shows it: work list, board, live page, timeline, the obligation's own page, seals, verification.
"""

from __future__ import annotations

import json
import re
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.conf import settings

from anlan.kernel.clock import real_now
from anlan.launcher.place import CHECKOUT
from tests.browsers import page_of
from tests.launcher.conftest import anlan
from tests.nodes import LiveNode, eventually, live_node, token_of, whole
from tests.scenario.test_kill_each_process import kill_and_see_it_return

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx
    from playwright.sync_api import Page

pytestmark = pytest.mark.scenario
PLACE, DUTY, TOLD = "河西务镇面粉厂", "应答警铃", "逾期告知"
OWED = "SELECT id FROM kernel_obligation WHERE subject_kind = 'bell.bell'"  # other duties run, too
ALLOWED = timedelta(minutes=2)  # data/rules.json of the room
LONG = 90  # seconds that a busy machine may take; nothing is measured here
ROLES = """
UPDATE kernel_role SET capabilities = capabilities || '{{{}}}'
WHERE code IN ('clerk', 'unit_head', 'duty_officer') RETURNING id
""".format(",".join(f"respond.bell.{verb}" for verb in ("read", "ring", "answer", "close", "silence")))


@pytest.fixture
def node() -> Iterator[LiveNode]:
    """A node with a room of its own, in a folder of another name that the services may enter."""
    folder = settings.ANLAN.var / "own-rooms"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(CHECKOUT / "tests/rooms", folder, ignore=shutil.ignore_patterns("__pycache__"))
    with live_node("demonstration", ANLAN_ROOMS=str(folder)) as running:
        assert running.sql(ROLES)
        yield running


def test_a_bell_is_answered_late_and_everything_shows_it(node: LiveNode) -> None:
    clerk, city = node.logged_in("clerk"), node.logged_in("city")
    with page_of(node, "duty") as page:
        page.goto(f"{node.address}/respond/bell/")
        address = ring(clerk)
        page.get_by_role("link", name=PLACE).click()  # it came by itself
        page.get_by_text("待应答").wait_for()
        assert DUTY in clerk.get("/").text
        ((duty,),) = node.sql(OWED)

        programs = list(node.programs())
        kill_each(node, programs[::2], page)
        eventually(lambda: escalations(node) >= 1, LONG, "the town is told that it is late")
        kill_each(node, programs[1::2], page)
        eventually(lambda: escalations(node) >= 2, LONG, "the district is told")
        page.get_by_text(TOLD).nth(1).wait_for(timeout=LONG * 1000)
        for_the_district_it_is_late(city, str(duty))

        answer(clerk, address)
        page.get_by_text("已应答").first.wait_for(timeout=LONG * 1000)
        page.get_by_text("办结履责事项").wait_for(timeout=LONG * 1000)
    it_ended_late(city, str(duty), address)
    each_thing_happened_once(node)
    is_sealed_and_a_change_is_named(node)
    clerk.close()
    city.close()


def ring(client: httpx.Client) -> str:
    """Enter a bell that rang so long ago that it is due in a moment; its address."""
    page = client.get("/respond/bell/ring/").text
    unit = re.search(r'<option value="(\d+)"', page)
    assert unit
    form = {
        "csrfmiddlewaretoken": token_of(page),
        "unit": unit[1],
        "place": PLACE,
        "rang_at": (real_now() - ALLOWED + timedelta(seconds=10)).isoformat(),
        "words": "二楼冒烟",
    }
    entered = client.post("/respond/bell/ring/", data=form)
    assert entered.status_code == 302, entered.text
    return str(entered.headers["location"])


def answer(client: httpx.Client, address: str) -> None:
    form = {"csrfmiddlewaretoken": token_of(client.get(f"{address}answer/").text), "words": "已派两人"}
    assert client.post(f"{address}answer/", data=form).status_code == 302


def kill_each(node: LiveNode, programs: list[str], page: Page) -> None:
    for name in programs:
        kill_and_see_it_return(node, name, page)
    eventually(lambda: whole(node), 30, "all programs run")


def escalations(node: LiveNode) -> int:
    return int(str(node.sql(f"SELECT count(*) FROM kernel_escalation WHERE obligation_id IN ({OWED})")[0][0]))  # noqa: S608 - all of it ours


def for_the_district_it_is_late(client: httpx.Client, duty: str) -> None:
    assert PLACE in client.get("/obligations/board/").text
    page = client.get(f"/obligations/{duty}/").text
    assert all(words in page for words in ("告知河西务镇", "告知武清区", "已逾期"))


def it_ended_late(client: httpx.Client, duty: str, address: str) -> None:
    assert PLACE not in client.get("/obligations/board/").text
    assert "逾期办结" in client.get(f"/obligations/{duty}/").text
    timeline = client.get(address).text
    assert timeline.count(TOLD) == 2
    assert all(words in timeline for words in ("警铃响起", "二楼冒烟", "应答警铃", "已派两人"))


def each_thing_happened_once(node: LiveNode) -> None:
    """No step is taken twice, no handler runs twice, and nothing is left over, whoever died when."""
    assert node.sql(
        f"SELECT step, count(*) FROM kernel_escalation WHERE obligation_id IN ({OWED}) GROUP BY step ORDER BY step"  # noqa: S608 - all of it ours
    ) == [
        (0, 1),
        (1, 1),
    ]
    assert node.sql("SELECT again, count(*) FROM bell_call GROUP BY again ORDER BY again") == [
        (False, 1),
        (True, 1),
    ]
    events = dict(
        node.sql(
            "SELECT event, count(*) FROM kernel_entry"  # noqa: S608 - all of it ours
            f" WHERE event LIKE 'respond.bell.%' OR subject IN (SELECT id::text FROM ({OWED}) AS owed) GROUP BY event"
        )
    )  # type: ignore[arg-type]
    for event, count in (("opened", 1), ("escalated", 2), ("fulfilled", 1)):
        assert events[f"kernel.obligation.{event}"] == count
    for event, count in (("rung", 1), ("called", 2), ("answered", 1)):
        assert events[f"respond.bell.{event}"] == count
    waiting = "SELECT count(*) FROM kernel_pending"
    eventually(lambda: node.sql(waiting) == [(0,)], LONG, "every handler has run")
    assert node.sql("SELECT count(*) FROM kernel_parked") == [(0,)]


def is_sealed_and_a_change_is_named(node: LiveNode) -> None:
    waiting = "SELECT count(*) FROM kernel_unsealed"
    eventually(lambda: node.sql(waiting) == [(0,)], LONG, "every entry is sealed")
    untouched = anlan(node.var, "journal", "verify")
    assert untouched.returncode == 0, untouched.stdout + untouched.stderr
    ((entry,),) = node.sql(
        "UPDATE kernel_entry SET at = at - interval '10 minutes' WHERE event = 'respond.bell.answered' RETURNING id"
    )
    told = anlan(node.var, "journal", "verify", "--json")
    assert told.returncode == 1
    findings = json.loads(told.stdout)["findings"]
    assert [(one["flaw"], one["entry"]) for one in findings] == [("entry_changed", entry)]
