"""Warnings on pages: what each reader can do next, two who edit at once, refusals beside what was typed, the sheet."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from anlan.kernel.models import Exercise
from anlan.kernel.models.clock import Clock
from anlan.kernel.seeds import plant_unit
from anlan.message.callout.models import Callout
from anlan.watch.warning import services
from anlan.watch.warning.models import EarlyWarning, WarningIssue
from tests.cast import World, acting, enter
from tests.message.callouts import hold
from tests.watch.kinds import make_kind
from tests.watch.warnings import (
    NODE,
    SAID,
    STATION,
    approve,
    cancelled,
    draft,
    published,
    submitted,
    urgent,
    with_rules,
)

if TYPE_CHECKING:
    from django.test import Client


@pytest.fixture
def duty(world: World, door: Client) -> Client:
    enter(door, world.officer)
    return door


def text(door: Client, name: str, *args: object) -> str:
    return door.get(reverse(name, args=args)).content.decode()


def test_one_begins_with_kind_and_colour_and_who_may_issue_it(world: World, duty: Client) -> None:
    kind = make_kind(world.district)
    page = text(duty, "warning_create")
    assert f"kind={kind.pk}&amp;colour=red" in page
    address = f"{reverse('warning_create')}?kind={kind.pk}&colour=red"
    page = duty.get(address).content.decode()
    assert "县级以上气象主管机构所属的气象台站发布" in page
    assert re.findall(r"<label[^>]*>([^<]+)", page)[:2] == ["发布单位", "原发布单位"]
    refused = duty.post(address, {"issuer": "other", "relayed_from": ""}).content.decode()
    assert "转发的预警须写明原发布单位" in refused
    answer = duty.post(address, {"issuer": "other", "relayed_from": STATION})
    issue = WarningIssue.unscoped.get()
    assert answer.url == reverse("warning_edit", args=[issue.pk])
    assert "不要外出" in text(duty, "warning_edit", issue.pk)


def test_a_node_without_kinds_says_what_to_do_first(world: World, duty: Client) -> None:
    assert "还没有预警种类" in text(duty, "warning_create")


def test_running_warnings_come_first_the_gravest_at_the_top(world: World, duty: Client) -> None:
    published(world.district, "blue")
    services.discard_issue(NODE, draft(world.district, "yellow").pk, reason="甲")
    published(world.district, "red")
    page = text(duty, "warning_list")
    colours = re.findall(r"发布暴雨(..)预警\[", page)
    assert colours == ["红色", "蓝色", "黄色"]
    page = duty.get(reverse("warning_list"), {"state": "discarded"}).content.decode()
    assert "暴雨黄色" in page
    assert "暴雨红色" not in page
    page = duty.get(reverse("warning_list"), {"q": "baoyu", "colour": "blue"}).content.decode()
    assert "暴雨蓝色" in page
    assert "暴雨红色" not in page


def test_the_search_over_everything_finds_warnings_by_kind_and_number(world: World, duty: Client) -> None:
    published(world.district, "red")
    for words in ("baoyu", "预警〔", "暴雨红色"):
        page = duty.get(reverse("find"), {"q": words}).content.decode()
        assert "暴雨红色预警" in page, words


def test_what_waits_for_a_leader_stands_on_the_leader_s_list_only(world: World, door: Client) -> None:
    submitted(world.district, "red", acting(world.officer))
    enter(door, world.officer)
    assert "等您审批" not in text(door, "warning_list")
    enter(door, world.approver)
    assert "等您审批" in text(door, "warning_list")


def test_the_way_from_draft_to_publication_is_one_button_at_a_time(world: World, door: Client) -> None:
    issue = draft(world.district, "red", acting(world.officer))
    enter(door, world.officer)
    assert "送审" in text(door, "warning_preview", issue.pk)
    page = door.post(reverse("warning_submit", args=[issue.pk]), follow=True).content.decode()
    assert "已送审" in page
    assert reverse("warning_approve_high", args=[issue.pk]) not in page
    enter(door, world.approver)
    assert reverse("warning_approve_high", args=[issue.pk]) in text(door, "warning_preview", issue.pk)
    page = door.post(reverse("warning_approve_high", args=[issue.pk]), follow=True).content.decode()
    assert "已批准，可以发布" in page
    page = door.post(reverse("warning_publish", args=[issue.pk]), follow=True).content.decode()
    assert "已发布。" in page
    assert "预警〔" in page
    assert "启动应急预案" in page


def test_a_leader_without_a_second_factor_is_led_to_show_one(world: World, door: Client) -> None:
    issue = submitted(world.district, "red", acting(world.officer))
    door.force_login(world.approver)
    answer = door.post(reverse("warning_approve_high", args=[issue.pk]))
    assert answer.status_code == 403
    assert "请先通过两步验证" in answer.content.decode()


def test_what_is_missing_is_named_before_anybody_presses(world: World, duty: Client) -> None:
    issue = services.draft_warning(
        NODE, unit=world.district, kind=make_kind(world.district), colour="blue", relayed_from=STATION
    )
    page = text(duty, "warning_preview", issue.pk)
    assert "还缺：预警区域、预警内容" in page
    assert "送审</span>" not in page.replace("\n", "").replace(" ", "")
    refused = duty.post(reverse("warning_submit", args=[issue.pk]), follow=True).content.decode()
    assert "请补充后再送审或发布" in refused


def test_the_preview_shows_duplicates_and_every_channel_s_text(world: World, duty: Client) -> None:
    published(world.district)
    issue = draft(world.town)
    page = text(duty, "warning_preview", issue.pk)
    assert "同一区域已有生效中的暴雨蓝色预警" in page
    for channel in ("本系统", "短信", "语音电话", "电子邮件"):
        assert f"<h3>{channel}</h3>" in page
    assert "收到请回复{reply}或点 {link} 确认" in page


def test_who_edits_at_the_same_time_sees_the_other_and_both_versions(world: World, door: Client) -> None:
    issue = draft(world.district, "blue", acting(world.officer))
    enter(door, world.approver)
    text(door, "warning_edit", issue.pk)
    enter(door, world.officer)
    assert "approver也正在编辑这份草稿" in text(door, "warning_edit", issue.pk).replace("\n", "").replace(
        " ", ""
    )
    services.edit_issue(acting(world.approver), issue.pk, version=issue.version, description="领导写的")
    seen = door.post(reverse("warning_presence", args=[issue.pk]), {"seen": issue.version}).content.decode()
    assert "他人刚刚保存了修改" in seen
    given = {"colour": "blue", "description": "我写的", "version": issue.version, "area": []}
    answer = door.post(reverse("warning_edit", args=[issue.pk]), given)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "领导写的" in page
    assert "我写的" in page
    again = re.search(r'name="version" value="(\d+)"', page)
    assert again
    answer = door.post(reverse("warning_edit", args=[issue.pk]), {**given, "version": again[1]})
    assert answer.status_code == 302
    assert WarningIssue.unscoped.get().description == "我写的"


def test_a_wrong_time_is_told_at_its_field_and_the_rest_stays(world: World, duty: Client) -> None:
    issue = draft(world.district)
    given = {
        "colour": "blue",
        "description": "打了很久",
        "version": issue.version,
        "expires_at": "9999-12-31T23:59",
    }
    page = duty.post(reverse("warning_edit", args=[issue.pk]), given).content.decode()
    assert "时间不对。请核对年份。" in page
    assert "打了很久" in page


def test_what_is_handed_in_is_not_edited_any_more(world: World, duty: Client) -> None:
    issue = submitted(world.district)
    page = duty.get(reverse("warning_edit", args=[issue.pk]), follow=True).content.decode()
    assert "要改，请先由审批人退回" in page


def test_a_return_tells_its_reason_to_the_author(world: World, duty: Client) -> None:
    issue = submitted(world.district)
    address = reverse("warning_return_low", args=[issue.pk])
    assert "必填" in duty.post(address, {"reason": ""}).content.decode()
    duty.post(address, {"reason": "范围要缩小"})
    assert WarningIssue.unscoped.get().state == "draft"
    assert "范围要缩小" in text(duty, "warning_detail", issue.warning_id)


def test_an_urgent_publication_asks_a_leader_to_sign(world: World, door: Client) -> None:
    with_rules()
    issue = urgent(world.district, "red", acting(world.officer))
    enter(door, world.officer)
    page = text(door, "warning_detail", issue.warning_id)
    assert "还没有领导补签" in page
    assert reverse("warning_countersign", args=[issue.pk]) not in page
    enter(door, world.approver)
    assert reverse("warning_countersign", args=[issue.pk]) in text(door, "warning_detail", issue.warning_id)
    page = door.post(reverse("warning_countersign", args=[issue.pk]), follow=True).content.decode()
    assert "已补签。" in page
    assert "还没有领导补签" not in page


def test_a_warned_unit_meets_what_was_published_and_no_draft(world: World, door: Client) -> None:
    warning = published(world.district).warning
    update = services.draft_update(NODE, warning.pk, colour="red")
    enter(door, world.clerk)
    assert "暴雨蓝色" in text(door, "warning_list")
    page = text(door, "warning_detail", warning.pk)
    assert "暴雨蓝色" in page
    assert "暴雨红色" not in page
    assert door.get(reverse("warning_preview", args=[update.pk])).status_code == 404


def test_whom_a_warning_is_shared_with_meets_what_was_published_and_his_own_part(
    world: World, door: Client
) -> None:
    with_rules()
    hold(world.town, "party_first", "王秀兰", "10000000001")
    hold(plant_unit("T-1-1-2", "甲二镇", "township", world.district), "party_first", "赵外人", "10000000002")
    issue = submitted(world.district)
    services.return_low_issue(NODE, issue.pk, reason="气象局尚未会商")
    services.publish_issue(NODE, approve(services.submit_issue(NODE, issue.pk)).pk)
    services.take_measure(NODE, issue.warning_id, "66-1", note="值班表内部留存")
    update = services.draft_update(NODE, issue.warning_id, colour="red")
    services.discard_issue(NODE, update.pk, reason="误判")
    inner = ("气象局尚未会商", "退回预警", "误判", "作废预警草稿", "值班表内部留存", "暴雨红色")
    warning = issue.warning
    journal = reverse("journal_of", args=["warning.earlywarning", warning.pk])
    record, preview = ("warning_detail", warning.pk), ("warning_preview", issue.pk)
    callout = Callout.unscoped.get()

    enter(door, world.officer)
    whole = text(door, *record) + door.get(journal).content.decode()
    assert all(said in whole for said in inner if said != "暴雨红色")
    assert "甲二镇" in text(door, *preview)
    assert "甲二镇" in text(door, "callout_board", callout.pk)
    assert door.get(journal, {"tab": "history"}).status_code == 200
    assert str(warning.pk) in door.get(reverse("warning_list"), {"q": "红色"}).content.decode()

    enter(door, world.clerk)
    pages = [text(door, *record), text(door, *preview), door.get(journal).content.decode()]
    pages += [text(door, name, callout.pk) for name in ("callout_board", "callout_detail")]
    for page in pages:
        assert not [said for said in (*inner, "甲二镇", "赵外人") if said in page]
    assert "发布预警" in pages[0]
    assert "甲一镇" in pages[1]
    assert "王秀兰" in pages[3]
    assert door.get(journal, {"tab": "history"}).status_code == 403
    assert str(warning.pk) not in door.get(reverse("warning_list"), {"q": "红色"}).content.decode()


def test_update_and_cancel_begin_on_the_warning_s_page(world: World, duty: Client) -> None:
    warning = published(world.district).warning
    page = duty.post(reverse("warning_update", args=[warning.pk]), {"colour": "yellow"}, follow=True)
    assert "发布暴雨黄色预警" in page.content.decode()
    refused = duty.post(reverse("warning_cancel", args=[warning.pk]), {"reason": "雨停了"}).content.decode()
    assert "已有一份正在编制的变更或解除" in refused
    assert "雨停了" in refused
    making = WarningIssue.unscoped.get(message_type="update")
    duty.post(reverse("warning_discard", args=[making.pk]), {"reason": "不必"})
    page = duty.post(reverse("warning_cancel", args=[warning.pk]), {"reason": "雨停了"}, follow=True)
    assert "解除暴雨蓝色预警" in page.content.decode()


def test_measures_are_ticked_and_the_end_is_reviewed(world: World, duty: Client) -> None:
    warning = published(world.district).warning
    done = duty.post(reverse("warning_measure", args=[warning.pk, "66-1"]), {"note": "已启动"}, follow=True)
    assert "已启动" in done.content.decode()
    over = cancelled(world.district).warning
    address = reverse("warning_review", args=[over.pk])
    assert "必填" in duty.post(address, {"missed": "甲村"}).content.decode()
    given = {"accuracy": "right", "timeliness": "late", "missed": "甲村没有收到", "lesson": ""}
    assert "甲村没有收到" in duty.post(address, given, follow=True).content.decode()


def test_the_sheet_names_who_wrote_approved_and_published_it(world: World, duty: Client) -> None:
    issue = submitted(world.district, "red", acting(world.officer))
    services.publish_issue(NODE, approve(issue, acting(world.approver)).pk)
    page = text(duty, "warning_print", issue.pk)
    assert "预警信息发布单" in page
    assert page.count("approver") >= 1
    assert SAID in page


def test_an_exercise_s_warning_is_met_in_the_exercise_alone(world: World, duty: Client) -> None:
    exercise = Exercise.objects.create(name="演练", clock=Clock.objects.create())
    ctx = acting(world.officer)
    ctx.exercise = exercise
    made = draft(world.district, "blue", ctx)
    assert made.exercise == exercise
    assert made.headline not in text(duty, "warning_list")
    assert duty.get(reverse("warning_detail", args=[made.warning_id])).status_code == 404
    assert EarlyWarning.unscoped.get().exercise == exercise
