"""A published message as others read it: CAP 1.2, and the XML of the national release system ("12379")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.timezone import localtime

from anlan.kernel.models import Unit
from anlan.kernel.scope import upward
from anlan.protocols import cap, cn12379
from anlan.protocols.cap.message import (
    Category,
    Certainty,
    ResponseType,
    Scope,
    Severity,
    Status,
    Urgency,
)
from anlan.protocols.cap.message import (
    MessageType as CapType,
)
from anlan.watch.warning.selectors.warnings import find_first_issue, list_areas
from anlan.watch.warning.selectors.wording import get_sender

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from anlan.watch.warning.models import EarlyWarning, WarningArea, WarningIssue

# As the weather service's own CAP feed has it.
SEVERITIES = {
    "red": Severity.EXTREME,
    "orange": Severity.SEVERE,
    "yellow": Severity.MODERATE,
    "blue": Severity.MINOR,
}
# By the group of the event type, else by its class.
CATEGORIES = {
    "11A": Category.GEO,
    "11B": Category.MET,
    "11C": Category.GEO,
    "11D": Category.GEO,
    "11E": Category.GEO,
    "11F": Category.ENV,
    "11G": Category.FIRE,
    "12": Category.SAFETY,
    "13": Category.HEALTH,
    "14": Category.SECURITY,
}
EVENT_CODE, COLOUR = "12379 eventType", "12379 severity"
GEOCODE = "CPEAS Geographic Code"
NO_INSTITUTION = "000"
COMMA = "\u3001"  # messages are Chinese
METHODS = (("sms", cn12379.MethodName.SMS), ("voice", cn12379.MethodName.PHONE))


def get_sender_code(warning: EarlyWarning) -> str:
    """Fourteen digits that stand for the issuing body: its division, what kind of body it is, five of its own."""
    codes = Unit.unscoped.filter(path__in=upward(warning.issuer.path)).order_by("-path")
    division = next((c for c in codes.values_list("code", flat=True) if c and c[:6].isdecimal()), "")
    return f"{division[:6].ljust(6, '0') or '0' * 6}{warning.kind.institution or NO_INSTITUTION}00000"


def get_identifier(sender_code: str, at: datetime) -> str:
    """Of a message that this sender enters at that second."""
    return str(cn12379.Identifier(sender_code, at))


def get_cap(issue: WarningIssue) -> bytes:
    """A published message as a CAP document. raises BrokenAlert where a rule is broken"""
    return cap.write(_cap_of(issue))


def get_12379(issue: WarningIssue) -> bytes:
    """The same as the national release system reads it. raises NotWritten where a rule is broken"""
    kind = issue.warning.kind
    return cn12379.write(_message_of(issue), event_names={kind.event_type: kind.name})


def get_file_name(issue: WarningIssue) -> str:
    """What its file is called at the national release system, without an ending."""
    return f"{issue.identifier}_{issue.warning.kind.event_type}_{issue.colour.upper()}_{issue.message_type.upper()}"


def _message_of(issue: WarningIssue) -> cn12379.Alert:
    warning = issue.warning
    first = find_first_issue(warning)
    return cn12379.Alert(
        identifier=issue.identifier,
        sender=get_sender(warning),
        sender_code=issue.identifier[:14],
        sent_at=issue.published_at,
        methods=tuple(
            cn12379.Method(method, issue.texts[channel][1])
            for channel, method in METHODS
            if channel in issue.texts
        ),
        status=cn12379.Status.TEST if issue.exercise_id else cn12379.Status.ACTUAL,
        msg_type=issue.message_type.capitalize(),
        note=issue.reason if issue.is_end else "",
        references=first.identifier if first and first.pk != issue.pk else "",
        info=cn12379.Info(
            event_type=warning.kind.event_type,
            severity=issue.colour.capitalize(),
            effective_at=issue.published_at,
            onset_at=issue.onset_at,
            expires_at=issue.expires_at,
            signed_by=str(issue.approver or issue.publisher or get_sender(warning)),
            headline=issue.headline,
            description=issue.description or issue.reason,
            instruction=issue.guidance,
            areas=tuple(_areas_of(issue)),
        ),
    )


def _areas_of(issue: WarningIssue) -> Iterator[cn12379.Area]:
    """The units by their codes, once for each ring of the outline, where there is one."""
    told = list_areas(issue)
    names = COMMA.join(area.unit.name for area in told)
    codes = tuple(code for area in told if (code := _code_of(area)))
    rings = [tuple(cn12379.Point(*point) for point in ring) for ring in _rings(issue.polygon)]
    for ring in rings or [()]:
        yield cn12379.Area(names, codes, line=ring)


def _cap_of(issue: WarningIssue) -> cap.Alert:
    warning, sender = issue.warning, get_sender(issue.warning)
    first = find_first_issue(warning)
    told = list_areas(issue)
    names = COMMA.join(area.unit.name for area in told)
    codes = tuple(cap.Named(GEOCODE, code) for area in told if (code := _code_of(area)))
    rings = tuple(
        tuple(cap.Point(latitude, longitude) for longitude, latitude in ring)
        for ring in _rings(issue.polygon)
    )
    info = cap.Info(
        language="zh-CN",
        categories=(_category_of(warning.kind.event_type),),
        event=warning.kind.name,
        response_types=(ResponseType.ALL_CLEAR,) if issue.is_end else (),
        urgency=Urgency.UNKNOWN,
        severity=SEVERITIES[issue.colour],
        certainty=Certainty.UNKNOWN,
        event_codes=(cap.Named(EVENT_CODE, warning.kind.event_type),),
        effective=_on_the_second(issue.published_at),
        onset=_on_the_second(issue.onset_at),
        expires=_on_the_second(issue.expires_at),
        sender_name=sender,
        headline=issue.headline,
        description=issue.description or issue.reason,
        instruction=issue.guidance,
        parameters=(cap.Named(COLOUR, issue.colour.capitalize()),),
        areas=(cap.Area(names, polygons=rings, geocodes=codes),),
    )
    return cap.Alert(
        identifier=issue.identifier,
        sender=issue.identifier[:14],
        sent=_on_the_second(issue.published_at),
        status=Status.EXERCISE if issue.exercise_id else Status.ACTUAL,
        message_type=CapType(issue.message_type.capitalize()),
        scope=Scope.PUBLIC,
        source=sender,
        note=issue.reason,
        references=(
            (cap.Reference(first.identifier[:14], first.identifier, _on_the_second(first.published_at)),)
            if first and first.pk != issue.pk
            else ()
        ),
        infos=(info,),
    )


def _on_the_second(at: Any) -> Any:
    """In the node's zone, as the standard writes times: neither Z nor fractions."""
    return None if at is None else localtime(at).replace(microsecond=0)


def _code_of(area: WarningArea) -> str:
    """Twelve digits; blank for a unit that is no division of the official list."""
    code = area.unit.code or ""
    return code.ljust(12, "0") if code.isdecimal() and 6 <= len(code) <= 12 else ""


def _rings(polygon: Any) -> Iterator[list[tuple[float, float]]]:
    """The outer rings: neither form knows holes."""
    for part in polygon or ():
        yield [(round(x, 6), round(y, 6)) for x, y in part.exterior_ring.coords]


def _category_of(event_type: str) -> Category:
    return CATEGORIES.get(event_type[:3]) or CATEGORIES.get(event_type[:2]) or Category.OTHER
