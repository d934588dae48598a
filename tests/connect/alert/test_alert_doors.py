"""The doors: delivered by a program, fetched from a feed, and nothing fetched from where nobody may."""

from __future__ import annotations

import os
from datetime import timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from django.conf import settings

from anlan.connect.alert import services
from anlan.connect.alert.drivers import folder
from anlan.connect.alert.drivers.fetching import NotFetched, fetch
from anlan.connect.alert.models import AlertMessage, SourceState
from anlan.connect.alert.terms import MOST_BYTES
from anlan.kernel import rules
from anlan.kernel.clock import real_now
from anlan.kernel.models import Obligation
from anlan.kernel.terms import ObligationState
from anlan.protocols.cap import feed
from tests.cast import World, enter
from tests.connect.alerts import NODE, alert, bytes_of, make_source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from django.test import Client

    from anlan.connect.alert.models import AlertSource

LOOPBACK = (ip_network("127.0.0.0/8"),)


class Hub:
    """A feed server on this machine: documents by path, and what it was asked."""

    def __init__(self) -> None:
        self.documents: dict[str, bytes] = {}
        self.asked: list[tuple[str, str]] = []
        hub = self

        class Door(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                known = self.headers.get("If-None-Match", "")
                hub.asked.append((self.path, known))
                content = hub.documents.get(self.path)
                etag = f'"{hash(content)}"'
                if content is None:
                    self.send_error(HTTPStatus.NOT_FOUND)
                elif known == etag:
                    self.send_response(HTTPStatus.NOT_MODIFIED)
                    self.end_headers()
                else:
                    self.send_response(HTTPStatus.OK)
                    self.send_header("ETag", etag)
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def end(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def look(source: AlertSource) -> SourceState:
    """What a worker does when the time for a look has come."""
    found = services.Look.of(source.pk)
    assert found is not None
    found.run()
    return SourceState.objects.get(source=source)


@pytest.fixture
def hub() -> Iterator[Hub]:
    made = Hub()
    yield made
    made.end()


def test_a_feed_is_taken_once_and_asked_for_conditionally(
    hub: Hub, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings.ANLAN, "alert_networks", LOOPBACK, raising=False)
    sent = alert("A")
    entry = feed.entry_of(sent, f"{hub.address}/a.xml")
    hub.documents = {
        "/feed": feed.write(feed.Feed("urn:x", "预警", sent.sent, (entry,), author="气象台")),
        "/a.xml": bytes_of(sent),
    }
    source = make_source(world.district, kind="feed", address=f"{hub.address}/feed")
    for _turn in range(2):
        look(source)
    assert AlertMessage.unscoped.get(source=source).identifier == "A"
    assert [path for path, _known in hub.asked] == ["/feed", "/a.xml", "/feed"]
    assert hub.asked[-1][1]
    assert SourceState.objects.get(source=source).failures == 0


def test_a_feed_that_fails_rests(hub: Hub, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings.ANLAN, "alert_networks", LOOPBACK, raising=False)
    source = make_source(world.district, kind="feed", address=f"{hub.address}/nothing")
    state = look(source)
    assert (state.failures, state.fault, state.heard_at) == (1, "HTTP 404", None)
    assert state.fault_label == "对方没有这个地址（HTTP 404）。"
    assert services.Look.of(source.pk) is None


def test_an_entry_that_cannot_be_had_holds_up_no_other_and_the_feed_does_not_rest(
    hub: Hub, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings.ANLAN, "alert_networks", LOOPBACK, raising=False)
    gone, good, later = alert("A"), alert("B", minutes=1), alert("C", minutes=2)
    entries = [feed.entry_of(one, f"{hub.address}/{one.identifier}.xml") for one in (gone, good)]
    told = feed.write(feed.Feed("urn:x", "预警", good.sent, tuple(entries), author="气象台"))
    long = bytes_of(later).replace(b"<description>", b"<description>" + b"a" * MOST_BYTES)
    inline = (
        b"<entry><id>urn:c</id><title>c</title><updated>2000-01-01T00:00:00Z</updated>"
        b'<content type="application/cap+xml">' + long.partition(b"?>")[2] + b"</content></entry>"
    )
    hub.documents = {"/feed": told.replace(b"</feed>", inline + b"</feed>"), "/B.xml": bytes_of(good)}
    source = make_source(world.district, kind="feed", address=f"{hub.address}/feed")
    state = look(source)
    assert AlertMessage.unscoped.get(source=source).identifier == "B"
    assert state.fault == "urn:c 报文超过 4 MB，不收。"
    assert (state.failures, state.rest_until) == (0, None)
    hub.documents["/A.xml"] = bytes_of(gone)
    look(source)
    assert set(AlertMessage.unscoped.values_list("identifier", flat=True)) == {"A", "B"}
    assert [path for path, known in hub.asked if known] == [], "asked for anew until all has been taken"


def test_nothing_inside_is_fetched_and_never_more_than_asked(hub: Hub) -> None:
    hub.documents = {"/long": b"x" * 2000}
    for address in (f"{hub.address}/long", "http://169.254.169.254/", "file:///etc/passwd", "http://[::1]/"):
        with pytest.raises(NotFetched):
            fetch(address, 4000)
    assert hub.asked == []
    with pytest.raises(NotFetched, match="too long"):
        fetch(f"{hub.address}/long", 1000, LOOPBACK)


def test_a_delivery_is_accepted_once_and_a_bad_one_told_and_kept(client: Client, world: World) -> None:
    source = make_source(world.district)
    enter(client, world.holder("connect.alert.deliver"))

    def deliver(content: bytes) -> tuple[int, dict[str, object]]:
        answer = client.post(f"/api/v1/alerts/{source.code}", content, content_type="application/xml")
        return answer.status_code, answer.json()

    good = bytes_of(alert("A"))
    assert [deliver(good)[0] for _turn in range(2)] == [201, 200]
    status, told = deliver(b"<alert>")
    assert (status, told["code"]) == (422, "alert_quarantined")
    assert told["problems"]
    assert AlertMessage.unscoped.filter(source=source).count() == 2


def test_what_is_too_long_is_refused_whole_and_said_so(client: Client, world: World) -> None:
    source = make_source(world.district)
    enter(client, world.holder("connect.alert.deliver"))
    address = f"/api/v1/alerts/{source.code}"
    just = bytes_of(alert("A"))
    just += b" " * (MOST_BYTES - len(just))
    over = client.post(address, just + b" ", content_type="application/xml")
    assert (over.status_code, over.json()["code"]) == (413, "too_large")
    assert "4 MB" in over.json()["detail"]
    assert not AlertMessage.unscoped.exists()
    assert client.post(address, just, content_type="application/xml").status_code == 201


def test_a_source_out_of_use_takes_nothing_and_an_unknown_one_is_not_found(
    client: Client, world: World
) -> None:
    source = make_source(world.district, retired_at=real_now())
    enter(client, world.holder("connect.alert.deliver"))
    answers = [
        client.post(f"/api/v1/alerts/{code}", bytes_of(alert("A")), content_type="application/xml")
        for code in (source.code, "nobody")
    ]
    assert [(one.status_code, one.json()["code"]) for one in answers] == [
        (409, "alert_source_ended"),
        (404, "not_found"),
    ]
    assert not AlertMessage.unscoped.exists()


class Killed(BaseException):
    """The process ends here: nothing after it is run."""


def test_who_dies_between_keeping_and_moving_loses_nothing_and_doubles_nothing(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings.ANLAN, "alert_folders", tmp_path, raising=False)
    source = make_source(world.district, kind="folder", folder="met")
    (tmp_path / "met").mkdir()
    (tmp_path / "met/a.xml").write_bytes(bytes_of(alert("A")))
    os.utime(tmp_path / "met/a.xml", (1, 1))

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(folder, "put_away", die)
        with pytest.raises(Killed):
            look(source)
    assert (tmp_path / "met/a.xml").exists()
    look(source)
    assert (tmp_path / "met/done/a.xml").exists()
    assert AlertMessage.unscoped.get(source=source).copies == 1


def test_one_file_that_cannot_be_read_holds_up_no_other(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings.ANLAN, "alert_folders", tmp_path, raising=False)
    source = make_source(world.district, kind="folder", folder="met")
    met = tmp_path / "met"
    met.mkdir()
    gbk = os.fsdecode("暴雨蓝色.xml".encode("gb18030"))  # as a Windows machine's FTP server writes it
    for name in ("locked.xml", gbk, "last.xml"):
        (met / name).write_bytes(bytes_of(alert(name if name.isascii() else "g")))
    attached = "99000041600000_20250101000000_11B03_RED_ALERT_P_00.jpg"
    (met / attached).write_bytes(b"\xff\xd8\xff")
    for at, path in enumerate(sorted(met.glob("*.*"), key=lambda path: path.name != "locked.xml")):
        os.utime(path, (at, at))
    read = folder.File.read

    def refuse(file: folder.File) -> bytes:
        if file.name == "locked.xml":
            raise PermissionError(13, "Permission denied")
        return read(file)

    with monkeypatch.context() as patch:  # the tests' user may read all files
        patch.setattr(folder.File, "read", refuse)
        state = look(source)
    assert set(AlertMessage.unscoped.values_list("name", flat=True)) == {"暴雨蓝色.xml", "last.xml"}
    assert (state.fault_label, state.failures) == ("locked.xml 服务用户没有读写权限。", 0)
    assert {path.name for path in (met / "done").iterdir()} == {gbk, "last.xml", attached}
    look(source)
    assert (met / "done/locked.xml").exists()


def test_a_source_that_ends_while_it_is_looked_at_stops(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings.ANLAN, "alert_folders", tmp_path, raising=False)
    source = make_source(world.district, kind="folder", folder="met")
    (tmp_path / "met").mkdir()
    (tmp_path / "met/a.xml").write_bytes(bytes_of(alert("A")))
    os.utime(tmp_path / "met/a.xml", (1, 1))
    begun = services.Look.of(source.pk)
    assert begun is not None
    source.retired_at = real_now()
    source.save()
    begun.run()
    assert (tmp_path / "met/a.xml").exists()
    assert services.Look.of(source.pk) is None


def test_a_source_that_is_silent_is_owed_an_answer_until_it_is_heard(world: World) -> None:
    rules.load_all()
    source = make_source(world.district, silent_after=timedelta(hours=1))
    services.note_silence(NODE, source.pk)
    owed = Obligation.unscoped.filter(rule__code="connect-alert-silent")
    assert owed.get().state == ObligationState.OPEN
    services.receive_message(NODE, source, bytes_of(alert("A")))
    assert owed.get().state != ObligationState.OPEN
