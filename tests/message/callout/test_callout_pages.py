"""Callouts on pages: the board, one who is called, opening with a preview, one's own on the home page, reach."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import openpyxl
import pytest
from django.contrib.gis.geos import Point
from django.urls import reverse
from pypdf import PdfReader

from anlan.kernel import pdf
from anlan.kernel.models import Clock, Entry, Exercise
from anlan.message.callout import selectors, services
from anlan.message.callout.models import Callout, Recipient
from anlan.message.callout.tables import document_of
from anlan.message.callout.terms import RecipientState
from anlan.organisation.unit.models import UnitProfile
from tests.cast import acting, enter
from tests.message.callouts import call, confirm, hold, make_village, opener, recipient
from tests.organisation.people import make_contact

if TYPE_CHECKING:
    from django.test import Client

    from tests.cast import World

PRIVATE = "10000000077"


@pytest.fixture
def duty(world: World, door: Client) -> Client:
    enter(door, world.officer)
    return door


def called(world: World) -> Recipient:
    person = hold(world.town, "party_first", "王秀兰", "10000000001")
    return recipient(call(world), person)


def text(door: Client, name: str, *args: object, **query: str) -> str:
    answer = door.get(reverse(name, args=args), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_board_shows_who_is_missing_and_how_to_call_him(world: World, duty: Client) -> None:
    silent = hold(world.town, "party_first", "王秀兰", "10000000001")
    quick = hold(world.town, "government_first", "李建国", "10000000002")
    callout = call(world)
    confirm(recipient(callout, quick))
    page = text(duty, "callout_board", callout.pk)
    assert "王秀兰" in page
    assert 'href="tel:10000000001"' in page
    assert "李建国" not in page
    assert silent.name in page
    assert "33</b>" in page or "50</b>" in page


def test_a_private_number_is_masked_until_a_reason_is_given(world: World, duty: Client) -> None:
    person = hold(world.town, "party_first", "王秀兰")
    make_contact(person, PRIVATE, private=True)
    one = recipient(call(world), person)
    for name, key in (("callout_board", one.callout_id), ("callout_recipient", one.pk)):
        assert PRIVATE not in text(duty, name, key)
    page = duty.post(reverse("callout_look", args=[one.pk]), {"reason": "电话催办"}).content.decode()
    assert f'href="tel:{PRIVATE}"' in page
    entry = Entry.objects.get(event="message.callout.looked")
    assert entry.data["recipient"] == one.pk


def test_without_a_reason_nothing_is_shown(world: World, duty: Client) -> None:
    person = hold(world.town, "party_first", "王秀兰")
    make_contact(person, PRIVATE, private=True)
    one = recipient(call(world), person)
    page = duty.post(reverse("callout_look", args=[one.pk]), {"reason": " "}).content.decode()
    assert PRIVATE not in page
    assert not Entry.objects.filter(event="message.callout.looked").exists()


def test_a_town_sees_its_own_part_of_the_district_s_callout(world: World, door: Client) -> None:
    own = hold(world.town, "party_first", "王秀兰", "10000000001")
    other_town = make_village(world.district, 9, "甲二镇")
    type(other_town).unscoped.filter(pk=other_town.pk).update(kind="township")
    hold(other_town, "party_first", "外人", "10000000003")
    callout = call(world, world.town, other_town)
    enter(door, world.clerk)
    page = text(door, "callout_board", callout.pk)
    assert own.name in page
    assert "外人" not in page
    assert "甲二镇" not in page
    assert callout.title in text(door, "callout_list")


def test_units_open_to_what_lies_below_them(world: World, duty: Client) -> None:
    village = make_village(world.town, 1, "河西村")
    hold(village, "party_first", "王秀兰", "10000000001")
    hold(world.town, "party_first", "李建国", "10000000002")
    callout = call(world)
    assert (
        "河西村</span>" not in text(duty, "callout_board", callout.pk).split("各单位")[1].split("script")[0]
    )
    assert "河西村" in text(duty, "callout_board", callout.pk, unit=str(world.town.pk)).split("各单位")[1]


def test_handling_is_entered_where_the_number_stands(world: World, duty: Client) -> None:
    one = called(world)
    back = reverse("callout_board", args=[one.callout_id])
    duty.post(reverse("callout_take", args=[one.pk]), {"next": back})
    page = text(duty, "callout_board", one.callout_id)
    assert "officer 正在联系" in page
    assert reverse("callout_take", args=[one.pk]) not in page
    Recipient.unscoped.filter(pk=one.pk).update(taken_at=opener().now() - timedelta(minutes=11))
    page = text(duty, "callout_board", one.callout_id)
    assert "officer 正在联系" not in page
    assert reverse("callout_take", args=[one.pk]) in page
    duty.post(reverse("callout_note", args=[one.pk]), {"words": "无人接听", "next": back})
    assert "无人接听" in text(duty, "callout_recipient", one.pk)
    duty.post(reverse("callout_confirm", args=[one.pk]), {"reason": "", "next": back})
    one.refresh_from_db()
    assert one.state == RecipientState.PENDING
    duty.post(reverse("callout_confirm", args=[one.pk]), {"reason": "手机接通", "next": back})
    one.refresh_from_db()
    assert one.state == RecipientState.CONFIRMED
    page = text(duty, "callout_recipient", one.pk)
    assert "手机接通" in page
    assert "代为确认" in page


def test_what_the_machine_did_stands_with_its_times(world: World, duty: Client) -> None:
    one = called(world)
    page = text(duty, "callout_recipient", one.pk)
    assert "短信" in page
    assert "待发" in page
    assert "下一步：本人·语音" in page


def test_a_callout_by_hand_is_previewed_before_it_goes_out(world: World, duty: Client) -> None:
    hold(world.town, "party_first", "王秀兰", "10000000001")
    given = {
        "purpose": "notice",
        "colour": "",
        "title": "开会通知",
        "body": "今晚八点视频会商",
        "unit": world.district.pk,
        "areas": [world.town.pk],
    }
    page = duty.post(reverse("callout_open"), given).content.decode()
    assert "向 2 人发出叫应" in page
    assert "〔确认链接〕" in page
    assert not Callout.unscoped.exists()
    answer = duty.post(reverse("callout_open"), {**given, "go": "1"})
    callout = Callout.unscoped.get()
    assert answer.headers["Location"] == reverse("callout_board", args=[callout.pk])
    assert "{link}" in callout.texts["sms"][1]


def test_wrong_input_is_said_at_its_field_and_kept(world: World, duty: Client) -> None:
    given = {"purpose": "warning", "title": "{name}", "body": "甲", "unit": world.district.pk}
    page = duty.post(reverse("callout_open"), given).content.decode()
    assert "不能有花括号" in page
    assert "须选级别" in page
    assert "{name}" in page


def test_another_caller_brings_other_areas_and_loses_nothing(world: World, duty: Client) -> None:
    make_village(world.town, 1, "河西村")
    given = {"purpose": "notice", "title": "甲", "body": "写了很多", "unit": world.town.pk, "again": "1"}
    page = duty.post(reverse("callout_open"), given).content.decode()
    assert "河西村" in page
    assert "写了很多" in page
    assert "an-field-error" not in page


def test_it_is_extended_and_stopped_from_its_board(world: World, duty: Client) -> None:
    one = called(world)
    village = make_village(world.town, 1)
    hold(village, "party_first", "新来", "10000000002")
    duty.post(
        reverse("callout_extend", args=[one.callout_id]),
        {"unit": world.district.pk, "areas": [world.town.pk]},
    )
    assert Recipient.unscoped.filter(callout=one.callout, wave=2).exists()
    duty.post(reverse("callout_stop", args=[one.callout_id]), {"reason": "误发"})
    assert "已终止" in text(duty, "callout_board", one.callout_id)


def test_the_board_as_a_workbook_has_units_and_people(world: World, duty: Client) -> None:
    one = called(world)
    confirm(one)
    answer = duty.get(reverse("callout_export", args=[one.callout_id]))
    assert Entry.objects.get(event="message.callout.exported").data == {"kind": "xlsx"}
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    units, people = ([list(row) for row in sheet.values] for sheet in book)
    assert any("甲一镇" in row for row in units)
    assert any("王秀兰" in row and "点链接确认" in row for row in people)


def words_of(document: bytes) -> str:
    return re.sub(r"\s", "", "".join(page.extract_text() for page in PdfReader(io.BytesIO(document)).pages))


def test_the_board_as_a_document_says_who_has_answered_how_and_who_has_not(
    world: World, duty: Client
) -> None:
    for kind, name in (("party_first", "王秀兰"), ("government_first", "李建国"), ("duty_contact", "赵铁柱")):
        hold(world.town, kind, name, f"1000000000{len(name + kind) % 10}")
    make_contact(hold(world.town, "office_head", "孙桂英"), PRIVATE, private=True)
    callout = call(world)
    by_name = {str(one.person): one for one in Recipient.unscoped.filter(callout=callout)}
    confirm(by_name["王秀兰"], how="key")
    services.record_visit(acting(world.officer), by_name["李建国"].pk, words="在家，已告知")
    answer = duty.get(reverse("callout_pdf", args=[callout.pk]))
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"].endswith('.pdf"')
    said = words_of(answer.content)
    order = ["暴雨红色预警", "各单位", "甲一镇", "谁还没有确认", "赵铁柱", "李建国", "王秀兰", "电话按键"]
    places = [said.index(one) for one in order]
    assert places == sorted(places)
    assert "officer于" in said
    assert "第1页，共1页" in said
    assert PRIVATE not in said
    assert "演练" not in said
    (entry,) = Entry.objects.filter(event="message.callout.exported")
    assert (entry.data["kind"], entry.actor) == ("pdf", world.officer)
    fonts = PdfReader(io.BytesIO(answer.content)).pages[0]["/Resources"]["/Font"]
    assert all("NotoSansCJK" in str(font.get_object()["/BaseFont"]) for font in fonts.values())


def test_each_page_of_a_drill_s_document_says_so(world: World) -> None:
    exercise = Exercise.objects.create(name="演练", clock=Clock.objects.create())
    for number in range(60):
        hold(make_village(world.town, number), "party_first", f"第{number}人", f"100000000{number:02}")
    callout = call(world, ctx=opener(exercise))
    ctx = acting(world.officer)
    ctx.exercise = exercise
    counts = selectors.list_counts(ctx, callout, callout.unit_id)
    document = document_of(ctx, callout, counts, selectors.list_recipients(ctx, callout))
    pages = PdfReader(io.BytesIO(document)).pages
    assert len(pages) > 1
    assert all("演练 演练 演练" in page.extract_text() for page in pages)


def test_without_chinese_type_no_document_is_made_and_the_page_says_what_is_missing(
    world: World, duty: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = called(world)
    monkeypatch.setattr(pdf, "FAMILY", "No Such Type")
    answer = duty.get(reverse("callout_pdf", args=[one.callout_id]))
    assert answer.status_code == 409
    assert "fonts-noto-cjk" in answer.content.decode()
    assert not Entry.objects.filter(event="message.callout.exported").exists()


def test_the_map_shows_units_whose_place_is_known(world: World, duty: Client) -> None:
    one = called(world)
    assert "<svg" not in text(duty, "callout_map", one.callout_id)
    UnitProfile.unscoped.create(unit=world.town, seat=Point(117, 39, srid=4326))
    assert "<circle" in text(duty, "callout_map", one.callout_id)


def test_what_is_mine_to_answer_stands_on_top_of_my_home_page_and_sounds(world: World, door: Client) -> None:
    own = hold(world.town, "party_first", "王秀兰", "10000000001", user=world.clerk)
    other = hold(world.town, "government_first", "李建国", "10000000002")
    callout = call(world)
    enter(door, world.clerk)
    page = door.get("/").content.decode()
    assert page.count('data-behaviour="sound"') == 1
    one = recipient(callout, own)
    answer = door.post(reverse("callout_answer", args=[one.pk]))
    assert answer.status_code == 302
    one.refresh_from_db()
    assert one.how == "app"
    assert 'data-behaviour="sound"' not in door.get("/").content.decode()
    assert door.post(reverse("callout_answer", args=[recipient(callout, other).pk])).status_code == 404


def test_reach_counts_each_person_s_latest_test(world: World, duty: Client) -> None:
    person = hold(world.town, "party_first", "王秀兰", "10000000001")
    for answers in (True, False, True):
        one = recipient(call(world, purpose="reach_test", colour=""), person)
        if answers:
            confirm(one)
    page = text(duty, "callout_reach")
    assert "1/1 人应答，5 分钟内 1 人" in page
    assert "从未核实" in page


def test_reach_forgets_what_is_long_ago(world: World, duty: Client) -> None:
    person = hold(world.town, "party_first", "王秀兰", "10000000001")
    one = recipient(call(world, purpose="reach_test", colour=""), person)
    confirm(one)
    Callout.unscoped.update(started_at=opener().now() - timedelta(days=200))
    assert "还没有做过测试" in text(duty, "callout_reach")


def test_its_record_says_what_was_sent_and_what_is_owed(world: World, duty: Client) -> None:
    from anlan.kernel import rules  # noqa: PLC0415

    rules.load_all()
    hold(world.town, "party_first", "王秀兰", "10000000001")
    callout = call(world)
    page = text(duty, "callout_detail", callout.pk)
    assert "红色预警叫应到位" in page
    assert "请立即到岗" in page
    assert "时限未核实" in page
    assert "〔姓名〕" in page
    assert "{name}" not in page
    assert "15:00</span>" in page, "each step has its time"


def test_two_clicks_on_the_same_button_do_it_once(world: World, duty: Client) -> None:
    one = called(world)
    services.stop_callout(opener(), one.callout_id, reason="误发")
    answer = duty.post(reverse("callout_stop", args=[one.callout_id]), {"reason": "再按"})
    assert answer.status_code == 409
