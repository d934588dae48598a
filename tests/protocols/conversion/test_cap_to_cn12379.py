"""A message of CAP for the national release system: each trap of the two, and nothing lost that is not listed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given

from anlan.protocols import cap, cn12379
from anlan.protocols.cap.message import Category, Certainty, ResponseType, Scope, Severity, Status, Urgency
from anlan.protocols.conversion import Unconvertible, from_cap, to_cap
from anlan.protocols.conversion.losses import FROM_CAP, TO_CAP
from anlan.protocols.conversion.words import DIVISION, METHOD
from tests.protocols.cap import making
from tests.protocols.cn12379.samples import RAIN

if TYPE_CHECKING:
    from collections.abc import Mapping

SAMPLES = Path(__file__).parents[1] / "cap" / "samples"
CMA = cap.parse((SAMPLES / "cma.xml").read_bytes())
PLAIN = to_cap(RAIN, personal=True)[0]


def with_info(**changes: Any) -> cap.Alert:
    return replace(PLAIN, infos=(replace(PLAIN.infos[0], **changes),))


def with_area(**changes: Any) -> cap.Alert:
    return with_info(areas=(replace(PLAIN.infos[0].areas[0], **changes),))


def with_resource(**changes: Any) -> cap.Alert:
    plain = cap.Resource("a.jpg", "image/jpeg", 1)
    return with_info(resources=(replace(plain, **changes),))


# --- a message of the meteorological administration ----------------------------------------------------------------


def test_a_message_of_the_administrations_feed_may_be_sent_on() -> None:
    alert, losses = from_cap(CMA, signed_by="签发员甲", methods=(cn12379.Method("WEB"),))
    assert (alert.sender_code, alert.identifier) == ("12011441600000", "12011441600000_20260714160913")
    assert (alert.sender, alert.info.event_type, alert.info.severity) == ("武清区气象台", "11B03", "Blue")
    assert alert.info.headline == "武清区气象台发布暴雨蓝色预警[IV级/一般]"
    assert alert.info.areas[0].geocodes == ("120114000000",)
    assert cn12379.problems_of(alert) == ()
    assert {(loss.path, loss.why) for loss in losses} == {
        ("sender", "replaced"),
        ("info[1]/event", "derived"),
        ("info[2]", "only_first"),
    }


def test_of_several_languages_the_chinese_is_taken() -> None:
    turned = replace(CMA, infos=CMA.infos[::-1])
    alert, losses = from_cap(turned)
    assert alert.info == from_cap(CMA)[0].info
    assert "info[1]" in {loss.path for loss in losses}


# --- traps ---------------------------------------------------------------------------------------------------------


def test_the_senders_name_never_becomes_the_signing_officer() -> None:
    alert, _ = from_cap(with_info(parameters=(), sender_name="演示县气象局"))
    assert (alert.sender, alert.info.signed_by) == ("演示县气象局", "")
    problems = {(problem.path, problem.what) for problem in cn12379.problems_of(alert)}
    assert ("info/senderName", "required") in problems


def test_what_nobody_says_is_blank_and_named_as_a_problem() -> None:
    alert, _ = from_cap(replace(with_info(parameters=(), areas=()), sender="a@b", identifier="x"))
    assert {problem.path for problem in cn12379.problems_of(alert)} == {
        *("senderCode", "identifier", "code", "info/senderName")
    }


def test_what_the_caller_says_fills_the_gaps() -> None:
    foreign = replace(with_info(parameters=()), sender="a@b", identifier="x")
    alert, _ = from_cap(
        foreign, sender_code="12011441600000", signed_by="签发员乙", methods=(cn12379.Method("SMS"),)
    )
    assert alert.identifier == "12011441600000_20260801060000"
    assert cn12379.problems_of(alert) == ()


@pytest.mark.parametrize(
    ("severity", "colour"),
    [
        (Severity.EXTREME, "Red"),
        (Severity.SEVERE, "Orange"),
        (Severity.MODERATE, "Yellow"),
        (Severity.MINOR, "Blue"),
        (Severity.UNKNOWN, "Unknown"),
    ],
)
def test_severities_become_colours_in_their_order(severity: Severity, colour: str) -> None:
    assert from_cap(with_info(severity=severity))[0].info.severity == colour


def test_urgency_and_certainty_are_always_unknown() -> None:
    alert, _ = from_cap(with_info(urgency=Urgency.IMMEDIATE, certainty=Certainty.OBSERVED))
    assert (alert.info.urgency, alert.info.certainty) == ("Unknown", "Unknown")


def test_kilometres_become_metres_without_a_rest() -> None:
    circle = cap.Circle(cap.Point(39.4, 117.1), 1.1)
    (area,) = from_cap(with_area(polygons=(), circles=(circle,)))[0].info.areas
    assert area.circle == cn12379.Circle(cn12379.Point(117.1, 39.4), 1100.0)


def test_several_shapes_of_an_area_become_several_areas() -> None:
    ring = PLAIN.infos[0].areas[0].polygons[0]
    areas = from_cap(with_area(polygons=(ring, ring[::-1]), circles=()))[0].info.areas
    assert [bool(area.line) for area in areas] == [True, True]
    assert len({area.geocodes for area in areas}) == 1


def test_six_digits_of_a_division_are_filled_up() -> None:
    (area, *_) = from_cap(with_area(geocodes=(cap.Named(DIVISION, "500112"),)))[0].info.areas
    assert area.geocodes == ("500112000000",)


def test_of_several_references_the_oldest_is_the_events_first() -> None:
    sent = PLAIN.sent
    references = (
        cap.Reference("s", "12011441600000_20260801050000", sent - timedelta(hours=1)),
        cap.Reference("s", "12011441600000_20260801040000", sent - timedelta(hours=2)),
    )
    assert from_cap(replace(PLAIN, references=references))[0].references == "12011441600000_20260801040000"


def test_a_foreign_reference_is_known_only_by_what_the_caller_knows() -> None:
    foreign = replace(PLAIN, references=(cap.Reference("a@b", "A1", PLAIN.sent),))
    known = {"A1": "12011441600000_20260801050000"}
    assert from_cap(foreign)[0].references == ""
    assert from_cap(foreign, identifiers=known)[0].references == known["A1"]


def test_an_event_is_known_by_a_listed_code_under_any_name_or_by_its_own_name() -> None:
    coded = with_info(event_codes=(cap.Named("SAME", "CAE"), cap.Named("CPEAS Event Code", "11B06")))
    assert from_cap(coded)[0].info.event_type == "11B06"
    assert from_cap(with_info(event_codes=(), event="大雾"))[0].info.event_type == "11B17"
    assert from_cap(with_info(event_codes=(), event="臭氧"))[0].info.event_type == ""
    own = from_cap(with_info(event_codes=(), event="臭氧"), event_names={"11B77": "臭氧"})
    assert own[0].info.event_type == "11B77"


@pytest.mark.parametrize(
    "text", ["Heavy rain", "演示县气象局发布暴雨橙色预警[II级/严重]", "演示县气象局发布暴雨红色预警"]
)
def test_a_headline_of_another_kind_is_built_by_the_rule(text: str) -> None:
    alert, losses = from_cap(with_info(headline=text))
    assert alert.info.headline == "演示县气象局发布暴雨橙色预警[II级/重大]"
    assert [loss.kind for loss in losses] == [("info/headline", "replaced")]


def test_a_unit_that_passes_a_warning_on_stands_in_its_headline() -> None:
    alert, _ = from_cap(PLAIN, sender_code="12011433200000", sender="演示县水务局")
    assert alert.info.headline == "演示县水务局发布暴雨橙色预警[II级/重大]"
    assert cn12379.problems_of(alert) == ()


@pytest.mark.parametrize(
    "value", ["SMS", "[]", '{"name":1}', '{"name":"SMS","groups":"a"}', '{"x":1}', "[" * 90_000, "1" * 5000]
)
def test_a_parameter_that_says_no_method_is_no_method(value: str) -> None:
    alert, losses = from_cap(with_info(parameters=(cap.Named(METHOD, value),)))
    assert alert.methods == ()
    assert ("info/parameter", "no_place") in {loss.kind for loss in losses}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"status": Status.SYSTEM}, "status"),
        ({"scope": Scope.PRIVATE, "addresses": ("a",)}, "scope"),
        ({"infos": ()}, "info"),
        ({"sent": datetime.max.replace(tzinfo=UTC)}, "sent"),
        ({"infos": with_info(onset=datetime.min.replace(tzinfo=UTC)).infos}, "info/onset"),
    ],
)
def test_what_the_release_system_has_no_way_to_say_is_refused(changes: Mapping[str, Any], path: str) -> None:
    from_cap(PLAIN)
    with pytest.raises(Unconvertible) as refused:
        from_cap(replace(PLAIN, **changes))
    assert refused.value.path == path


# --- losses --------------------------------------------------------------------------------------------------------

EARLIER = cap.Reference("a@b", "A1", PLAIN.sent)
LOST: dict[tuple[str, str], cap.Alert] = {
    ("identifier", "replaced"): replace(PLAIN, identifier="x"),
    ("sender", "replaced"): replace(PLAIN, sender="a@b"),
    ("source", "no_place"): replace(PLAIN, source="duty room"),
    ("restriction", "other_word"): replace(PLAIN, scope=Scope.RESTRICTED, restriction="schools"),
    ("addresses", "no_place"): replace(PLAIN, addresses=("a",)),
    ("code", "no_place"): replace(PLAIN, codes=("profile",)),
    ("references", "only_first"): replace(PLAIN, references=(EARLIER, EARLIER)),
    ("references", "not_known"): replace(PLAIN, references=(EARLIER,)),
    ("incidents", "no_place"): replace(PLAIN, incidents=("flood",)),
    ("info", "only_first"): CMA,
    ("info/category", "derived"): with_info(categories=(Category.SAFETY,)),
    ("info/event", "derived"): with_info(event="rain"),
    ("info/event", "not_known"): with_info(event="rain", event_codes=()),
    ("info/responseType", "no_place"): with_info(response_types=(ResponseType.EVACUATE,)),
    ("info/urgency", "always_unknown"): with_info(urgency=Urgency.EXPECTED),
    ("info/certainty", "always_unknown"): with_info(certainty=Certainty.LIKELY),
    ("info/audience", "no_place"): with_info(audience="schools"),
    ("info/eventCode", "no_place"): with_info(event_codes=(cap.Named("SAME", "CAE"),)),
    ("info/senderName", "replaced"): PLAIN,
    ("info/headline", "replaced"): with_info(headline="rain"),
    ("info/contact", "no_place"): with_info(contact="12379"),
    ("info/parameter", "no_place"): with_info(parameters=(cap.Named("depth", "3"),)),
    ("info/resource/mimeType", "derived"): with_resource(mime_type="image/png"),
    ("info/resource/uri", "no_place"): with_resource(uri="https://example.cn/a.jpg"),
    ("info/resource/derefUri", "no_place"): with_resource(content=b"x"),
    ("info/area/geocode", "no_place"): with_area(geocodes=(cap.Named("SAME", "006109"),)),
    ("info/area/altitude", "no_place"): with_area(altitude_ft=Decimal(1)),
    ("info/area/ceiling", "no_place"): with_area(altitude_ft=Decimal(1), ceiling_ft=Decimal(2)),
}


def test_a_message_of_ours_loses_nothing_on_its_way_back() -> None:
    assert from_cap(PLAIN) == (RAIN, ())


def test_every_loss_of_the_list_happens() -> None:
    assert LOST.keys() == FROM_CAP


@pytest.mark.parametrize("kind", sorted(LOST))
def test_what_is_lost_is_told(kind: tuple[str, str]) -> None:
    sender = "演示县应急管理局" if kind == ("info/senderName", "replaced") else ""
    assert kind in {loss.kind for loss in from_cap(LOST[kind], sender=sender)[1]}


@given(making.alerts)
def test_there_and_back_whatever_changed_is_listed_as_lost(alert: cap.Alert) -> None:
    try:
        converted, losses = from_cap(alert, sender_code="12011441600000")
    except Unconvertible:
        assert alert.status is Status.SYSTEM or alert.scope is Scope.PRIVATE
        return
    told = {loss.kind for loss in losses}
    assert told <= FROM_CAP
    again, further = to_cap(converted, personal=True)
    assert {loss.kind for loss in further} <= TO_CAP
    assert differences(alert, again) <= {path for path, _ in told} | {loss.kind[0] for loss in further}


# --- what differs --------------------------------------------------------------------------------------------------

HEADS = {
    "identifier": "identifier",
    "sender": "sender",
    "sent": "sent",
    "status": "status",
    "source": "source",
    "message_type": "msgType",
    "scope": "scope",
    "addresses": "addresses",
    "codes": "code",
    "note": "note",
    "references": "references",
    "incidents": "incidents",
}
OF_INFO = {
    "categories": "category",
    "event": "event",
    "urgency": "urgency",
    "severity": "severity",
    "certainty": "certainty",
    "language": "language",
    "response_types": "responseType",
    "audience": "audience",
    "event_codes": "eventCode",
    "effective": "effective",
    "onset": "onset",
    "expires": "expires",
    "sender_name": "senderName",
    "headline": "headline",
    "description": "description",
    "instruction": "instruction",
    "web": "web",
    "contact": "contact",
    "parameters": "parameter",
}


def differences(one: cap.Alert, other: cap.Alert) -> set[str]:
    """Paths of what stands in the one and not, or not so, in the other."""
    first = next((info for info in one.infos if info.language.startswith("zh")), one.infos[0])
    second = other.infos[0]
    paths = {path for name, path in HEADS.items() if differs(one, other, name)}
    paths |= {f"info/{path}" for name, path in OF_INFO.items() if differs(first, second, name)}
    if len(one.infos) > 1:
        paths.add("info")
    if shapes(first) != shapes(second):
        paths.add("info/area/polygon")
    if {area.description for area in first.areas} != {area.description for area in second.areas}:
        paths.add("info/area/areaDesc")
    for name in ("description", "size", "digest"):
        if [getattr(each, name) for each in first.resources] != [
            getattr(each, name) for each in second.resources
        ]:
            paths.add(f"info/resource/{name}")
    return paths


def differs(one: object, other: object, name: str) -> bool:
    return bool(getattr(one, name)) and getattr(one, name) != getattr(other, name)


def shapes(info: cap.Info) -> tuple[set[object], set[object]]:
    return {each for area in info.areas for each in area.polygons}, {
        each for area in info.areas for each in area.circles
    }
