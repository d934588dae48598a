"""A message of the national release system in CAP: each trap of the two, and nothing lost that is not listed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given

from anlan.protocols import cap, cn12379
from anlan.protocols.cap.message import Category, MessageType, Scope, Severity
from anlan.protocols.conversion import Loss, Unconvertible, from_cap, to_cap
from anlan.protocols.conversion.losses import TO_CAP
from anlan.protocols.conversion.words import DIVISION, METHOD, SIGNED_BY
from tests.protocols.cn12379.mutations import mutated
from tests.protocols.cn12379.samples import HENAN, RAIN, alerts

if TYPE_CHECKING:
    from collections.abc import Mapping

OPEN_LINE = replace(RAIN.info.areas[0], line=RAIN.info.areas[0].line[:3])
UPDATE = replace(RAIN, msg_type="Update", references="12011441600000_20260801050000")


def with_info(**changes: Any) -> cn12379.Alert:
    return replace(RAIN, info=replace(RAIN.info, **changes))


def info_of(alert: cn12379.Alert, **options: Any) -> cap.Info:
    return to_cap(alert, **options)[0].infos[0]


# --- the message of Henan ------------------------------------------------------------------------------------------


def test_the_message_of_henan_becomes_one_that_cap_takes() -> None:
    alert, losses = to_cap(cn12379.parse(HENAN)[0])
    assert cap.parse(cap.write(alert)) == alert
    assert losses == (Loss("references", "assumed"), Loss("info/senderName", "personal"))
    (info,) = alert.infos
    assert (alert.identifier, alert.sender) == ("41000041600000_20200205105119", "41000041600000")
    assert (info.event, info.categories, info.severity) == ("大风", (Category.MET,), Severity.MINOR)
    assert [area.geocodes for area in info.areas] == [(cap.Named(DIVISION, "410000000000"),)]


# --- traps ---------------------------------------------------------------------------------------------------------


def test_the_signing_officer_never_becomes_the_senders_name() -> None:
    info = info_of(RAIN)
    assert info.sender_name == "演示县气象局"
    assert "签发员甲" not in repr(info)


def test_officer_and_recipients_are_carried_over_on_request_only() -> None:
    assert "13800000000" not in repr(to_cap(RAIN)[0])
    info = info_of(RAIN, personal=True)
    assert cap.Named(SIGNED_BY, "签发员甲") in info.parameters
    assert any("13800000000" in each.value for each in info.parameters if each.name == METHOD)
    assert to_cap(RAIN, personal=True)[1] == ()


@pytest.mark.parametrize(
    ("colour", "severity"),
    [
        ("Red", Severity.EXTREME),
        ("Orange", Severity.SEVERE),
        ("Yellow", Severity.MODERATE),
        ("Blue", Severity.MINOR),
        ("Unknown", Severity.UNKNOWN),
        ("Purple", Severity.UNKNOWN),
    ],
)
def test_colours_keep_their_order(colour: str, severity: Severity) -> None:
    assert info_of(with_info(severity=colour)).severity == severity


@pytest.mark.parametrize(
    ("code", "categories"),
    [
        ("11A01", (Category.MET, Category.GEO)),
        ("11B03", (Category.MET,)),
        ("11C02", (Category.GEO,)),
        ("11D01", (Category.GEO,)),
        ("11G01", (Category.FIRE,)),
        ("12A01", (Category.SAFETY,)),
        ("12D02", (Category.CBRNE,)),
        ("12H05", (Category.TRANSPORT,)),
        ("12Q01", (Category.ENV,)),
        ("13A02", (Category.HEALTH,)),
        ("14H01", (Category.SECURITY,)),
        ("19000", (Category.OTHER,)),
        ("", (Category.OTHER,)),
    ],
)
def test_the_category_follows_from_the_event_type(code: str, categories: tuple[Category, ...]) -> None:
    assert info_of(with_info(event_type=code)).categories == categories


def test_metres_become_kilometres_and_longitudes_come_second() -> None:
    (area,) = info_of(RAIN).areas
    assert area.circles == (cap.Circle(cap.Point(39.4, 117.1), 1.5),)
    assert (area.polygons[0][0].latitude, area.polygons[0][0].longitude) == (39.3, 117.0)


def test_a_point_stays_a_circle_without_radius() -> None:
    point = cn12379.Circle(cn12379.Point(117.1, 39.4), 0.0)
    (area,) = info_of(with_info(areas=(replace(RAIN.info.areas[0], circle=point),))).areas
    assert area.circles[0].radius_km == 0


def test_an_open_line_is_lost_and_the_divisions_stay() -> None:
    alert, losses = to_cap(with_info(areas=(OPEN_LINE,)), personal=True)
    assert losses == (Loss("info/area[1]/polygon", "no_shape"),)
    assert alert.infos[0].areas[0].polygons == ()
    assert len(alert.infos[0].areas[0].geocodes) == 2


def test_each_division_becomes_a_geocode_of_the_administrations_name() -> None:
    (area,) = info_of(RAIN).areas
    assert area.geocodes == tuple(
        cap.Named("CPEAS Geographic Code", code) for code in ("120114000000", "120114101000")
    )


def test_a_bare_reference_becomes_sender_identifier_and_sent() -> None:
    assert RAIN.sent_at
    first = UPDATE.references
    alert, losses = to_cap(UPDATE, personal=True, sent_at={first: RAIN.sent_at})
    assert alert.references == (cap.Reference("12011441600000", first, RAIN.sent_at),)
    assert losses == ()


def test_when_the_first_message_was_sent_is_assumed_from_its_identifier_and_told() -> None:
    alert, losses = to_cap(UPDATE, personal=True)
    assert losses == (Loss("references", "assumed"),)
    assert alert.references[0].sent.isoformat() == "2026-08-01T05:00:00+08:00"


def test_times_are_written_with_a_t() -> None:
    written = cap.write(to_cap(RAIN)[0])
    assert b"<sent>2026-08-01T06:00:00+08:00</sent>" in written


def test_an_inner_message_never_becomes_public() -> None:
    alert, losses = to_cap(replace(RAIN, classification="Inner"), personal=True)
    assert (alert.scope, alert.restriction, losses) == (Scope.RESTRICTED, "Inner", ())
    assert from_cap(alert)[0].classification == "Inner"


def test_attachments_lie_below_the_address_given() -> None:
    resource = cn12379.Resource("12011441600000_20260801060000_11B03_ORANGE_ALERT_O_01.jpg", 84, "a" * 40)
    info = info_of(with_info(resources=(resource,)), attachments="https://example.cn/files/")
    uri = f"https://example.cn/files/{resource.name}"
    assert info.resources == (cap.Resource(resource.name, "image/jpeg", 84, uri, b"", "a" * 40),)


def test_a_type_that_is_not_listed_is_called_as_its_headline_calls_it() -> None:
    alert = with_info(event_type="11B77", headline="演示县气象局发布臭氧橙色预警")
    assert info_of(alert).event == "臭氧"
    assert info_of(alert, event_names={"11B77": "臭氧污染"}).event == "臭氧污染"
    assert info_of(with_info(event_type="11B77", headline="x")).event == "11B77"


def test_a_cancellation_stays_one() -> None:
    assert RAIN.sent_at
    cancel = replace(
        with_info(headline="演示县气象局解除暴雨橙色预警"),
        msg_type="Cancel",
        identifier="12011441600000_20260801090000",
        references=RAIN.identifier,
        sent_at=RAIN.sent_at + timedelta(hours=3),
        note="降雨结束",
    )
    alert, _ = to_cap(cancel)
    assert (alert.message_type, alert.note) == (MessageType.CANCEL, "降雨结束")
    assert from_cap(alert, signed_by="签发员甲")[0].references == RAIN.identifier


def test_an_update_that_names_no_message_is_left_for_cap_to_refuse() -> None:
    alert, losses = to_cap(replace(RAIN, msg_type="Update"), personal=True)
    assert losses == ()
    assert [problem.path for problem in cap.validate(alert)] == ["/alert/references"]


# --- refusals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"status": "Real"}, "status"),
        ({"status": ""}, "status"),
        ({"msg_type": "New"}, "msgType"),
        ({"scope": "Private"}, "scope"),
        ({"identifier": "a b"}, "identifier"),
        ({"sender_code": ""}, "senderCode"),
        ({"identifier": "x", "sent_at": None}, "sendTime"),
    ],
)
def test_what_decides_about_a_warning_is_never_guessed(changes: Mapping[str, Any], path: str) -> None:
    to_cap(RAIN)
    with pytest.raises(Unconvertible) as refused:
        to_cap(replace(RAIN, **changes))
    assert refused.value.path == path


# --- losses --------------------------------------------------------------------------------------------------------

LOST = {
    ("sendTime", "assumed"): replace(RAIN, sent_at=None),
    ("code/method/audenceprt", "personal"): RAIN,
    ("references", "assumed"): UPDATE,
    ("references", "form"): replace(UPDATE, references="yesterday"),
    ("info/language", "unknown_word"): with_info(language="中文"),
    ("info/urgency", "unknown_word"): with_info(urgency="Soon"),
    ("info/severity", "unknown_word"): with_info(severity="Purple"),
    ("info/certainty", "other_word"): with_info(certainty="VeryLikely"),
    ("info/certainty", "unknown_word"): with_info(certainty="Sure"),
    ("info/senderName", "personal"): RAIN,
    ("info/web", "form"): with_info(web="www.example.cn"),
    ("info/resource/digest", "form"): with_info(resources=(cn12379.Resource("a.jpg", 1, "md5"),)),
    ("info/area/polygon", "no_shape"): with_info(areas=(OPEN_LINE,)),
}


def test_every_loss_of_the_list_happens() -> None:
    assert LOST.keys() == TO_CAP


@pytest.mark.parametrize("kind", sorted(LOST))
def test_what_is_lost_is_told(kind: tuple[str, str]) -> None:
    assert kind in {loss.kind for loss in to_cap(LOST[kind])[1]}


@given(alerts())
def test_whatever_may_be_written_here_may_be_written_there(alert: cn12379.Alert) -> None:
    converted, losses = to_cap(alert)
    assert cap.parse(cap.write(converted)) == converted
    assert {loss.kind for loss in losses} <= TO_CAP


@given(alerts())
def test_there_and_back_everything_is_kept_that_is_not_listed_as_lost(alert: cn12379.Alert) -> None:
    converted, losses = to_cap(alert, personal=True)
    again, further = from_cap(cap.parse(cap.write(converted)))
    assert {loss.kind for loss in losses} <= {("references", "assumed"), ("info/area/polygon", "no_shape")}
    assert further == ()
    expected = alert
    for loss in losses:
        if loss.why == "no_shape":
            expected = without_line(expected, int(loss.path.split("[")[1].split("]")[0]) - 1)
    assert again == expected


def without_line(alert: cn12379.Alert, at: int) -> cn12379.Alert:
    areas = list(alert.info.areas)
    areas[at] = replace(areas[at], line=())
    return replace(alert, info=replace(alert.info, areas=tuple(areas)))


@given(alerts())
def test_without_what_is_personal_only_that_is_lost_too(alert: cn12379.Alert) -> None:
    _, kept = to_cap(alert, personal=True)
    converted, losses = to_cap(alert)
    told = {loss.kind for loss in losses if loss not in kept}
    reached = any(method.recipients for method in alert.methods)
    assert told == {("info/senderName", "personal")} | (
        {("code/method/audenceprt", "personal")} if reached else set()
    )
    again, _ = from_cap(converted, signed_by=alert.info.signed_by)
    assert again.info.signed_by == alert.info.signed_by
    assert [method.groups for method in again.methods] == [method.groups for method in alert.methods]


def test_a_message_that_something_happened_to_is_converted_or_refused() -> None:
    converted = 0
    for data in mutated(1500):
        try:
            alert, losses = to_cap(cn12379.parse(data)[0])
        except (cn12379.Unreadable, Unconvertible):
            continue
        assert {loss.kind for loss in losses} <= TO_CAP
        from_cap(alert)
        assert {problem.path for problem in cap.validate(alert)} <= {"/alert/references"}
        converted += 1
    assert converted > 50
