"""Bytes to a message: unpacked, verified, read in its format, said in CAP. Nothing here asks the database."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from anlan.connect.alert.terms import MOST_BYTES, PROBLEMS, Format
from anlan.protocols import cap, cn12379, safe_xml
from anlan.protocols.cap import signature
from anlan.protocols.cn12379 import uploads
from anlan.protocols.conversion import Loss, Unconvertible, to_cap

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from cryptography.x509 import Certificate

ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # the latter of one that is empty
DS = "{http://www.w3.org/2000/09/xmldsig#}Signature"
CAP_NAMESPACE = "{urn:oasis:names:tc:emergency:cap:"
SHOWN = 160  # characters of what stood there


@dataclass(frozen=True)
class Finding:
    """One thing wrong, forgiven or lost: `code` of terms.PROBLEMS, REMARKS or LOSSES."""

    code: str
    path: str = ""
    line: int = 0
    detail: str = ""


@dataclass(frozen=True)
class Terms:
    """What a source has agreed on.

    at  when the message came: certificates must hold then
    """

    at: datetime
    format: str = Format.AUTO
    trusted: Sequence[Certificate] = ()
    signature_required: bool = False


@dataclass(frozen=True)
class Understood:
    """What bytes say.

    document  the XML that was read: what was signed where a signature was verified
    alert     None where it cannot be taken for anything; `broken` says why
    findings  what is wrong with it although it was understood
    """

    document: bytes
    format: str = ""
    alert: cap.Alert | None = None
    broken: tuple[Finding, ...] = ()
    findings: tuple[Finding, ...] = ()
    remarks: tuple[Finding, ...] = ()
    losses: tuple[Finding, ...] = ()
    signer: str = ""
    problems: tuple[Finding, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "problems", (*self.broken, *self.findings))


def get_understood(data: bytes, terms: Terms, *, sent_at: Mapping[str, datetime] | None = None) -> Understood:
    """What a message says, with all that was wrong with it. Raises nothing, whatever the bytes.

    sent_at  when earlier messages of the release system were sent, by identifier: its references tell no time
    """
    document = data
    if data.startswith(ZIP):
        try:
            document = uploads.unpack(data)[1]
        except cn12379.Unreadable as error:
            return Understood(data, broken=(_unreadable(error),))
    if len(document) > MOST_BYTES:
        return Understood(document, broken=(Finding("too_long", detail=str(MOST_BYTES)),))
    signed = _has_signature(document)
    remarks: tuple[Finding, ...] = ()
    signer = ""
    if terms.signature_required or (signed and terms.trusted):
        try:
            verified = signature.verify(document, terms.trusted, terms.at)
        except signature.BadSignature as error:
            code = error.problem if error.problem in PROBLEMS else "form"
            return Understood(document, broken=(Finding(code, detail=str(error.detail)[:SHOWN]),))
        document, signer = verified.content, verified.signer.subject.rfc4514_string()
    elif signed:
        remarks = (Finding("not_verified"),)
    read = _read(document, terms, sent_at or {})
    return replace(read, remarks=(*remarks, *read.remarks), signer=signer)


def get_identity(alert: cap.Alert) -> str:
    """A digest of what tells a message from all others."""
    named = "\n".join((alert.sender, alert.identifier, str(alert.sent.timestamp())))
    return hashlib.sha256(named.encode()).hexdigest()


def get_info(alert: cap.Alert) -> cap.Info | None:
    """What it says in Chinese, else in its first language."""
    chinese = (info for info in alert.infos if info.language.lower().startswith("zh"))
    return next(chinese, alert.infos[0] if alert.infos else None)


def _read(document: bytes, terms: Terms, sent_at: Mapping[str, datetime]) -> Understood:
    is_cap = _is_cap(document)
    found = Format.CAP if is_cap else Format.CN12379
    if terms.format not in {Format.AUTO, found}:
        return Understood(document, found, broken=(Finding("format", detail=found),))
    return _read_cap(document) if is_cap else _read_12379(document, sent_at)


def _is_cap(document: bytes) -> bool:
    """By the root's namespace; what is no XML is told so by the other reader."""
    try:
        return safe_xml.tag_of(safe_xml.read(document)).startswith(CAP_NAMESPACE)
    except safe_xml.BrokenXml:
        return False


def _has_signature(document: bytes) -> bool:
    try:
        return safe_xml.read(document).find(f".//{DS}") is not None
    except safe_xml.BrokenXml:
        return False


def _read_cap(document: bytes) -> Understood:
    reading = cap.read(document)
    problems = tuple(Finding(one.code, one.path, one.line, one.detail[:SHOWN]) for one in reading.problems)
    if reading.alert is None:
        return Understood(document, Format.CAP, broken=problems)
    return Understood(document, Format.CAP, reading.alert, findings=problems)


def _read_12379(document: bytes, sent_at: Mapping[str, datetime]) -> Understood:
    try:
        message, forgiven = cn12379.parse(document)
    except cn12379.Unreadable as error:
        return Understood(document, Format.CN12379, broken=(_unreadable(error),))
    remarks = tuple(Finding(one.what, one.path, detail=one.found[:SHOWN]) for one in forgiven)
    try:
        alert, losses = to_cap(message, sent_at=sent_at)
    except Unconvertible as error:
        broken = Finding("unconvertible", error.path, detail=error.value[:SHOWN])
        return Understood(document, Format.CN12379, broken=(broken,), remarks=remarks)
    return Understood(document, Format.CN12379, alert, remarks=remarks, losses=tuple(map(_loss, losses)))


def _loss(loss: Loss) -> Finding:
    return Finding(loss.why, loss.path)


def _unreadable(error: cn12379.Unreadable) -> Finding:
    """The XML's own trouble where that is what is wrong: (problem, detail)."""
    if error.problem == "xml" and isinstance(error.detail, tuple):
        problem, detail = error.detail
        return Finding(str(problem), line=error.line, detail=str(detail)[:SHOWN])
    return Finding(error.problem, line=error.line, detail=str(error.detail)[:SHOWN])
