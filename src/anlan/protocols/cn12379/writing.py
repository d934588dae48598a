"""Messages written by the rules of the interface, or refused with all that is wrong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree

from anlan.protocols import event_types, safe_xml
from anlan.protocols.cn12379 import shapes, times
from anlan.protocols.cn12379.files import AttachmentName, message_name
from anlan.protocols.cn12379.headlines import build_headline
from anlan.protocols.cn12379.messages import (
    Alert,
    Area,
    Identifier,
    Info,
    Method,
    NotWritten,
    Problem,
    Resource,
)
from anlan.protocols.cn12379.reading import LIMITS, SEPARATORS
from anlan.protocols.cn12379.terms import (
    DIGEST,
    GEOCODE,
    IN_USE,
    METHOD_NAME,
    SENDER_CODE,
    Certainty,
    Classification,
    MsgType,
    Order,
    Scope,
    Severity,
    Status,
    Urgency,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from enum import StrEnum

    from lxml.etree import _Element as Element

NAMESPACE = "http://com.icss.amp"
NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", re.ASCII)
WEB = re.compile(r"https?://\S+")
MOST_RESOURCES = 100  # numbered 00 to 99


def write(
    alert: Alert,
    *,
    order: Order = Order.LATITUDE_FIRST,
    namespace: str = "",
    event_names: Mapping[str, str] | None = None,
) -> bytes:
    """A message as a file in UTF-8.

    order        which number of a pair comes first; ask the receiving centre
    namespace    none, as centres send, or NAMESPACE
    event_names  types the receiving centre has beyond the list, or names otherwise, by their codes
    raises       NotWritten with all problems
    """
    if problems := problems_of(alert, event_names=event_names):
        raise NotWritten(problems)
    data = safe_xml.write(_alert(alert, order, namespace))
    if len(data) > LIMITS.octets:
        raise NotWritten((Problem("", "too_many", str(len(data))),))
    return data


def problems_of(alert: Alert, *, event_names: Mapping[str, str] | None = None) -> tuple[Problem, ...]:
    """All that keeps a message from being written; paths as in remarks."""
    named = event_names or {}
    return (*_heads(alert), *_methods(alert.methods), *_infos(alert, named), *_texts(alert))


def event_name(code: str, event_names: Mapping[str, str]) -> str:
    """How a type is called in headlines; blank for one that is not known."""
    listed = event_types.find_type(code)
    return event_names.get(code) or (listed.name if listed else "")


# --- rules -------------------------------------------------------------------------------------------------------


def _heads(alert: Alert) -> Iterator[Problem]:
    yield from _required("sender", alert.sender)
    if not SENDER_CODE.fullmatch(alert.sender_code):
        yield _wrong("senderCode", alert.sender_code)
    entry = Identifier.read(alert.identifier)
    if entry is None or entry.number is not None:
        yield _wrong("identifier", alert.identifier)
    elif entry.sender_code != alert.sender_code:
        yield Problem("identifier", "mismatch", alert.identifier)
    if alert.sent_at is None:
        yield Problem("sendTime", "required")
    yield from _value("status", alert.status, Status)
    yield from _value("msgType", alert.msg_type, MsgType)
    yield from _value("scope", alert.scope, Scope)
    yield from _value("secClassification", alert.classification, Classification)
    yield from _first_message(alert)


def _first_message(alert: Alert) -> Iterator[Problem]:
    if alert.msg_type == MsgType.ALERT:
        if alert.references:
            yield Problem("references", "forbidden", alert.references)
        return
    yield from _required("references", alert.references)
    if alert.references and Identifier.read(alert.references) is None:
        yield Problem("references", "form", alert.references)
    if alert.references == alert.identifier:
        yield Problem("references", "mismatch", alert.references)


def _methods(methods: tuple[Method, ...]) -> Iterator[Problem]:
    if not methods:
        yield Problem("code", "required")
    for at, method in enumerate(methods, 1):
        path = f"code/method[{at}]"
        if not METHOD_NAME.fullmatch(method.name):
            yield _wrong(f"{path}/methodName", method.name)
        for name, listed in (("audienceGrp", method.groups), ("audenceprt", method.recipients)):
            yield from _list(f"{path}/{name}", listed)


def _infos(alert: Alert, event_names: Mapping[str, str]) -> Iterator[Problem]:
    info = alert.info
    if not LANGUAGE_TAG.fullmatch(info.language):
        yield _wrong("info/language", info.language)
    yield from _event_type(info.event_type, event_names)
    yield from _value("info/urgency", info.urgency, Urgency)
    yield from _value("info/severity", info.severity, Severity)
    yield from _value("info/certainty", info.certainty, Certainty)
    yield from _required("info/senderName", info.signed_by)
    yield from _required("info/description", info.description)
    yield from _times(info)
    yield from _headline(alert, event_names)
    if info.web and not WEB.fullmatch(info.web):
        yield Problem("info/web", "form", info.web)
    yield from _resources(alert)
    for at, area in enumerate(info.areas, 1):
        yield from _area(f"info/area[{at}]", area)


def _event_type(code: str, event_names: Mapping[str, str]) -> Iterator[Problem]:
    if not event_types.is_code(code):
        yield _wrong("info/eventType", code)
    elif not event_name(code, event_names):
        yield Problem("info/eventType", "not_listed", code)


def _times(info: Info) -> Iterator[Problem]:
    if info.effective_at is None:
        yield Problem("info/effective", "required")
    starts = info.onset_at or info.effective_at
    if info.expires_at and starts and info.expires_at <= starts:
        yield Problem("info/expires", "mismatch", times.written(info.expires_at))


def _headline(alert: Alert, event_names: Mapping[str, str]) -> Iterator[Problem]:
    """The headline is the rule's, with or without the grade."""
    info = alert.info
    if not info.headline:
        yield Problem("info/headline", "required")
    elif name := event_name(info.event_type, event_names):
        rule = (alert.sender, alert.msg_type, name, info.severity)
        allowed = {build_headline(*rule), build_headline(*rule, with_grade=False)}
        if info.headline not in allowed:
            yield Problem("info/headline", "mismatch", info.headline)


def _resources(alert: Alert) -> Iterator[Problem]:
    """Attachments are named after the message they belong to."""
    resources, own = alert.info.resources, message_name(alert)
    if len(resources) > MOST_RESOURCES:
        yield Problem("info/resource", "too_many", str(len(resources)))
    names = [resource.name for resource in resources]
    for at, resource in enumerate(resources, 1):
        path = f"info/resource[{at}]"
        name = AttachmentName.read(resource.name)
        if name is None:
            yield _wrong(f"{path}/resourceDesc", resource.name)
        elif name.message != own:
            yield Problem(f"{path}/resourceDesc", "mismatch", resource.name)
        if resource.name in names[: at - 1]:
            yield Problem(f"{path}/resourceDesc", "repeated", resource.name)
        if resource.size_bytes is None or resource.size_bytes < 0:
            yield _wrong(f"{path}/size", "" if resource.size_bytes is None else str(resource.size_bytes))
        if resource.digest and not DIGEST.fullmatch(resource.digest):
            yield Problem(f"{path}/digest", "form", resource.digest)


def _area(path: str, area: Area) -> Iterator[Problem]:
    yield from _required(f"{path}/areaDesc", area.description)
    yield from _required(f"{path}/geocode", "".join(area.geocodes))
    for code in area.geocodes:
        if not GEOCODE.fullmatch(code):
            yield _wrong(f"{path}/geocode", code)
    if len(set(area.geocodes)) < len(area.geocodes):
        yield Problem(f"{path}/geocode", "repeated", ",".join(area.geocodes))
    if len(area.line) == 1 or not all(map(shapes.is_place, area.line)):
        yield Problem(f"{path}/polygon", "form", shapes.write_line(area.line, Order.LATITUDE_FIRST))
    if area.circle and not (
        shapes.is_place(area.circle.centre) and 0 <= area.circle.radius_m <= shapes.FURTHEST_M
    ):
        yield Problem(f"{path}/circle", "form", str(area.circle.radius_m))


def _texts(alert: Alert) -> Iterator[Problem]:
    """No text holds a character that XML has not, or blanks around it, which are lost on the way."""
    for path, text in _all_texts(alert):
        if NOT_IN_XML.search(text):
            yield Problem(path, "characters", text)
        elif text != text.strip():
            yield Problem(path, "form", text)


def _all_texts(alert: Alert) -> Iterator[tuple[str, str]]:
    info = alert.info
    yield from (("sender", alert.sender), ("note", alert.note))
    for at, method in enumerate(alert.methods, 1):
        yield f"code/method[{at}]/message", method.message
    yield from (
        ("info/senderName", info.signed_by),
        ("info/headline", info.headline),
        ("info/description", info.description),
        ("info/instruction", info.instruction),
        ("info/web", info.web),
    )
    for at, area in enumerate(info.areas, 1):
        yield f"info/area[{at}]/areaDesc", area.description


def _required(path: str, text: str) -> Iterator[Problem]:
    if not text.strip():
        yield Problem(path, "required")


def _value(path: str, text: str, kind: type[StrEnum]) -> Iterator[Problem]:
    if text not in IN_USE[kind]:
        listed = text in {value.value for value in kind}
        yield Problem(path, "reserved" if listed else "unknown", text) if text else Problem(path, "required")


def _list(path: str, listed: tuple[str, ...]) -> Iterator[Problem]:
    for each in listed:
        if not each or SEPARATORS.search(each) or NOT_IN_XML.search(each):
            yield _wrong(path, each)


def _wrong(path: str, text: str) -> Problem:
    return Problem(path, "form", text) if text else Problem(path, "required")


# --- elements ----------------------------------------------------------------------------------------------------


def _alert(alert: Alert, order: Order, namespace: str) -> Element:
    prefix = f"{{{namespace}}}" if namespace else ""
    writer = _Writer(prefix)
    root = etree.Element(f"{prefix}alert", nsmap={None: namespace} if namespace else None)
    writer.texts(
        root,
        ("identifier", alert.identifier),
        ("sender", alert.sender),
        ("senderCode", alert.sender_code),
        ("sendTime", times.written(alert.sent_at) if alert.sent_at else ""),
        ("status", alert.status),
        ("msgType", alert.msg_type),
        ("scope", alert.scope),
    )
    code = writer.part(root, "code")
    for method in alert.methods:
        writer.texts(
            writer.part(code, "method"),
            ("methodName", method.name),
            ("message", method.message),
            ("audienceGrp", ",".join(method.groups)),
            ("audenceprt", ",".join(method.recipients)),
        )
    writer.texts(
        root,
        ("secClassification", alert.classification),
        ("note", alert.note),
        ("references", alert.references),
    )
    _info(writer, writer.part(root, "info"), alert.info, order)
    return root


def _info(writer: _Writer, part: Element, info: Info, order: Order) -> None:
    writer.texts(
        part,
        ("language", info.language),
        ("eventType", info.event_type),
        ("urgency", info.urgency),
        ("severity", info.severity),
        ("certainty", info.certainty),
        ("effective", times.written(info.effective_at) if info.effective_at else ""),
        ("onset", times.written(info.onset_at) if info.onset_at else ""),
        ("expires", times.written(info.expires_at) if info.expires_at else ""),
        ("senderName", info.signed_by),
        ("headline", info.headline),
        ("description", info.description),
        ("instruction", info.instruction),
        ("web", info.web),
    )
    for resource in info.resources:
        _resource(writer, writer.part(part, "resource"), resource)
    for area in info.areas:
        writer.texts(
            writer.part(part, "area"),
            ("areaDesc", area.description),
            ("polygon", shapes.write_line(area.line, order)),
            ("circle", shapes.write_circle(area.circle, order) if area.circle else ""),
            ("geocode", ",".join(area.geocodes)),
        )


def _resource(writer: _Writer, part: Element, resource: Resource) -> None:
    writer.texts(
        part,
        ("resourceDesc", resource.name),
        ("size", str(resource.size_bytes)),
        ("digest", resource.digest),
    )


class _Writer:
    """Optional elements without content are written empty, as centres write them."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix

    def part(self, parent: Element, name: str) -> Element:
        return etree.SubElement(parent, self.prefix + name)

    def texts(self, parent: Element, *named: tuple[str, str]) -> None:
        for name, text in named:
            self.part(parent, name).text = text or None
