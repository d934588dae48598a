"""Pages of outside warnings: what a message came to in words, and what its reader does next."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime

from anlan.connect.alert.models import AlertMessage
from anlan.connect.alert.terms import MOST_BYTES
from anlan.kernel.models import Role
from anlan.protocols.cap.message import MessageType, Severity
from tests.cast import World, enter
from tests.connect.alerts import alert, alert_12379, bytes_of, come, make_source
from tests.watch.kinds import make_kind
from tests.watch.warnings import coded

if TYPE_CHECKING:
    from django.test import Client

    from anlan.connect.alert.models import AlertSource


@pytest.fixture
def source(world: World) -> AlertSource:
    coded(world.district)
    make_kind(world.district)
    return make_source(world.district)


@pytest.fixture
def duty(world: World, door: Client) -> Client:
    enter(door, world.officer)
    return door


def text(door: Client, name: str, *args: object) -> str:
    return door.get(reverse(name, args=args)).content.decode()


def test_a_message_is_tried_in_words_and_nothing_is_kept(duty: Client, source: AlertSource) -> None:
    sent = alert_12379("Red", code=source.unit.code)
    form = {"source": str(source.pk), "text": bytes_of(sent).decode()}
    page = duty.post(reverse("alert_try"), form).content.decode()
    shown = page[page.index("在本地会成为") : page.index("<form class")]
    assert shown.count('data-level="red"') == 2, "as it is read, and as it would be drafted"
    assert "<span>红色</span>" in shown
    assert sent.info.expires_at
    assert date_format(localtime(sent.info.expires_at), "DATETIME_FORMAT") in shown
    assert not re.search(r">\s*(red|Red|Extreme|Alert|Actual)\s*<", shown), "words, not tokens"
    assert source.unit.name in shown
    assert not AlertMessage.unscoped.exists()


def test_a_text_that_is_too_long_is_told_so(duty: Client, source: AlertSource) -> None:
    answer = duty.post(reverse("alert_try"), {"source": str(source.pk), "text": "x" * MOST_BYTES})
    assert answer.status_code == 413
    assert "一次提交的内容超过 4 MB" in answer.content.decode()


def test_what_would_be_quarantined_says_where_it_is_mended(duty: Client, source: AlertSource) -> None:
    unknown = bytes_of(alert("A", event="火星雨", code=source.unit.code)).decode()
    page = duty.post(reverse("alert_try"), {"source": str(source.pk), "text": unknown}).content.decode()
    assert "不能起草" in page
    assert f'href="{reverse("kind_list")}"' in page
    page = duty.post(reverse("alert_try"), {"source": str(source.pk), "text": "<no"}).content.decode()
    assert "这条报文会被隔离" in page


def test_each_message_leads_to_what_is_to_be_done(duty: Client, source: AlertSource) -> None:
    code = source.unit.code
    taken = come(source, alert("A", code=code))
    assert reverse("warning_edit", args=[taken.issue_id]) in text(duty, "alert_message", taken.pk)
    lost = alert("X", code=code)
    waits = come(
        source, alert("U", MessageType.UPDATE, follows=(lost,), severity=Severity.EXTREME, code=code)
    )
    page = text(duty, "alert_message", waits.pk)
    until = date_format(localtime(waits.received_at + source.patience), "DATETIME_FORMAT")
    assert "等到" in page
    assert until in page
    unknown = come(source, alert("B", event="火星雨", code=code))
    page = text(duty, "alert_message", unknown.pk)
    assert f'href="{reverse("kind_list")}"' in page
    assert reverse("alert_replay", args=[unknown.pk]) in page
    listed = text(duty, "alert_messages")
    assert "本单位没有登记这种预警" in listed, "the list says what is wrong, not that something is"


def test_an_auditor_sees_the_message_and_no_buttons(world: World, door: Client, source: AlertSource) -> None:
    taken, broken = come(source, alert("A", code=source.unit.code)), come(source, b"<no")
    enter(door, world.auditor)
    page = text(door, "alert_message", taken.pk)
    assert reverse("warning_detail", args=[taken.warning_id]) in page
    assert reverse("warning_edit", args=[taken.issue_id]) not in page
    page = text(door, "alert_message", broken.pk)
    assert "没有读懂的报文" in page
    assert "重新处理" not in page.replace("再重新处理", "")


def test_a_source_that_is_delivered_to_shows_its_address(
    world: World, door: Client, source: AlertSource
) -> None:
    enter(door, world.administrator)
    page = text(door, "alert_detail", source.pk)
    assert f"/api/v1/alerts/{source.code}" in page
    assert "外部预警对接系统" in page, "the role that its machine is given"
    assert Role.objects.get(name="外部预警对接系统").capabilities == ["connect.alert.deliver"]


@pytest.mark.parametrize("code", ["Met", "met/x", "../met", "m", "met\n"])
def test_a_code_is_part_of_an_address(world: World, door: Client, source: AlertSource, code: str) -> None:
    enter(door, world.administrator)
    form = {"unit": source.unit.pk, "code": code, "name": "气象台", "kind": "http", "format": "auto"}
    form |= {"interval": "00:00:30", "patience": "00:10:00"}
    refused = door.post(reverse("alert_create"), form)
    if code.strip() == "met":  # a form trims what is typed
        assert refused.status_code == 302
    else:
        assert "小写字母、数字和短横，2—32 位。" in refused.content.decode()
