"""Alerts of every shape, all of them within the rules; and one to change a thing of."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from hypothesis import strategies as st

from anlan.protocols.cap import Alert, Area, Circle, Info, Named, Point, Reference, Resource
from anlan.protocols.cap.message import (
    Category,
    Certainty,
    MessageType,
    ResponseType,
    Scope,
    Severity,
    Status,
    Urgency,
)

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

T = TypeVar("T")
CHINA = timezone(timedelta(hours=8))
SENT = datetime(2026, 7, 14, 16, 9, 13, tzinfo=CHINA)
RING = (Point(39.3, 117.0), Point(39.4, 117.1), Point(39.3, 117.2), Point(39.3, 117.0))


def info(**changes: object) -> Info:
    plain: dict[str, object] = {
        "categories": (Category.MET,),
        "event": "暴雨",
        "urgency": Urgency.EXPECTED,
        "severity": Severity.MODERATE,
        "certainty": Certainty.LIKELY,
        "language": "zh-CN",
    }
    return Info(**{**plain, **changes})  # type: ignore[arg-type]


def alert(**changes: object) -> Alert:
    plain: dict[str, object] = {
        "identifier": "A1",
        "sender": "wuqing@example.cn",
        "sent": SENT,
        "status": Status.ACTUAL,
        "message_type": MessageType.ALERT,
        "scope": Scope.PUBLIC,
        "infos": (info(),),
    }
    return Alert(**{**plain, **changes})  # type: ignore[arg-type]


def follow_up(kind: MessageType, identifier: str, after: int, *earlier: Alert, **changes: object) -> Alert:
    """A message so many minutes after the first about earlier ones."""
    return alert(
        identifier=identifier,
        message_type=kind,
        sent=SENT + timedelta(minutes=after),
        references=tuple(each.reference for each in earlier),
        **changes,
    )


# --- of every shape ------------------------------------------------------------------------------------------------

IN_XML = st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")
texts = st.text(IN_XML, max_size=20).map(str.strip)
wordy = st.text(st.characters(categories=("L", "N"), codec="utf-8"), min_size=1, max_size=12)
tokens = st.from_regex(r"[A-Za-z0-9@._一-龥-]{1,20}", fullmatch=True)
times = st.builds(
    lambda moment, minutes: moment.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes))),
    st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001 - the zone comes on top
    st.integers(-14 * 60, 14 * 60),
)
points = st.builds(
    Point, st.floats(-90, 90).map(lambda it: round(it, 7)), st.floats(-180, 180).map(lambda it: round(it, 7))
)
named = st.builds(Named, wordy, texts)
mails = st.one_of(tokens, st.builds("{} {}".format, wordy, wordy))


def several(some: SearchStrategy[T]) -> SearchStrategy[tuple[T, ...]]:
    return st.lists(some, max_size=2).map(tuple)


@st.composite
def rings(draw: DrawFn) -> tuple[Point, ...]:
    corners = draw(st.lists(points, min_size=3, max_size=6))
    return (*corners, corners[0])


@st.composite
def areas(draw: DrawFn) -> Area:
    heights = st.decimals(-1000, 60000, allow_nan=False, places=2)
    altitude = draw(st.none() | heights)
    ceiling = None if altitude is None else draw(st.none() | st.just(altitude + Decimal("100.5")))
    circles = st.builds(Circle, points, st.integers(0, 20_000).map(float))
    return Area(
        draw(texts), draw(several(rings())), draw(several(circles)), draw(several(named)), altitude, ceiling
    )


@st.composite
def resources(draw: DrawFn) -> Resource:
    content = draw(st.binary(max_size=30))
    digest = hashlib.sha1(content, usedforsecurity=False).hexdigest() if content else ""
    uri = draw(st.sampled_from(["", "https://example.cn/a.png"]))
    size = draw(st.none() | st.integers(0, 10**9))
    return Resource(draw(texts), "image/png", size, uri, content, draw(st.sampled_from(["", digest])))


infos = st.builds(
    Info,
    categories=st.lists(st.sampled_from(Category), min_size=1, max_size=3).map(tuple),
    event=texts,
    urgency=st.sampled_from(Urgency),
    severity=st.sampled_from(Severity),
    certainty=st.sampled_from(Certainty),
    language=st.sampled_from(["zh-CN", "en-US", "ug", "bo-CN"]),
    response_types=several(st.sampled_from(ResponseType)),
    audience=texts,
    event_codes=several(named),
    effective=st.none() | times,
    onset=st.none() | times,
    expires=st.none() | times,
    sender_name=texts,
    headline=texts,
    description=texts,
    instruction=texts,
    web=st.sampled_from(["", "https://example.cn/预警?a=1&b=2"]),
    contact=texts,
    parameters=several(named),
    resources=several(resources()),
    areas=several(areas()),
)
alerts = st.builds(
    Alert,
    identifier=tokens,
    sender=tokens,
    sent=times | st.just(datetime(2026, 1, 1, tzinfo=UTC)),
    status=st.sampled_from(Status),
    message_type=st.sampled_from(MessageType),
    scope=st.sampled_from(Scope),
    source=texts,
    restriction=wordy,
    addresses=st.lists(mails, min_size=1, max_size=3).map(tuple),
    codes=several(wordy),
    note=wordy,
    references=st.lists(st.builds(Reference, tokens, tokens, times), min_size=1, max_size=3).map(tuple),
    incidents=several(mails),
    infos=st.lists(infos, min_size=1, max_size=2).map(tuple),
)
