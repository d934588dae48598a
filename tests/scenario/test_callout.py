"""A callout of a whole township with real programs and simulated carriers: a third does not answer at first, every step of
the ladder is needed, and it ends with everybody's answer or a visit. Who was bothered when is asked of the carriers.
"""

from __future__ import annotations

import json
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from anlan.launcher.place import CHECKOUT
from tests.nodes import LiveNode, eventually, token_of
from tests.simulated import Simulated, simulated

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

pytestmark = pytest.mark.scenario
STEPS = "立即 本人 站内、短信\n6秒 本人 语音 2次 间隔10秒\n30秒 替补 短信、语音\n36秒 上级值班\n44秒 上门"
MANY = 50
BY_LINK = 8  # people who open the link of their text
BEHIND_ONE_ADDRESS = 1000
LINK = re.compile(r"https://[^/\s]+(/c/[\w.~-]+)")
PAGE = CHECKOUT / "docs/integrator/callouts.md"
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
MACHINE = """
from datetime import timedelta
from anlan.kernel import tokens
from anlan.kernel.clock import real_now
from anlan.kernel.context import Context
from anlan.kernel.models import Grant, Role, Unit, User
machine = User.objects.create_user("command-system", None, display_name="指挥系统", is_machine=True)
district = Unit.unscoped.filter(kind="district").order_by("path").first()
Grant.objects.create(user=machine, role=Role.objects.get(code="duty_officer"), scope_root=district)
system = Context(User.objects.get(username="system"), second_factor=True)
scopes = ["message.callout.read", "message.callout.open", "message.callout.handle", "message.callout.stop", "watch.warning.read"]
print(tokens.issue_token(system, machine.pk, name="指挥系统", scopes=scopes, expires_at=real_now() + timedelta(days=1))[1])
"""
LATE = """
SELECT d.id::text, r.id, r.ended_at, d.channel FROM channel_delivery d
JOIN callout_recipient r ON d.key IN (r.id::text, r.id || 's') WHERE d.use = 'callout' AND r.ended_at IS NOT NULL
"""


def post(client: httpx.Client, page: str, **form: Any) -> httpx.Response:
    """Fill in a page's form as a browser would; what it refuses fails the test."""
    form["csrfmiddlewaretoken"] = token_of(client.get(page).text)
    answer = client.post(page, data=form)
    assert answer.status_code == 302, answer.text[:3000]
    return answer


@dataclass(frozen=True)
class Plan:
    """How a township's people behave: what the carriers are told, and who opens the link of his text instead."""

    behaviour: dict[str, Any]
    by_link: list[str]


def plan_of(numbers: list[tuple[str, bool]]) -> Plan:
    """Two thirds reply to the SMS; of the others one number is wrong, some pick up at the first or second call, some never."""
    silent = [number for number, stood_in in numbers if stood_in][: MANY // 10]
    others = [number for number, _ in numbers if number not in silent]
    third = len(numbers) * 35 // 100 - len(silent)
    late, by_link, quick = others[:third], others[third:][:BY_LINK], others[third:][BY_LINK:]
    never = {"messages": {"reply": {"share": 0}}, "calls": {"no_answer": 1}}
    plan: dict[str, Any] = dict.fromkeys((*silent, *late[:4], *by_link), never)
    plan |= {
        number: {"messages": {"reply": {"share": 0}}, "calls": {"answers_at": 1 + place % 2}}
        for place, number in enumerate(late[4:])
    }
    plan[late[4]] = {"messages": {"undeliverable": 1}, "calls": {"answers_at": 1}}
    reply = {"share": 1, "after_s": [1, 5], "texts": ["1", "收到", "１。"]}
    plan |= {number: {"messages": {"reply": reply}} for number in quick}
    behaviour = {
        "messages": {"delay_s": [0.1, 0.5], "reply": {"share": 1, "after_s": [1, 3]}},
        "calls": {"ring_s": [0.5, 1.5], "talk_s": 2, "key_after_s": [0.2, 0.8], "lines": 30},
        "callbacks": {"double": 0.2, "disorder_s": 0.5},
        "numbers": plan,
    }
    return Plan(behaviour, by_link)


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
    plan = plan_of([(str(number), bool(stood_in)) for number, stood_in in node.sql(PEOPLE.format(town=town))])
    ca = node.var / "public/anlan-ca.crt"

    def carrier(code: str) -> Any:
        own = folder / code  # it writes a file of its own secret
        own.mkdir()
        return simulated(own, code, plan.behaviour, callback=f"{node.address}/gateway/{code}/events", ca=ca)

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
        links = confirm_by_link(node, sms, plan.by_link)
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
    assert {"sms", "key", "visit", "link"} <= hows
    assert_links_say_what_became_of_them(node, links)
    assert_nobody_was_bothered_later(node, [*calls["items"], *messages["items"]])
    assert not node.sql("SELECT 1 FROM kernel_parked"), "nothing is stuck"
    assert not node.sql("SELECT 1 FROM kernel_due WHERE kind = 'message.callout.step'")
    owed = node.sql(
        "SELECT DISTINCT o.state FROM kernel_obligation o JOIN kernel_rule r ON r.id = o.rule_id"
        " WHERE r.code = 'message-callout-confirm-red'"
    )
    assert owed == [("fulfilled",)]


def confirm_by_link(node: LiveNode, sms: Simulated, numbers: list[str]) -> list[str]:
    """These open the link of their text, which changes nothing, and press its button, some twice. returns the links"""

    def texts() -> list[str]:
        return [one["text"] for one in sms.record()["items"] if one["to"] in numbers]

    eventually(lambda: len(texts()) == len(numbers), 30, "each has his text")
    links = [found[1] for text in texts() if (found := LINK.search(text))]
    assert len(set(links)) == len(numbers)
    confirmed = "SELECT count(*) FROM callout_recipient WHERE how = 'link'"
    with closing(node.client()) as phone:
        for link in links:
            answer = phone.get(link)
            assert answer.status_code == 200
            assert "我已收到" in answer.text
            assert "no-store" in answer.headers["Cache-Control"]
        assert node.sql(confirmed) == [(0,)], "to look is not to confirm"
        for number, link in enumerate(links):
            assert "已确认，谢谢" in phone.post(link).text
            if number % 2:
                assert "已经确认过" in phone.post(link).text
    assert node.sql(confirmed) == [(len(links),)]
    return links


def assert_links_say_what_became_of_them(node: LiveNode, links: list[str]) -> None:
    """Once all is over: what was confirmed is shown for a week; wrong, cut and old links say what to do instead."""
    with closing(node.client()) as phone:
        assert "已经确认过" in phone.get(links[0]).text
        wrong = links[0][:-1] + ("a" if links[0][-1] != "a" else "b")
        for link in (wrong, links[0][:-4], "/c/", "/c/x"):
            for answer in (phone.get(link), phone.post(link)):
                assert answer.status_code == 404
                assert "这个链接打不开" in answer.text
                assert "直接回复短信" in answer.text
        node.change("UPDATE callout_callout SET ended_at = ended_at - interval '8 days'")
        old = phone.get(links[0])
        node.change("UPDATE callout_callout SET ended_at = ended_at + interval '8 days'")
    assert old.status_code == 404
    assert "这个链接打不开" in old.text


def test_a_thousand_people_behind_one_address_open_their_links_and_press(node: LiveNode) -> None:
    """None of them is told to wait, though all come in the same seconds; their links may be anybody's."""

    def people(count: int) -> set[int]:
        with closing(node.client()) as phone:
            return {
                ask(f"/c/{place}").status_code for place in range(count) for ask in (phone.get, phone.post)
            }

    with ThreadPoolExecutor(8) as pool:
        met = set().union(*pool.map(people, [BEHIND_ONE_ADDRESS // 8] * 8))
    assert met == {404}


def test_the_integrator_s_examples_run_as_they_stand(node: LiveNode) -> None:
    """Against a real node, with a machine's token."""
    setting, *examples = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert "NODE=https://" in setting
    district = node.sql("SELECT id FROM kernel_unit WHERE kind = 'district' ORDER BY path LIMIT 1")[0][0]
    own = f"NODE={node.address}\nTOKEN={token_for(node)}\nUNIT={district}\n"
    curl = f"curl() {{ command curl --silent --show-error --cacert '{node.var}/public/anlan-ca.crt' \"$@\"; echo; }}\n"
    script = own + curl + "\n".join(examples)
    done = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert not [one for one in answers if one.get("status", 0) in range(400, 600)], done.stdout
    stopped = [one for one in answers if one.get("state") == "stopped"]
    assert len(stopped) == 1
    assert (stopped[0]["states"]["confirmed"], stopped[0]["states"]["visited"]) == (1, 1)


def token_for(node: LiveNode) -> str:
    """A token of a machine that may do at the district what its duty officer may."""
    return node.run(MACHINE).split()[-1]


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
