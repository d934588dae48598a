"""Drivers against real services on this machine: the simulated gateway over HTTP, and a mail server."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from aiosmtpd.controller import Controller

from anlan.message.channel.drivers import Line, NotHanded, drivers
from anlan.message.channel.terms import Account, Channel, Fault, Item
from tests.simulated import SECRET, Simulated, simulated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from aiosmtpd.smtp import SMTP, Envelope, Session

ONE = "10000000001"
TEXT = "【演练】{不是占位}暴雨红色预警🌊请立即到岗。"


def item(number: str = ONE, text: str = TEXT, key: UUID | None = None) -> Item:
    return Item(key or uuid4(), number, "【演练】暴雨红色预警", text, 1)


@contextmanager
def line_to(driver: str, address: str, secret: str = SECRET, sender: str = "") -> Iterator[Line]:
    line = drivers()[driver].connect(Account("sms-1", address, sender, secret))
    try:
        yield line
    finally:
        line.close()


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Simulated]:
    with simulated(tmp_path, "sms-1", {"calls": {"lines": 0}}) as running:
        yield running


def test_a_driver_is_a_folder() -> None:
    assert {name: driver.channel for name, driver in drivers().items()} == {
        "sms_http": Channel.SMS,
        "voice_http": Channel.VOICE,
        "smtp": Channel.EMAIL,
    }


# --- HTTP -----------------------------------------------------------------------------------------------------------


def test_messages_arrive_as_they_were_written_and_once(gateway: Simulated) -> None:
    items = [item(), item("10000000002", "a" * 161)]
    with line_to("sms_http", gateway.address) as line:
        for _ in range(2):
            outcomes = line.send(items)
            assert [(one.id, one.fault, one.parts) for one in outcomes] == [
                (items[0].id, "", 1),
                (items[1].id, "", 2),
            ]
            assert all(one.ref for one in outcomes)
    record = gateway.record()
    assert [(one["to"], one["text"]) for one in record["items"]] == [(one.number, one.text) for one in items]
    assert (record["distinct"], record["again"]) == (2, 2)


def test_calls_are_made_and_called_off(gateway: Simulated) -> None:
    one = item()
    with line_to("voice_http", gateway.address) as line:
        line.send([one])
        line.call_off([one.id, uuid4()])
    (call,) = gateway.record()["items"]
    assert (call["kind"], [step for step, _at in call["steps"]]) == ("calls", ["cancelled"])


def test_a_refusal_for_good_and_one_for_now_are_told_apart(gateway: Simulated) -> None:
    gateway.behave(
        {
            "numbers": {
                "10000000002": {"messages": {"refused": 1}},
                "10000000003": {"messages": {"not_now": 1}},
            }
        }
    )
    with line_to("sms_http", gateway.address) as line:
        outcomes = line.send([item(f"1000000000{digit}") for digit in (1, 2, 3)])
    assert [(one.fault, one.permanent) for one in outcomes] == [
        ("", False),
        ("no_number", True),
        ("not_now", False),
    ]


@pytest.mark.parametrize(
    ("requests", "fault", "may_be_there"),
    [
        ({"down": True}, Fault.UNREACHABLE, True),
        ({"fail": 1}, "HTTP 503", True),
        ({"lose_answer": 1}, Fault.UNREACHABLE, True),
    ],
)
def test_a_request_that_comes_to_nothing_says_whether_it_may_have_been_taken(
    gateway: Simulated, requests: dict[str, Any], fault: str, *, may_be_there: bool
) -> None:
    gateway.behave({"requests": requests})
    with line_to("sms_http", gateway.address) as line, pytest.raises(NotHanded) as failed:
        line.send([item()])
    assert (failed.value.fault, failed.value.may_be_there) == (fault, may_be_there)


def test_an_answer_that_was_lost_is_made_good_by_the_same_ids(gateway: Simulated) -> None:
    one = item()
    gateway.behave({"requests": {"lose_answer": 1}})
    with line_to("sms_http", gateway.address) as line:
        with pytest.raises(NotHanded):
            line.send([one])
        gateway.behave({})
        line.send([one])
    record = gateway.record()
    assert record["distinct"] == 1
    assert record["again"] >= 1


def test_nobody_there_has_certainly_taken_nothing() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{probe.getsockname()[1]}"
    with line_to("sms_http", address) as line, pytest.raises(NotHanded) as failed:
        line.send([item()])
    assert (failed.value.fault, failed.value.may_be_there) == (Fault.UNREACHABLE, False)


def test_a_wrong_secret_is_a_fault_of_the_whole_request(gateway: Simulated) -> None:
    with line_to("sms_http", gateway.address, "wrong") as line, pytest.raises(NotHanded) as failed:
        line.send([item()])
    assert (failed.value.fault, failed.value.may_be_there) == ("HTTP 401", False)


def test_too_many_too_fast_is_asked_to_wait(gateway: Simulated) -> None:
    gateway.behave({"requests": {"per_s": 0.5}})
    with line_to("sms_http", gateway.address) as line:
        line.send([item()])
        with pytest.raises(NotHanded) as failed:
            line.send([item()])
    assert failed.value.fault == Fault.THROTTLED
    assert failed.value.pause
    assert failed.value.pause.total_seconds() == 1


def test_a_connection_that_the_service_closed_meanwhile_is_opened_anew(tmp_path: Path) -> None:
    with simulated(tmp_path, "sms-1") as first, line_to("sms_http", first.address) as line:
        line.send([item()])
        port = int(first.address.rpartition(":")[2])
        first.kill()
        with simulated(tmp_path, "sms-1", port=port) as second:
            line.send([item()])
            assert second.record()["distinct"] == 2, "its record outlives it"


@pytest.mark.parametrize("body", [b"", b"{}", b'{"results": "x"}', b"\xff" * 10])
def test_an_answer_that_nobody_can_read_may_hide_that_all_was_taken(body: bytes) -> None:
    with answering(body) as address, line_to("sms_http", address) as line, pytest.raises(NotHanded) as failed:
        line.send([item()])
    assert failed.value.may_be_there


def test_an_item_that_the_answer_passes_over_is_tried_again() -> None:
    with answering(b'{"results": []}') as address, line_to("sms_http", address) as line:
        (outcome,) = line.send([item()])
    assert (outcome.fault, outcome.permanent) == (Fault.REFUSED, False)


@contextmanager
def answering(body: bytes) -> Iterator[str]:
    """A service that answers anything with this."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body
            )

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        thread.join(5)
        listener.close()


# --- mail -----------------------------------------------------------------------------------------------------------


class Box:
    """A mail server's handler that keeps what it takes, and refuses two addresses."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], bytes]] = []

    async def handle_RCPT(  # noqa: N802 - the server calls it so
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address.startswith("nobody"):
            return "550 no such user"
        if address.startswith("full"):
            return "452 mailbox full"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.mails.append((list(envelope.rcpt_tos), bytes(envelope.content or b"")))
        return "250 taken"


@pytest.fixture
def box() -> Iterator[tuple[Box, str]]:
    handler = Box()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Controller(handler, hostname="127.0.0.1", port=port)
    server.start()
    yield handler, f"smtp://127.0.0.1:{port}"
    server.stop()


def test_each_gets_a_mail_of_his_own_under_the_delivery_s_id(box: tuple[Box, str]) -> None:
    handler, address = box
    items = [item("jia@example.cn"), item("yi@example.cn")]
    with line_to("smtp", address, "", "zhiban@example.cn") as line:
        outcomes = line.send(items)
    assert [one.fault for one in outcomes] == ["", ""]
    assert [to for to, _ in handler.mails] == [["jia@example.cn"], ["yi@example.cn"]]
    mail = message_from_bytes(handler.mails[0][1], policy=policy.default)
    assert mail["Message-ID"] == f"<{items[0].id}@example.cn>"
    assert (mail["Subject"], mail["To"]) == ("【演练】暴雨红色预警", "jia@example.cn")
    assert mail.get_content().strip() == TEXT


def test_a_mailbox_that_is_none_and_one_that_is_full_are_told_apart(box: tuple[Box, str]) -> None:
    with line_to("smtp", box[1], "", "zhiban@example.cn") as line:
        outcomes = line.send([item("nobody@example.cn"), item("full@example.cn"), item("jia@example.cn")])
    assert [(one.fault[:3], one.permanent) for one in outcomes] == [
        ("550", True),
        ("452", False),
        ("", False),
    ]


def test_a_subject_cannot_smuggle_in_a_header(box: tuple[Box, str]) -> None:
    handler, address = box
    evil = item("jia@example.cn")._replace(subject="甲\r\nBcc: yi@example.cn")
    with line_to("smtp", address, "", "zhiban@example.cn") as line:
        line.send([evil])
    mail = message_from_bytes(handler.mails[0][1], policy=policy.default)
    assert mail["Bcc"] is None


def test_a_mail_server_that_is_away_has_taken_nothing() -> None:
    with line_to("smtp", "smtp://127.0.0.1:9", "", "zhiban@example.cn") as line:
        with pytest.raises(NotHanded) as failed:
            line.send([item("jia@example.cn")])
        line.call_off([uuid4()])
    assert not failed.value.may_be_there
