"""Carriers' callbacks: sealed, bounded, taken as often as they come."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings

from anlan.kernel.clock import real_now
from anlan.message.channel.models import Carrier, Delivery, Reply
from anlan.message.channel.terms import DeliveryState
from anlan.protocols import gateway
from anlan.site.callbacks import Answer, take_callback
from anlan.site.carrier_secrets import secret_of
from tests.message.channels import hand_over, make_carrier, queue
from tests.simulated import SECRET, write_secrets

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cast import World

ONE = "10000000001"


@pytest.fixture
def sent(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Carrier, Delivery]:
    """A message that a carrier has taken; the carrier has a secret."""
    monkeypatch.setitem(settings.ANLAN.__dict__, "carrier_secrets", write_secrets(tmp_path, "sms-1", "other"))
    carrier = make_carrier(world.city)
    (delivery,) = queue(world.town, [ONE], body="请回复{reply}")
    hand_over(carrier)
    return carrier, delivery


def told(body: bytes, *, code: str = "sms-1", secret: str = SECRET, **headers: str) -> Answer:
    return take_callback(code, {**gateway.sealed(secret, body, real_now()), **headers}, body)


def events(*rows: dict[str, Any]) -> bytes:
    now = real_now().isoformat()
    return json.dumps({"events": [{"at": now, **row} for row in rows]}).encode()


def delivered(delivery: Delivery) -> bytes:
    return events({"event": "delivered", "id": str(delivery.pk)})


def test_a_sealed_batch_is_taken_and_may_come_again(sent: tuple[Carrier, Delivery]) -> None:
    _, delivery = sent
    body = events(
        {"event": "delivered", "id": str(delivery.pk)},
        {"event": "reply", "ref": "r1", "from": ONE, "text": "1"},
        {"event": "sung", "id": str(delivery.pk)},
    )
    for _ in range(2):
        answer = told(body)
        assert answer.status == 200
        content = json.loads(answer.body)
        assert (content["taken"], [one["index"] for one in content["refused"]]) == (2, [2])
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.ANSWERED
    assert Reply.unscoped.count() == 1


@pytest.mark.parametrize(
    ("code", "secret"), [("sms-1", "wrong"), ("sms-1", ""), ("sms-1", "-"), ("nobody", SECRET), ("other", SECRET), ("", "-")]
)  # fmt: skip
def test_a_wrong_seal_and_an_unknown_carrier_get_the_same_answer(
    sent: tuple[Carrier, Delivery], code: str, secret: str
) -> None:
    _, delivery = sent
    answer = told(delivered(delivery), code=code, secret=secret)
    assert (answer.status, json.loads(answer.body)) == (401, {"error": "unknown carrier or wrong signature"})
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.HANDED


def test_an_old_seal_is_refused(sent: tuple[Carrier, Delivery]) -> None:
    body = delivered(sent[1])
    headers = gateway.sealed(SECRET, body, real_now() - timedelta(minutes=6))
    assert take_callback("sms-1", headers, body).status == 401


def test_a_retired_carrier_is_not_heard(sent: tuple[Carrier, Delivery]) -> None:
    carrier, delivery = sent
    Carrier.unscoped.filter(pk=carrier.pk).update(retired_at=real_now())
    assert told(delivered(delivery)).status == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"{}", 400), (b'{"events": 1}', 400), (b"x" * 1_000_001, 413), (events(*[{}] * 501), 400)],
)
def test_what_is_no_batch_is_refused(sent: tuple[Carrier, Delivery], body: bytes, status: int) -> None:
    assert told(body).status == status


def test_a_changed_file_of_secrets_counts_at_once_and_a_broken_one_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "secrets.json"
    monkeypatch.setitem(settings.ANLAN.__dict__, "carrier_secrets", path)
    assert secret_of("a") is None
    path.write_text('{"a": "first"}')
    assert secret_of("a") == "first"
    path.unlink()
    path.write_text('{"a": "second", "b": "much longer"}')
    assert secret_of("a") == "second"
    path.unlink()
    path.write_text('{"a": "third-secret"')
    assert secret_of("a") == "second"
    path.write_text('["third-secret"]')
    assert secret_of("a") == "second"
    assert "third-secret" not in caplog.text


def test_without_a_file_nobody_has_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.ANLAN.__dict__, "carrier_secrets", None)
    assert secret_of("a") is None
