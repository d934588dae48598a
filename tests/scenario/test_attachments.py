"""Attachments through the front door: it sends what a page allows, as the page says, and nothing to anybody else."""

from __future__ import annotations

import os
from hashlib import sha256
from typing import TYPE_CHECKING

import httpx
import pytest

from anlan.kernel.ids import uuid7
from tests.nodes import live_node

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.nodes import LiveNode

pytestmark = pytest.mark.scenario
CONTENT = bytes(range(256)) * 64
NAME = sha256(CONTENT).hexdigest()
PLACE = f"{NAME[:2]}/{NAME[2:4]}/{NAME}"


@pytest.fixture(scope="module")
def node() -> Iterator[LiveNode]:
    with live_node("attachments", ANLAN_FILE_MB="2") as running:
        yield running


@pytest.fixture(scope="module")
def address(node: LiveNode) -> str:
    """Of a recording that the duty officer's district holds."""
    file = node.var / "files" / PLACE
    file.parent.mkdir(parents=True)
    file.write_bytes(CONTENT)
    owner = (node.var / "files").stat()
    for path in (file, file.parent, file.parent.parent):
        os.chown(path, owner.st_uid, owner.st_gid)
    key = uuid7()
    node.sql(
        f"WITH stored AS (INSERT INTO kernel_storedfile (sha256, size, media_type, stored_at)"  # noqa: S608 - all of it ours
        f" VALUES ('{NAME}', {len(CONTENT)}, 'audio/mpeg', '2026-07-20Z') RETURNING sha256)"
        f" INSERT INTO kernel_attachment (id, subject_kind, subject, unit_id, file_id, name, added_at)"
        f" SELECT '{key}', 'kernel.unit', id::text, id, sha256, '录音.mp3', '2026-07-20Z'"
        f" FROM kernel_unit, stored WHERE code = '120114000000' RETURNING id"
    )
    return f"/attachments/{key}/"


@pytest.fixture
def duty(node: LiveNode) -> Iterator[httpx.Client]:
    client = node.logged_in("duty")
    yield client
    client.close()


def test_it_is_sent_with_the_headers_that_the_page_gave(duty: httpx.Client, address: str) -> None:
    answer = duty.get(address)
    assert answer.content == CONTENT
    assert answer.headers["Content-Type"] == "audio/mpeg"
    assert answer.headers["Content-Disposition"].startswith("inline; filename*=utf-8''")
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].endswith("sandbox")
    assert "X-Accel-Redirect" not in answer.headers


def test_a_part_is_sent_where_a_part_is_asked_for(duty: httpx.Client, address: str) -> None:
    answer = duty.get(address, headers={"Range": "bytes=256-259"})
    assert (answer.status_code, answer.content) == (206, bytes(range(4)))


def test_what_a_browser_has_is_not_sent_again_but_asked_for_each_time(
    node: LiveNode, duty: httpx.Client, address: str
) -> None:
    mark = duty.get(address).headers["ETag"]
    assert duty.get(address, headers={"If-None-Match": mark}).status_code == 304
    with node.client() as stranger:
        assert stranger.get(address, headers={"If-None-Match": mark}).status_code == 302


def test_nobody_gets_a_content_past_the_pages(duty: httpx.Client, address: str) -> None:
    assert duty.get(address).status_code == 200
    for way in (f"/-files/{PLACE}", f"/-files/../files/{PLACE}", f"/static/../-files/{PLACE}"):
        assert duty.get(way).status_code == 404


def test_the_door_s_limit_is_the_node_s_and_leaves_room_for_the_form(node: LiveNode, address: str) -> None:
    where = f"{node.address}/attachments/of/kernel.unit/1/"
    # HTTP/1.1: an early answer over HTTP/2 is read by browsers, but not by this client.
    with httpx.Client(verify=False, timeout=20) as client:  # noqa: S501 - the node made its own root
        beyond = client.post(where, content=bytes(4 << 20))
        assert beyond.status_code == 413
        assert "文件过大" in beyond.text
        within = client.post(where, content=bytes(2 << 20))
        assert within.status_code == 403  # it has reached a page, which misses the form's token
