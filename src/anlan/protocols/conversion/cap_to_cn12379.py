"""A message of CAP 1.2 as one of the national release system."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from anlan.protocols import cap, cn12379, divisions, event_types
from anlan.protocols.cap.message import Certainty, Scope, Status, Urgency
from anlan.protocols.cn12379 import Identifier, build_headline
from anlan.protocols.cn12379.messages import YEARS
from anlan.protocols.cn12379.terms import BEIJING, SENDER_CODE, SHORT_SENDER_CODE, Classification
from anlan.protocols.conversion.losses import Loss, Unconvertible
from anlan.protocols.conversion.words import (
    COLOURS,
    DIVISION,
    EVENT_TYPE,
    INNER,
    SIGNED_BY,
    categories_of,
    circle_from_cap,
    method_of_parameter,
    mime_type_of,
    point_from_cap,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime


def from_cap(
    alert: cap.Alert,
    *,
    sender_code: str = "",
    sender: str = "",
    signed_by: str = "",
    methods: tuple[cn12379.Method, ...] = (),
    identifiers: Mapping[str, str] | None = None,
    event_names: Mapping[str, str] | None = None,
) -> tuple[cn12379.Alert, tuple[Loss, ...]]:
    """The message for the release system, and what is not in it.

    What the release system asks for and neither the message nor the caller says is blank: `cn12379.problems_of` names it.

    sender_code, sender   of the unit that puts it in, where it is not the one the message came from
    signed_by, methods    where the message does not say them
    identifiers           of earlier messages there, by their CAP identifiers
    event_names           as for `cn12379.write`
    raises                Unconvertible: a message of a system to systems, one to named addresses, one that says nothing,
                          one of another century
    """
    if alert.status is Status.SYSTEM:
        raise Unconvertible("status", alert.status)
    if alert.scope is Scope.PRIVATE:
        raise Unconvertible("scope", alert.scope)
    if not alert.infos:
        raise Unconvertible("info")
    conversion = _Conversion(alert, event_names or {})
    code, sent_at = conversion.sender_code(sender_code), _moment("sent", alert.sent)
    converted = cn12379.Alert(
        identifier=conversion.identifier(code),
        sender=conversion.sender(sender),
        sender_code=code,
        sent_at=sent_at,
        status=alert.status.value,
        msg_type=alert.message_type.value,
        classification=conversion.classification(),
        note=alert.note,
        references=conversion.references(identifiers or {}),
        methods=conversion.methods() or methods,
        info=conversion.info_of(sender or conversion.info.sender_name, signed_by),
    )
    conversion.lose_what_has_no_place()
    return converted, tuple(conversion.losses)


class _Conversion:
    def __init__(self, alert: cap.Alert, event_names: Mapping[str, str]) -> None:
        self.alert, self.event_names = alert, event_names
        self.losses: list[Loss] = []
        chinese = [at for at, info in enumerate(alert.infos) if info.language.lower().startswith("zh")]
        self.at = chinese[0] if chinese else 0
        self.info = alert.infos[self.at]
        self.path = f"info[{self.at + 1}]"
        self.event_type = self._event_type()

    def lose(self, path: str, why: str) -> None:
        self.losses.append(Loss(path, why))

    # --- the message -----------------------------------------------------------------------------------------------

    def sender_code(self, given: str) -> str:
        """Given, or the message's sender, or, as the meteorological administration names senders by words, in its identifier."""
        own, entry = self.alert.sender, Identifier.read(self.alert.identifier)
        is_code = SENDER_CODE.fullmatch(own) or SHORT_SENDER_CODE.fullmatch(own)
        code = given or (own if is_code else entry.sender_code if entry else "")
        if code != own:
            self.lose("sender", "replaced")
        return code

    def identifier(self, sender_code: str) -> str:
        entry = Identifier.read(self.alert.identifier)
        if entry and entry.sender_code == sender_code:
            return self.alert.identifier
        self.lose("identifier", "replaced")
        return str(Identifier(sender_code, self.alert.sent)) if sender_code else ""

    def sender(self, given: str) -> str:
        if given and self.info.sender_name not in ("", given):
            self.lose(f"{self.path}/senderName", "replaced")
        return given or self.info.sender_name

    def classification(self) -> str:
        if self.alert.scope is not Scope.RESTRICTED:
            return Classification.NONE.value
        if self.alert.restriction != INNER:
            self.lose("restriction", "other_word")
        return Classification.INNER.value

    def references(self, identifiers: Mapping[str, str]) -> str:
        """The oldest, which the interface asks for."""
        by_age = sorted(self.alert.references, key=lambda reference: reference.sent)
        if len(by_age) > 1:
            self.lose("references", "only_first")
        if not by_age:
            return ""
        named = by_age[0].identifier
        if known := identifiers.get(named) or (named if Identifier.read(named) else ""):
            return known
        self.lose("references", "not_known")
        return ""

    def methods(self) -> tuple[cn12379.Method, ...]:
        return tuple(method for each in self.info.parameters if (method := method_of_parameter(each)))

    # --- what it says ----------------------------------------------------------------------------------------------

    def info_of(self, sender: str, signed_by: str) -> cn12379.Info:
        info, severity = self.info, COLOURS[self.info.severity].value
        signers = [each.value for each in info.parameters if each.name == SIGNED_BY]
        return cn12379.Info(
            event_type=self.event_type,
            severity=severity,
            effective_at=_moment("info/effective", info.effective or self.alert.sent),
            onset_at=info.onset and _moment("info/onset", info.onset),
            expires_at=info.expires and _moment("info/expires", info.expires),
            signed_by=signers[0] if signers else signed_by,
            headline=self.headline(sender, severity),
            description=info.description,
            language=info.language,
            instruction=info.instruction,
            web=info.web,
            resources=tuple(self.resource(at, each) for at, each in enumerate(info.resources, 1)),
            areas=tuple(area for at, each in enumerate(info.areas, 1) for area in self.areas(at, each)),
        )

    def _event_type(self) -> str:
        """By its code, under our name for it or any other; else by the name of the event; else blank."""
        codes = self.info.event_codes
        ours = [each.value for each in codes if each.name == EVENT_TYPE and event_types.is_code(each.value)]
        listed = [each.value for each in codes if self.name_of(each.value)]
        named = [code for code, name in self.event_names.items() if name == self.info.event]
        by_name = event_types.find_by_name(self.info.event)
        return next(iter([*ours, *listed, *named]), by_name.code if by_name else "")

    def name_of(self, code: str) -> str:
        listed = event_types.find_type(code)
        return self.event_names.get(code) or (listed.name if listed else "")

    def headline(self, sender: str, severity: str) -> str:
        """The message's own if it keeps the rule; else one that does, if enough is known for it."""
        own, name = self.info.headline, self.name_of(self.event_type)
        rule = (sender, self.alert.message_type, name, severity)
        by_rule = build_headline(*rule)
        if own in (by_rule, build_headline(*rule, with_grade=False)) or not (sender and name):
            return own
        if own:
            self.lose(f"{self.path}/headline", "replaced")
        return by_rule

    def resource(self, at: int, resource: cap.Resource) -> cn12379.Resource:
        path = f"{self.path}/resource[{at}]"
        if resource.mime_type != mime_type_of(resource.description):
            self.lose(f"{path}/mimeType", "derived")
        if resource.uri:
            self.lose(f"{path}/uri", "no_place")
        if resource.content:
            self.lose(f"{path}/derefUri", "no_place")
        return cn12379.Resource(resource.description, resource.size, resource.digest)

    def areas(self, at: int, area: cap.Area) -> Iterator[cn12379.Area]:
        """One for each shape, as areas add up in both formats."""
        path = f"{self.path}/area[{at}]"
        geocodes = tuple(dict.fromkeys(_full(each.value) for each in area.geocodes if each.name == DIVISION))
        for number, each in enumerate(area.geocodes, 1):
            if each.name != DIVISION:
                self.lose(f"{path}/geocode[{number}]", "no_place")
        for name, value in (("altitude", area.altitude_ft), ("ceiling", area.ceiling_ft)):
            if value is not None:
                self.lose(f"{path}/{name}", "no_place")
        for polygon, circle in zip_longest(area.polygons or [()], area.circles):
            line = tuple(point_from_cap(point) for point in polygon or ())
            yield cn12379.Area(area.description, geocodes, line, circle_from_cap(circle) if circle else None)

    # --- what has no place -----------------------------------------------------------------------------------------

    def lose_what_has_no_place(self) -> None:
        for name in ("source", "addresses", "incidents"):
            if getattr(self.alert, name):
                self.lose(name, "no_place")
        for at, _ in enumerate(self.alert.codes, 1):
            self.lose(f"code[{at}]", "no_place")
        for at, _ in enumerate(self.alert.infos, 1):
            if at != self.at + 1:
                self.lose(f"info[{at}]", "only_first")
        self._lose_of_event()
        self._lose_of_info()

    def _lose_of_info(self) -> None:
        info = self.info
        for name, held in (("audience", info.audience), ("contact", info.contact)):
            if held:
                self.lose(f"{self.path}/{name}", "no_place")
        for at, _ in enumerate(info.response_types, 1):
            self.lose(f"{self.path}/responseType[{at}]", "no_place")
        signers = [each for each in info.parameters if each.name == SIGNED_BY]
        for at, each in enumerate(info.parameters, 1):
            if not method_of_parameter(each) and each not in signers[:1]:
                self.lose(f"{self.path}/parameter[{at}]", "no_place")

    def _lose_of_event(self) -> None:
        info, code = self.info, self.event_type
        if not code:
            self.lose(f"{self.path}/event", "not_known")
        elif info.event != self.name_of(code):
            self.lose(f"{self.path}/event", "derived")
        if info.categories != categories_of(code):
            self.lose(f"{self.path}/category", "derived")
        for at, each in enumerate(info.event_codes, 1):
            if not code or each.value != code:
                self.lose(f"{self.path}/eventCode[{at}]", "no_place")
        if info.urgency is not Urgency.UNKNOWN:
            self.lose(f"{self.path}/urgency", "always_unknown")
        if info.certainty is not Certainty.UNKNOWN:
            self.lose(f"{self.path}/certainty", "always_unknown")


def _moment(path: str, moment: datetime) -> datetime:
    if moment.year not in YEARS:
        raise Unconvertible(path, moment.isoformat())
    return moment.astimezone(BEIJING)


def _full(code: str) -> str:
    """Some offices of the administration give six digits."""
    return divisions.full_code(code) if divisions.is_code(code) else code
