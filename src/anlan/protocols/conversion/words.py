"""What both directions between CAP and the national release system share: names of values, scales, categories."""

from __future__ import annotations

import json
import mimetypes
from urllib.parse import urlsplit

from anlan.protocols import cap, cn12379
from anlan.protocols.cap.message import Category, Severity
from anlan.protocols.cn12379 import Method
from anlan.protocols.cn12379.terms import Severity as Colour

# valueName of geocodes in the CAP feed of the meteorological administration; their values have twelve digits
DIVISION = "CPEAS Geographic Code"
EVENT_TYPE = "12379:eventType"
METHOD = "12379:method"
SIGNED_BY = "12379:senderName"
INNER = "Inner"
LONGEST_METHOD = 100_000
RADIUS_PLACES = 9  # of a radius in kilometres; what comes after is the computer's

# Order is kept; that blue is Minor is how the administration's own feed has it.
SEVERITIES = {
    Colour.RED: Severity.EXTREME,
    Colour.ORANGE: Severity.SEVERE,
    Colour.YELLOW: Severity.MODERATE,
    Colour.BLUE: Severity.MINOR,
    Colour.UNKNOWN: Severity.UNKNOWN,
}
COLOURS = {severity: colour for colour, severity in SEVERITIES.items()}

# By the beginning of an event type; the longest counts.
CATEGORIES = {
    "": (Category.OTHER,),
    "11A": (Category.MET, Category.GEO),
    "11B": (Category.MET,),
    "11B25": (Category.MET, Category.FIRE),
    "11B29": (Category.MET, Category.ENV),
    "11B37": (Category.MET, Category.GEO),
    "11C": (Category.GEO,),
    "11D": (Category.GEO,),
    "11E": (Category.MET,),
    "11E01": (Category.GEO,),
    "11F": (Category.ENV,),
    "11G": (Category.FIRE,),
    "12": (Category.SAFETY,),
    "12C": (Category.INFRA,),
    "12D": (Category.CBRNE,),
    "12G": (Category.FIRE,),
    "12H": (Category.TRANSPORT,),
    "12J": (Category.TRANSPORT,),
    "12K": (Category.TRANSPORT,),
    "12L": (Category.TRANSPORT,),
    "12M": (Category.TRANSPORT,),
    "12P": (Category.INFRA,),
    "12Q": (Category.ENV,),
    "12T": (Category.CBRNE,),
    "12U": (Category.INFRA,),
    "13": (Category.HEALTH,),
    "14": (Category.SECURITY,),
}
_TYPES = mimetypes.MimeTypes(filenames=())  # the machine's own files would make it another answer elsewhere


def categories_of(event_type: str) -> tuple[Category, ...]:
    lengths = range(len(event_type), -1, -1)
    return next(found for length in lengths if (found := CATEGORIES.get(event_type[:length])))


def mime_type_of(name: str) -> str:
    """By the ending of a file name."""
    return _TYPES.guess_type(f"file.{name.rpartition('.')[2]}")[0] or "application/octet-stream"


def method_as_parameter(method: Method) -> cap.Named:
    held = {
        "name": method.name,
        "message": method.message,
        "groups": method.groups,
        "recipients": method.recipients,
    }
    said = {key: value for key, value in held.items() if value}
    return cap.Named(METHOD, json.dumps(said, ensure_ascii=False, separators=(",", ":")))


def method_of_parameter(parameter: cap.Named) -> Method | None:
    """None for one that does not say a method, or not as we say it."""
    if parameter.name != METHOD or len(parameter.value) > LONGEST_METHOD:
        return None
    try:
        said = json.loads(parameter.value)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or not said.keys() <= {"name", "message", "groups", "recipients"}:
        return None
    name, message = said.get("name", ""), said.get("message", "")
    lists = [said.get("groups", []), said.get("recipients", [])]
    entries = [entry for each in lists if isinstance(each, list) for entry in each]
    if not all(isinstance(each, list) for each in lists):
        return None
    if not all(isinstance(text, str) for text in (name, message, *entries)):
        return None
    return Method(name, message, tuple(lists[0]), tuple(lists[1]))


def point_to_cap(point: cn12379.Point) -> cap.Point:
    return cap.Point(point.latitude, point.longitude)


def point_from_cap(point: cap.Point) -> cn12379.Point:
    return cn12379.Point(point.longitude, point.latitude)


def circle_to_cap(circle: cn12379.Circle) -> cap.Circle:
    return cap.Circle(point_to_cap(circle.centre), round(circle.radius_m / 1000, RADIUS_PLACES))


def circle_from_cap(circle: cap.Circle) -> cn12379.Circle:
    return cn12379.Circle(point_from_cap(circle.centre), round(circle.radius_km * 1000, RADIUS_PLACES - 3))


def is_address(text: str) -> bool:
    """Whether CAP takes it for one: with its scheme, without blanks."""
    try:
        return bool(urlsplit(text).scheme) and not any(map(str.isspace, text))
    except ValueError:
        return False
