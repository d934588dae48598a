"""Names of messages, of attachments and of uploads."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given

from anlan.protocols.cn12379 import Alert, parse
from anlan.protocols.cn12379.files import AttachmentKind, AttachmentName, MessageName, message_name
from anlan.protocols.cn12379.terms import BEIJING, MsgType, Severity
from tests.protocols.cn12379.samples import HENAN, HENAN_NAME, RAIN, alerts

ZHEJIANG = MessageName(
    "33000041600000", datetime(2012, 10, 25, 9, 10, 26, tzinfo=BEIJING), "11B01", Severity.BLUE, MsgType.ALERT
)


def test_the_example_of_the_interface_is_built_and_read() -> None:
    assert str(ZHEJIANG) == "33000041600000_20121025091026_11B01_BLUE_ALERT"
    assert len(str(ZHEJIANG)) == 46
    assert (ZHEJIANG.file, ZHEJIANG.upload) == (f"{ZHEJIANG}.xml", f"{ZHEJIANG}.zip")
    assert MessageName.read("33000041600000_20121025091026_11B01_BLUE_ALERT.XML") == ZHEJIANG
    assert ZHEJIANG.identifier == "33000041600000_20121025091026"


def test_the_message_of_henan_bears_its_name() -> None:
    name = message_name(parse(HENAN)[0])
    assert name
    assert name.file == HENAN_NAME


@pytest.mark.parametrize("state", ["Alert", "ALERT", "alert"])
def test_states_in_names_are_taken_in_large_and_small_letters(state: str) -> None:
    assert MessageName.read(f"33000041600000_20121025091026_11b01_Blue_{state}.xml") == ZHEJIANG


@pytest.mark.parametrize(
    "name",
    [
        "33000041600000_20121025091026_11B01_BLUE_ALERT",
        "33000041600000_20121025091026_11B01_BLUE_ALERT.xml.exe",
        "33000041600000_20121325091026_11B01_BLUE_ALERT.xml",
        "33000041600000_00201025091026_11B01_BLUE_ALERT.xml",
        "3300004160000_20121025091026_11B01_BLUE_ALERT.xml",
        "33000041600000_20121025091026_11B01_PURPLE_ALERT.xml",
        "33000041600000_20121025091026_11B01_BLUE_ACK.xml",
        "../33000041600000_20121025091026_11B01_BLUE_ALERT.xml",
        "3300004160000０_20121025091026_11B01_BLUE_ALERT.xml",
    ],
)
def test_other_names_are_none(name: str) -> None:
    assert MessageName.read(name) is None


def test_attachments_are_named_after_their_message() -> None:
    scan = AttachmentName(ZHEJIANG, AttachmentKind.APPROVAL, 0, "pdf")
    assert str(scan) == "33000041600000_20121025091026_11B01_BLUE_ALERT_P_00.pdf"
    assert AttachmentName.read(str(scan)) == scan
    other = AttachmentName.read("33000041600000_20121025091026_11B01_BLUE_ALERT_O_01.jpg")
    assert other == AttachmentName(ZHEJIANG, AttachmentKind.OTHER, 1, "jpg")


@pytest.mark.parametrize(
    "end", ["_X_00.pdf", "_P_0.pdf", "_P_00", "_P_00.", "_P_00.p/df", "_P_100.pdf", ".pdf"]
)
def test_other_names_of_attachments_are_none(end: str) -> None:
    assert AttachmentName.read(f"{ZHEJIANG}{end}") is None


@given(alerts())
def test_every_message_that_may_be_written_has_a_name(alert: Alert) -> None:
    name = message_name(alert)
    assert name
    assert name.identifier == alert.identifier
    assert MessageName.read(name.file) == MessageName.read(name.upload) == name


@pytest.mark.parametrize("alert", [replace(RAIN, msg_type="Ack"), replace(RAIN, identifier="x")])
def test_a_message_that_may_not_be_written_has_none(alert: Alert) -> None:
    assert message_name(alert) is None
