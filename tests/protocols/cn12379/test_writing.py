"""What is written keeps the rules of the interface; what doesn't is refused with all that is wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given

from anlan.protocols.cn12379 import (
    Alert,
    Area,
    Circle,
    Identifier,
    Method,
    NotWritten,
    Order,
    Point,
    Problem,
    Resource,
    parse,
    problems_of,
    write,
)
from anlan.protocols.cn12379.writing import NAMESPACE
from tests.protocols.cn12379.samples import HENAN, RAIN, alerts

OWN = "12011441600000_20260801060000_11B03_ORANGE_ALERT"


def found(alert: Alert, **names: str) -> set[tuple[str, str]]:
    return {(problem.path, problem.what) for problem in problems_of(alert, event_names=names)}


def with_info(**changes: Any) -> Alert:
    return replace(RAIN, info=replace(RAIN.info, **changes))


@given(alerts())
def test_what_was_written_is_read_as_it_was(alert: Alert) -> None:
    assert parse(write(alert)) == (alert, ())


@given(alerts())
def test_namespace_and_order_make_no_difference(alert: Alert) -> None:
    data = write(alert, order=Order.LONGITUDE_FIRST, namespace=NAMESPACE)
    assert parse(data, order=Order.LONGITUDE_FIRST) == (alert, ())


def test_the_message_of_henan_is_written_as_it_came_but_for_needless_commas() -> None:
    alert, _ = parse(HENAN)
    tidy = HENAN.replace(b",</audienceGrp>", b"</audienceGrp>").replace(
        b"<audenceprt>,</audenceprt>", b"<audenceprt/>"
    )
    tidy = tidy.replace(b"410000000000,410000000000", b"410000000000")
    assert lines(write(alert)) == lines(tidy)


def lines(data: bytes) -> str:
    text = data.decode().replace("'", '"').replace("?>", "?>\n").replace("><", ">\n<")
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


@pytest.mark.parametrize(
    ("alert", "path", "what"),
    [
        (replace(RAIN, status="Exercise"), "status", "reserved"),
        (replace(RAIN, status="Real"), "status", "unknown"),
        (replace(RAIN, status=""), "status", "required"),
        (replace(RAIN, msg_type="Ack", references=""), "msgType", "reserved"),
        (replace(RAIN, scope="Private"), "scope", "reserved"),
        (replace(RAIN, classification="Secret"), "secClassification", "unknown"),
        (replace(RAIN, sender=""), "sender", "required"),
        (replace(RAIN, sender_code="12011441600"), "senderCode", "form"),
        (replace(RAIN, sender_code="99999941600000"), "identifier", "mismatch"),
        (replace(RAIN, identifier="12011441600000_20260801060000_1"), "identifier", "form"),
        (replace(RAIN, identifier="12011441600000_20260832060000"), "identifier", "form"),
        (replace(RAIN, sent_at=None), "sendTime", "required"),
        (replace(RAIN, references="12011441600000_20260801050000"), "references", "forbidden"),
        (replace(RAIN, msg_type="Update"), "references", "required"),
        (replace(RAIN, msg_type="Cancel", references="yesterday"), "references", "form"),
        (replace(RAIN, msg_type="Cancel", references=RAIN.identifier), "references", "mismatch"),
        (replace(RAIN, methods=()), "code", "required"),
        (replace(RAIN, methods=(Method("sms"),)), "code/method[1]/methodName", "form"),
        (replace(RAIN, methods=(Method("SMS", "", ("a,b",)),)), "code/method[1]/audienceGrp", "form"),
        (replace(RAIN, methods=(Method("SMS", "\x00"),)), "code/method[1]/message", "characters"),
        (replace(RAIN, note="\ud800"), "note", "characters"),
        (replace(RAIN, note=" see below "), "note", "form"),
        (with_info(severity="Purple"), "info/severity", "unknown"),
        (with_info(urgency="Immediate"), "info/urgency", "reserved"),
        (with_info(certainty="Likely"), "info/certainty", "reserved"),
        (with_info(event_type="11B77"), "info/eventType", "not_listed"),
        (with_info(event_type="rain"), "info/eventType", "form"),
        (with_info(language="中文"), "info/language", "form"),
        (with_info(signed_by=""), "info/senderName", "required"),
        (with_info(description=""), "info/description", "required"),
        (with_info(headline=""), "info/headline", "required"),
        (with_info(headline="演示县气象局发布暴雨红色预警"), "info/headline", "mismatch"),
        (with_info(headline="演示县气象局发布暴雨橙色预警[II级/严重]"), "info/headline", "mismatch"),
        (with_info(headline="演示县气象局解除暴雨橙色预警"), "info/headline", "mismatch"),
        (with_info(effective_at=None), "info/effective", "required"),
        (with_info(expires_at=RAIN.info.effective_at), "info/expires", "mismatch"),
        (with_info(web="javascript:alert(1)"), "info/web", "form"),
        (with_info(resources=(Resource("map.jpg", 1),)), "info/resource[1]/resourceDesc", "form"),
        (
            with_info(resources=(Resource(f"{OWN}_O_01.jpg".replace("ORANGE", "RED"), 1),)),
            "info/resource[1]/resourceDesc",
            "mismatch",
        ),
        (
            with_info(resources=(Resource(f"{OWN}_O_01.jpg", 1),) * 2),
            "info/resource[2]/resourceDesc",
            "repeated",
        ),
        (with_info(resources=(Resource(f"{OWN}_O_01.jpg"),)), "info/resource[1]/size", "required"),
        (with_info(resources=(Resource(f"{OWN}_O_01.jpg", 1, "md5"),)), "info/resource[1]/digest", "form"),
        (with_info(areas=(Area("", ("120114000000",)),)), "info/area[1]/areaDesc", "required"),
        (with_info(areas=(Area("县"),)), "info/area[1]/geocode", "required"),
        (with_info(areas=(Area("县", ("120114",)),)), "info/area[1]/geocode", "form"),
        (with_info(areas=(Area("县", ("120114000000",) * 2),)), "info/area[1]/geocode", "repeated"),
        (
            with_info(areas=(Area("县", ("120114000000",), (Point(117, 39),)),)),
            "info/area[1]/polygon",
            "form",
        ),
        (
            with_info(areas=(Area("县", ("120114000000",), (), Circle(Point(117, 39), -1)),)),
            "info/area[1]/circle",
            "form",
        ),
        (
            with_info(areas=(Area("县", ("120114000000",), (), Circle(Point(39, 117), float("nan"))),)),
            "info/area[1]/circle",
            "form",
        ),
    ],
)
def test_what_breaks_a_rule_is_refused(alert: Alert, path: str, what: str) -> None:
    assert problems_of(RAIN) == ()
    assert (path, what) in found(alert)
    with pytest.raises(NotWritten):
        write(alert)


def test_all_that_is_wrong_is_told_at_once() -> None:
    alert = replace(with_info(severity="Purple", signed_by=""), status="Exercise", methods=())
    with pytest.raises(NotWritten) as refused:
        write(alert)
    assert {problem.path for problem in refused.value.problems} == {
        *("status", "code", "info/severity", "info/senderName", "info/headline")
    }


def test_a_type_of_the_receiving_centres_own_is_written_under_its_name() -> None:
    alert = with_info(event_type="11B77", headline="演示县气象局发布臭氧橙色预警")
    assert found(alert) == {("info/eventType", "not_listed")}
    assert found(alert, **{"11B77": "臭氧"}) == set()
    assert parse(write(alert, event_names={"11B77": "臭氧"}))[0] == alert


def test_a_cancellation_names_the_first_message_of_its_event() -> None:
    entry = Identifier.read(RAIN.identifier)
    assert entry
    cancel = replace(
        with_info(headline="演示县气象局解除暴雨橙色预警[II级/重大]"),
        msg_type="Cancel",
        identifier=str(entry._replace(entered_at=entry.entered_at + timedelta(hours=3))),
        references=RAIN.event_identifier,
        note="降雨结束",
    )
    assert problems_of(cancel) == ()
    assert cancel.event_identifier == RAIN.event_identifier


def test_a_message_larger_than_a_centre_would_read_is_refused() -> None:
    with pytest.raises(NotWritten) as refused:
        write(with_info(description="雨" * 1_500_000))
    assert refused.value.problems == (Problem("", "too_many", refused.value.problems[0].value),)
