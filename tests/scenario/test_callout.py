"""A callout of a whole township with real programs and simulated carriers: a third does not answer at first, every step of
the ladder is needed, and it ends with everybody's answer or a visit. Who was bothered when is asked of the carriers.
"""

from __future__ import annotations

import re
from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.nodes import LiveNode, eventually, live_node, token_of
from tests.simulated import Simulated, simulated, write_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

pytestmark = pytest.mark.scenario
CODES = ("sms-sim", "voice-sim")
STEPS = "立即 本人 站内、短信\n6秒 本人 语音 2次 间隔10秒\n30秒 替补 短信、语音\n36秒 上级值班\n44秒 上门"
MANY = 50
ON_ITS_WAY = timedelta(seconds=2)  # a request that was under way just when the answer came
# Holders of posts in a township and its villages, each with his mobile number and whether somebody stands in for his post.
PEOPLE = """
SELECT c.value, bool_or(EXISTS (SELECT FROM post_posting s WHERE s.post_id = o.id AND s.stand_in))
FROM post_post o JOIN post_posting g ON g.post_id = o.id AND NOT g.stand_in
JOIN kernel_unit u ON u.id = o.unit_id JOIN contact_contactpoint c ON c.person_id = g.person_id AND c.kind = 'mobile'
WHERE u.path LIKE (SELECT path FROM kernel_unit WHERE id = {town}) || '%'
GROUP BY c.value ORDER BY 2 DESC, 1
"""
TOWN = """
SELECT t.id, t.parent_id, count(DISTINCT g.person_id) FROM kernel_unit t
JOIN kernel_unit u ON u.path LIKE t.path || '%' JOIN post_post o ON o.unit_id = u.id
JOIN post_posting g ON g.post_id = o.id AND NOT g.stand_in
WHERE t.kind IN ('township', 'street') GROUP BY t.id ORDER BY abs(count(DISTINCT g.person_id) - {many}) LIMIT 1
"""
LATE = """
SELECT d.id::text, r.id, r.ended_at, d.channel FROM channel_delivery d
JOIN callout_recipient r ON d.key IN (r.id::text, r.id || 's') WHERE d.use = 'callout' AND r.ended_at IS NOT NULL
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("carriers")
    for above in (made, *made.parents[:3]):
        above.chmod(0o755)  # the services' user reads the secrets
    write_secrets(made, *CODES)
    return made


@pytest.fixture(scope="module")
def node(folder: Path) -> Iterator[LiveNode]:
    with live_node("callout", ANLAN_CARRIER_SECRETS=str(folder / "carriers.json")) as running:
        yield running


def post(client: httpx.Client, page: str, **form: Any) -> httpx.Response:
    """Fill in a page's form as a browser would; what it refuses fails the test."""
    form["csrfmiddlewaretoken"] = token_of(client.get(page).text)
    answer = client.post(page, data=form)
    assert answer.status_code == 302, answer.text[:3000]
    return answer


def behaviour_of(numbers: list[tuple[str, bool]]) -> dict[str, Any]:
    """Two thirds reply to the SMS; of the others one number is wrong, some pick up at the first or second call, some never."""
    silent = [number for number, stood_in in numbers if stood_in][: MANY // 10]
    others = [number for number, _ in numbers if number not in silent]
    third = len(numbers) * 35 // 100 - len(silent)
    late, quick = others[:third], others[third:]
    never = {"messages": {"reply": {"share": 0}}, "calls": {"no_answer": 1}}
    plan: dict[str, Any] = dict.fromkeys((*silent, *late[:4]), never)
    plan |= {
        number: {"messages": {"reply": {"share": 0}}, "calls": {"answers_at": 1 + place % 2}}
        for place, number in enumerate(late[4:])
    }
    plan[late[4]] = {"messages": {"undeliverable": 1}, "calls": {"answers_at": 1}}
    reply = {"share": 1, "after_s": [1, 5], "texts": ["1", "收到", "１。"]}
    plan |= {number: {"messages": {"reply": reply}} for number in quick}
    return {
        "messages": {"delay_s": [0.1, 0.5], "reply": {"share": 1, "after_s": [1, 3]}},
        "calls": {"ring_s": [0.5, 1.5], "talk_s": 2, "key_after_s": [0.2, 0.8], "lines": 30},
        "callbacks": {"double": 0.2, "disorder_s": 0.5},
        "numbers": plan,
    }


def enter_carriers(node: LiveNode, unit: object, sms: Simulated, voice: Simulated) -> None:
    with closing(node.logged_in("system")) as system:
        for one, driver in ((sms, "sms_http"), (voice, "voice_http")):
            form = {
                "unit": unit,
                "code": one.code,
                "name": one.code,
                "driver": driver,
                "address": one.address,
            }
            post(system, "/channels/new/", **form, rank=1, batch=500, price_cny="0.045", simulated="on")


def test_everybody_has_answered_or_was_visited_and_nobody_was_bothered_after_that(
    node: LiveNode, folder: Path
) -> None:
    (town, district, many), *_ = node.sql(TOWN.format(many=MANY))
    assert int(str(many)) >= MANY * 0.7
    plan = behaviour_of(
        [(str(number), bool(stood_in)) for number, stood_in in node.sql(PEOPLE.format(town=town))]
    )
    ca = node.var / "public/anlan-ca.crt"

    def carrier(code: str) -> Any:
        own = folder / code  # it writes a file of its own secret
        own.mkdir()
        return simulated(own, code, plan, callback=f"{node.address}/gateway/{code}/events", ca=ca)

    with (
        carrier("sms-sim") as sms,
        carrier("voice-sim") as voice,
        closing(node.logged_in("leader")) as leader,
        closing(node.logged_in("duty")) as duty,
    ):
        enter_carriers(node, node.sql("SELECT id FROM kernel_unit ORDER BY path LIMIT 1")[0][0], sms, voice)
        post(leader, "/message/ladders/new/", unit=district, name="快速阶梯", steps=STEPS)
        opened = post(
            duty,
            "/message/callouts/open/",
            purpose="warning",
            colour="red",
            title="暴雨红色预警",
            body="请立即到岗，转移危险区域群众",
            unit=district,
            areas=[town],
            go="1",
        )
        board = opened.headers["location"]
        eventually(
            lambda: targets(node) == {"person", "stand_in", "upper_duty", "errand"},
            120,
            "every step is taken",
        )
        visit_all(node, duty)
        eventually(lambda: state(node) == "complete", 60, "everybody has answered or was visited")
        assert "全部确认或上门告知" in duty.get(board).text
        calls, messages = voice.record(), sms.record()
    hows = {str(how) for (how,) in node.sql("SELECT DISTINCT how FROM callout_recipient")}
    assert {"sms", "key", "visit"} <= hows
    assert_nobody_was_bothered_later(node, [*calls["items"], *messages["items"]])
    assert not node.sql("SELECT 1 FROM kernel_parked"), "nothing is stuck"
    assert not node.sql("SELECT 1 FROM kernel_due WHERE kind = 'message.callout.step'")
    owed = node.sql(
        "SELECT DISTINCT o.state FROM kernel_obligation o JOIN kernel_rule r ON r.id = o.rule_id"
        " WHERE r.code = 'message-callout-confirm-red'"
    )
    assert owed == [("fulfilled",)]


def targets(node: LiveNode) -> set[str]:
    rows = node.sql(
        "SELECT DISTINCT data->>'target' FROM kernel_entry WHERE event = 'message.callout.climbed'"
    )
    return {str(target) for (target,) in rows}


def state(node: LiveNode) -> str:
    return str(node.sql("SELECT state FROM callout_callout")[0][0])


def visit_all(node: LiveNode, duty: httpx.Client) -> None:
    """Whoever was sent to a door finds somebody there, and writes it down; who has nobody to be sent is visited all the same."""
    for errand in re.findall(r'href="(/message/errands/[0-9a-f-]{36}/)"', duty.get("/message/errands/").text):
        token = token_of(duty.get(errand).text)
        form = {"result": "self", "words": "在家，已告知", "csrfmiddlewaretoken": token}
        duty.post(f"{errand}visit/", data=form)
    left = "SELECT r.id FROM callout_recipient r WHERE r.state < 2 AND NOT EXISTS (SELECT FROM errand_errand e WHERE e.about = r.id::text)"
    for (key,) in node.sql(left):
        page = f"/message/callouts/people/{key}/"
        token = token_of(duty.get(page).text)
        duty.post(f"{page}visit/", data={"words": "已当面告知", "csrfmiddlewaretoken": token})


def assert_nobody_was_bothered_later(node: LiveNode, items: list[dict[str, Any]]) -> None:
    """By what the carriers say they took and did: nothing for anybody after his answer."""
    seen = {item["id"]: item for item in items}
    checked = 0
    for key, recipient, ended_at, channel in node.sql(LATE):
        if (item := seen.get(str(key))) is None:
            continue
        assert isinstance(ended_at, datetime)
        begun = [at for what, at in item["steps"] if what == "begun"]
        for at in (item["at"], *begun):
            checked += 1
            late = datetime.fromisoformat(at) - ended_at
            assert late < ON_ITS_WAY, f"{channel} to recipient {recipient} {late} after his answer"
    assert checked > MANY
