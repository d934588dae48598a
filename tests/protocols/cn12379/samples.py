"""Messages to test with: one that came, one that may be sent, and any that may be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import strategies as st

from anlan.protocols import event_types
from anlan.protocols.cn12379 import (
    Alert,
    Area,
    Circle,
    Identifier,
    Info,
    Method,
    MethodName,
    MsgType,
    Point,
    Resource,
    Severity,
    build_headline,
)
from anlan.protocols.cn12379.files import AttachmentKind, AttachmentName, message_name
from anlan.protocols.cn12379.terms import BEIJING

SAMPLES = Path(__file__).with_name("samples")
HENAN_NAME = "41000041600000_20200205105119_11B06_BLUE_UPDATE.xml"
HENAN = (SAMPLES / HENAN_NAME).read_bytes()

RAIN = Alert(
    identifier="12011441600000_20260801060000",
    sender="演示县气象局",
    sender_code="12011441600000",
    sent_at=datetime(2026, 8, 1, 6, 0, tzinfo=BEIJING),
    status="Actual",
    msg_type="Alert",
    methods=(Method("SMS", "", ("G01", "G02"), ("13800000000",)),),
    info=Info(
        event_type="11B03",
        severity="Orange",
        effective_at=datetime(2026, 8, 1, 6, 5, tzinfo=BEIJING),
        expires_at=datetime(2026, 8, 2, 6, 5, tzinfo=BEIJING),
        signed_by="签发员甲",
        headline="演示县气象局发布暴雨橙色预警[II级/重大]",
        description="预计3小时内降雨量将达50毫米以上。",
        instruction="转移危险地带人员。",
        areas=(
            Area(
                "演示县东部",
                ("120114000000", "120114101000"),
                (Point(117.0, 39.3), Point(117.2, 39.3), Point(117.2, 39.5), Point(117.0, 39.3)),
                Circle(Point(117.1, 39.4), 1500.0),
            ),
        ),
    ),
)


def xml(**changes: str) -> bytes:
    """The Henan message with the content of elements changed by their names; `None`-like blanks empty them."""
    text = HENAN.decode()
    for name, content in changes.items():
        start, end = text.index(f"<{name}"), text.find(f"</{name}>")
        closed = text.index(">", start)
        if text[closed - 1] == "/":
            text = f"{text[:start]}<{name}>{content}</{name}>{text[closed + 1 :]}"
        else:
            text = f"{text[: closed + 1]}{content}{text[end:]}"
    return text.encode()


# What XML can carry and survives the trimming of blanks around it.
TEXTS = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=20
).map(str.strip)
NAMES = TEXTS.filter(bool)
TOKENS = st.from_regex(r"[0-9A-Za-z\u4e00-\u9fff]{1,12}", fullmatch=True)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda moment: moment.astimezone(BEIJING).replace(microsecond=0)
)
CODES = st.sampled_from(sorted(event_types.TYPES))
DIVISIONS = st.integers(10**11, 10**12 - 1).map(str)
SENDERS = st.integers(10**13, 10**14 - 1).map(str)


def degrees(low: int, high: int) -> st.SearchStrategy[float]:
    return st.integers(low * 10**6, high * 10**6).map(lambda number: number / 10**6)


IN_CHINA = st.builds(Point, degrees(73, 136), degrees(3, 54))
RINGS = st.lists(IN_CHINA, min_size=3, max_size=6, unique=True).map(lambda points: (*points, points[0]))
OPEN_LINES = st.lists(IN_CHINA, min_size=2, max_size=6, unique=True).map(tuple)
CIRCLES = st.builds(Circle, IN_CHINA, st.integers(0, 10**9).map(lambda number: number / 1000))
AREAS = st.builds(
    Area,
    NAMES,
    st.lists(DIVISIONS, min_size=1, max_size=4, unique=True).map(tuple),
    st.just(()) | RINGS | OPEN_LINES,
    st.none() | CIRCLES,
)
METHODS = st.builds(
    Method,
    st.sampled_from([name.value for name in MethodName]) | st.just("DRUM"),
    TEXTS,
    st.lists(TOKENS, max_size=3).map(tuple),
    st.lists(TOKENS, max_size=3).map(tuple),
)


@st.composite
def alerts(draw: st.DrawFn) -> Alert:
    """Any message that may be written."""
    sender_code, entered_at, effective_at = draw(SENDERS), draw(MOMENTS), draw(MOMENTS)
    msg_type = draw(st.sampled_from(["Alert", "Update", "Cancel"]))
    severity, code, sender = draw(st.sampled_from(list(Severity))), draw(CODES), draw(NAMES)
    first = Identifier(sender_code, entered_at - timedelta(hours=1))
    listed = event_types.find_type(code)
    assert listed
    info = Info(
        event_type=code,
        severity=severity.value,
        effective_at=effective_at,
        onset_at=draw(st.none() | st.just(effective_at)),
        expires_at=draw(st.none() | st.just(effective_at + timedelta(days=1))),
        signed_by=draw(NAMES),
        headline=build_headline(sender, msg_type, listed.name, severity, with_grade=draw(st.booleans())),
        description=draw(NAMES),
        language=draw(st.sampled_from(["zh-CN", "en"])),
        instruction=draw(TEXTS),
        web=draw(st.sampled_from(["", "https://www.example.cn/a?b=1&c=2"])),
        areas=tuple(draw(st.lists(AREAS, max_size=3))),
    )
    alert = Alert(
        identifier=str(Identifier(sender_code, entered_at)),
        sender=sender,
        sender_code=sender_code,
        sent_at=draw(MOMENTS),
        status=draw(st.sampled_from(["Actual", "Test"])),
        msg_type=msg_type,
        methods=tuple(draw(st.lists(METHODS, min_size=1, max_size=3))),
        classification=draw(st.sampled_from(["None", "Inner"])),
        note=draw(TEXTS),
        references="" if msg_type == MsgType.ALERT else str(first),
        info=info,
    )
    return replace(alert, info=replace(info, resources=draw(resources_of(alert))))


def resources_of(alert: Alert) -> st.SearchStrategy[tuple[Resource, ...]]:
    name = message_name(alert)
    assert name
    return st.lists(
        st.builds(
            Resource,
            st.builds(
                AttachmentName,
                st.just(name),
                st.sampled_from(list(AttachmentKind)),
                st.integers(0, 99),
                st.sampled_from(["jpg", "pdf", "mp3"]),
            ).map(str),
            st.integers(0, 10**9),
            st.sampled_from(["", "a" * 40]),
        ),
        max_size=3,
        unique_by=lambda resource: resource.name,
    ).map(tuple)
