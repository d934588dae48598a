"""A published message as others read it: CAP 1.2, and the XML of the national release system ("12379")."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.utils.timezone import localtime

from anlan.kernel.models import Unit
from anlan.kernel.scope import upward
from anlan.protocols import cap, cn12379
from anlan.protocols.cap.message import Status
from anlan.protocols.conversion import to_cap
from anlan.watch.warning.selectors.warnings import find_first_issue, list_areas
from anlan.watch.warning.selectors.wording import get_sender

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from anlan.watch.warning.models import EarlyWarning, WarningArea, WarningIssue

NO_INSTITUTION = "000"
COMMA = "\u3001"  # messages are Chinese
# Without words of their own: the public reads the description; our texts are for those who must confirm.
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
    """A published message as a CAP document, without the name of the officer who signed.

    raises  BrokenAlert where a rule is broken
    """
    kind, first = issue.warning.kind, find_first_issue(issue.warning)
    sent_at = {first.identifier: _on_the_second(first.published_at)} if first else {}
    alert, _losses = to_cap(_message_of(issue), sent_at=sent_at, event_names={kind.event_type: kind.name})
    # The release system has no word for it that is in use.
    return cap.write(replace(alert, status=Status.EXERCISE) if issue.exercise_id else alert)


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
        sent_at=_on_the_second(issue.published_at),
        methods=tuple(cn12379.Method(method) for channel, method in METHODS if channel in issue.texts),
        status=cn12379.Status.TEST if issue.exercise_id else cn12379.Status.ACTUAL,
        msg_type=issue.message_type.capitalize(),
        note=issue.reason if issue.is_end else "",
        references=first.identifier if first and first.pk != issue.pk else "",
        info=cn12379.Info(
            event_type=warning.kind.event_type,
            severity=issue.colour.capitalize(),
            effective_at=_on_the_second(issue.published_at),
            onset_at=_on_the_second(issue.onset_at),
            expires_at=_on_the_second(issue.expires_at),
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
