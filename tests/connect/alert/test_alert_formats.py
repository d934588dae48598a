"""What comes in as it comes: signed, zipped, in the format of the release system, with shapes; and what is answered."""

from __future__ import annotations

import os
import zipfile
from datetime import timedelta
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings

from anlan.connect.alert import services
from anlan.connect.alert.models import AlertMessage, RawMessage
from anlan.connect.alert.terms import MOST_BYTES, POWERS, MessageState, Why
from anlan.kernel.clock import real_now
from anlan.kernel.context import Context
from anlan.kernel.seeds import plant_unit
from anlan.protocols import cap, cn12379
from anlan.protocols.cap.message import Circle, MessageType, Point, Severity
from anlan.protocols.cap.signature import sign
from anlan.protocols.cn12379 import Order, uploads
from anlan.protocols.cn12379.files import message_name
from anlan.protocols.cn12379.receipts import read_receipt
from anlan.watch.warning.models import EarlyWarning, WarningIssue
from tests.connect.alerts import SENDER, alert, alert_12379, bytes_of, come, make_source
from tests.protocols.cap import keys
from tests.protocols.cn12379.samples import HENAN
from tests.watch.kinds import make_kind
from tests.watch.warnings import coded, place

if TYPE_CHECKING:
    from pathlib import Path

    from anlan.connect.alert.models import AlertSource
    from tests.cast import World
    from tests.protocols.cap.keys import Holder

pytestmark = pytest.mark.django_db
ABLE = Context(None, powers=frozenset({"connect.alert.replay"}))


@pytest.fixture
def source(world: World) -> AlertSource:
    coded(world.district)
    make_kind(world.district)
    return make_source(world.district)


@pytest.fixture
def signer() -> Holder:
    return keys.signer(real_now() - timedelta(days=30))


def pem(*holders: Holder) -> str:
    return "".join(one.certificate.public_bytes(Encoding.PEM).decode() for one in holders)


def signed(by: Holder, message: cap.Alert) -> bytes:
    return sign(bytes_of(message), by.key, [by.certificate])


def codes(message: AlertMessage) -> list[str]:
    return [one["code"] for one in message.problems]


def issue_of(message: AlertMessage) -> WarningIssue:
    issue: WarningIssue = WarningIssue.unscoped.get(pk=message.issue_id)
    return issue


# --- signatures ---------------------------------------------------------------------------------------------------


def test_a_signature_opens_the_door_and_a_wrong_one_shuts_it(source: AlertSource, signer: Holder) -> None:
    code = source.unit.code
    strict = make_source(source.unit, certificates=pem(signer), signature_required=True)
    assert come(strict, signed(signer, alert("A", code=code))).why == Why.DRAFTED
    changed = signed(signer, alert("B", code=code)).replace("强降雨".encode(), "小雨".encode())
    assert codes(come(strict, changed)) == ["altered"]
    stranger = keys.signer(real_now() - timedelta(days=1))
    assert codes(come(strict, signed(stranger, alert("C", code=code)))) == ["untrusted"]
    old = keys.signer(real_now() - timedelta(days=400))
    lax = make_source(source.unit, certificates=pem(signer, old))
    assert codes(come(lax, signed(old, alert("D", code=code)))) == ["untrusted"]
    for refused in AlertMessage.unscoped.filter(state=MessageState.QUARANTINED):
        assert (refused.identifier, refused.warning) == ("", None), "what is not believed says nothing"


def test_what_is_not_signed_comes_in_only_where_nobody_asks_for_it(
    source: AlertSource, signer: Holder
) -> None:
    code = source.unit.code
    strict = make_source(source.unit, certificates=pem(signer), signature_required=True)
    assert codes(come(strict, alert("A", code=code))) == ["unsigned"]
    assert codes(come(strict, alert_12379(code=code))) == ["unsigned"]
    lax = make_source(source.unit, certificates=pem(signer))
    assert come(lax, alert("A", code=code)).state == MessageState.TAKEN
    unknown = come(source, signed(signer, alert("A", code=code)))
    assert unknown.state == MessageState.TAKEN
    assert [one["code"] for one in unknown.remarks] == ["not_verified"]


def test_a_certificate_that_was_forgotten_is_entered_and_the_message_replayed(
    source: AlertSource, signer: Holder
) -> None:
    strict = make_source(
        source.unit, certificates=pem(keys.signer(real_now() - timedelta(days=1))), signature_required=True
    )
    message = come(strict, signed(signer, alert("A", code=source.unit.code)))
    strict.certificates += pem(signer)
    strict.save()
    assert services.replay_message(ABLE, message.pk).state == MessageState.TAKEN


def test_what_was_believed_stays_believed_when_the_certificate_changes(
    source: AlertSource, signer: Holder
) -> None:
    """Else an update would not find its alert, and what comes again would pass for a false copy."""
    strict = make_source(source.unit, certificates=pem(signer), signature_required=True)
    first = alert("A", code=source.unit.code)
    come(strict, signed(signer, first))
    newer = keys.signer(real_now() - timedelta(days=1))
    strict.certificates = pem(newer)
    strict.save()
    update = alert("U", MessageType.UPDATE, follows=(first,), minutes=9, code=source.unit.code)
    assert come(strict, signed(newer, update)).why == Why.REVISED
    assert come(strict, signed(newer, first)).copies == 1
    assert EarlyWarning.unscoped.count() == 1


# --- ZIP files ----------------------------------------------------------------------------------------------------


def zipped(*files: tuple[str, bytes]) -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return target.getvalue()


def test_a_zip_with_one_message_is_that_message(source: AlertSource) -> None:
    sent = alert_12379(code=source.unit.code)
    name = message_name(sent)
    assert name
    message = come(source, uploads.pack(name, bytes_of(sent)))
    assert (message.why, message.identifier) == (Why.DRAFTED, sent.identifier)
    assert bytes(RawMessage.objects.get(message=message).content).startswith(b"PK")
    assert come(source, zipped(("other.xml", bytes_of(sent)))).pk == message.pk
    assert come(source, bytes_of(sent)).copies == 2


def test_a_zip_that_is_not_just_that_is_quarantined_as_it_came(source: AlertSource) -> None:
    good = bytes_of(alert_12379(code=source.unit.code))
    bad = {
        "several": zipped(("a.xml", good), ("b.xml", good)),
        "too_large": zipped(("a.xml", good + b" " * MOST_BYTES)),
        "name": zipped(("../a.xml", good)),
        "empty": zipped(),
        "not_zip": zipped(("a.xml", good))[:-30],
        "no_alert": zipped(("a.xml", b"<other/>")),
    }
    found = {name: come(source, content) for name, content in bad.items()}
    assert {name: codes(one)[0] for name, one in found.items()} == {
        **{name: name for name in bad},
        "no_alert": "not_alert",
    }
    for name, one in found.items():
        assert one.is_quarantined
        assert bytes(RawMessage.objects.get(message=one).content) == bad[name]


# --- the release system -------------------------------------------------------------------------------------------


def test_a_message_of_the_release_system_becomes_a_draft_with_its_words(source: AlertSource) -> None:
    sent = alert_12379("Orange", code=source.unit.code)
    message = come(source, sent)
    issue = issue_of(message)
    assert (message.format, message.sender, message.headline) == ("12379", SENDER, sent.info.headline)
    assert (issue.colour, issue.warning.kind.event_type, issue.needs_leader) == ("orange", "11B03", True)
    assert (issue.description, issue.guidance) == (sent.info.description, sent.info.instruction)
    assert (issue.onset_at, issue.expires_at) == (sent.info.onset_at, sent.info.expires_at)
    assert issue.warning.relayed_from == "试验市气象台", "the unit, never the officer who signed"
    assert [area.unit for area in issue.areas.all()] == [source.unit]
    assert {one["path"] for one in message.losses} == {"code/method[1]/audenceprt", "info/senderName"}
    kept = AlertMessage.unscoped.filter(pk=message.pk).values().get() | {"issue": issue.description}
    assert not any(word in str(kept) for word in ("13800000000", "签发员甲")), "personal data goes nowhere"


def test_each_file_is_answered_under_its_name_good_and_bad(
    source: AlertSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings.ANLAN, "alert_folders", tmp_path, raising=False)
    watched = make_source(source.unit, kind="folder", folder="met", receipts=True)
    folder = tmp_path / "met"
    folder.mkdir()
    sent, other = alert_12379(code=source.unit.code), alert_12379(code=source.unit.code, minutes=1)
    name, zipped_name = message_name(sent), message_name(other)
    assert name
    assert zipped_name
    files = {
        name.file: bytes_of(sent),
        zipped_name.upload: uploads.pack(zipped_name, bytes_of(other)),
        "99000041600000_20250101000000_11B03_RED_ALERT.xml": bytes_of(sent)[:-20],
        "too-long.xml": b" " * (MOST_BYTES + 1),
    }
    for at, (file, content) in enumerate(files.items()):
        (folder / file).write_bytes(content)
        os.utime(folder / file, (at, at))
    look = services.Look.of(watched.pk)
    assert look is not None
    look.run()
    receipts = {path.name: read_receipt(path.read_bytes()) for path in (folder / "ack").iterdir()}
    assert {file: receipts[file.replace(".zip", ".xml")].status for file in files} == dict(
        zip(files, "0011", strict=True)
    )
    assert "格式" in receipts["99000041600000_20250101000000_11B03_RED_ALERT.xml"].note
    assert "超过 4 MB" in receipts["too-long.xml"].note
    assert {path.name for path in (folder / "done").iterdir()} == {name.file, zipped_name.upload}
    assert (folder / "bad/too-long.xml.reason.txt").exists()
    assert AlertMessage.unscoped.filter(source=watched, name=zipped_name.upload).exists()


# --- where it holds -----------------------------------------------------------------------------------------------


@pytest.fixture
def land(world: World) -> None:
    """A district of two towns side by side, the western one of two villages."""
    place(world.district, 117, 39, 0.4)
    place(world.town, 117, 39)
    place(plant_unit("T-1-1-2", "甲二镇", "township", world.district), 117.1, 39)
    for row, south in enumerate((39.0, 39.05)):
        place(plant_unit(f"T-1-1-1-{row}", f"{row}村", "village", world.town), 117.0, south, 0.05)


def areas_of(message: AlertMessage) -> dict[str, tuple[bool, int | None, str]]:
    return {
        area.unit.name: (area.below, None if area.share is None else round(area.share * 100), area.how)
        for area in issue_of(message).areas.all()
    }


def ring(west: float, south: float, size: float) -> tuple[Point, ...]:
    east, north = west + size, south + size
    corners = ((south, west), (south, east), (north, east), (north, west), (south, west))
    return tuple(Point(latitude=at, longitude=along) for at, along in corners)


@pytest.mark.usefixtures("land")
def test_a_polygon_takes_the_units_it_covers_with_their_share(source: AlertSource) -> None:
    half = alert("A", area=cap.Area("甲一镇南部", polygons=(ring(117.0, 39.0, 0.05),)))
    assert areas_of(come(source, half)) == {"甲一镇": (False, 25, "polygon"), "0村": (True, 100, "polygon")}
    line = ring(117.1, 39.0, 0.1)
    drawn = tuple(cn12379.Point(one.longitude, one.latitude) for one in line)
    message = come(source, alert_12379(area=cn12379.Area("甲二镇", (source.unit.code,), drawn)))
    assert areas_of(message) == {"甲二镇": (True, 100, "polygon")}, "the shape says it closer than the code"
    assert issue_of(message).polygon is not None


@pytest.mark.usefixtures("land")
def test_a_circle_has_kilometres_in_cap_and_metres_in_the_release_system(source: AlertSource) -> None:
    place = Point(latitude=39.05, longitude=117.15)
    in_km = come(source, alert("A", area=cap.Area("甲二镇", circles=(Circle(place, 2.0),))))
    metres = cn12379.Circle(cn12379.Point(117.15, 39.05), 2000.0)
    in_m = come(source, alert_12379(area=cn12379.Area("甲二镇", (source.unit.code,), (), metres)))
    assert areas_of(in_km) == areas_of(in_m)
    (taken,) = areas_of(in_km).values()
    assert taken[1] == 13  # π·2² of the town's 11.1 km × 8.6 km
    speck = come(source, alert("P", area=cap.Area("甲二镇", circles=(Circle(place, 0.0),))))
    assert set(areas_of(speck)) == {"甲二镇"}


@pytest.mark.usefixtures("land")
def test_an_open_line_is_no_area_and_the_codes_count(source: AlertSource) -> None:
    road = (cn12379.Point(117.0, 39.0), cn12379.Point(117.05, 39.02))
    message = come(source, alert_12379(area=cn12379.Area("公路沿线", (source.unit.code,), road)))
    assert areas_of(message) == {"甲区": (True, None, "code")}
    assert "no_shape" in {one["code"] for one in message.losses}


@pytest.mark.usefixtures("land")
def test_a_pair_is_read_in_either_order_and_with_either_namespace(source: AlertSource) -> None:
    drawn = tuple(cn12379.Point(one.longitude, one.latitude) for one in ring(117.1, 39.0, 0.1))
    sent = alert_12379(area=cn12379.Area("甲二镇", (source.unit.code,), drawn))
    for order in Order:
        for namespace in ("", "http://com.icss.amp"):
            door = make_source(source.unit)
            message = come(door, cn12379.write(sent, order=order, namespace=namespace))
            assert areas_of(message) == {"甲二镇": (True, 100, "polygon")}


def test_codes_are_taken_from_lists_and_short_ones_are_filled_up(source: AlertSource, world: World) -> None:
    world.town.code = f"{source.unit.code[:6]}001000"
    world.town.save()
    own, town = source.unit.code, world.town.code
    for at, said in enumerate((f"{own},110000000000", f"{own[:6]}，{town[:9]}", town)):
        area = cap.Area("甲区", geocodes=(cap.Named("CPEAS Geographic Code", said),))
        message = come(source, alert(f"A{at}", area=area))
        assert set(areas_of(message)) == [{"甲区"}, {"甲区", "甲一镇"}, {"甲一镇"}][at]
        assert ("unknown_codes" in {one["code"] for one in message.remarks}) == (at == 0)


# --- words --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("colour", "severity"),
    [("blue", "MINOR"), ("yellow", "MODERATE"), ("orange", "SEVERE"), ("red", "EXTREME")],
)
def test_a_severity_is_the_same_colour_in_both_formats(
    source: AlertSource, colour: str, severity: str
) -> None:
    code = source.unit.code
    by_cap = come(source, alert("A", severity=Severity[severity], code=code))
    by_12379 = come(source, alert_12379(colour.capitalize(), code=code))
    assert {issue_of(by_cap).colour, issue_of(by_12379).colour} == {colour}


def test_a_severity_that_is_not_said_is_read_from_the_headline(source: AlertSource) -> None:
    sent = bytes_of(alert("A", severity=Severity.UNKNOWN, code=source.unit.code))
    told = sent.replace("发布暴雨预警".encode(), "发布暴雨橙色预警[II级/重大]".encode())
    assert issue_of(come(source, told)).colour == "orange"
    assert codes(come(make_source(source.unit), sent)) == ["no_colour"]


def test_what_only_one_of_the_formats_knows_opens_no_door(source: AlertSource) -> None:
    """CAP has a status System and messages for a few; the release system has neither, and reserves what it has."""
    sent = bytes_of(alert_12379(code=source.unit.code))
    found = [
        codes(come(source, sent.replace(old, new)))
        for old, new in (
            (b"<status>Actual<", b"<status>System<"),
            (b"<msgType>Alert<", b"<msgType>Reissue<"),
            (b"<scope>Public<", b"<scope>Private<"),
        )
    ]
    assert found[1:] == [["unconvertible"]] * 2
    system = AlertMessage.unscoped.get(status="System")
    assert (found[0], system.why) == ([], Why.SYSTEM)
    exercise = come(
        source, sent.replace(b"<status>Actual<", b"<status>Exercise<").replace(SENDER.encode(), b"9" * 14)
    )
    assert exercise.why == Why.EXERCISE
    assert not EarlyWarning.unscoped.exists()


def test_a_real_update_of_the_release_system_is_read_to_the_end(world: World) -> None:
    """It names a message that never came here, says no end, and lists its division twice."""
    world.district.code = "410100000000"
    world.district.save()
    make_kind(world.district, "大风")
    source = make_source(world.district)
    message = come(source, HENAN)
    assert (message.why, message.refers_to) == (Why.PARENT, ["41000041600000_20200204121842"])
    services.end_patience(Context(None, powers=POWERS), message.pk)
    message.refresh_from_db()
    issue = issue_of(message)
    assert (issue.warning.kind.name, issue.colour, issue.warning.relayed_from) == (
        "大风",
        "blue",
        "河南省气象局",
    )
    assert issue.expires_at is not None, "our own template says how long"
    assert areas_of(message) == {"甲区": (True, None, "code")}


def test_no_bytes_stop_what_takes_them_in(source: AlertSource) -> None:
    """One that broke the worker would hold up all that come after it."""
    whole = bytes_of(alert_12379(code=source.unit.code))
    junk = (b"\x00", b"\xff\xfe", "\ud800".encode("utf-8", "surrogatepass"), b"]]>&#0;", b"PK\x03\x04")
    for at in range(0, len(whole), 151):
        for one in junk:
            come(source, whole[:at] + one + whole[at:])
            come(source, one + whole[at:])
