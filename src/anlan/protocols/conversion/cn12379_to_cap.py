"""A message of the national release system as one of CAP 1.2."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from anlan.protocols import cap, cn12379, event_types
from anlan.protocols.cap import rules
from anlan.protocols.cap.message import Certainty, MessageType, Scope, Status, Urgency
from anlan.protocols.cap.values import LANGUAGE as LANGUAGE_TAG
from anlan.protocols.cn12379 import Identifier, read_headline
from anlan.protocols.cn12379.terms import LANGUAGE, Classification
from anlan.protocols.cn12379.terms import Certainty as Certainty12379
from anlan.protocols.cn12379.terms import Severity as Colour
from anlan.protocols.conversion.losses import Loss, Unconvertible
from anlan.protocols.conversion.words import (
    DIVISION,
    EVENT_TYPE,
    SEVERITIES,
    SIGNED_BY,
    categories_of,
    circle_to_cap,
    is_address,
    method_as_parameter,
    mime_type_of,
    point_to_cap,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

Token = TypeVar("Token", bound=StrEnum)
Word = TypeVar("Word", bound=StrEnum)
CERTAINTIES = {
    Certainty12379.OBSERVED: Certainty.OBSERVED,
    Certainty12379.VERY_LIKELY: Certainty.LIKELY,
    Certainty12379.LIKELY: Certainty.LIKELY,
    Certainty12379.UNLIKELY: Certainty.UNLIKELY,
    Certainty12379.UNKNOWN: Certainty.UNKNOWN,
}


def to_cap(
    alert: cn12379.Alert,
    *,
    personal: bool = False,
    sent_at: Mapping[str, datetime] | None = None,
    attachments: str = "",
    event_names: Mapping[str, str] | None = None,
) -> tuple[cap.Alert, tuple[Loss, ...]]:
    """The message in CAP, and what is not in it.

    What CAP asks for and the message does not say, such as the references of an update, is missing: `cap.validate` names it.

    personal     carry over single recipients and the signing officer: for a message that stays between offices
    sent_at      when earlier messages were sent, by their identifiers, as references name it
    attachments  the address below which attachments lie under their names
    event_names  as for `cn12379.write`
    raises       Unconvertible: without identifier or sender code that CAP could carry, without any time; with a status,
                 type or scope that is not known
    """
    losses: list[Loss] = []
    scope, restriction = _scope(alert)
    converted = cap.Alert(
        identifier=_token("identifier", alert.identifier),
        sender=_token("senderCode", alert.sender_code),
        sent=_sent(alert, losses),
        status=_known("status", alert.status, Status),
        message_type=_known("msgType", alert.msg_type, MessageType),
        scope=scope,
        restriction=restriction,
        note=alert.note,
        references=_references(alert, sent_at or {}, losses),
        infos=(_Info(alert, losses, personal=personal).convert(attachments, event_names or {}),),
    )
    return converted, tuple(losses)


def _token(path: str, text: str) -> str:
    if not text or rules.FORBIDDEN.search(text):
        raise Unconvertible(path, text)
    return text


def _known(path: str, text: str, kind: type[Word]) -> Word:
    for word in kind:
        if word == text:
            return word
    raise Unconvertible(path, text)


def _scope(alert: cn12379.Alert) -> tuple[Scope, str]:
    """What is not for everybody must not become so on the way."""
    if alert.scope != Scope.PUBLIC:
        raise Unconvertible("scope", alert.scope)
    if alert.classification in (Classification.NONE, ""):
        return Scope.PUBLIC, ""
    return Scope.RESTRICTED, alert.classification


def _sent(alert: cn12379.Alert, losses: list[Loss]) -> datetime:
    if alert.sent_at:
        return alert.sent_at
    entry = Identifier.read(alert.identifier)
    if entry is None:
        raise Unconvertible("sendTime")
    losses.append(Loss("sendTime", "assumed"))
    return entry.entered_at


def _references(
    alert: cn12379.Alert, sent_at: Mapping[str, datetime], losses: list[Loss]
) -> tuple[cap.Reference, ...]:
    if not alert.references:
        return ()
    entry = Identifier.read(alert.references)
    if entry is None:
        losses.append(Loss("references", "form"))
        return ()
    sent = sent_at.get(alert.references)
    if sent is None:
        losses.append(Loss("references", "assumed"))
    return (cap.Reference(entry.sender_code, alert.references, sent or entry.entered_at),)


class _Info:
    """The part of a message that is about the event."""

    def __init__(self, alert: cn12379.Alert, losses: list[Loss], *, personal: bool) -> None:
        self.alert, self.info, self.losses, self.personal = alert, alert.info, losses, personal

    def lose(self, path: str, why: str) -> None:
        self.losses.append(Loss(path, why))

    def convert(self, attachments: str, event_names: Mapping[str, str]) -> cap.Info:
        info = self.info
        return cap.Info(
            categories=categories_of(info.event_type),
            event=self.event(event_names),
            urgency=self.word(
                "info/urgency", info.urgency, {word: word for word in Urgency}, Urgency.UNKNOWN
            ),
            severity=self.word("info/severity", info.severity, SEVERITIES, SEVERITIES[Colour.UNKNOWN]),
            certainty=self.certainty(),
            language=self.language(),
            event_codes=(cap.Named(EVENT_TYPE, info.event_type),) if info.event_type else (),
            effective=info.effective_at,
            onset=info.onset_at,
            expires=info.expires_at,
            sender_name=self.alert.sender,
            headline=info.headline,
            description=info.description,
            instruction=info.instruction,
            web=self.web(),
            parameters=tuple(self.parameters()),
            resources=tuple(self.resources(attachments)),
            areas=tuple(self.area(at, area) for at, area in enumerate(info.areas, 1)),
        )

    def event(self, event_names: Mapping[str, str]) -> str:
        """The name of the type; else what the headline calls it; else the code."""
        listed = event_types.find_type(self.info.event_type)
        name = event_names.get(self.info.event_type) or (listed.name if listed else "")
        headline = None if name else read_headline(self.info.headline)
        return name or (headline.event if headline else self.info.event_type)

    def word(self, path: str, text: str, words: Mapping[Token, Word], otherwise: Word) -> Word:
        found = next((word for token, word in words.items() if token == text), None)
        if found is None:
            self.lose(path, "unknown_word")
        return found or otherwise

    def certainty(self) -> Certainty:
        if self.info.certainty == Certainty12379.VERY_LIKELY:
            self.lose("info/certainty", "other_word")
        return self.word("info/certainty", self.info.certainty, CERTAINTIES, Certainty.UNKNOWN)

    def language(self) -> str:
        if LANGUAGE_TAG.fullmatch(self.info.language):
            return self.info.language
        self.lose("info/language", "unknown_word")
        return LANGUAGE

    def web(self) -> str:
        if not self.info.web or is_address(self.info.web):
            return self.info.web
        self.lose("info/web", "form")
        return ""

    def parameters(self) -> Iterator[cap.Named]:
        for at, method in enumerate(self.alert.methods, 1):
            if method.recipients and not self.personal:
                self.lose(f"code/method[{at}]/audenceprt", "personal")
                yield method_as_parameter(cn12379.Method(method.name, method.message, method.groups))
            else:
                yield method_as_parameter(method)
        if self.info.signed_by and self.personal:
            yield cap.Named(SIGNED_BY, self.info.signed_by)
        elif self.info.signed_by:
            self.lose("info/senderName", "personal")

    def resources(self, attachments: str) -> Iterator[cap.Resource]:
        for at, resource in enumerate(self.info.resources, 1):
            digest = resource.digest
            if digest and not rules.SHA1.fullmatch(digest):
                self.lose(f"info/resource[{at}]/digest", "form")
                digest = ""
            uri = f"{attachments.rstrip('/')}/{quote(resource.name)}" if attachments else ""
            yield cap.Resource(
                resource.name, mime_type_of(resource.name), resource.size_bytes, uri=uri, digest=digest
            )

    def area(self, at: int, area: cn12379.Area) -> cap.Area:
        if area.line and not area.is_ring:
            self.lose(f"info/area[{at}]/polygon", "no_shape")
        ring = tuple(point_to_cap(point) for point in area.line)
        return cap.Area(
            area.description,
            polygons=(ring,) if area.is_ring else (),
            circles=(circle_to_cap(area.circle),) if area.circle else (),
            geocodes=tuple(cap.Named(DIVISION, code) for code in area.geocodes),
        )
