"""The simulated carrier: behaviour as its file says, the same each time; what its documents say can be run."""

from __future__ import annotations

import json
import re
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from anlan.kernel.clock import real_now
from anlan.launcher.place import CHECKOUT
from anlan.protocols import gateway
from anlan.simulate import behaviour
from anlan.simulate.carrier import Carrier, Throttled
from anlan.simulate.record import Record
from tests.simulated import SECRET, simulated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FAST = {"speed": 10_000}
_open: list[Record] = []


@pytest.fixture(autouse=True)
def records() -> Iterator[None]:
    yield
    while _open:
        _open.pop().close()


def carrier_of(folder: Path, wanted: dict[str, Any], name: str = "a") -> Carrier:
    record = Record(folder / f"{name}.jsonl")
    _open.append(record)
    return Carrier(behaviour.parse(json.dumps(wanted)), record)


def played(
    folder: Path, wanted: dict[str, Any], kind: str = "messages", numbers: int = 20, name: str = "a"
) -> list[dict[str, Any]]:
    """What a carrier that behaves so tells of so many, once nothing more is to come."""
    carrier = carrier_of(folder, {**FAST, **wanted}, name)
    carrier.receive(kind, [row(number) for number in range(numbers)])
    return drained(carrier)


def row(number: int, key: str = "") -> dict[str, str]:
    return {"id": key or f"id-{number}", "to": str(10000000000 + number), "text": "请到岗"}


def drained(carrier: Carrier) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = []
    deadline = time.monotonic() + 5
    while carrier._due and time.monotonic() < deadline:
        carrier.turn()
        told += carrier.take_events()
    return told


def what(told: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return sorted((event["event"], event.get("id") or event["ref"]) for event in told)


def test_the_same_seed_plays_the_same_whatever_the_order(tmp_path: Path) -> None:
    mixed = {"messages": {"lost": 0.2, "undeliverable": 0.2, "reply": {"share": 0.5}}}
    first = played(tmp_path, mixed, name="a")
    assert what(first) == what(played(tmp_path, mixed, name="b"))
    assert {event["event"] for event in first} == {"delivered", "undeliverable", "reply"}
    assert what(first) != what(played(tmp_path, {**mixed, "seed": 2}, name="c"))


def test_a_number_that_answers_at_the_third_call_does(tmp_path: Path) -> None:
    wanted = {**FAST, "numbers": {"10000000000": {"calls": {"answers_at": 3}}}}
    carrier = carrier_of(tmp_path, wanted)
    outcomes = []
    for nth in range(3):
        carrier.receive("calls", [row(0, f"call-{nth}")])
        outcomes.append([event["event"] for event in drained(carrier)])
    assert outcomes == [["no_answer"], ["no_answer"], ["picked_up", "heard", "key"]]


def test_calls_wait_for_a_free_line(tmp_path: Path) -> None:
    carrier = carrier_of(tmp_path, {"calls": {"lines": 3}})
    carrier.receive("calls", [row(number) for number in range(10)])
    begun = [one for one in carrier.record.items.values() if one["steps"]]
    assert len(begun) == 3
    carrier.cancel([begun[0]["id"]])
    assert sum(1 for one in carrier.record.items.values() if one["steps"]) == 4


def test_a_call_that_was_cancelled_tells_nothing_more(tmp_path: Path) -> None:
    carrier = carrier_of(tmp_path, FAST)
    carrier.receive("calls", [row(0)])
    assert carrier.cancel(["id-0", "never"]) == [
        {"id": "id-0", "status": "cancelled"},
        {"id": "never", "status": "unknown"},
    ]
    assert drained(carrier) == []


def test_events_are_doubled_and_told_out_of_order(tmp_path: Path) -> None:
    wanted = {"callbacks": {"double": 1, "disorder_s": 2000}, "calls": {"lines": 100}}
    told = played(tmp_path, wanted, "calls")
    assert len(told) == 20 * 3 * 2
    places = {(event["id"], event["event"]): place for place, event in enumerate(told)}
    assert any(places[f"id-{n}", "heard"] < places[f"id-{n}", "picked_up"] for n in range(20))


def test_more_than_it_takes_in_a_second_is_refused_as_a_whole(tmp_path: Path) -> None:
    carrier = carrier_of(tmp_path, {"requests": {"per_s": 1}})
    carrier.receive("messages", [row(0), row(1)])
    with pytest.raises(Throttled):
        carrier.receive("messages", [row(2)])
    assert len(carrier.record.items) == 2


def test_a_record_that_was_cut_short_is_read_up_to_there(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    carrier = carrier_of(tmp_path, {})
    carrier.receive("messages", [row(0), row(1)])
    path.write_text(path.read_text()[:-20])
    assert list(carrier_of(tmp_path, {}).record.items) == ["id-0"]


@pytest.mark.parametrize(
    "text",
    [
        "x: 1",
        "messages: {lost: 2}",
        "messages: {lost: -1}",
        "seed: a",
        "speed: true",
        "calls: {ring_s: [3, 1]}",
        "- 1",
        "numbers: {1: {}}",
        'numbers: {"1": {mails: {}}}',
        "a: [",
    ],
)
def test_a_file_that_cannot_be_says_where(text: str) -> None:
    with pytest.raises(behaviour.BehaviourError):
        behaviour.parse(text)


# --- what the documents say -----------------------------------------------------------------------------------------


def blocks(page: str, language: str) -> list[str]:
    text = (CHECKOUT / "docs/integrator" / page).read_text()
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_the_example_of_behaviour_is_one() -> None:
    (example,) = blocks("simulator.md", "yaml")
    wanted = behaviour.parse(example)
    assert wanted.calls_to("10000000001").answers_at == 3
    assert wanted.messages_to("10000000002").reply.texts == ("2",)


def test_the_examples_of_the_interface_run_as_they_stand(tmp_path: Path) -> None:
    function, *examples = blocks("gateway.md", "sh")
    to_carrier = [one for one in examples if ":8600" in one]
    assert len(to_carrier) == 2
    with simulated(tmp_path, "sms-1") as running:
        script = "\n".join([function, f"SECRET='{SECRET}'", *to_carrier])
        script = script.replace("http://127.0.0.1:8600", running.address)
        answers = subprocess.run(["bash", "-ec", script], capture_output=True, text=True, check=True).stdout
        kinds = running.record(items=False)["kinds"]
    assert answers.count('"accepted"') == 2
    assert answers.count('"cancelled"') == 1
    assert kinds == {"messages": 1, "calls": 1}


def test_the_example_of_a_callback_is_read_by_a_node() -> None:
    (example,) = [one for one in blocks("gateway.md", "sh") if "/gateway/sms-1/events" in one]
    body = re.search(r"'(\{.*\})'", example, re.DOTALL)
    assert body
    told, wrong = gateway.read_events(body[1].encode())
    assert ([one.event for one in told], wrong) == (["delivered", "reply"], [])


def test_events_are_told_sealed_and_again_until_they_are_taken(tmp_path: Path) -> None:
    heard, listener = listening(refusals=1)
    try:
        address = f"http://127.0.0.1:{listener.server_port}/gateway/sms-1/events"
        with simulated(tmp_path, "sms-1", {"speed": 1000}, callback=address) as running:
            rows = json.dumps({"messages": [row(0)]}).encode()
            assert running.post("messages", rows).status_code == 200
            deadline = time.monotonic() + 10
            while len(heard) < 2 and time.monotonic() < deadline:
                time.sleep(0.02)
    finally:
        listener.shutdown()
        listener.server_close()
    assert heard[0] == heard[1]
    assert json.loads(heard[0])["events"][0]["event"] == "delivered"


def listening(refusals: int) -> tuple[list[bytes], Any]:
    """A node's door that refuses the first few; what it was told, under a right seal."""
    heard: list[bytes] = []

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            gateway.verify(SECRET, {k.lower(): v for k, v in self.headers.items()}, body, real_now())
            heard.append(body)
            self.send_response(503 if len(heard) <= refusals else 200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    listener = HTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    return heard, listener
