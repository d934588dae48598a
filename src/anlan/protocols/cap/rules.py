"""What the standard asks for beyond its schema, asked of an alert however it came to be.

source  CAP 1.2, section 3.2 (each element's notes) and 3.3 (implementation notes)
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from anlan.protocols.cap.message import MessageType, Scope
from anlan.protocols.cap.problems import Problem
from anlan.protocols.cap.values import LANGUAGE, LONGEST_DETAIL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from anlan.protocols.cap.message import Alert, Area, Info, Named, Point, Reference, Resource

T = TypeVar("T")
FORBIDDEN = re.compile(r"[\s,&<]")
NOT_IN_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
MIME_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(\s*;.*)?", re.ASCII)
SHA1 = re.compile(r"[0-9A-Fa-f]{40}")
FURTHEST_KM = 20_040.0  # half of the way round
REFERRING = (MessageType.UPDATE, MessageType.CANCEL, MessageType.ACK, MessageType.ERROR)


def validate(alert: Alert) -> list[Problem]:
    """All rules that an alert breaks; none: it can be written and sent."""
    return list(_alert(alert))


def _alert(alert: Alert) -> Iterator[Problem]:
    at = "/alert"
    for element, text in (("identifier", alert.identifier), ("sender", alert.sender)):
        if not text:
            yield Problem("missing", f"{at}/{element}", grave=True)
        elif FORBIDDEN.search(text):
            yield _of("characters", f"{at}/{element}", text)
    yield from _times(at, sent=alert.sent)
    yield from _needed(at, alert)
    yield from _texts(at, source=alert.source, restriction=alert.restriction, note=alert.note)
    yield from _many(f"{at}/code", alert.codes, _text)
    for element, words in (("addresses", alert.addresses), ("incidents", alert.incidents)):
        for word in words:
            yield from _word(f"{at}/{element}", word)
    for reference in alert.references:
        yield from _reference(f"{at}/references", reference)
    yield from _many(f"{at}/info", alert.infos, _info)


def _needed(at: str, alert: Alert) -> Iterator[Problem]:
    """Optional by the schema, and yet not, because of the scope or the type of the message."""
    if alert.scope is Scope.RESTRICTED and not alert.restriction:
        yield Problem("needed", f"{at}/restriction", detail="scope=Restricted")
    if alert.scope is Scope.PRIVATE and not alert.addresses:
        yield Problem("needed", f"{at}/addresses", detail="scope=Private")
    if alert.message_type in REFERRING and not alert.references:
        yield Problem("needed", f"{at}/references", detail=f"msgType={alert.message_type}")
    if alert.message_type is MessageType.ERROR and not alert.note:
        yield Problem("needed", f"{at}/note", detail="msgType=Error")
    if alert.message_type in (MessageType.ALERT, MessageType.UPDATE) and not alert.infos:
        yield Problem("needed", f"{at}/info", detail=f"msgType={alert.message_type}")


def _info(at: str, info: Info) -> Iterator[Problem]:
    if not LANGUAGE.fullmatch(info.language):
        yield _of("language", f"{at}/language", info.language)
    if not info.categories:
        yield Problem("missing", f"{at}/category", grave=True)
    yield from _texts(
        at,
        event=info.event,
        audience=info.audience,
        senderName=info.sender_name,
        headline=info.headline,
        description=info.description,
        instruction=info.instruction,
        web=info.web,
        contact=info.contact,
    )
    yield from _many(f"{at}/eventCode", info.event_codes, _named)
    yield from _times(at, effective=info.effective, onset=info.onset, expires=info.expires)
    if info.web and not _is_absolute(info.web):
        yield _of("address", f"{at}/web", info.web)
    yield from _many(f"{at}/parameter", info.parameters, _named)
    yield from _many(f"{at}/resource", info.resources, _resource)
    yield from _many(f"{at}/area", info.areas, _area)


def _resource(at: str, resource: Resource) -> Iterator[Problem]:
    yield from _texts(at, resourceDesc=resource.description, uri=resource.uri)
    if not MIME_TYPE.fullmatch(resource.mime_type):
        yield _of("mime_type", f"{at}/mimeType", resource.mime_type)
    if resource.size is not None and resource.size < 0:
        yield _of("negative", f"{at}/size", str(resource.size))
    # an address may be relative where it names the content that comes along
    if resource.uri and not resource.content and not _is_absolute(resource.uri):
        yield _of("address", f"{at}/uri", resource.uri)
    if resource.digest and not _fits(resource):
        yield _of("digest", f"{at}/digest", resource.digest)


def _fits(resource: Resource) -> bool:
    if not SHA1.fullmatch(resource.digest):
        return False
    if not resource.content:
        return True
    # the standard asks for SHA-1; it tells a broken file from a whole one and protects nothing
    return hashlib.sha1(resource.content, usedforsecurity=False).hexdigest() == resource.digest.lower()


def _area(at: str, area: Area) -> Iterator[Problem]:
    yield from _texts(at, areaDesc=area.description)
    yield from _many(f"{at}/polygon", area.polygons, _polygon)
    for number, circle in enumerate(area.circles, 1):
        if not (_is_on_earth(circle.centre) and 0 <= circle.radius_km <= FURTHEST_KM):
            yield Problem("range", f"{at}/circle[{number}]")
    yield from _many(f"{at}/geocode", area.geocodes, _named)
    for element, value in (("altitude", area.altitude_ft), ("ceiling", area.ceiling_ft)):
        if value is not None and not value.is_finite():
            yield _of("number", f"{at}/{element}", str(value))
            return
    if area.ceiling_ft is not None:
        if area.altitude_ft is None:
            yield Problem("alone", f"{at}/ceiling")
        elif area.ceiling_ft < area.altitude_ft:
            yield _of("below", f"{at}/ceiling", str(area.ceiling_ft))


def _polygon(at: str, points: tuple[Point, ...]) -> Iterator[Problem]:
    if len(points) < 4:
        yield Problem("few_points", at, detail=str(len(points)))
    elif points[0] != points[-1]:
        yield Problem("open", at)
    if not all(map(_is_on_earth, points)):
        yield Problem("range", at)


def _is_on_earth(point: Point) -> bool:
    """Not so what is no number at all."""
    return -90 <= point.latitude <= 90 and -180 <= point.longitude <= 180


def _is_absolute(address: str) -> bool:
    try:
        return bool(urlsplit(address).scheme) and not any(map(str.isspace, address))
    except ValueError:  # as of half an IPv6 address
        return False


def _named(at: str, named: Named) -> Iterator[Problem]:
    if not named.name:
        yield Problem("missing", f"{at}/valueName")
    yield from _texts(at, valueName=named.name, value=named.value)


def _reference(at: str, reference: Reference) -> Iterator[Problem]:
    for text in (reference.sender, reference.identifier):
        if not text or FORBIDDEN.search(text):
            yield _of("reference", at, text)
        else:
            yield from _text(at, text)
    if reference.sent.utcoffset() is None:
        yield Problem("zone", at)


def _word(at: str, word: str) -> Iterator[Problem]:
    if not word or ('"' in word and (word[0] == '"' or any(map(str.isspace, word)))):
        yield _of("quotes", at, word)
    yield from _text(at, word)


def _times(at: str, **times: datetime | None) -> Iterator[Problem]:
    for element, time in times.items():
        if time is None:
            continue
        offset = time.utcoffset()
        if offset is None:
            yield Problem("zone", f"{at}/{element}")
        elif time.microsecond or offset.total_seconds() % 60:
            yield _of("time_form", f"{at}/{element}", time.isoformat())


def _texts(at: str, **texts: str) -> Iterator[Problem]:
    for element, text in texts.items():
        yield from _text(f"{at}/{element}", text)


def _text(at: str, text: str) -> Iterator[Problem]:
    if NOT_IN_XML.search(text):
        yield Problem("characters", at)


def _many(at: str, items: tuple[T, ...], rule: Callable[[str, T], Iterator[Problem]]) -> Iterator[Problem]:
    for number, item in enumerate(items, 1):
        yield from rule(f"{at}[{number}]", item)


def _of(code: str, at: str, text: str) -> Problem:
    return Problem(code, at, detail=text[:LONGEST_DETAIL])
