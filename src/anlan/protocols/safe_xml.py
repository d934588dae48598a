"""XML from outside, read so that it can do no harm, and XML of our own, written.

A document is decoded here and goes through two parsers. Expat looks first: it says the line of what is wrong, refuses a
document type at its first letter and stops at a limit before a tree takes up memory. Then libxml2 builds the tree, with
entities, network and DTDs off, from the very same text, so that the two cannot differ about the encoding.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn
from xml.parsers import expat

from lxml import etree

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

# By the name a document declares; GB 18030 contains all of the two older sets, and gb2312 is often said where gbk is meant.
ENCODINGS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "utf-16": "utf-16",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "gb18030": "gb18030",
    "gb-18030": "gb18030",
    "iso-8859-1": "iso-8859-1",
    "windows-1252": "windows-1252",
}
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
DECLARED = re.compile(rb"""\s*<\?xml\s[^>]{0,200}?\bencoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]{0,40})["']""")


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a document may be; namespace declarations count as attributes."""

    octets: int = 4 * 1024 * 1024
    depth: int = 64
    elements: int = 100_000
    attributes: int = 64  # of one element


DEFAULT = Limits()


class BrokenXml(Exception):
    """What came is no XML that is taken here.

    problem         empty, too_long, encoding, undecodable, malformed, doctype, too_deep, too_many_elements,
                    too_many_attributes
    line, column    where, from 1; 0: the document as a whole
    detail          the limit, the encoding or the parser's own words, for a log
    """

    def __init__(self, problem: str, line: int = 0, column: int = 0, *, detail: object = "") -> None:
        super().__init__(problem, line, column, detail)
        self.problem, self.line, self.column, self.detail = problem, line, column, detail


def read(data: bytes, limits: Limits = DEFAULT, *, whole: bool = False) -> Element:
    """The root of a document.

    limits  of size, depth and number; what is within them takes time and memory in proportion
    whole   keep comments and processing instructions, as a signature's canonical form needs them; otherwise they are gone
            and an element's `text` is all of its text up to its first child
    raises  BrokenXml, and nothing else whatever the bytes
    """
    if len(data) > limits.octets:
        raise BrokenXml("too_long", detail=limits.octets)
    text = _decoded(data).encode()
    _Guard(limits).pass_through(text)
    parser = etree.XMLParser(
        encoding="utf-8",  # whatever the declaration says of the bytes it came in
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=not whole,
        remove_pis=not whole,
    )
    try:
        return etree.fromstring(text, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise BrokenXml("malformed", line or 0, column or 0, detail=error.msg) from error


def tag_of(element: Element) -> str:
    """{namespace}name: what is read here has no other."""
    return str(element.tag)


def write(root: Element) -> bytes:
    """A document in UTF-8 with its declaration."""
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _decoded(data: bytes) -> str:
    """raises BrokenXml"""
    if not data.strip():
        raise BrokenXml("empty")
    mark, encoding = next((each for each in MARKS if data.startswith(each[0])), (b"", ""))
    if not encoding:
        declared = DECLARED.match(data[:300])
        name = declared[1].decode().lower() if declared else "utf-8"
        if name not in ENCODINGS:
            raise BrokenXml("encoding", 1, detail=name)
        encoding = ENCODINGS[name]
    try:
        return data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BrokenXml("undecodable", line, detail=encoding) from error


class _Guard:
    """Looks at a document's parts as they pass and refuses before anything is built of them."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.depth = self.elements = 0
        self.parser = expat.ParserCreate("utf-8")
        self.parser.ordered_attributes = True
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end

    def pass_through(self, text: bytes) -> None:
        """raises BrokenXml"""
        try:
            self.parser.Parse(text, True)
        except expat.ExpatError as error:
            words = expat.ErrorString(error.code) or ""
            raise BrokenXml("malformed", error.lineno, error.offset + 1, detail=words) from error

    def doctype(self, *_: object) -> None:
        self.refuse("doctype", "")

    def start(self, _: str, attributes: list[str]) -> None:
        self.depth += 1
        self.elements += 1
        if self.depth > self.limits.depth:
            self.refuse("too_deep", self.limits.depth)
        if self.elements > self.limits.elements:
            self.refuse("too_many_elements", self.limits.elements)
        if len(attributes) > 2 * self.limits.attributes:  # names and values in turn
            self.refuse("too_many_attributes", self.limits.attributes)

    def end(self, _: str) -> None:
        self.depth -= 1

    def refuse(self, problem: str, detail: object) -> NoReturn:
        at = self.parser
        raise BrokenXml(problem, at.CurrentLineNumber, at.CurrentColumnNumber + 1, detail=detail)
