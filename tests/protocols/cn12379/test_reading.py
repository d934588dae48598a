"""What is forgiven in a message that comes in, and what is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from anlan.protocols.cn12379 import Circle, Order, Point, Remark, Unreadable, parse, problems_of, write
from anlan.protocols.cn12379.files import message_name
from anlan.protocols.cn12379.terms import BEIJING, institution_of
from tests.protocols.cn12379.mutations import mutated
from tests.protocols.cn12379.samples import HENAN, RAIN, xml

AT = datetime(2020, 2, 5, 10, 45, tzinfo=BEIJING)


def whats(data: bytes, path: str) -> list[str]:
    return [remark.what for remark in parse(data)[1] if remark.path == path]


# --- a message that came -------------------------------------------------------------------------------------------


def test_the_message_of_henan_is_read_field_by_field() -> None:
    alert, _ = parse(HENAN)
    assert alert.identifier == "41000041600000_20200205105119"
    assert (alert.sender, alert.sender_code) == ("河南省气象局", "41000041600000")
    assert alert.sent_at == AT
    assert (alert.status, alert.msg_type, alert.scope, alert.classification) == (
        *("Actual", "Update"),
        *("Public", "None"),
    )
    assert [method.name for method in alert.methods] == ["SPEAKER", "SMS", "WEB"]
    assert [len(method.groups) for method in alert.methods] == [1, 2, 0]
    assert alert.references == alert.event_identifier == "41000041600000_20200204121842"
    info = alert.info
    assert (info.event_type, info.severity, info.signed_by) == ("11B06", "Blue", "签发员")
    assert info.effective_at == AT + timedelta(minutes=12, seconds=42)
    assert info.onset_at is info.expires_at is None
    assert info.headline == "河南省气象局发布大风蓝色预警[IV级/一般]"
    assert info.areas[0].geocodes == ("410000000000",)
    assert institution_of(alert.sender_code) == "气象"


def test_of_the_message_of_henan_only_the_division_named_twice_is_remarked() -> None:
    assert parse(HENAN)[1] == (Remark("info/area[1]/geocode", "repeated", "410000000000,410000000000"),)


def test_a_comma_at_the_end_of_a_list_or_alone_names_nobody() -> None:
    assert all(method.recipients == () for method in parse(HENAN)[0].methods)


# --- the document ------------------------------------------------------------------------------------------------


def test_the_namespace_of_the_system_is_no_matter() -> None:
    with_one = HENAN.replace(b"<alert>", b'<alert xmlns="http://com.icss.amp">')
    assert parse(with_one) == parse(HENAN)


def test_a_strange_namespace_is_forgiven_and_told() -> None:
    strange = HENAN.replace(b"<alert>", b'<alert xmlns="http://example.cn/x">')
    assert parse(strange)[0] == parse(HENAN)[0]
    assert whats(strange, "") == ["namespace"]


def test_a_message_in_gbk_that_says_so_is_read() -> None:
    gbk = HENAN.decode().replace("UTF-8", "GBK").encode("gbk")
    assert parse(gbk) == parse(HENAN)


@pytest.mark.parametrize(
    "declaration", ['<?xml version="1.0" encoding="UTF-8"?>', '<?xml version="1.0"?>', ""]
)
def test_a_message_in_gbk_that_says_otherwise_is_read_and_told(declaration: str) -> None:
    text = HENAN.decode().partition("?>")[2]
    data = (declaration + text.strip()).encode("gbk")
    assert parse(data)[0] == parse(HENAN)[0]
    assert whats(data, "") == ["encoding"]


def test_elements_may_come_in_any_order() -> None:
    sender = "<sender>河南省气象局</sender>"
    moved = HENAN.decode().replace(sender, "").replace("</alert>", f"{sender}</alert>")
    assert parse(moved.encode()) == parse(HENAN)


@pytest.mark.parametrize("name", ["audienceprt", "audiencePrt", "AUDENCEPRT"])
def test_recipients_are_found_however_they_are_spelled(name: str) -> None:
    data = write(RAIN).replace(b"audenceprt", name.encode())
    alert, remarks = parse(data)
    assert alert == RAIN
    assert [remark.what for remark in remarks] == ["spelling"]


def test_a_root_named_by_the_status_is_forgiven() -> None:
    data = HENAN.replace(b"<alert>", b"<actual>").replace(b"</alert>", b"</actual>")
    assert parse(data)[0] == parse(HENAN)[0]
    assert whats(data, "") == ["spelling"]


def test_an_element_that_is_not_known_is_ignored_and_told() -> None:
    data = HENAN.replace(b"<status>", b"<phone>13800000000</phone><status>")
    assert parse(data)[0] == parse(HENAN)[0]
    assert Remark("phone", "ignored", "13800000000") in parse(data)[1]


def test_of_an_element_that_comes_twice_the_first_counts() -> None:
    data = HENAN.replace(b"<status>Actual</status>", b"<status>Test</status><status>Actual</status>")
    assert parse(data)[0].status == "Test"
    assert whats(data, "status") == ["repeated"]


def test_methods_may_stand_in_several_containers() -> None:
    data = HENAN.replace(b"</method>", b"</method></code><code>", 1)
    assert parse(data) == parse(HENAN)


def test_a_second_info_is_told() -> None:
    data = HENAN.replace(b"</alert>", b"<info><headline>x</headline></info></alert>")
    assert parse(data)[0] == parse(HENAN)[0]
    assert whats(data, "info") == ["repeated"]


# --- values ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["ACTUAL", "actual", "aCtual"])
def test_states_are_taken_in_large_and_small_letters(text: str) -> None:
    assert parse(xml(status=text))[0].status == "Actual"
    assert whats(xml(status=text), "status") == ["case"]


@pytest.mark.parametrize("text", ["Purple", "红 ", "9"])
def test_a_severity_is_kept_as_it_came_where_it_is_unknown(text: str) -> None:
    alert, _ = parse(xml(severity=text))
    if text.strip() == "红":
        assert alert.info.severity == "Red"
        assert "wording" in whats(xml(severity=text), "info/severity")
    else:
        assert alert.info.severity == text
        assert whats(xml(severity=text), "info/severity") == ["unknown"]


def test_an_unknown_state_is_never_taken_for_an_actual_one() -> None:
    assert parse(xml(status="Real"))[0].status == "Real"
    assert parse(xml(status=""))[0].status == ""
    assert whats(xml(status=""), "status") == ["missing"]


@pytest.mark.parametrize(
    ("name", "text"),
    [("status", "Exercise"), ("msgType", "Ack"), ("scope", "Private"), ("urgency", "Immediate")],
)
def test_a_reserved_value_is_taken_and_told(name: str, text: str) -> None:
    path = f"info/{name}" if name == "urgency" else name
    assert whats(xml(**{name: text}), path) == ["reserved"]


def test_a_code_with_blanks_around_it_is_read_without_them() -> None:
    alert, remarks = parse(xml(eventType=" 11B06 ", senderCode="41000041600000\n"))
    assert (alert.info.event_type, alert.sender_code) == ("11B06", "41000041600000")
    assert {(remark.path, remark.what) for remark in remarks} >= {
        ("info/eventType", "blanks"),
        ("senderCode", "blanks"),
    }


@pytest.mark.parametrize(("code", "what"), [("11b06", "case"), ("11B77", "not_listed"), ("gale", "form")])
def test_an_event_type_that_is_not_listed_is_kept_and_told(code: str, what: str) -> None:
    assert parse(xml(eventType=code))[0].info.event_type == code.upper()
    assert what in whats(xml(eventType=code), "info/eventType")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("2020-02-05 10:45:00+08:00", None),
        ("2020-02-05T10:45:00+08:00", "form"),
        ("2020-02-05T02:45:00Z", "form"),
        ("2020-02-05 10:45:00 +0800", "form"),
        ("2020-02-05 10:45:00", "zone"),
        ("2020-02-05T10:45", "zone"),
        ("2020/2/5 10:45:00.0", "zone"),
        ("20200205104500", "zone"),
    ],
)
def test_times_are_read_with_t_or_blank_and_without_zone_as_beijing_time(text: str, what: str | None) -> None:
    assert parse(xml(sendTime=text))[0].sent_at == AT
    assert whats(xml(sendTime=text), "sendTime") == ([what] if what else [])


@pytest.mark.parametrize("text", ["soon", "2020-02-30 10:00:00+08:00", "0001-01-01 00:00:00+14:00", "2020-02-05 10:45:00+99:00"])  # fmt: skip
def test_what_is_no_time_is_told_and_the_message_still_read(text: str) -> None:
    assert parse(xml(sendTime=text))[0].sent_at is None
    assert whats(xml(sendTime=text), "sendTime") == ["form"]


def test_the_short_sender_codes_of_tianjin_are_taken() -> None:
    data = HENAN.replace(b"41000041600000_2020020510", b"12011441600_2020020510").replace(
        b"<senderCode>41000041600000", b"<senderCode>12011441600"
    )
    alert, _ = parse(data)
    assert (alert.identifier, alert.sender_code) == ("12011441600_20200205105119", "12011441600")
    assert whats(data, "senderCode") == ["short_sender_code"]
    assert whats(data, "identifier") == []


def test_an_identifier_with_a_running_number_is_taken() -> None:
    data = xml(identifier="41000041600000_20200205105119_3")
    assert parse(data)[0].identifier == "41000041600000_20200205105119_3"
    assert whats(data, "identifier") == ["numbered"]


def test_a_sender_code_that_is_not_the_identifiers_is_told() -> None:
    assert whats(xml(senderCode="41010041600000"), "senderCode") == ["mismatch"]


def test_of_several_references_the_oldest_counts() -> None:
    text = "41000041600000_20200204180000 ，41000041600000_20200204121842"
    assert parse(xml(references=text))[0].references == "41000041600000_20200204121842"
    assert whats(xml(references=text), "references") == ["separator", "repeated"]


@pytest.mark.parametrize(("text", "size"), [("84k", 86016), ("1.5 MB", 1572864), ("84", 84), ("large", None)])
def test_the_size_of_an_attachment_may_have_a_unit(text: str, size: int | None) -> None:
    resource = f"<resource><resourceDesc>a.jpg</resourceDesc><size>{text}</size></resource>"
    data = HENAN.decode().replace("<area>", f"{resource}<area>").encode()
    assert parse(data)[0].info.resources[0].size_bytes == size


# --- areas -------------------------------------------------------------------------------------------------------


def test_geocodes_are_parted_by_full_width_commas_too() -> None:
    data = xml(geocode="410000000000，410100000000、410200000000")
    assert parse(data)[0].info.areas[0].geocodes == ("410000000000", "410100000000", "410200000000")
    assert whats(data, "info/area[1]/geocode") == ["separator"]


def test_a_short_geocode_is_filled_up() -> None:
    data = xml(geocode="4101,41A")
    assert parse(data)[0].info.areas[0].geocodes == ("410100000000", "41A")
    assert whats(data, "info/area[1]/geocode") == ["form", "form"]


@pytest.mark.parametrize(
    ("text", "remarks"),
    [
        ("34.5,113.2 34.6,113.2 34.6,113.4 34.5,113.2", []),
        ("113.2,34.5 113.2,34.6 113.4,34.6 113.2,34.5", ["order"]),
        ("113.2，34.5 ;113.2, 34.6; 113.4,34.6;113.2,34.5", ["separator", "order"]),
        ("113.2 34.5 113.2 34.6 113.4 34.6 113.2 34.5", ["separator", "order"]),
    ],
)
def test_in_china_the_numbers_tell_which_of_a_pair_is_the_latitude(text: str, remarks: list[str]) -> None:
    (area,) = parse(xml(polygon=text))[0].info.areas
    assert area.line[0] == area.line[-1] == Point(113.2, 34.5)
    assert area.is_ring
    assert whats(xml(polygon=text), "info/area[1]/polygon") == remarks


def test_elsewhere_the_callers_word_counts() -> None:
    data = xml(polygon="10,20 30,20 30,40 10,20")
    assert parse(data)[0].info.areas[0].line[0] == Point(20, 10)
    assert parse(data, order=Order.LONGITUDE_FIRST)[0].info.areas[0].line[0] == Point(10, 20)


def test_a_line_that_is_not_closed_stays_open() -> None:
    (area,) = parse(xml(polygon="34.5,113.2 34.6,113.3"))[0].info.areas
    assert area.line == (Point(113.2, 34.5), Point(113.3, 34.6))
    assert not area.is_ring


@pytest.mark.parametrize("text", ["34.5 113.2 34.6", "somewhere", "200,300 1,2", "34.5,113.2 34.6,x"])
def test_what_is_no_line_is_told_and_the_divisions_still_hold(text: str) -> None:
    (area,) = parse(xml(polygon=text))[0].info.areas
    assert (area.line, area.geocodes) == ((), ("410000000000",))
    assert "form" in whats(xml(polygon=text), "info/area[1]/polygon")


def test_the_radius_of_a_circle_is_in_metres() -> None:
    (area,) = parse(xml(circle="34.5,113.2 1500"))[0].info.areas
    assert area.circle == Circle(Point(113.2, 34.5), 1500.0)


def test_a_circle_without_radius_is_a_point() -> None:
    assert parse(xml(circle="113.2,34.5 0"))[0].info.areas[0].circle == Circle(Point(113.2, 34.5), 0.0)


@pytest.mark.parametrize("text", ["34.5,113.2", "34.5,113.2 -5", "34.5,113.2 1e9"])
def test_what_is_no_circle_is_told(text: str) -> None:
    assert parse(xml(circle=text))[0].info.areas[0].circle is None
    assert whats(xml(circle=text), "info/area[1]/circle") == ["form"]


def test_two_lines_of_one_area_become_two_areas() -> None:
    ring = "34.5,113.2 34.6,113.2 34.6,113.4 34.5,113.2"
    data = HENAN.decode().replace("<polygon/>", f"<polygon>{ring}</polygon>" * 2).encode()
    areas = parse(data)[0].info.areas
    assert len(areas) == 2
    assert areas[0] == areas[1]
    assert areas[0].line


# --- headlines ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "河南省气象局发布大风红色预警[IV级/一般]",
        "河南省气象局发布大风蓝色预警[I级/特别重大]",
        "河南省气象局解除大风蓝色预警[IV级/一般]",
    ],
)
def test_a_headline_that_contradicts_its_message_is_told(text: str) -> None:
    assert whats(xml(headline=text), "info/headline") == ["mismatch"]


@pytest.mark.parametrize("text", ["河南省气象局发布大风蓝色预警[Ⅳ级/一般]", "大风预警信号"])
def test_a_headline_in_other_words_is_told(text: str) -> None:
    assert whats(xml(headline=text), "info/headline") == ["wording"]


# --- what is refused ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "xml"),
        (b"<alert>", "xml"),
        (b"<!DOCTYPE alert [<!ENTITY a 'b'>]><alert>&a;</alert>", "xml"),
        (b"<html/>", "not_alert"),
        (
            b'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>x</identifier></alert>',
            "not_alert",
        ),
        (b"<alert><info/></alert>", "no_identifier"),
        (b"<alert><identifier>x</identifier></alert>", "no_info"),
        (HENAN.decode().encode("gbk").replace(b"Blue", b"\xff\xff\xff"), "xml"),
    ],
)
def test_what_is_no_such_message_is_refused(data: bytes, problem: str) -> None:
    with pytest.raises(Unreadable) as refused:
        parse(data)
    assert refused.value.problem == problem


def test_the_line_of_what_is_broken_is_told() -> None:
    with pytest.raises(Unreadable) as refused:
        parse(HENAN.replace(b"</sender>", b"</sendr>"))
    assert refused.value.line == 4


def test_the_least_message_is_read_and_all_that_is_missing_told() -> None:
    alert, remarks = parse(b"<alert><identifier>x</identifier><info><area/></info></alert>")
    assert (alert.status, alert.info.severity, alert.sent_at) == ("", "Unknown", None)
    missing = {remark.path for remark in remarks if remark.what == "missing"}
    assert missing == {
        *("sender", "senderCode", "sendTime", "status", "msgType", "scope", "code"),
        *("info/eventType", "info/urgency", "info/severity", "info/certainty", "info/effective"),
        *("info/senderName", "info/headline", "info/description"),
        *("info/area[1]/areaDesc", "info/area[1]/geocode"),
    }


# --- any bytes ---------------------------------------------------------------------------------------------------


def test_mutated_messages_raise_only_our_error() -> None:
    read = 0
    for data in mutated(3000):
        try:
            alert, _ = parse(data)
        except Unreadable:
            continue
        problems_of(alert)
        message_name(alert)
        read += 1
    assert read > 100


def test_a_large_message_is_read() -> None:
    line = " ".join(f"{30 + at % 100 / 100},{113 + at % 77 / 100}" for at in range(100_000))
    data = xml(polygon=line)
    assert len(parse(data)[0].info.areas[0].line) == 100_000


def test_what_is_missing_can_be_filled_in_and_sent_on() -> None:
    alert, _ = parse(xml(sendTime="", geocode="4101"))
    assert parse(write(replace(alert, sent_at=AT)))[0] == replace(alert, sent_at=AT)
