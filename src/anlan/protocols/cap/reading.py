"""A document to an alert, with all that is wrong in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from anlan.protocols import safe_xml
from anlan.protocols.cap.problems import BrokenAlert, Problem, at_line, of_xml
from anlan.protocols.cap.rules import validate
from anlan.protocols.cap.shape import ALERT, NAMESPACE, OTHER_VERSIONS, SIGNATURE, Group, Leaf
from anlan.protocols.cap.values import LONGEST_DETAIL, Unreadable
from anlan.protocols.safe_xml import BrokenXml, Limits, tag_of

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

    from anlan.protocols.cap.message import Alert
    from anlan.protocols.cap.shape import Field

LIMITS = Limits(octets=4 * 1024 * 1024, depth=32, elements=20_000, attributes=32)
MOST_PROBLEMS = 100  # nobody reads more, and a hostile document could have one in every element
STEP = re.compile(r"([^\[]+)(?:\[(\d+)\])?")
XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
ROOT = f"{{{NAMESPACE}}}alert"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a document says.

    alert     None where something grave is wrong; else all that was understood
    problems  all that is wrong, in the order of the document; at most 100
    signed    whether a signature is there; nothing here verifies it
    """

    alert: Alert | None
    problems: tuple[Problem, ...]
    signed: bool = False


def parse(data: bytes, limits: Limits = LIMITS) -> Alert:
    """The alert of a document that keeps to the standard in everything.

    raises  BrokenAlert with all that is wrong
    """
    reading = read(data, limits)
    if reading.alert is None or reading.problems:
        raise BrokenAlert(reading.problems)
    return reading.alert


def read(data: bytes, limits: Limits = LIMITS) -> Reading:
    """The alert of a document, as far as it can be understood, as hubs and receivers must: much of what is in use breaks a rule.

    White space around a text is no part of it. Blank texts count as absent where the schema allows them. Where there are no
    problems, the document is valid by the schema of the standard.
    raises  nothing, whatever the bytes
    """
    try:
        root = safe_xml.read(data, limits)
    except BrokenXml as error:
        return Reading(None, (of_xml(error),))
    if tag_of(root) != ROOT:
        return Reading(None, (_no_alert(root),))
    return _Reader(root).reading()


def _no_alert(root: Element) -> Problem:
    namespace, _, name = tag_of(root).rpartition("}")
    version = OTHER_VERSIONS.get(namespace.removeprefix("{"))
    code, detail = ("version", version) if version and name == "alert" else ("no_alert", tag_of(root))
    return Problem(code, "/", root.sourceline or 0, detail[:LONGEST_DETAIL], grave=True)


class _Reader:
    def __init__(self, root: Element) -> None:
        self.root = root
        self.problems: list[Problem] = []
        self.signed = False

    def reading(self) -> Reading:
        alert: Alert = self.group(self.root, ALERT)
        stand_ins = {problem.path for problem in self.problems if problem.grave}
        ruled = [problem for problem in validate(alert) if problem.path not in stand_ins]
        broken = any(problem.grave for problem in [*self.problems, *ruled])
        told = [*self.problems, *map(self.placed, ruled[:MOST_PROBLEMS])]
        told = sorted(told, key=lambda problem: not problem.grave)[:MOST_PROBLEMS]
        told.sort(key=lambda problem: problem.line)
        return Reading(None if broken else alert, tuple(told), self.signed)

    def group(self, element: Element, group: Group) -> Any:
        """What an element made of others holds, with stand-ins for what is missing or could not be read."""
        if element.attrib:
            self.refuse_attributes(element)
        if element.text and not element.text.isspace():
            self.tell("unexpected", element, element.text)
        found: dict[str, Any] = {}
        reached = 0
        for child in element:
            if child.tail and not child.tail.isspace():
                self.tell("unexpected", element, child.tail)
            number = group.by_tag.get(tag_of(child))
            if number is None:
                self.other(element, child)
                continue
            if number < reached:
                self.tell("order", child)
            reached = max(number, reached)
            self.field(group.fields[number], child, found)
        for field in group.fields:
            if field.needed and field.name not in found:
                self.tell("missing", element, missing=field.element)
                found[field.name] = () if field.many else _stand_in(field)
            elif field.many and field.name in found:
                found[field.name] = tuple(found[field.name])
        return group.build(**found)

    def field(self, field: Field, element: Element, found: dict[str, Any]) -> None:
        if not field.many and field.name in found:
            self.tell("repeated", element, grave=True)
            return
        if isinstance(field.kind, Group):
            value = self.group(element, field.kind)
        elif _is_blank(element) and field.kind.may_be_blank and not field.needed:
            return
        else:
            value = self.leaf(element, field.kind)
        if field.many:
            found.setdefault(field.name, []).append(value)
        else:
            found[field.name] = value

    def leaf(self, element: Element, leaf: Leaf) -> Any:
        if element.attrib:
            self.refuse_attributes(element)
        if len(element):
            self.tell("nested", element, grave=True)
            return leaf.stand_in
        whole = element.text or ""
        text = whole.strip()
        if leaf.exact and text != whole:
            self.tell("space", element, text)
        try:
            return leaf.read(text, lambda code, detail: self.tell(code, element, detail))
        except Unreadable as error:
            self.tell(error.code, element, error.detail, grave=True)
            return leaf.stand_in

    def other(self, parent: Element, child: Element) -> None:
        if tag_of(child) == SIGNATURE and parent is self.root:
            self.signed = True
        else:
            self.tell("unexpected", child, tag_of(child))

    def refuse_attributes(self, element: Element) -> None:
        for name in element.attrib:
            if not str(name).startswith(XSI):
                self.tell("unexpected", element, f"@{name}")

    def tell(
        self, code: str, element: Element, detail: str = "", *, missing: str = "", grave: bool = False
    ) -> None:
        grave = grave or bool(missing)
        full = len(self.problems) >= MOST_PROBLEMS
        if full and not grave:
            return
        path = "/alert" if full else self.path(element)  # to say where takes time, and nobody will read it
        path = f"{path}/{missing}" if missing else path
        told = Problem(code, path, element.sourceline or 0, detail.strip()[:LONGEST_DETAIL], grave=grave)
        self.problems.append(told)

    def path(self, element: Element) -> str:
        steps = []
        group = ALERT
        for each in [*reversed(list(element.iterancestors())), element][1:]:
            number = group.by_tag.get(tag_of(each))
            field = None if number is None else group.fields[number]
            steps.append(f"{_local(each)}[{_number(each)}]" if field and field.many else _local(each))
            group = field.kind if field and isinstance(field.kind, Group) else _NOTHING
        return "/".join(("/alert", *steps))

    def placed(self, problem: Problem) -> Problem:
        """With the line of what it is about, or of the nearest above that is there."""
        element = self.root
        for step in problem.path.split("/")[2:]:
            match = STEP.fullmatch(step)
            name, number = (match[1], int(match[2] or 1)) if match else (step, 1)
            below = [each for each in element if _local(each) == name and not _is_blank(each)]
            if len(below) < number:
                break
            element = below[number - 1]
        return at_line(problem, element.sourceline or 0)


_NOTHING = Group(tuple, ())


def _stand_in(field: Field) -> Any:
    """A needed single element is never a group of others."""
    return field.kind.stand_in if isinstance(field.kind, Leaf) else None


def _is_blank(element: Element) -> bool:
    return not len(element) and not (element.text and element.text.strip())


def _local(element: Element) -> str:
    return tag_of(element).rpartition("}")[2]


def _number(element: Element) -> int:
    """The how-manieth of its name below its parent, from 1, blank ones not counted."""
    before = element.itersiblings(tag_of(element), preceding=True)
    return 1 + sum(not _is_blank(each) for each in before)
