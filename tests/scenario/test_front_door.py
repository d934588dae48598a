"""The front door as the outside meets it: TLS, limits, static files, the event stream."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.nodes import eventually, live_node, token_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.nodes import LiveNode

pytestmark = pytest.mark.scenario


@pytest.fixture(scope="module")
def node() -> Iterator[LiveNode]:
    with live_node("door") as running:
        yield running


def test_the_root_certificate_that_it_offers_proves_the_door(node: LiveNode) -> None:
    with node.client() as stranger:
        root = stranger.get("/ca/anlan-ca.crt").text
    context = ssl.create_default_context(cadata=root)
    with httpx.Client(base_url=node.address, verify=context, http2=True) as client:
        answer = client.get("/account/login/")
    assert answer.status_code == 200
    assert answer.http_version == "HTTP/2"


def test_plain_http_is_sent_to_tls_and_never_served(node: LiveNode) -> None:
    answer = httpx.get(f"http://127.0.0.1:{node.port}/account/login/")
    assert answer.status_code == 301
    assert answer.headers["Location"].startswith("https://")


def test_another_host_s_name_is_refused(node: LiveNode) -> None:
    with node.client() as client:
        assert client.get("/account/login/", headers={"Host": "elsewhere.example"}).status_code == 400


def test_a_body_over_the_limit_is_refused_before_it_reaches_a_page(node: LiveNode) -> None:
    with socket.create_connection(("127.0.0.1", node.port)) as raw:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(raw) as door:
            door.sendall(
                b"POST /preferences/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999999\r\n\r\n"
            )
            assert b" 413 " in door.recv(4096).split(b"\r\n")[0]


@pytest.mark.parametrize(
    ("address", "says"), [("/people/import/", "文件过大，没有上传"), ("/api/v1/units", "too_large")]
)
def test_who_sends_too_much_is_told_what_to_do(node: LiveNode, address: str, says: str) -> None:
    with node.client() as client:
        answer = client.post(address, headers={"Content-Length": "99999999999"}, content=iter([b""]))
    assert answer.status_code == 413
    assert says in answer.text


def test_built_files_are_kept_by_browsers_and_pages_are_not(node: LiveNode) -> None:
    with node.client() as client:
        page = client.get("/account/login/")
        assert (
            "no-store" in page.headers.get("Cache-Control", "") or "no-cache" in page.headers["Cache-Control"]
        )
        asset = page.text.split('href="/static/dist/assets/')[1].split('"')[0]
        built = client.get(f"/static/dist/assets/{asset}")
    assert "immutable" in built.headers["Cache-Control"]
    assert built.headers["X-Content-Type-Options"] == "nosniff"


def test_the_event_stream_is_closed_to_strangers(node: LiveNode) -> None:
    with node.client() as client:
        assert client.get("/live").status_code == 401
        client.cookies.set("anlan_session", "made-up")
        assert client.get("/live").status_code == 401


def test_the_event_stream_ends_within_seconds_of_the_session(node: LiveNode) -> None:
    client = node.logged_in("duty")
    cookies = client.cookies
    ended = threading.Event()
    begun = threading.Event()

    def listen() -> None:
        with node.client() as listener:
            listener.cookies = cookies
            with listener.stream("GET", "/live", timeout=30) as stream:
                for line in stream.iter_lines():
                    if line == "event: hello":
                        begun.set()
        ended.set()

    threading.Thread(target=listen, daemon=True).start()
    assert begun.wait(10)
    left = time.monotonic()
    client.post(
        "/account/logout/", data={"csrfmiddlewaretoken": token_of(client.get("/account/logout/").text)}
    )
    client.close()
    assert ended.wait(15)
    assert time.monotonic() - left < 12


@pytest.mark.parametrize("path", ["/account/login/", "/ca/", "/contacts/", "/-/alive"])
def test_what_is_open_to_all_is_slowed_down_by_address(node: LiveNode, path: str) -> None:
    with node.client() as client:
        # The tests before this one came from the same address.
        eventually(lambda: client.get(path).status_code == 200, 30, "the address is let in again")
        answers = [client.get(path) for _ in range(120)]
    late = next(answer for answer in answers if answer.status_code == 429)
    assert "操作过于频繁" in late.text


def test_guesses_at_passwords_and_codes_are_slowed_down_and_their_pages_are_not(node: LiveNode) -> None:
    with node.client() as client:
        assert {client.get("/account/2fa/authenticate/").status_code for _ in range(40)} == {302}
        answers = [
            client.post("/account/2fa/authenticate/", data={"code": "1"}).status_code for _ in range(40)
        ]
    assert answers[0] == 403  # no token of a page
    assert 429 in answers


def test_wrong_tokens_are_told_as_problems(node: LiveNode) -> None:
    with node.client() as client:
        told = [client.get("/api/v1/me", headers={"Authorization": "Bearer anlan_x"}) for _ in range(22)]
    assert {answer.headers["Content-Type"] for answer in told} == {"application/problem+json"}
    assert (told[0].status_code, told[-1].status_code) == (401, 429)
