"""Receipts: what the centre answers to an upload, as a file of its own."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from anlan.protocols import safe_xml
from anlan.protocols.cn12379.messages import Unreadable

LIMITS = safe_xml.Limits(octets=256 * 1024, depth=16, elements=1_000, attributes=16)
ACCEPTED = "0"
PATH = ("msg", "data", "rows")


@dataclass(frozen=True, slots=True)
class Receipt:
    """`note` says in words why a message was not accepted."""

    status: str
    error_code: str = ""
    note: str = ""

    @property
    def is_accepted(self) -> bool:
        return self.status == ACCEPTED


def read_receipt(data: bytes) -> Receipt:
    """raises Unreadable"""
    try:
        root = safe_xml.read(data, LIMITS)
    except safe_xml.BrokenXml as error:
        raise Unreadable("xml", error.line, detail=(error.problem, error.detail)) from error
    rows = [root] if _name(root) == PATH[0] else []
    for name in PATH[1:]:
        rows = [child for element in rows for child in element if _name(child) == name]
    if not rows:
        raise Unreadable("not_receipt", root.sourceline or 0, detail=str(root.tag)[:80])
    found: dict[str, str] = {}
    for child in (child for element in rows for child in element):
        found.setdefault(_name(child), "".join(child.itertext()).strip())
    if not found.get("status"):
        raise Unreadable("no_status", rows[0].sourceline or 0)
    return Receipt(found["status"], found.get("error_code", ""), found.get("note", ""))


def write_receipt(receipt: Receipt) -> bytes:
    """The file by which a centre of our own answers.

    raises  ValueError for characters that XML has not
    """
    root = etree.Element(PATH[0])
    part = root
    for name in PATH[1:]:
        part = etree.SubElement(part, name)
    for name, text in (
        ("status", receipt.status),
        ("error_code", receipt.error_code),
        ("note", receipt.note),
    ):
        etree.SubElement(part, name).text = text or None
    return safe_xml.write(root)


def _name(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2].lower()
