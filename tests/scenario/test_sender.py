"""The sender and a simulated carrier, both real programs: whatever is killed, each message is there once, and in time.

What counts is the carrier's own record.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from tests.nodes import LiveNode, eventually, token_of
from tests.simulated import Simulated, simulated

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.scenario
BODY = "【暴雨红色预警】请立即组织转移危险区群众，到岗后回复{reply}。"


def enter_carrier(node: LiveNode, code: str, address: str, **more: object) -> None:
    """Through the form, as the system administrator does."""
    unit = node.sql("SELECT id FROM kernel_unit ORDER BY path LIMIT 1")[0][0]
    client = node.logged_in("system")
    form = {
        "unit": unit,
        "code": code,
        "name": code,
        "driver": "sms_http",
        "address": address,
        "rank": 1,
        "batch": 500,
        "price_cny": "0.045",
        "simulated": "on",
        "csrfmiddlewaretoken": token_of(client.get("/channels/new/").text),
        **more,
    }
    answer = client.post("/channels/new/", data=form)
    assert answer.status_code == 302, answer.text
    client.close()


def order(node: LiveNode, use: str, number: int, channel: str = "sms") -> None:
    """Order so many, each to a number of its own."""
    node.change(
        "WITH said AS (INSERT INTO channel_wording (channel, subject, body, is_test, made_at)"
        " VALUES (%s, '暴雨红色预警', %s, false, now()) RETURNING id)"
        " INSERT INTO channel_delivery (unit_id, is_test, use, key, number, channel, wording_id, priority, state, due_at,"
        " queued_at, carrier_ref, attempts, parts, cost_cny, answer, fault, permanent)"
        " SELECT (SELECT id FROM kernel_unit ORDER BY path LIMIT 1), false, %s, i::text, (10000000000 + i)::text, %s,"
        " said.id, 0, 0, now(), now(), '', 0, 0, 0, '', '', false FROM said, generate_series(1, %s) AS i",
        channel,
        BODY,
        use,
        channel,
        number,
    )


def left(node: LiveNode, use: str) -> int:
    rows = node.sql(f"SELECT count(*) FROM channel_delivery WHERE use = '{use}' AND state < 2")  # noqa: S608
    return int(str(rows[0][0]))


def received(carrier: Simulated) -> Counter[str]:
    """How many different messages each number was sent."""
    return Counter(one["to"] for one in carrier.record()["items"])


def test_the_sender_is_killed_again_and_again_and_each_message_is_there_once(
    node: LiveNode, folder: Path
) -> None:
    chance = random.Random(5)  # noqa: S311 - moments, the same each time
    trouble = {"requests": {"lose_answer": 0.1, "fail": 0.05}}
    with simulated(folder, "fast", trouble) as carrier:
        enter_carrier(node, "fast", carrier.address, batch=50)
        order(node, "killed", 3000)
        for _ in range(5):
            time.sleep(chance.uniform(0.2, 1.5))
            node.kill("send")
        carrier.behave({})
        eventually(lambda: left(node, "killed") == 0, 90, "everything is handed over")
        numbers = received(carrier)
        again = carrier.record(items=False)["again"]
    assert len(numbers) == 3000
    assert set(numbers.values()) == {1}
    assert again > 0, "some were sent once more, and known again"
    rows = node.sql("SELECT max(attempts), min(state) FROM channel_delivery WHERE use = 'killed'")
    assert int(str(rows[0][0])) > 1
    assert rows[0][1] == 2


def test_the_carrier_is_killed_and_comes_back_and_nothing_is_lost_or_doubled(
    node: LiveNode, folder: Path
) -> None:
    with simulated(folder, "slow", {"requests": {"per_s": 100}}) as carrier:
        port = int(carrier.address.rpartition(":")[2])
        enter_carrier(node, "slow", carrier.address, batch=50)
        order(node, "restarted", 800)
        eventually(lambda: left(node, "restarted") < 700, 30, "it is under way")
        carrier.kill()
    time.sleep(2)
    with simulated(folder, "slow", port=port) as carrier:
        eventually(lambda: left(node, "restarted") == 0, 60, "everything is handed over")
        numbers = received(carrier)
    assert len(numbers) == 800
    assert set(numbers.values()) == {1}
    told = node.sql(
        "SELECT event, count(*) FROM kernel_entry WHERE subject = (SELECT id::text FROM channel_carrier WHERE code = 'slow')"
        " AND event IN ('message.channel.went_down', 'message.channel.came_back') GROUP BY event"
    )
    assert len({count for _event, count in told}) == 1, "as often back as down"
    assert len(told) == 2


def test_a_dead_carrier_hands_over_to_the_next_and_holds_up_no_other_channel(
    node: LiveNode, folder: Path
) -> None:
    with (
        simulated(folder, "first", {"requests": {"down": True}}) as first,
        simulated(folder, "second") as second,
        simulated(folder, "calls") as calls,
    ):
        enter_carrier(node, "first", first.address)
        enter_carrier(node, "second", second.address, rank=2)
        enter_carrier(node, "calls", calls.address, driver="voice_http")
        order(node, "dead", 100)
        order(node, "dead-calls", 100, "voice")
        eventually(lambda: left(node, "dead-calls") == 0, 2, "calls do not wait for messages")
        order(node, "dead-too", 100)
        eventually(lambda: left(node, "dead-too") == 0, 30, "the next carrier has taken over")
        assert sum(received(second).values()) >= 100
        first.behave({})
        eventually(lambda: left(node, "dead") == 0, 90, "what may have been there went there again")
        both = received(first) + received(second)
    assert set(both.values()) == {2}, "two orders to each number, each once"


def test_a_pace_is_kept_by_the_carrier_s_own_clock_though_the_sender_is_killed(
    node: LiveNode, folder: Path
) -> None:
    with simulated(folder, "slow") as carrier:
        node.change(
            "UPDATE channel_carrier SET retired_at = NULL, pace_per_s = 40, address = %s WHERE code = 'slow'",
            carrier.address,
        )
        known = {one["id"] for one in carrier.record()["items"]}
        order(node, "paced", 400)
        time.sleep(3)
        node.kill("send")
        eventually(lambda: left(node, "paced") == 0, 60, "everything is handed over")
        items = [one for one in carrier.record()["items"] if one["id"] not in known]
    assert len(items) == 400
    times = sorted(datetime.fromisoformat(one["at"]).timestamp() for one in items)
    busiest = max(sum(1 for at in times if begun <= at < begun + 1) for begun in times)
    assert busiest <= 40 + 15, "a second's worth, and what a busy machine lets pile up on the way"
    assert times[-1] - times[0] >= 400 / 40 - 1


def test_thirty_thousand_are_handed_over_quickly(node: LiveNode, folder: Path) -> None:
    with simulated(folder, "fast") as carrier:
        node.change(
            "UPDATE channel_carrier SET retired_at = NULL, batch = 500, address = %s WHERE code = 'fast'",
            carrier.address,
        )
        before = carrier.record(items=False)["distinct"]
        begun = time.monotonic()
        order(node, "many", 30_000)
        eventually(lambda: left(node, "many") == 0, 60, "everything is handed over")
        print(f"30,000 in {time.monotonic() - begun:.1f} s")  # noqa: T201 - told with -s; the goal is a bench's
        assert carrier.record(items=False)["distinct"] - before == 30_000
