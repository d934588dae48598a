"""Messages read with patience: what has a meaning is taken, what was wrong with it is told."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import zip_longest
from typing import TYPE_CHECKING

from anlan.protocols import divisions, event_types, safe_xml
from anlan.protocols.cn12379 import shapes, times
from anlan.protocols.cn12379.headlines import read_headline
from anlan.protocols.cn12379.messages import (
    Alert,
    Area,
    Circle,
    Identifier,
    Info,
    Method,
    Point,
    Remark,
    Resource,
    Unreadable,
)
from anlan.protocols.cn12379.terms import (
    GEOCODE,
    IN_USE,
    LANGUAGE,
    SENDER_CODE,
    SHORT_SENDER_CODE,
    WORDS,
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
    from collections.abc import Iterator
    from datetime import datetime
    from enum import StrEnum

    from lxml.etree import _Element as Element

LIMITS = safe_xml.Limits(depth=16, elements=50_000, attributes=16)
NAMESPACES = {"", "http://com.icss.amp"}
CAP = "urn:oasis:names:tc:emergency:cap:"  # its root is called alert, too, but little else means the same
ROOTS = {"alert", "actual", "test"}  # one writer names the root by the status
SHOWN = 80
SEPARATORS = re.compile(r"[,\uff0c;\uff1b\u3001\s]+")
FULL_WIDTH = re.compile(r"[\uff0c\uff1b\u3001]")
CODE_LIKE = re.compile(r"[\s_-]+")
SIZE = re.compile(r"(\d{1,12})(?:\.(\d{1,6}))?\s*(b|bytes?|k|kb|m|mb)?", re.ASCII | re.IGNORECASE)
UNITS = {"b": 1, "k": 1024, "m": 1024 * 1024}
# Elements by their names in small letters: as the interface spells them, and as others do.
SPELLED = {
    name.lower(): name
    for name in (
        *("identifier", "sender", "senderCode", "sendTime", "status", "msgType", "scope", "code", "method"),
        *(
            "methodName",
            "message",
            "audienceGrp",
            "audenceprt",
            "secClassification",
            "note",
            "references",
            "info",
        ),
        *("language", "eventType", "urgency", "severity", "certainty", "effective", "onset", "expires"),
        *("senderName", "headline", "description", "instruction", "web", "resource", "resourceDesc", "size"),
        *("digest", "area", "areaDesc", "polygon", "circle", "geocode"),
    )
}
MISSPELLED = {"audienceprt": "audenceprt", "audencegrp": "audienceGrp", "reference": "references"}
KNOWN = {
    "": "identifier sender senderCode sendTime status msgType scope code secClassification note references info",
    "code": "method",
    "method": "methodName message audienceGrp audenceprt",
    "info": "language eventType urgency severity certainty effective onset expires senderName headline description"
    " instruction web resource area",
    "resource": "resourceDesc size digest",
    "area": "areaDesc polygon circle geocode",
}


def parse(data: bytes, *, order: Order = Order.LATITUDE_FIRST) -> tuple[Alert, tuple[Remark, ...]]:
    """A message, and what was forgiven in it.

    order   which number of a pair comes first where the numbers don't tell; inside China they do
    raises  Unreadable, and nothing else whatever the bytes: no XML, not such a message, or without identifier or info
    """
    remarks: list[Remark] = []
    root = _Part(_root(data, remarks), "", remarks)
    identifier, info = root.text("identifier"), root.part("info")
    if not identifier:
        raise Unreadable("no_identifier", root.line)
    if info is None:
        raise Unreadable("no_info", root.line)
    alert = _alert(root, identifier, _info(info, order))
    remarks += _contradictions(alert)
    return alert, tuple(remarks)


def _root(data: bytes, remarks: list[Remark]) -> Element:
    """raises Unreadable"""
    try:
        root = safe_xml.read(_transcoded(data, remarks), LIMITS)
    except safe_xml.BrokenXml as error:
        raise Unreadable("xml", error.line, detail=(error.problem, error.detail)) from error
    namespace, name = _name_of(root)
    if name.lower() not in ROOTS or namespace.startswith(CAP):
        raise Unreadable("not_alert", root.sourceline or 0, detail=str(root.tag)[:SHOWN])
    if name != "alert":
        remarks.append(Remark("", "spelling", name))
    if namespace not in NAMESPACES:
        remarks.append(Remark("", "namespace", namespace[:SHOWN]))
    return root


def _transcoded(data: bytes, remarks: list[Remark]) -> bytes:
    """GBK that says it is UTF-8, or says nothing, as UTF-8; all else as it is."""
    declared = safe_xml.DECLARED.match(data[:300])
    if len(data) > LIMITS.octets or (declared and declared[1].lower() not in {b"utf-8", b"utf8"}):
        return data
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            return data
        try:
            text = data.decode("gb18030")
        except UnicodeDecodeError:
            return data
        remarks.append(Remark("", "encoding", "gb18030"))
        return text.encode()
    return data


def _name_of(element: Element) -> tuple[str, str]:
    """Namespace and local name."""
    namespace, _, name = str(element.tag).rpartition("}")
    return namespace[1:], name


class _Part:
    """An element of a message, whose children are asked for by name, in whatever order and spelling they come."""

    def __init__(self, element: Element, path: str, remarks: list[Remark]) -> None:
        self.path, self.remarks, self.line = path, remarks, element.sourceline or 0
        self.children: defaultdict[str, list[Element]] = defaultdict(list)
        known = KNOWN[re.sub(r"\[\d+\]", "", path).rpartition("/")[2]].split()
        for child in element:
            name = _name_of(child)[1]
            meant = MISSPELLED.get(name.lower()) or SPELLED.get(name.lower(), name)
            if meant not in known:
                self.remark(name, "ignored", "".join(child.itertext()))
                continue
            if meant != name:
                self.remark(meant, "spelling", name)
            self.children[meant].append(child)

    def remark(self, name: str, what: str, found: str = "") -> None:
        self.remarks.append(Remark(self._below(name)[:SHOWN], what, found.strip()[:SHOWN]))

    def _below(self, name: str) -> str:
        return f"{self.path}/{name}" if self.path else name

    def part(self, name: str) -> _Part | None:
        """The first of a name, where there should be one only."""
        children = self.children[name]
        for further in children[1:]:
            self.remark(name, "repeated", "".join(further.itertext()))
        return _Part(children[0], self._below(name), self.remarks) if children else None

    def parts(self, name: str) -> list[_Part]:
        children = enumerate(self.children[name], 1)
        return [_Part(child, f"{self._below(name)}[{at}]", self.remarks) for at, child in children]

    def texts(self, name: str) -> list[str]:
        """What the elements of a name hold, without blanks around; empty ones left out."""
        texts = ("".join(child.itertext()).strip() for child in self.children[name])
        return [text for text in texts if text]

    def text(self, name: str, *, required: bool = False) -> str:
        found = self.texts(name)
        for further in found[1:]:
            self.remark(name, "repeated", further)
        if not found and required:
            self.remark(name, "missing")
        return found[0] if found else ""

    def code(self, name: str, *, required: bool = False) -> str:
        """A text in which blanks are none of its own."""
        text = self.text(name, required=required)
        if text and self.children[name][0].text != text:
            self.remark(name, "blanks", text)
        return text

    def value(self, name: str, kind: type[StrEnum], *, default: str = "", required: bool = True) -> str:
        """One of an enumeration, or what stands there if it is none."""
        text = self.text(name, required=required)
        if not text:
            return default
        value = _value_of(text, kind)
        if value is None:
            self.remark(name, "unknown", text)
            return text
        if value != text:
            self.remark(name, "case" if value.lower() == text.lower() else "wording", text)
        if value not in IN_USE[kind]:
            self.remark(name, "reserved", text)
        return value

    def moment(self, name: str, *, required: bool = False) -> datetime | None:
        text = self.text(name, required=required)
        if not text:
            return None
        moment, forgiven = times.read(text)
        if forgiven:
            self.remark(name, forgiven, text)
        return moment

    def listed(self, name: str) -> tuple[str, ...]:
        """A list with commas; the comma that writers leave at its end, or alone for an empty list, is no fault."""
        text = ",".join(self.texts(name))
        if FULL_WIDTH.search(text):
            self.remark(name, "separator", text)
        return tuple(part for part in SEPARATORS.split(text) if part)


def _value_of(text: str, kind: type[StrEnum]) -> StrEnum | None:
    plain = CODE_LIKE.sub("", text).lower()
    if kind is Severity:
        for colour, word in WORDS["colours"].items():
            if text in (word, word[0]):
                return Severity(colour)
    return next((value for value in kind if value.lower() == plain), None)


def _alert(root: _Part, identifier: str, info: Info) -> Alert:
    entry = Identifier.read(identifier)
    if entry is None:
        root.remark("identifier", "form", identifier)
    elif entry.number is not None:
        root.remark("identifier", "numbered", identifier)
    methods = tuple(_method(part) for code in root.parts("code") for part in code.parts("method"))
    if not methods:
        root.remark("code", "missing")
    return Alert(
        identifier=identifier,
        sender=root.text("sender", required=True),
        sender_code=_sender_code(root, entry),
        sent_at=root.moment("sendTime", required=True),
        status=root.value("status", Status),
        msg_type=root.value("msgType", MsgType),
        info=info,
        methods=methods,
        scope=root.value("scope", Scope, default=Scope.PUBLIC),
        classification=root.value(
            "secClassification", Classification, default=Classification.NONE, required=False
        ),
        note=root.text("note"),
        references=_references(root),
    )


def _sender_code(root: _Part, entry: Identifier | None) -> str:
    code = root.code("senderCode", required=True)
    if SHORT_SENDER_CODE.fullmatch(code):
        root.remark("senderCode", "short_sender_code", code)
    elif code and not SENDER_CODE.fullmatch(code):
        root.remark("senderCode", "form", code)
    if entry and code and entry.sender_code != code:
        root.remark("senderCode", "mismatch", code)
    return code


def _references(root: _Part) -> str:
    """One identifier; of several the oldest, as the event's first message is meant."""
    found = root.listed("references")
    entries = [entry for text in found if (entry := Identifier.read(text))]
    if len(found) < 2:
        if found and not entries:
            root.remark("references", "form", found[0])
        return found[0] if found else ""
    root.remark("references", "repeated", ",".join(found))
    return str(min(entries, key=lambda entry: entry.entered_at)) if entries else found[0]


def _method(part: _Part) -> Method:
    name = part.code("methodName", required=True)
    if name != name.upper():
        part.remark("methodName", "case", name)
    return Method(
        name=name.upper(),
        message=part.text("message"),
        groups=part.listed("audienceGrp"),
        recipients=part.listed("audenceprt"),
    )


def _info(part: _Part, order: Order) -> Info:
    return Info(
        language=part.text("language") or LANGUAGE,
        event_type=_event_type(part),
        urgency=part.value("urgency", Urgency, default=Urgency.UNKNOWN),
        severity=part.value("severity", Severity, default=Severity.UNKNOWN),
        certainty=part.value("certainty", Certainty, default=Certainty.UNKNOWN),
        effective_at=part.moment("effective", required=True),
        onset_at=part.moment("onset"),
        expires_at=part.moment("expires"),
        signed_by=part.text("senderName", required=True),
        headline=part.text("headline", required=True),
        description=part.text("description", required=True),
        instruction=part.text("instruction"),
        web=part.text("web"),
        resources=tuple(_resource(each) for each in part.parts("resource")),
        areas=tuple(area for each in part.parts("area") for area in _areas(each, order)),
    )


def _event_type(part: _Part) -> str:
    text = part.code("eventType", required=True)
    code = text.upper()
    if code != text:
        part.remark("eventType", "case", text)
    if code and not event_types.is_code(code):
        part.remark("eventType", "form", code)
    elif code and not event_types.find_type(code):
        part.remark("eventType", "not_listed", code)
    return code


def _resource(part: _Part) -> Resource:
    text, size = part.text("size", required=True), None
    if match := SIZE.fullmatch(text):
        unit = (match[3] or "b")[0].lower()
        size = int(match[1]) * UNITS[unit] + int(match[2] or 0) * UNITS[unit] // 10 ** len(match[2] or "")
    if text and (size is None or not text.isdigit()):
        part.remark("size", "form" if size is None else "unit", text)
    return Resource(part.text("resourceDesc", required=True), size, part.code("digest"))


def _areas(part: _Part, order: Order) -> Iterator[Area]:
    """One area for each shape: a message's areas add up, and one of ours holds one line and one circle."""
    description, geocodes = part.text("areaDesc", required=True), _geocodes(part)
    lines = [line for text in part.texts("polygon") if (line := _shape(part, "polygon", text, order))]
    circles = [circle for text in part.texts("circle") if (circle := _circle(part, text, order))]
    if max(len(lines), len(circles)) > 1:
        part.remark("polygon" if len(lines) > 1 else "circle", "repeated")
    for line, circle in zip_longest(lines or [()], circles):
        yield Area(description, geocodes, line or (), circle)


def _shape(part: _Part, name: str, text: str, order: Order) -> tuple[Point, ...]:
    points, forgiven = shapes.read_line(text, order)
    for what in forgiven:
        part.remark(name, what, text)
    return points


def _circle(part: _Part, text: str, order: Order) -> Circle | None:
    circle, forgiven = shapes.read_circle(text, order)
    for what in forgiven:
        part.remark("circle", what, text)
    return circle


def _geocodes(part: _Part) -> tuple[str, ...]:
    given = part.listed("geocode")
    if not given:
        part.remark("geocode", "missing")
    codes = []
    for code in given:
        full = code
        if not GEOCODE.fullmatch(code):
            part.remark("geocode", "form", code)
            full = divisions.full_code(code) if divisions.is_code(code) else code
        codes.append(full)
    if len(set(codes)) < len(codes):
        part.remark("geocode", "repeated", ",".join(given))
    return tuple(dict.fromkeys(codes))


def _contradictions(alert: Alert) -> Iterator[Remark]:
    """Where the headline says something else than the message it heads, or says it in other words."""
    headline = read_headline(alert.info.headline)
    if headline is None:
        if alert.info.headline and alert.info.severity in WORDS["colours"]:
            yield Remark("info/headline", "wording", alert.info.headline[:SHOWN])
        return
    colours = {headline.severity, headline.grade or headline.severity, alert.info.severity}
    if len(colours) > 1 or headline.lifts != (alert.msg_type == MsgType.CANCEL):
        yield Remark("info/headline", "mismatch", alert.info.headline[:SHOWN])
    elif not headline.exact:
        yield Remark("info/headline", "wording", alert.info.headline[:SHOWN])
