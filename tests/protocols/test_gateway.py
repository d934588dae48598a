"""The wire to gateways: seals, bounds, and what is read item by item."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.protocols import gateway

NOW = datetime(2026, 7, 1, 8, tzinfo=UTC)
ID = "0198c5f0-0000-4000-8000-000000000001"
BODY = b'{"events":[]}'


def test_a_seal_is_what_the_documentation_says() -> None:
    """The figure stands in docs/integrator/gateway.md."""
    assert gateway.seal("s3cret", "1782892800", BODY) == (
        "84c6657f10fb9f1a4ce7d4509bc92e7c93f8a5c8439325b71aa9d2194300b399"
    )


@pytest.mark.parametrize("seconds", [-299, 0, 299])
def test_a_fresh_seal_holds(seconds: int) -> None:
    gateway.verify("s3cret", gateway.sealed("s3cret", BODY, NOW), BODY, NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("change", "body", "seconds"),
    [
        ({}, b'{"events":[1]}', 0),
        ({}, BODY, 301),
        ({}, BODY, -301),
        ({gateway.SEAL: "0" * 64}, BODY, 0),
        ({gateway.SEAL: ""}, BODY, 0),
        ({gateway.SEAL: "é" * 64}, BODY, 0),
        ({gateway.STAMP: ""}, BODY, 0),
        ({gateway.STAMP: "-1"}, BODY, 0),
        ({gateway.STAMP: "９"}, BODY, 0),
        ({gateway.STAMP: "9" * 400}, BODY, 0),
    ],
)
def test_any_other_is_refused(change: dict[str, str], body: bytes, seconds: int) -> None:
    headers = {**gateway.sealed("s3cret", BODY, NOW), **change}
    with pytest.raises(gateway.WrongSeal):
        gateway.verify("s3cret", headers, body, NOW + timedelta(seconds=seconds))


def test_another_secret_is_refused() -> None:
    with pytest.raises(gateway.WrongSeal):
        gateway.verify("other", gateway.sealed("s3cret", BODY, NOW), BODY, NOW)


def events(*rows: Any) -> bytes:
    return json.dumps({"events": rows}).encode()


def test_events_are_read_and_wrong_ones_named() -> None:
    good = {"event": "key", "id": ID, "at": "2026-07-01T16:00:00+08:00", "played_fully": True}
    told, wrong = gateway.read_events(events(good, {"event": "sung"}, {**good, "at": "2026-07-01T16:00:00"}))
    assert told == [gateway.Told("key", NOW, UUID(ID), full=True)]
    assert [one["index"] for one in wrong] == [1, 2]


REPLY = {"event": "reply", "ref": "r", "from": "10000000001", "text": "1", "at": "2026-07-01T08:00:00Z"}


@pytest.mark.parametrize(
    "row",
    [
        None,
        [],
        "delivered",
        {"event": ["delivered"], "id": ID, "at": "2026-07-01T08:00:00Z"},
        {"event": "delivered", "id": "x", "at": "2026-07-01T08:00:00Z"},
        {"event": "delivered", "id": ID},
        {"event": "delivered", "id": ID, "at": 5},
        {"event": "delivered", "id": ID, "at": "0001-01-01T00:00:00+14:00"},
        {"event": "delivered", "id": ID, "at": "9999-12-31T23:59:59-14:00"},
        {**REPLY, "text": "x" * 501},
        {**REPLY, "text": "a\0b"},
        {**REPLY, "text": "\ud800"},
        {**REPLY, "ref": "r" * 65},
        {**REPLY, "ref": ""},
        {**REPLY, "from": 10000000001},
    ],
)
def test_what_cannot_be_an_event_is_refused_alone(row: Any) -> None:
    told, wrong = gateway.read_events(events(row, REPLY))
    assert [one.event for one in told] == ["reply"]
    assert [one["index"] for one in wrong] == [0]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b'{"events": {}}',
        b'{"events": null}',
        b"[" * 100_000,
        events(*[REPLY] * 501),
        b" " * 1_000_001,
    ],
)
def test_an_unbounded_or_unreadable_body_is_refused(body: bytes) -> None:
    with pytest.raises(gateway.Unreadable):
        gateway.read_events(body)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_body_breaks_the_reader(body: bytes) -> None:
    try:
        gateway.read_events(body)
        gateway.read_results(body, [ID])
    except gateway.Unreadable:
        pass


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from(
    ["event", "id", "at", "ref", "from", "text", "permanent", "reason", "status", "parts"]
)


@given(st.lists(st.dictionaries(names, json_values, max_size=6), max_size=4))
def test_no_row_breaks_the_readers(rows: list[dict[str, Any]]) -> None:
    told, wrong = gateway.read_events(events(*rows))
    assert len(told) + len(wrong) == len(rows)
    gateway.read_results(json.dumps({"results": rows}).encode(), [ID])


def test_results_are_read_for_what_was_sent_only() -> None:
    rows = [
        {"id": ID, "status": "accepted", "ref": "r" * 100, "parts": 3},
        {"id": "other", "status": "accepted"},
        {"id": "two", "status": "refused", "permanent": "yes", "reason": "x" * 500},
        {"id": "three", "status": "accepted", "parts": -1},
    ]
    found = gateway.read_results(json.dumps({"results": rows}).encode(), [ID, "two", "three"])
    assert found[ID] == gateway.Answered("r" * 64, 3)
    assert (found["two"].permanent, len(found["two"].reason)) == (False, 120)
    assert found["three"].parts == 1
    assert "other" not in found


def test_a_batch_carries_chinese_as_it_is() -> None:
    body = gateway.batch("messages", "1069", [gateway.Sent(ID, "10000000001", "【演练】暴雨🌊")])
    assert json.loads(body) == {
        "messages": [{"id": ID, "to": "10000000001", "text": "【演练】暴雨🌊", "from": "1069"}]
    }
    assert "暴雨🌊".encode() in body
