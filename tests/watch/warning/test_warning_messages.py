"""A published warning as others read it: CAP 1.2 and 12379, with its references, and what each channel carries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from anlan.kernel.seeds import plant_unit
from anlan.protocols import cap, cn12379
from anlan.watch.warning import services
from anlan.watch.warning.selectors import messages, wording
from anlan.watch.warning.selectors.areas import Placed
from tests.cast import World, enter
from tests.watch.warnings import NODE, SAID, STATION, approve, coded, draft, published, square

if TYPE_CHECKING:
    from django.test import Client

    from anlan.watch.warning.models import WarningIssue


@pytest.fixture
def issue(world: World) -> WarningIssue:
    """Published, with an outline."""
    made = draft(coded(world.district), "orange")
    made = services.edit_issue(NODE, made.pk, version=made.version, polygon=square(117, 39))
    return services.publish_issue(NODE, approve(services.submit_issue(NODE, made.pk)).pk)


def test_it_reads_as_cap_without_a_problem(world: World, issue: WarningIssue) -> None:
    read = cap.parse(messages.get_cap(issue))
    assert cap.validate(read) == []
    assert read.identifier == issue.identifier
    assert (read.message_type, read.status) == ("Alert", "Actual")
    info = read.infos[0]
    assert (info.event, info.severity, info.sender_name) == ("暴雨", "Severe", STATION)
    assert info.description == SAID
    assert info.instruction == issue.guidance
    area = info.areas[0]
    assert [code.value for code in area.geocodes] == [world.district.code]
    assert area.polygons[0][0] == (39.0, 117.0), "latitude first"


def test_it_reads_as_12379_without_a_remark(world: World, issue: WarningIssue) -> None:
    read, remarks = cn12379.parse(messages.get_12379(issue))
    assert list(remarks) == []
    assert read.identifier == issue.identifier
    assert read.sender == STATION
    assert (read.info.event_type, read.info.severity, read.msg_type) == ("11B03", "Orange", "Alert")
    assert read.info.headline == issue.headline
    assert read.info.areas[0].geocodes == (world.district.code,)
    assert [(one.name, one.message) for one in read.methods] == [("SMS", ""), ("PHONE", "")]
    assert messages.get_file_name(issue).endswith("_11B03_ORANGE_ALERT")


def test_what_follows_refers_to_the_first_message(issue: WarningIssue) -> None:
    end = services.draft_cancel(NODE, issue.warning_id, reason="降雨结束。")
    end = services.publish_issue(NODE, approve(services.submit_issue(NODE, end.pk)).pk)
    read, _remarks = cn12379.parse(messages.get_12379(end))
    assert (read.references, read.msg_type, read.note) == (issue.identifier, "Cancel", "降雨结束。")
    assert "解除" in read.info.headline
    told = cap.parse(messages.get_cap(end))
    assert [one.identifier for one in told.references] == [issue.identifier]
    assert told.message_type == "Cancel"


def test_two_messages_of_one_second_have_two_identifiers(world: World, issue: WarningIssue) -> None:
    other = published(world.district)
    assert other.identifier != issue.identifier


def test_a_body_without_a_code_cannot_write_a_message_and_is_told_why(world: World, door: Client) -> None:
    made = published(world.district)
    enter(door, world.officer)
    assert door.get(reverse("warning_cap", args=[made.pk])).status_code == 200
    answer = door.get(reverse("warning_12379", args=[made.pk]))
    assert answer.status_code == 409
    assert "不符合所选格式的要求，没有导出：senderCode" in answer.content.decode()


def test_each_channel_carries_its_own_text(world: World) -> None:
    made = draft(world.district, "red")
    texts = wording.list_texts(made, [Placed(world.district)])
    assert set(texts) == {"app", "sms", "voice", "email"}
    sms, voice = texts["sms"][1], texts["voice"][1]
    assert sms.startswith(f"{STATION}发布暴雨红色预警。区域：甲区。不要外出。")
    assert sms.endswith("收到请回复{reply}或点 {link} 确认。")
    assert "{name}" in voice
    assert "{reply}" in voice
    assert "{link}" not in voice
    assert texts["app"][0] == f"{STATION}发布暴雨红色预警"
    assert made.guidance in texts["email"][1]


def test_of_many_places_a_text_names_six(world: World) -> None:
    towns = [plant_unit(None, f"甲{number}镇", "township", world.district) for number in range(9)]
    words = wording.get_area_words([Placed(town) for town in towns])
    assert words == "甲0镇、甲1镇、甲2镇、甲3镇、甲4镇、甲5镇等 9 处"
