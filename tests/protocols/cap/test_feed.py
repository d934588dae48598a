"""Feeds in the shapes hubs give them, and our own."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.protocols import cap, safe_xml
from anlan.protocols.cap import feed
from anlan.protocols.cap.feed import BrokenFeed, Entry, Feed
from anlan.protocols.cap.signature import sign, verify
from anlan.protocols.safe_xml import BrokenXml
from tests.protocols.cap import keys, making, sample

HUB = "https://warn.example.cn/feed.atom"


def test_the_feed_of_the_meteorological_administration_links_to_its_alerts() -> None:
    found = feed.read(sample("cma_rss.xml"), "https://hub.example.cn/cn-cma-xx/rss.xml")
    assert found.title == "China Meteorological Administration 中国气象局"
    assert found.link == "https://hub.example.cn/cn-cma-xx/rss.xml"
    assert found.updated == datetime(2026, 7, 14, 8, 20, tzinfo=UTC)
    first, second, third = found.entries
    assert first.identifier == "12011441600000_20260714160913"
    assert first.link == "https://hub.example.cn/cn-cma-xx/2026/07/14/08/09/13-53fc51b1.xml"
    assert first.updated == datetime(2026, 7, 14, 8, 9, 13, tzinfo=UTC)
    assert second.link == "https://hub.example.cn/cn-cma-xx/2026/07/14/08/10/00-a1b2c3d4.xml"
    assert second.updated == datetime(2026, 7, 14, 8, 10, tzinfo=UTC)
    assert (third.link, third.updated) == ("https://hub.example.cn/cap/3.xml", None)


def test_an_index_with_elements_of_cap_beside_atoms_is_read_by_its_links() -> None:
    (entry,) = feed.read(sample("nws_atom.xml")).entries
    assert entry.link == entry.identifier
    assert entry.updated == datetime(2026, 7, 14, 22, 52, tzinfo=UTC)
    assert entry.document == b""


def test_of_several_links_the_one_to_the_alert_is_taken() -> None:
    found = feed.read(sample("hub_atom.xml"))
    assert (found.link, found.identifier[:9]) == ("https://hub.example.org/feeds/all.atom", "urn:uuid:")
    assert found.entries[0].link == "https://hub.example.org/feeds/cap/1"


def test_a_message_inside_is_handed_out_as_a_document() -> None:
    entry = feed.read(sample("hub_atom.xml")).entries[1]
    assert cap.parse(entry.document).infos[0].event == "Gale"
    assert entry.link == ""


def test_an_escaped_message_inside_is_handed_out_too() -> None:
    text = sample("thunderstorm.xml").decode().replace("&", "&amp;").replace("<", "&lt;")
    data = f'<feed xmlns="http://www.w3.org/2005/Atom"><entry><content type="{feed.MIME_TYPE}">{text}</content></entry></feed>'
    (entry,) = feed.read(data.encode()).entries
    assert cap.parse(entry.document) == cap.parse(sample("thunderstorm.xml"))


def test_an_entry_that_leads_to_nothing_is_there_without_a_link() -> None:
    assert feed.read(sample("hub_atom.xml")).entries[2] == Entry("", None, "Nothing at all")


def test_an_alert_signed_before_it_was_put_into_a_feed_is_still_signed() -> None:
    signed = sign(sample("cma.xml"), keys.observatory().key, [keys.observatory().certificate])
    entry = feed.entry_of(cap.parse(sample("cma.xml")), "https://warn.example.cn/1.xml", signed)
    data = feed.write(Feed("urn:x", "预警", making.SENT, (entry,)))
    (found,) = feed.read(data).entries
    content = verify(found.document, [keys.observatory().certificate], keys.NOW).content
    assert cap.parse(content) == cap.parse(sample("cma.xml"))


def test_our_own_feed_comes_back_as_it_was() -> None:
    alerts = [cap.parse(sample(name)) for name in ("cma.xml", "thunderstorm.xml")]
    entries = tuple(feed.entry_of(each, f"https://warn.example.cn/{each.identifier}.xml") for each in alerts)
    ours = Feed("https://warn.example.cn/", "武清区预警", making.SENT, entries, HUB, "武清区应急管理局")
    data = feed.write(ours)
    assert b'type="application/cap+xml"' in data
    assert feed.read(data) == ours
    assert ours.entries[0].title == "武清区气象台发布暴雨蓝色预警[IV级/一般]"


def test_a_cancellation_without_content_has_a_title_too() -> None:
    entry = feed.entry_of(making.alert(infos=(), note="误发"), "https://warn.example.cn/2.xml")
    assert (entry.title, entry.summary) == ("A1", "误发")


def test_a_feed_that_would_be_none_is_not_written() -> None:
    good = Entry("urn:1", making.SENT, "t", "https://warn.example.cn/1")
    here = making.SENT.replace(tzinfo=None)
    for broken in (
        Feed("urn:x", "t", None, (good,)),
        Feed("urn:x", "t", making.SENT, (Entry("urn:1", None, "t", good.link),)),
        Feed("urn:x", "t", making.SENT, (Entry("urn:1", here, "t", good.link),)),
        Feed("urn:x", "t", making.SENT, (Entry("urn:1", making.SENT, "t"),)),
        Feed("urn:x", "\x00", making.SENT, (good,)),
    ):
        with pytest.raises(ValueError):  # noqa: PT011 - four ways, one refusal
            feed.write(broken)
    with pytest.raises(BrokenXml):
        feed.write(Feed("urn:x", "t", making.SENT, (Entry("u", making.SENT, "t", good.link, document=b"<"),)))


@pytest.mark.parametrize(
    "data", [b"<html/>", b"<rss/>", b"<alert/>", b'<feed xmlns="http://purl.org/atom/ns#"/>']
)
def test_what_is_no_feed_is_refused(data: bytes) -> None:
    with pytest.raises(BrokenFeed):
        feed.read(data)


def test_a_feed_past_all_bounds_is_refused_and_a_large_one_read() -> None:
    entry = b"<entry><id>urn:1</id><title>t</title><updated>2026-07-14T08:00:00Z</updated><link href='https://a/'/></entry>"
    large = b'<feed xmlns="http://www.w3.org/2005/Atom">%s</feed>' % (entry * 10_000)
    assert len(feed.read(large).entries) == 10_000
    with pytest.raises(BrokenXml):
        feed.read(b'<feed xmlns="http://www.w3.org/2005/Atom">%s</feed>' % (entry * 70_000))
    with pytest.raises(BrokenXml):
        feed.read(b"<!DOCTYPE feed>" + large)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-07-14T08:00:00Z", datetime(2026, 7, 14, 8, tzinfo=UTC)),
        ("2026-07-14t08:00:00.123456789z", datetime(2026, 7, 14, 8, tzinfo=UTC)),
        ("Tue, 14 Jul 2026 08:00:00 -0000", datetime(2026, 7, 14, 8, tzinfo=UTC)),
        ("14 Jul 2026 16:00 +0800", datetime(2026, 7, 14, 8, tzinfo=UTC)),
        ("2026-13-14T08:00:00Z", None),
        ("", None),
        ("now", None),
    ],
)
def test_times_are_read_as_both_formats_write_them(text: str, moment: datetime | None) -> None:
    data = f'<feed xmlns="http://www.w3.org/2005/Atom"><updated>{text}</updated></feed>'
    assert feed.read(data.encode()).updated == moment


@given(st.text(max_size=60))
def test_any_text_is_a_time_and_an_address_or_none(text: str) -> None:
    feed._moment(text)
    assert feed._joined("https://a/b", text)[:4] in ("", "http")


@settings(max_examples=200)
@given(
    st.sampled_from(["cma_rss.xml", "nws_atom.xml", "hub_atom.xml"]),
    st.lists(st.tuples(st.integers(0, 2200), st.integers(0, 3), st.binary(max_size=4)), max_size=6),
)
def test_any_damage_is_read_or_refused(name: str, damage: list[tuple[int, int, bytes]]) -> None:
    data = sample(name)
    for at, cut, put in damage:
        data = data[:at] + put + data[at + cut :]
    with suppress(BrokenXml, BrokenFeed):
        for entry in feed.read(data, "https://hub.example.cn/").entries:
            assert not entry.link or entry.link.startswith("http")
            if entry.document:
                cap.read(entry.document)


def test_the_namespace_of_atom_needs_no_prefix() -> None:
    data = feed.write(Feed("urn:x", "t", making.SENT))
    assert safe_xml.read(data).nsmap == {None: "http://www.w3.org/2005/Atom"}
