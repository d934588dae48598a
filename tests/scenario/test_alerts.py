"""Warnings of other bodies come in by all three doors of a real node while its worker and its relay are killed; who connects
a system does what the guide says, by its examples.
"""

from __future__ import annotations

import re
import subprocess
import threading
import time
from collections import Counter
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from anlan.kernel.clock import real_now
from anlan.launcher.place import CHECKOUT
from anlan.protocols.cap import feed
from anlan.protocols.cap.message import MessageType, Severity
from anlan.protocols.cn12379 import uploads
from anlan.protocols.cn12379.files import MessageName
from anlan.protocols.cn12379.receipts import read_receipt
from tests.connect.alerts import alert, alert_12379, bytes_of
from tests.nodes import LiveNode, eventually, live_node, token_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from anlan.protocols import cap

pytestmark = pytest.mark.scenario
DISTRICT = "120114000000"
DOORS = ("met", "met-folder", "met-feed")
ALERTS = 6  # warnings at each door, one of which is raised later
PAUSE = 0.4  # seconds between two messages at a door
# Of the story's messages: what became of each, and each warning's colour and how often it was drafted.
SETTLED = "SELECT identifier, why FROM alert_alertmessage WHERE sender LIKE 'met%'"
WAITING = "SELECT 1 FROM alert_alertmessage WHERE state = 'waiting'"
MADE = """
SELECT w.colour, (SELECT count(*) FROM warning_warningissue i WHERE i.warning_id = w.id)
FROM warning_earlywarning w
WHERE w.id IN (SELECT warning_id FROM alert_alertmessage WHERE sender LIKE 'met%')
"""
UNIT = "SELECT id FROM kernel_unit WHERE code = '120114000000'"
SECRET = re.compile(r'id="machine-token">(anlan_[^<]+)<')


@pytest.fixture(scope="module")
def node() -> Iterator[LiveNode]:
    with live_node("alerts", ANLAN_ALERT_NETWORKS="127.0.0.0/8") as running:
        yield running


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    with closing(Hub()) as made:
        yield made


@pytest.fixture(scope="module")
def token(node: LiveNode, hub: Hub) -> str:
    """As the guide says: sources, a machine's user, its role, its token, each by whoever may and through the pages."""
    ((district,),) = node.sql(UNIT)
    with closing(node.logged_in("system")) as system, closing(node.logged_in("security")) as security:
        more = {
            "met-folder": {"folder": "met", "receipts": "on"},
            "met-feed": {"address": f"{hub.address}/feed"},
        }
        for code, kind in zip(DOORS, ("http", "folder", "feed"), strict=True):
            form = {"unit": district, "code": code, "name": code, "kind": kind, "format": "auto"}
            times = {"interval": "00:00:05", "patience": "00:10:00"}
            post(system, "/alerts/sources/new/", **form, **times, **more.get(code, {}))
        machine = post(system, "/access/users/new/", display_name="市气象台", username="met", is_machine="on")
        page = machine.headers["location"]
        ((role,),) = node.sql("SELECT id FROM kernel_role WHERE code = 'alert_sender'")
        post(security, f"{page}grant/", role=role, unit=district)
        until = f"{real_now() + timedelta(days=300):%Y-%m-%d %H:%M}"
        asked = {"name": "推送预警", "scopes": "connect.alert.deliver", "expires_at": until}
        shown = post(system, f"{page}tokens/new/", status=200, **asked)
    found = SECRET.search(shown.text)
    assert found, shown.text
    return found[1]


def post(client: httpx.Client, page: str, *, status: int = 302, **form: Any) -> httpx.Response:
    """Fill in a page's form as a browser would; what it refuses fails the test."""
    form["csrfmiddlewaretoken"] = token_of(client.get(page).text)
    answer = client.post(page, data=form)
    assert answer.status_code == status, answer.text[:3000]
    return answer


@dataclass
class Hub:
    """Another body's feed on this machine: what it gives out grows while it is asked."""

    sent: list[cap.Alert] = field(default_factory=list)

    def __post_init__(self) -> None:
        hub = self

        class Door(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content = hub.documents().get(self.path)
                self.send_response(200 if content else 404)
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                self.wfile.write(content or b"")

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def documents(self) -> dict[str, bytes]:
        there = list(self.sent)
        entries = tuple(feed.entry_of(one, f"{self.address}/{one.identifier}.xml") for one in there)
        told = feed.write(feed.Feed("urn:met", "预警", real_now(), entries, author="气象台"))
        return {"/feed": told} | {f"/{one.identifier}.xml": bytes_of(one) for one in there}

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


# --- the guide ----------------------------------------------------------------------------------------------------


def examples() -> list[str]:
    guide = (CHECKOUT / "docs/integrator/alerts.md").read_text()
    return re.findall(r"^```sh\n(.*?)^```$", guide, re.DOTALL | re.MULTILINE)


def test_the_examples_of_the_guide_run_as_they_stand(node: LiveNode, token: str, tmp_path: Path) -> None:
    by_xml, by_zip, by_folder = examples()
    named = re.search(r"@(\S+)\.xml", by_xml)
    assert named
    name = MessageName.read(f"{named[1]}.xml")
    assert name, "the name in the guide is one of the interface"
    sent = bytes_of(alert_12379(code=DISTRICT))
    (tmp_path / name.file).write_bytes(sent)
    (tmp_path / name.upload).write_bytes(uploads.pack(name, sent))
    told = {
        "PATH": "/usr/bin:/bin",
        "TOKEN": token,
        "CURL_CA_BUNDLE": str(node.var / "public/anlan-ca.crt"),
        "FOLDER": str(node.var / "alerts/met"),
    }

    def run(example: str) -> str:
        script = example.replace("https://yj.example.gov.cn", node.address)
        return subprocess.run(
            ["bash", "-ec", script], cwd=tmp_path, env=told, capture_output=True, text=True, check=True
        ).stdout

    assert '"accepted"' in run(by_xml)
    assert '"duplicate"' in run(by_zip)
    eventually((node.var / "alerts/met/done").exists, 15, "the folder is there")
    run(by_folder)
    eventually((node.var / "alerts/met/done" / name.file).exists, 20, "the file has been taken")
    assert read_receipt((node.var / "alerts/met/ack" / name.file).read_bytes()).is_accepted
    (tmp_path / name.file).write_bytes(b"<alert>\n<no")
    with pytest.raises(subprocess.CalledProcessError) as refused:
        run(by_xml)
    assert '"code": "alert_quarantined"' in refused.value.stdout
    assert '"line": 2' in refused.value.stdout


# --- the doors while programs die ---------------------------------------------------------------------------------


def story(door: str) -> list[cap.Alert]:
    """What one body sends: warnings, and the first of them raised to red."""
    alerts = [alert(f"{door}-{at}", sender=door, minutes=at, code=DISTRICT) for at in range(ALERTS)]
    raised = alert(
        f"{door}-red",
        MessageType.UPDATE,
        follows=(alerts[0],),
        sender=door,
        minutes=30,
        severity=Severity.EXTREME,
        code=DISTRICT,
    )
    return [*alerts, raised]


def deliver(node: LiveNode, token: str, messages: list[cap.Alert]) -> None:
    """A program that sends again whatever got no answer."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/xml"}
    for content in (*map(bytes_of, messages), b"<alert>broken"):
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                with node.client() as client:
                    if client.post("/api/v1/alerts/met", content=content, headers=headers).status_code < 500:
                        break
            except httpx.HTTPError:
                continue
        time.sleep(PAUSE)


def write(folder: Path, messages: list[cap.Alert]) -> None:
    """A program that writes files, one of them twice and one that is cut short."""
    files = {f"{one.identifier}.xml": bytes_of(one) for one in messages}
    files |= {"again.xml": bytes_of(messages[0]), "bad.xml": b"<alert>broken too"}
    for name, content in files.items():
        (folder / f"{name}.part").write_bytes(content)
        (folder / f"{name}.part").rename(folder / name)
        time.sleep(PAUSE)


def give_out(hub: Hub, messages: list[cap.Alert]) -> None:
    for one in messages:
        hub.sent.append(one)
        time.sleep(PAUSE)


@contextmanager
def coming_in(node: LiveNode, hub: Hub, token: str) -> Iterator[list[cap.Alert]]:
    """All doors at once, a message at a time; all that is sent."""
    by_http, by_folder, by_feed = map(story, DOORS)
    threads = [
        threading.Thread(target=deliver, args=(node, token, by_http), daemon=True),
        threading.Thread(target=write, args=(node.var / "alerts/met", by_folder), daemon=True),
        threading.Thread(target=give_out, args=(hub, by_feed), daemon=True),
    ]
    for thread in threads:
        thread.start()
    try:
        yield [*by_http, *by_folder, *by_feed]
    finally:
        for thread in threads:
            thread.join(60)


def test_everything_is_there_once_though_the_worker_and_the_relay_are_killed(
    node: LiveNode, hub: Hub, token: str
) -> None:
    folder = node.var / "alerts/met"
    eventually((folder / "done").exists, 15, "the folder is there")
    with coming_in(node, hub, token) as sent:
        for at, program in enumerate(("worker", "relay", "worker", "relay")):
            eventually(partial(has_come, node, 3 * at + 3), 30, "messages come in")
            node.kill(program)
    eventually(lambda: has_come(node, len(sent)), 60, "all is there")
    eventually(lambda: not ready(folder), 30, "the folder is empty")
    eventually(lambda: not node.sql(WAITING), 30, "all is settled")
    ours = {str(identifier): str(why) for identifier, why in node.sql(SETTLED)}
    assert ours.keys() == {one.identifier for one in sent}
    # The raised one rewrites the draft of the first, or stands for it where it was settled before.
    assert Counter(ours.values())["drafted"] == len(sent) - len(DOORS)
    assert set(ours.values()) <= {"drafted", "revised", "overtaken"}
    made = [(str(colour), int(str(issues))) for colour, issues in node.sql(MADE)]
    assert sorted(made) == [*[("blue", 1)] * (ALERTS - 1) * len(DOORS), *[("red", 1)] * len(DOORS)]
    assert_files_are_answered(folder)
    assert not node.sql("SELECT 1 FROM kernel_parked"), "nothing is stuck"
    with closing(node.logged_in("duty")) as duty:
        assert "条报文被隔离" in duty.get("/alerts/").text
        assert "处理外部预警的草稿" in duty.get("/obligations/").text


def assert_files_are_answered(folder: Path) -> None:
    good = {f"{one.identifier}.xml" for one in story("met-folder")} | {"again.xml"}
    there = {sub: {path.name for path in (folder / sub).iterdir()} for sub in ("done", "bad", "ack")}
    assert there["done"] >= good
    assert there["bad"] == {"bad.xml", "bad.xml.reason.txt"}
    assert there["ack"] >= good | {"bad.xml"}
    for name in good | {"bad.xml"}:
        assert read_receipt((folder / "ack" / name).read_bytes()).is_accepted == (name in good)


def has_come(node: LiveNode, many: int) -> bool:
    return len(node.sql(SETTLED)) >= many


def ready(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file()]
