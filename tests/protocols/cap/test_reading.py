"""Documents to alerts: the standard's own samples, what breaks each rule and where that is told, and hostile bytes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from anlan.protocols import cap, safe_xml
from anlan.protocols.cap import Alert, BrokenAlert, Circle, Named, Point, Reading, Reference
from anlan.protocols.cap.message import Category, Certainty, MessageType, ResponseType, Severity
from anlan.protocols.cap.problems import CODES
from tests.protocols.cap import OFFICIAL, making, sample

SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).with_name("cap12.xsd")))
PACIFIC = timezone(-timedelta(hours=7))


def is_valid(data: bytes) -> bool:
    """By the schema alone."""
    return SCHEMA.validate(safe_xml.read(data).getroottree())


def changed(old: str, new: str, name: str = "thunderstorm.xml") -> bytes:
    text = sample(name).decode()
    assert old in text
    return text.replace(old, new, 1).encode()


def told(data: bytes) -> list[tuple[str, str]]:
    return [(problem.code, problem.path) for problem in cap.read(data).problems]


# --- what keeps to the standard ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*OFFICIAL, "cma.xml"])
def test_samples_are_valid_and_come_back_as_they_were(name: str) -> None:
    alert = cap.parse(sample(name))
    assert cap.validate(alert) == []
    assert is_valid(sample(name))
    assert is_valid(cap.write(alert))
    assert cap.parse(cap.write(alert)) == alert


def test_the_thunderstorm_of_the_standard_is_understood() -> None:
    alert = cap.parse(sample("thunderstorm.xml"))
    assert alert.identifier == "KSTO1055887203"
    assert alert.sent == datetime(2003, 6, 17, 14, 57, tzinfo=PACIFIC)
    (info,) = alert.infos
    assert (info.language, info.categories) == ("en-US", (Category.MET,))
    assert info.response_types == (ResponseType.SHELTER,)
    assert info.event_codes == (Named("SAME", "SVR"),)
    assert info.expires == datetime(2003, 6, 17, 16, 0, tzinfo=PACIFIC)
    (area,) = info.areas
    assert area.polygons[0][1] == Point(latitude=38.34, longitude=-119.95)
    assert [code.value for code in area.geocodes] == ["006109", "006009", "006003"]


def test_the_earthquake_of_the_standard_refers_to_its_first_report() -> None:
    alert = cap.parse(sample("earthquake_update.xml"))
    first = Reference("trinet@caltech.edu", "TRI13970876.1", datetime(2003, 6, 12, 3, 30, tzinfo=UTC))
    assert (alert.message_type, alert.references) == (MessageType.UPDATE, (first,))
    assert alert.infos[0].areas[0].circles == (Circle(Point(32.9525, -115.5527), 0),)


def test_a_chinese_warning_is_read_in_both_languages_by_its_division_code() -> None:
    alert = cap.parse(sample("cma.xml"))
    assert [info.language for info in alert.infos] == ["zh-CN", "en-US"]
    assert alert.infos[0].headline == "武清区气象台发布暴雨蓝色预警[IV级/一般]"
    assert alert.infos[0].areas[0].geocodes == (Named("CPEAS Geographic Code", "120114000000"),)


def test_a_declared_gb_encoding_is_read() -> None:
    text = sample("cma.xml").decode().replace("UTF-8", "GB18030")
    assert cap.parse(text.encode("gb18030")) == cap.parse(sample("cma.xml"))


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(making.alerts)
def test_every_alert_within_the_rules_is_written_valid_and_read_again(alert: Alert) -> None:
    assert cap.validate(alert) == []
    data = cap.write(alert)
    assert is_valid(data), SCHEMA.error_log
    assert cap.parse(data) == alert


def test_a_file_inside_the_message_comes_back() -> None:
    resource = cap.Resource("示意图", "image/png", 3, "map.png", b"\x00\x01\xff", "")
    alert = making.alert(infos=(making.info(resources=(resource,)),))
    assert cap.parse(cap.write(alert)) == alert


def test_universal_time_is_written_without_a_letter_and_with_a_minus() -> None:
    assert b"<sent>2026-07-14T08:09:13-00:00</sent>" in cap.write(
        making.alert(sent=making.SENT.astimezone(UTC))
    )


def test_addresses_with_blanks_stand_in_quotation_marks() -> None:
    names = ("a@example.cn", "武清区 应急局")
    data = cap.write(making.alert(addresses=names, incidents=names))
    assert '<addresses>a@example.cn "武清区 应急局"</addresses>' in data.decode()
    assert cap.parse(data).addresses == cap.parse(data).incidents == names


def test_small_coordinates_are_written_without_an_exponent() -> None:
    area = cap.Area("海", circles=(Circle(Point(1e-7, -1e-5), 1e-6),))
    data = cap.write(making.alert(infos=(making.info(areas=(area,)),)))
    assert b"<circle>0.0000001,-0.00001 0.000001</circle>" in data


def test_blank_elements_are_absent_where_they_may_be() -> None:
    reading = cap.read(changed("<polygon>38.47", "<polygon/><polygon>38.47"))
    assert reading.problems == ()
    assert reading.alert is not None
    assert len(reading.alert.infos[0].areas[0].polygons) == 1


# --- what breaks the schema ----------------------------------------------------------------------------------------

BROKEN_SCHEMA = [
    # old, new, code, path, understood nevertheless
    ("<sender>KSTO@NWS.NOAA.GOV</sender>", "", "missing", "/alert/sender", False),
    ("<event>SEVERE THUNDERSTORM</event>", "", "missing", "/alert/info[1]/event", False),
    ("<category>Met</category>", "", "missing", "/alert/info[1]/category", False),
    ("<valueName>SAME</valueName>", "", "missing", "/alert/info[1]/eventCode[1]/valueName", False),
    ("<status>Actual</status>", "<status>Real</status>", "word", "/alert/status", False),
    ("<status>Actual</status>", "<status/>", "word", "/alert/status", False),
    ("<urgency>Immediate", "<urgency>immediate", "word", "/alert/info[1]/urgency", False),
    ("<urgency>Immediate", "<urgency>\n Immediate", "space", "/alert/info[1]/urgency", True),
    ("<certainty>Observed", "<certainty>Very Likely", "deprecated", "/alert/info[1]/certainty", True),
    ("14:57:00-07:00", "14:57:00", "time", "/alert/sent", False),
    ("14:57:00-07:00", "14:57-07:00", "time", "/alert/sent", False),
    ("2003-06-17T14:57", "2003-06-17 14:57", "time", "/alert/sent", False),
    ("2003-06-17T14:57", "2003-06-31T14:57", "time", "/alert/sent", False),
    ("2003-06-17T14:57", "0000-06-17T14:57", "time", "/alert/sent", False),
    ("14:57:00-07:00", "14:57:00Z", "time_form", "/alert/sent", True),
    ("14:57:00-07:00", "14:57:00.250-07:00", "time_form", "/alert/sent", True),
    ("16:00:00-07:00", "soon", "time", "/alert/info[1]/expires", False),
    ("<scope>", "<scope>Public</scope><scope>", "repeated", "/alert/scope", False),
    ("<msgType>Alert</msgType>", "", "missing", "/alert/msgType", False),
    ("<headline>", "<headline><b>now</b>", "nested", "/alert/info[1]/headline", False),
    ("<info>", "<colour>red</colour><info>", "unexpected", "/alert/colour", True),
    ("<area>", "<area colour='red'>", "unexpected", "/alert/info[1]/area[1]", True),
    ("<event>", "<event lang='en'>", "unexpected", "/alert/info[1]/event", True),
    ("<area>", "words<area>", "unexpected", "/alert/info[1]", True),
    ("<category>Met</category>", "<language>e!</language><category>Met</category>", "language", "", False),
    ("</areaDesc>", "</areaDesc><altitude>high</altitude>", "number", "", False),
]


@pytest.mark.parametrize(("old", "new", "code", "path", "understood"), BROKEN_SCHEMA)
def test_what_breaks_the_schema_is_told_where_it_stands(
    old: str, new: str, code: str, path: str, *, understood: bool
) -> None:
    data = changed(old, new)
    reading = cap.read(data)
    assert [problem.code for problem in reading.problems if problem.code != "order"] == [code]
    assert not path or path in [problem.path for problem in reading.problems]
    assert (reading.alert is not None) is understood
    assert not is_valid(data)
    with pytest.raises(BrokenAlert):
        cap.parse(data)


def test_elements_out_of_order_are_understood_and_told() -> None:
    data = changed("<expires>2003-06-17T16:00:00-07:00</expires>", "").replace(
        b"<contact>", b"<expires>2003-06-17T16:00:00-07:00</expires><contact>"
    )
    reading = cap.read(data)
    assert told(data) == [("order", "/alert/info[1]/expires")]
    assert reading.alert == cap.parse(sample("thunderstorm.xml"))


def test_a_word_of_the_first_version_is_taken_for_the_one_that_took_its_place() -> None:
    alert = cap.read(changed("<certainty>Observed", "<certainty>Very Likely")).alert
    assert alert is not None
    assert alert.infos[0].certainty is Certainty.LIKELY


# --- what breaks a rule of the prose -------------------------------------------------------------------------------

BROKEN_RULES = [
    ("KSTO1055887203", "KSTO 1055887203", "characters", "/alert/identifier"),
    ("KSTO1055887203", "KSTO,1055887203", "characters", "/alert/identifier"),
    ("KSTO1055887203", "KSTO&amp;1", "characters", "/alert/identifier"),
    ("KSTO@NWS", "KSTO&lt;NWS", "characters", "/alert/sender"),
    ("<scope>Public", "<scope>Restricted", "needed", "/alert/restriction"),
    ("<scope>Public", "<scope>Private", "needed", "/alert/addresses"),
    ("<msgType>Alert", "<msgType>Update", "needed", "/alert/references"),
    ("<msgType>Alert", "<msgType>Cancel", "needed", "/alert/references"),
    ("<msgType>Alert", "<msgType>Ack", "needed", "/alert/references"),
    ("38.62,-119.89 38.47,-120.14", "38.62,-119.89", "open", "/alert/info[1]/area[1]/polygon[1]"),
    (
        "38.52,-119.74 38.62,-119.89 38.47,-120.14",
        "38.47,-120.14",
        "few_points",
        "/alert/info[1]/area[1]/polygon[1]",
    ),
    ("38.34,-119.95", "3834.5,-11995.2", "range", "/alert/info[1]/area[1]/polygon[1]"),
    ("<geocode>", "<circle>38,-120 -1</circle><geocode>", "range", "/alert/info[1]/area[1]/circle[1]"),
    ("</area>", "<ceiling>100</ceiling></area>", "alone", "/alert/info[1]/area[1]/ceiling"),
    (
        "</area>",
        "<altitude>200</altitude><ceiling>100</ceiling></area>",
        "below",
        "/alert/info[1]/area[1]/ceiling",
    ),
    ("<contact>", "<web>www.example.cn</web><contact>", "address", "/alert/info[1]/web"),
]


@pytest.mark.parametrize(("old", "new", "code", "path"), BROKEN_RULES)
def test_what_breaks_a_rule_is_understood_and_told(old: str, new: str, code: str, path: str) -> None:
    data = changed(old, new)
    reading = cap.read(data)
    assert is_valid(data)  # the schema does not see it
    assert [problem.code for problem in reading.problems] == [code]
    assert reading.problems[0].path == path
    assert reading.alert is not None
    with pytest.raises(BrokenAlert):
        cap.parse(data)
    with pytest.raises(BrokenAlert):
        cap.write(reading.alert)


def test_a_reference_that_is_none_is_left_out_and_told() -> None:
    good = "a,b,2003-06-17T14:00:00-07:00"
    data = changed("<scope>Public</scope>", f"<scope>Public</scope><references>a,b {good}</references>")
    assert told(data) == [("reference", "/alert/references")]
    alert = cap.read(data).alert
    assert alert is not None
    assert [each.identifier for each in alert.references] == ["b"]


@pytest.mark.parametrize(
    ("resource", "code", "element"),
    [
        ("<mimeType>image</mimeType>", "mime_type", "mimeType"),
        ("<mimeType>image/png</mimeType><size>-1</size>", "negative", "size"),
        ("<mimeType>image/png</mimeType><uri>map.png</uri>", "address", "uri"),
        (
            "<mimeType>image/png</mimeType><derefUri>AAE=</derefUri><digest>00</digest>",
            "digest",
            "digest",
        ),
        (
            f"<mimeType>image/png</mimeType><derefUri>AAE=</derefUri><digest>{'0' * 40}</digest>",
            "digest",
            "digest",
        ),
        ("<mimeType>image/png</mimeType><derefUri>A</derefUri>", "base64", "derefUri"),
        ("<mimeType>image/png</mimeType><size>large</size>", "number", "size"),
    ],
)
def test_files_that_are_not_described_as_they_should_be_are_told(
    resource: str, code: str, element: str
) -> None:
    data = changed("<area>", f"<resource><resourceDesc>map</resourceDesc>{resource}</resource><area>")
    assert told(data) == [(code, f"/alert/info[1]/resource[1]/{element}")]


def test_polygons_and_circles_that_are_none_are_grave() -> None:
    for old, new, code in (
        ("38.34,-119.95", "north,west", "polygon"),
        ("38.34,-119.95", "38.34 -119.95", "polygon"),
        ("<geocode>", "<circle>38,-120</circle><geocode>", "circle"),
        ("<geocode>", "<circle>nan,-120 1</circle><geocode>", "circle"),
    ):
        reading = cap.read(changed(old, new))
        assert (reading.alert, [each.code for each in reading.problems]) == (None, [code])


def test_references_wrapped_after_commas_are_understood_and_told() -> None:
    # as printed in a guide to public alerts of 2013
    data = changed("caltech.edu,TRI13970876.1", "caltech.edu,\n   TRI13970876.1", "earthquake_update.xml")
    reading = cap.read(data)
    assert told(data) == [("reference", "/alert/references")]
    assert reading.alert == cap.parse(sample("earthquake_update.xml"))


def test_an_error_needs_its_reason_and_an_alert_its_content() -> None:
    broken = making.alert(message_type=MessageType.ERROR, references=(making.alert().reference,))
    assert [(each.code, each.path) for each in cap.validate(broken)] == [("needed", "/alert/note")]
    assert [(each.code, each.path) for each in cap.validate(making.alert(infos=()))] == [
        ("needed", "/alert/info")
    ]


def test_what_cannot_be_written_is_refused_before_it_is_sent() -> None:
    here = making.SENT.replace(tzinfo=None)
    for broken, code in (
        (making.alert(sent=here), "zone"),
        (making.alert(sent=making.SENT.replace(microsecond=1)), "time_form"),
        (making.alert(note="bell \x07"), "characters"),
        (making.alert(identifier=""), "missing"),
        (making.alert(addresses=('a "b" c',)), "quotes"),
        (making.alert(references=(Reference("a", "b", here),)), "zone"),
        (making.alert(references=(Reference("a b", "c", making.SENT),)), "reference"),
        (making.alert(infos=(making.info(categories=()),)), "missing"),
        (making.alert(infos=(making.info(language="中文"),)), "language"),
        (making.alert(infos=(making.info(areas=(cap.Area("x", altitude_ft=Decimal("nan")),)),)), "number"),
        (
            making.alert(infos=(making.info(areas=(cap.Area("x", circles=(Circle(Point(0, 0), 1e9),)),)),)),
            "range",
        ),
    ):
        with pytest.raises(BrokenAlert) as refused:
            cap.write(broken)
        assert [each.code for each in refused.value.problems] == [code]


# --- all of it, with lines -----------------------------------------------------------------------------------------

MANY = """<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
<identifier>a b</identifier>
<sent>yesterday</sent>
<status>Actual</status><msgType>Alert</msgType><scope>Restricted</scope>
<info>
 <category>Met</category>
 <category>Rain</category>
 <event>暴雨</event>
 <urgency>Past</urgency><severity>Red</severity><certainty>Unknown</certainty>
 <area>
  <areaDesc>一</areaDesc>
 </area>
 <area>
  <areaDesc>二</areaDesc>
  <polygon/>
  <polygon>1,1 2,2 3,3 1,1</polygon>
  <polygon>1,1 2,2 3,3 4,4</polygon>
 </area>
</info>
</alert>"""


def test_all_that_is_wrong_is_told_at_once_with_its_lines() -> None:
    reading = cap.read(MANY.encode())
    assert reading.alert is None
    assert [(each.line, each.code, each.path) for each in reading.problems] == [
        (1, "missing", "/alert/sender"),
        (1, "needed", "/alert/restriction"),
        (2, "characters", "/alert/identifier"),
        (3, "time", "/alert/sent"),
        (7, "word", "/alert/info[1]/category[2]"),
        (9, "word", "/alert/info[1]/severity"),
        (17, "open", "/alert/info[1]/area[2]/polygon[2]"),
    ]
    assert reading.problems[5].detail == "Red"
    assert {each.code for each in reading.problems} <= set(CODES)


@pytest.mark.parametrize(
    ("namespace", "code", "detail"),
    [
        ("urn:oasis:names:tc:emergency:cap:1.1", "version", "1.1"),
        ("http://www.incident.com/cap/1.0", "version", "1.0"),
        ("urn:x", "no_alert", "{urn:x}alert"),
        ("", "no_alert", "alert"),
    ],
)
def test_other_versions_are_named_and_refused(namespace: str, code: str, detail: str) -> None:
    (problem,) = cap.read(f'<alert xmlns="{namespace}"/>'.encode()).problems
    assert (problem.code, problem.detail, problem.grave) == (code, detail, True)


def test_a_signature_is_seen_and_has_its_place_at_the_end_only() -> None:
    signature = '<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/>'
    assert cap.read(changed("</alert>", f"{signature}</alert>")) == Reading(
        cap.parse(sample("thunderstorm.xml")), (), signed=True
    )
    inside = cap.read(changed("</info>", f"{signature}</info>"))
    assert ([each.code for each in inside.problems], inside.signed) == (["unexpected"], False)


# --- hostile bytes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"<alert", "malformed"),
        (b"<!DOCTYPE alert [<!ENTITY x 'y'>]><alert>&x;</alert>", "doctype"),
        (b"<a>" * 100, "too_deep"),
        (b"<a>" + b"<b/>" * 30_000 + b"</a>", "too_many_elements"),
        (b" " * 5_000_000, "too_long"),
    ],
)
def test_what_is_no_safe_xml_is_told_the_same_way(data: bytes, code: str) -> None:
    reading = cap.read(data)
    assert ([each.code for each in reading.problems], reading.alert) == ([code], None)
    with pytest.raises(BrokenAlert):
        cap.parse(data)


@pytest.mark.parametrize(
    "part",
    [
        "<code/>",
        "<x/>",
        "<info/>",
        "<info><area/></info>",
        "<info><parameter><valueName/><value/></parameter></info>",
        "<references>a</references>",
        "<code a='1'/>",
        "<sent>x</sent>",
    ],
)
def test_a_document_full_of_errors_tells_a_hundred_of_them(part: str) -> None:
    reading = cap.read(changed("<info>", part * 4000 + "<info>"))
    assert len(reading.problems) <= 100
    if any(each.grave for each in reading.problems):
        assert reading.alert is None


def test_what_is_grave_is_not_lost_among_a_hundred_trifles() -> None:
    for old, new in (
        ("<status>Actual</status>", ""),
        ("<urgency>Immediate", "<urgency>Now"),
        ("</area>", "<circle>x</circle></area>"),
    ):
        data = changed(old, new).replace(b"<identifier>", b"<x/>" * 150 + b"<identifier>", 1)
        reading = cap.read(data)
        assert reading.alert is None
        assert any(problem.grave for problem in reading.problems)


def test_a_trifle_at_the_same_place_hides_nothing_grave() -> None:
    data = changed("<identifier>KSTO1055887203</identifier>", "<identifier a='1'/>")
    assert told(data) == [("missing", "/alert/identifier"), ("unexpected", "/alert/identifier")]
    assert cap.read(data).alert is None


def test_long_texts_take_no_long_time() -> None:
    for field, text in (
        ("<geocode>", f"<polygon>{'1,' * 500_000}</polygon><geocode>"),
        ("<geocode>", f"<circle>{'1' * 1_000_000}</circle><geocode>"),
        ("<scope>Public</scope>", f"<scope>Public</scope><addresses>{chr(34) * 500_001}</addresses>"),
        ("<scope>Public</scope>", f"<scope>Public</scope><references>{' , ' * 300_000}</references>"),
        ("KSTO1055887203", "K" * 1_000_000),
        ("<contact>", f"<web>{'http://[' * 100_000}</web><contact>"),
    ):
        cap.read(changed(field, text))


@settings(max_examples=300)
@given(
    st.sampled_from([*OFFICIAL, "cma.xml"]),
    st.lists(st.tuples(st.integers(0, 2600), st.integers(0, 3), st.binary(max_size=4)), max_size=8),
)
def test_any_damage_is_read_or_told(name: str, damage: list[tuple[int, int, bytes]]) -> None:
    data = sample(name)
    for at, cut, put in damage:
        data = data[:at] + put + data[at + cut :]
    reading = cap.read(data)
    assert (reading.alert is None) == any(problem.grave for problem in reading.problems)
    assert {problem.code for problem in reading.problems} <= {
        *CODES,
        "malformed",
        "undecodable",
        "encoding",
        "doctype",
    }
    assert reading.problems or is_valid(data)
    if reading.alert is not None and not cap.validate(reading.alert):
        assert cap.parse(cap.write(reading.alert)) == reading.alert


TAGS = ["alert", "info", "area", "sent", "status", "polygon", "circle", "references", "size", "x"]
TEXTS = [
    "",
    "Actual",
    "1,1 2,2",
    "2026-01-01T00:00:00Z",
    "a,b,2026-01-01T00:00:00+08:00",
    "9" * 50,
    "\U0001f30a",
]
trees = st.recursive(
    st.builds("<{0}>{1}</{0}>".format, st.sampled_from(TAGS), st.sampled_from(TEXTS)),
    lambda inner: st.builds(
        lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>",
        st.sampled_from(TAGS),
        st.lists(inner, max_size=5),
    ),
    max_leaves=20,
)


@given(st.lists(trees, max_size=5))
def test_elements_in_any_nesting_are_read_or_told(parts: list[str]) -> None:
    data = f'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">{"".join(parts)}</alert>'
    reading = cap.read(data.encode())
    assert reading.problems
    assert all(problem.path.startswith("/alert") for problem in reading.problems)


def test_severity_is_kept_in_the_standards_words() -> None:
    assert [each.value for each in Severity] == ["Extreme", "Severe", "Moderate", "Minor", "Unknown"]
