"""Which elements an alert consists of, in which order and number, and what each holds: the schema, as one table.

Reading and writing both go by it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from anlan.protocols.cap import values
from anlan.protocols.cap.message import (
    Alert,
    Area,
    Category,
    Certainty,
    Circle,
    Info,
    MessageType,
    Named,
    Point,
    Resource,
    ResponseType,
    Scope,
    Severity,
    Status,
    Urgency,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from enum import StrEnum

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
OTHER_VERSIONS = {
    "urn:oasis:names:tc:emergency:cap:1.1": "1.1",
    "http://www.incident.com/cap/1.0": "1.0",
}
SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"


@dataclass(frozen=True, slots=True)
class Leaf:
    """An element with a text. `stand_in` takes the place of what could not be read while the rest is looked at."""

    read: Callable[[str, values.Tell], Any]
    write: Callable[[Any], str]
    stand_in: object
    may_be_blank: bool = True  # by the schema, where a blank text means the same as no element
    exact: bool = False  # the schema allows no white space around it


@dataclass(frozen=True, slots=True)
class Group:
    """An element made of others."""

    build: type
    fields: tuple[Field, ...]
    by_tag: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        tags = {each.tag: number for number, each in enumerate(self.fields)}
        object.__setattr__(self, "by_tag", tags)


@dataclass(frozen=True, slots=True)
class Field:
    """An element below another: its name in the standard, the attribute that holds it, how often it may be there."""

    element: str
    name: str
    kind: Leaf | Group
    needed: bool = False
    many: bool = False
    tag: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tag", f"{{{NAMESPACE}}}{self.element}")


def _words(words: type[StrEnum], stand_in: StrEnum, deprecated: dict[str, StrEnum] | None = None) -> Leaf:
    read = values.word_reader(words, deprecated or {})
    return Leaf(read, values.write_text, stand_in, may_be_blank=False, exact=True)


TEXT = Leaf(values.read_text, values.write_text, "")
TIME = Leaf(values.read_time, values.write_time, values.LONG_AGO, may_be_blank=False)
LANGUAGE = Leaf(values.read_language, values.write_text, "en-US", may_be_blank=False)
WORDS = Leaf(values.read_words, values.write_words, ())
REFERENCES = Leaf(values.read_references, values.write_references, ())
INTEGER = Leaf(values.read_integer, str, 0, may_be_blank=False)
DECIMAL = Leaf(values.read_decimal, values.write_decimal, None, may_be_blank=False)
CONTENT = Leaf(values.read_content, values.write_content, b"")
POLYGON = Leaf(values.read_polygon, values.write_polygon, ())
CIRCLE = Leaf(values.read_circle, values.write_circle, Circle(Point(0, 0), 0))

NAMED = Group(
    Named,
    (Field("valueName", "name", TEXT, needed=True), Field("value", "value", TEXT, needed=True)),
)
AREA = Group(
    Area,
    (
        Field("areaDesc", "description", TEXT, needed=True),
        Field("polygon", "polygons", POLYGON, many=True),
        Field("circle", "circles", CIRCLE, many=True),
        Field("geocode", "geocodes", NAMED, many=True),
        Field("altitude", "altitude_ft", DECIMAL),
        Field("ceiling", "ceiling_ft", DECIMAL),
    ),
)
RESOURCE = Group(
    Resource,
    (
        Field("resourceDesc", "description", TEXT, needed=True),
        Field("mimeType", "mime_type", TEXT, needed=True),
        Field("size", "size", INTEGER),
        Field("uri", "uri", TEXT),
        Field("derefUri", "content", CONTENT),
        Field("digest", "digest", TEXT),
    ),
)
INFO = Group(
    Info,
    (
        Field("language", "language", LANGUAGE),
        Field("category", "categories", _words(Category, Category.OTHER), needed=True, many=True),
        Field("event", "event", TEXT, needed=True),
        Field("responseType", "response_types", _words(ResponseType, ResponseType.NONE), many=True),
        Field("urgency", "urgency", _words(Urgency, Urgency.UNKNOWN), needed=True),
        Field("severity", "severity", _words(Severity, Severity.UNKNOWN), needed=True),
        Field(
            "certainty",
            "certainty",
            # section 3.2.2: the word of CAP 1.0 should be taken for Likely
            _words(Certainty, Certainty.UNKNOWN, {"Very Likely": Certainty.LIKELY}),
            needed=True,
        ),
        Field("audience", "audience", TEXT),
        Field("eventCode", "event_codes", NAMED, many=True),
        Field("effective", "effective", TIME),
        Field("onset", "onset", TIME),
        Field("expires", "expires", TIME),
        Field("senderName", "sender_name", TEXT),
        Field("headline", "headline", TEXT),
        Field("description", "description", TEXT),
        Field("instruction", "instruction", TEXT),
        Field("web", "web", TEXT),
        Field("contact", "contact", TEXT),
        Field("parameter", "parameters", NAMED, many=True),
        Field("resource", "resources", RESOURCE, many=True),
        Field("area", "areas", AREA, many=True),
    ),
)
ALERT = Group(
    Alert,
    (
        Field("identifier", "identifier", TEXT, needed=True),
        Field("sender", "sender", TEXT, needed=True),
        Field("sent", "sent", TIME, needed=True),
        Field("status", "status", _words(Status, Status.ACTUAL), needed=True),
        Field("msgType", "message_type", _words(MessageType, MessageType.ALERT), needed=True),
        Field("source", "source", TEXT),
        Field("scope", "scope", _words(Scope, Scope.PUBLIC), needed=True),
        Field("restriction", "restriction", TEXT),
        Field("addresses", "addresses", WORDS),
        Field("code", "codes", TEXT, many=True),
        Field("note", "note", TEXT),
        Field("references", "references", REFERENCES),
        Field("incidents", "incidents", WORDS),
        Field("info", "infos", INFO, many=True),
    ),
)
