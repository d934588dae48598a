"""An alert to a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lxml import etree

from anlan.protocols import safe_xml
from anlan.protocols.cap.problems import BrokenAlert
from anlan.protocols.cap.rules import validate
from anlan.protocols.cap.shape import ALERT, NAMESPACE, Group

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

    from anlan.protocols.cap.message import Alert
    from anlan.protocols.cap.shape import Field


def write(alert: Alert) -> bytes:
    """The document of an alert, in the order of the schema.

    raises  BrokenAlert where a rule is broken: what others could not take for valid is not sent
    """
    if problems := validate(alert):
        raise BrokenAlert(problems)
    root = etree.Element(f"{{{NAMESPACE}}}alert", nsmap={None: NAMESPACE})
    _fill(root, alert, ALERT)
    return safe_xml.write(root)


def _fill(element: Element, value: object, group: Group) -> None:
    for field in group.fields:
        held = getattr(value, field.name)
        for each in held if field.many else (held,):
            if field.needed or field.many or not _is_absent(each):
                _add(element, each, field)


def _add(parent: Element, value: Any, field: Field) -> None:
    element = etree.SubElement(parent, field.tag)
    if isinstance(field.kind, Group):
        _fill(element, value, field.kind)
    else:
        element.text = field.kind.write(value)


def _is_absent(value: object) -> bool:
    """Nought is a figure."""
    return value is None or value in ("", b"", ())
