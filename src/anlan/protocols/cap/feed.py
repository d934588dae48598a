"""Feeds of alerts as hubs publish them: Atom 1.0 and RSS 2.0 read, Atom written.

An entry links to the document of an alert, or holds it. What it holds is handed out as a document of its own, so that the same
steps serve both: verify, read.

source  RFC 4287; RSS 2.0; OASIS Example Practices: CAP Feeds 1.0
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from lxml import etree

from anlan.protocols import safe_xml
from anlan.protocols.safe_xml import Limits, tag_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lxml.etree import _Element as Element

    from anlan.protocols.cap.message import Alert

MIME_TYPE = "application/cap+xml"
ATOM = "{http://www.w3.org/2005/Atom}"
DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"
XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"
ALERT = re.compile(
    r"\{urn:oasis:names:tc:emergency:cap:1\.\d\}alert|\{http://www\.incident\.com/cap/1\.0\}alert"
)
MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)  # RFC 3339
LIMITS = Limits(octets=16 * 1024 * 1024, depth=48, elements=300_000, attributes=64)
LONGEST_LINK = 2000
LONGEST_TEXT = 10_000
# What a link's type may say where an alert lies behind it, the best first.
TYPES = (MIME_TYPE, "application/common-alerting-protocol+xml", "application/xml", "text/xml", "")


class BrokenFeed(Exception):
    """Neither Atom nor RSS; `root` is what it is instead. What is no XML that is taken here is a `BrokenXml`."""

    def __init__(self, root: str) -> None:
        super().__init__(root)
        self.root = root


@dataclass(frozen=True, slots=True)
class Entry:
    """An alert in a feed.

    identifier  the entry's own name, or its link where it has none; blank where it has neither
    updated     None where there is no time that can be read
    link        absolute address of the alert's document by http or https; blank where there is none
    document    the document itself, where the entry holds it
    """

    identifier: str
    updated: datetime | None
    title: str = ""
    link: str = ""
    summary: str = ""
    document: bytes = b""


@dataclass(frozen=True, slots=True)
class Feed:
    """identifier: of Atom; of RSS the channel's link."""

    identifier: str
    title: str
    updated: datetime | None
    entries: tuple[Entry, ...] = ()
    link: str = ""  # where the feed itself lies
    author: str = ""


def read(data: bytes, address: str = "", limits: Limits = LIMITS) -> Feed:
    """The entries of a feed, in its order; those that lead to nothing are there, too.

    address  where it came from: links may be relative to it
    raises   BrokenFeed; BrokenXml
    """
    root = safe_xml.read(data, limits)
    if tag_of(root) == f"{ATOM}feed":
        return _atom(root, address)
    channel = root.find("channel")
    if tag_of(root) == "rss" and channel is not None:
        return _rss(channel, address)
    raise BrokenFeed(tag_of(root)[:100])


# --- Atom ------------------------------------------------------------------------------------------------------------


def _atom(root: Element, address: str) -> Feed:
    base = _based(root, address)
    return Feed(
        _text(root, f"{ATOM}id"),
        _text(root, f"{ATOM}title"),
        _moment(_text(root, f"{ATOM}updated")),
        tuple(_atom_entry(entry, base) for entry in root.iterchildren(f"{ATOM}entry")),
        _self(root, base),
        _text(root, f"{ATOM}author/{ATOM}name"),
    )


def _atom_entry(entry: Element, base: str) -> Entry:
    base = _based(entry, base)
    content = entry.find(f"{ATOM}content")
    links = [
        *_atom_links(entry, "alternate"),
        *_atom_links(entry, "related"),
        *_atom_links(entry, "enclosure"),
    ]
    if content is not None and content.get("src"):
        links.append((content.get("type") or "", content.get("src") or ""))
    link = _best_link(links, base)
    return Entry(
        _text(entry, f"{ATOM}id") or link,
        _moment(_text(entry, f"{ATOM}updated") or _text(entry, f"{ATOM}published")),
        _text(entry, f"{ATOM}title"),
        link,
        _text(entry, f"{ATOM}summary"),
        _document(entry, content),
    )


def _atom_links(element: Element, relation: str) -> Iterator[tuple[str, str]]:
    for link in element.iterchildren(f"{ATOM}link"):
        if (link.get("rel") or "alternate") == relation:
            yield link.get("type") or "", link.get("href") or ""


def _self(element: Element, base: str) -> str:
    """Where a feed says it lies, of whatever type."""
    return next((_joined(base, address) for _, address in _atom_links(element, "self")), "")


def _based(element: Element, base: str) -> str:
    return _joined(base, element.get(XML_BASE) or "")


# --- RSS -------------------------------------------------------------------------------------------------------------


def _rss(channel: Element, address: str) -> Feed:
    link = _joined(address, _text(channel, "link"))
    return Feed(
        link,
        _text(channel, "title"),
        _moment(_text(channel, "lastBuildDate") or _text(channel, "pubDate")),
        tuple(_item(item, address) for item in channel.iterchildren("item")),
        _self(channel, address) or address,
        _text(channel, "managingEditor"),
    )


def _item(item: Element, base: str) -> Entry:
    guid = item.find("guid")
    name = _text(item, "guid")
    links = [(each.get("type") or "", each.get("url") or "") for each in item.iterchildren("enclosure")]
    links.append(("", _text(item, "link")))
    if guid is not None and guid.get("isPermaLink") != "false":
        links.append(("", name))
    link = _best_link(links, base)
    moment = _text(item, "pubDate") or _text(item, f"{DUBLIN_CORE}date") or _text(item, f"{ATOM}updated")
    return Entry(
        name or link, _moment(moment), _text(item, "title"), link, _text(item, "description"), _document(item)
    )


# --- of both ---------------------------------------------------------------------------------------------------------


def _document(entry: Element, content: Element | None = None) -> bytes:
    """The alert inside: as elements, in the entry or its content; or as an escaped text there."""
    for parent in (entry, content):
        for child in () if parent is None else parent:
            if ALERT.fullmatch(tag_of(child)):
                return etree.tostring(child, method="c14n", exclusive=True)
    text = (content.text or "").strip() if content is not None and not len(content) else ""
    is_alert = text.startswith("<") and content is not None and content.get("type") in TYPES[:-1]
    return text.encode() if is_alert else b""


def _best_link(links: Iterator[tuple[str, str]] | Sequence[tuple[str, str]], base: str) -> str:
    """Of those by http or https the one most likely an alert; a link to a page for people is none."""
    fit = []
    for given, address in links:
        kind = given.partition(";")[0].strip().lower()
        whole = _joined(base, address) if address else ""
        if whole and kind in TYPES:
            fit.append((TYPES.index(kind), whole))
    return min(fit, key=lambda each: each[0])[1] if fit else ""


def _joined(base: str, address: str) -> str:
    """Blank for what is no address by http or https."""
    try:
        whole = urljoin(base, address.strip())
        parts = urlsplit(whole)
    except ValueError:
        return ""
    fits = parts.scheme in ("http", "https") and parts.netloc and len(whole) <= LONGEST_LINK
    return whole if fits and not any(map(str.isspace, whole)) else ""


def _text(element: Element, path: str) -> str:
    found = element.find(path)
    return "" if found is None else "".join(found.itertext()).strip()[:LONGEST_TEXT]


def _moment(text: str) -> datetime | None:
    """Of RFC 3339 or RFC 5322; as others write them."""
    try:
        if match := MOMENT.fullmatch(text):
            return datetime.fromisoformat(f"{match[1]}T{match[2]}{match[3].upper()}")
        moment = parsedate_to_datetime(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)  # written -0000
    except (ValueError, OverflowError):
        return None


# --- our own ---------------------------------------------------------------------------------------------------------


def entry_of(alert: Alert, link: str, document: bytes = b"") -> Entry:
    """An alert for a feed.

    link      where its document lies, which never changes: it names the entry, too
    document  what lies there, where the feed is to hold it as well
    """
    info = alert.infos[0] if alert.infos else None
    title = (info.headline or info.event) if info else alert.identifier
    return Entry(link, alert.sent, title, link, info.description if info else alert.note, document)


def write(feed: Feed) -> bytes:
    """The feed as Atom.

    raises  ValueError where a time or the address of an entry is missing, or a text has characters that XML does not have;
            BrokenXml for a document that is none
    """
    root = etree.Element(f"{ATOM}feed", nsmap={None: ATOM.strip("{}")})
    _add(root, "id", feed.identifier)
    _add(root, "title", feed.title)
    _add(root, "updated", _written(feed.updated))
    _add(etree.SubElement(root, f"{ATOM}author"), "name", feed.author)
    if feed.link:
        _add(root, "link", rel="self", type="application/atom+xml", href=feed.link)
    for entry in feed.entries:
        _add_entry(etree.SubElement(root, f"{ATOM}entry"), entry)
    return safe_xml.write(root)


def _add_entry(parent: Element, entry: Entry) -> None:
    if not entry.link:
        raise ValueError(entry.identifier)
    _add(parent, "id", entry.identifier)
    _add(parent, "title", entry.title)
    _add(parent, "updated", _written(entry.updated))
    _add(parent, "link", rel="alternate", type=MIME_TYPE, href=entry.link)
    _add(parent, "summary", entry.summary)
    if entry.document:
        content = _add(parent, "content", type=MIME_TYPE)
        content.append(safe_xml.read(entry.document, whole=True))


def _add(parent: Element, name: str, text: str = "", **attributes: str) -> Element:
    element = etree.SubElement(parent, f"{ATOM}{name}", attributes)
    element.text = text or None
    return element


def _written(moment: datetime | None) -> str:
    if moment is None or moment.tzinfo is None:
        raise ValueError(moment)
    return moment.isoformat(timespec="seconds")
