"""XML from outside: what is refused, where it says so, and that nothing else can come of any bytes."""

from __future__ import annotations

import tracemalloc
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.protocols import safe_xml
from anlan.protocols.safe_xml import BrokenXml, Limits

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = '<a xmlns="urn:x" b="1">\n<c>暴雨</c></a>'


def refused(data: bytes, limits: Limits = safe_xml.DEFAULT) -> BrokenXml:
    with pytest.raises(BrokenXml) as told:
        safe_xml.read(data, limits)
    return told.value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_is_read_with_and_without_a_mark(encoding: str) -> None:
    root = safe_xml.read(PLAIN.encode(encoding))
    assert (root.tag, root.get("b"), root.findtext("{urn:x}c")) == ("{urn:x}a", "1", "暴雨")


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [("GB2312", "gb18030"), ("gbk", "gbk"), ("GB18030", "gb18030"), ("UTF-16", "utf-16"), ("utf8", "utf-8")],
)
def test_a_declared_encoding_is_heeded(declared: str, encoding: str) -> None:
    text = f"<?xml version='1.0' encoding='{declared}'?>{PLAIN}"
    assert safe_xml.read(text.encode(encoding)).findtext("{urn:x}c") == "暴雨"


def test_a_mark_is_believed_before_a_declaration() -> None:
    text = f'<?xml version="1.0" encoding="gb2312"?>{PLAIN}'
    assert safe_xml.read(text.encode("utf-8-sig")).findtext("{urn:x}c") == "暴雨"


def test_rare_characters_of_the_large_set_are_read() -> None:
    text = '<?xml version="1.0" encoding="GBK"?><a>𠮷㙦</a>'
    assert safe_xml.read(text.encode("gb18030")).text == "𠮷㙦"


def test_an_encoding_nobody_here_reads_is_named() -> None:
    told = refused(b'<?xml version="1.0" encoding="EBCDIC-CP-US"?><a/>')
    assert (told.problem, told.line, told.detail) == ("encoding", 1, "ebcdic-cp-us")


def test_bytes_that_are_not_what_they_say_name_their_line() -> None:
    told = refused("<a>\n\n暴雨</a>".encode("gbk"))
    assert (told.problem, told.line) == ("undecodable", 3)


@pytest.mark.parametrize("data", [b"", b" \n", b"\t"])
def test_nothing_is_no_document(data: bytes) -> None:
    assert refused(data).problem == "empty"


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("<a>\n<b></a>", 2, 6),
        ("plain words", 1, 1),
        ("<a/><b/>", 1, 5),
        ("<a>\n\x00</a>", 2, 1),
        ("<a>\n &unknown;</a>", 2, 2),
        ('<a b="1" b="2"/>', 1, 10),
    ],
)
def test_what_is_malformed_is_shown_by_line_and_column(text: str, line: int, column: int) -> None:
    told = refused(text.encode())
    assert (told.problem, told.line, told.column) == ("malformed", line, column)
    assert told.detail


def test_a_prefix_without_a_namespace_is_malformed() -> None:
    assert refused(b"<x:a/>").problem == "malformed"


def test_laughs_by_the_billion_are_not_heard() -> None:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    told = refused(f'<!DOCTYPE a [<!ENTITY l0 "lol">{entities}]>\n<a>&l9;</a>'.encode())
    assert (told.problem, told.line) == ("doctype", 1)


def test_a_file_of_this_machine_is_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    told = refused(f'<!DOCTYPE a [<!ENTITY x SYSTEM "{secret.as_uri()}">]><a>&x;</a>'.encode())
    assert told.problem == "doctype"


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd">',
        '<!DOCTYPE a PUBLIC "-//W3C//DTD XHTML 1.0//EN" "x.dtd">',
        "<!-- first -->\n<!DOCTYPE a>",
        '<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p">%p;]>',
    ],
)
def test_no_document_type_of_any_kind_is_taken(doctype: str) -> None:
    assert refused(f"{doctype}<a/>".encode()).problem == "doctype"


def test_inclusions_stay_what_they_are(tmp_path: Path) -> None:
    file = tmp_path / "other.xml"
    file.write_text("<secret/>")
    include = f'<a xmlns:i="http://www.w3.org/2001/XInclude"><i:include href="{file.as_uri()}"/></a>'
    assert [each.tag for each in safe_xml.read(include.encode())] == [
        "{http://www.w3.org/2001/XInclude}include"
    ]


def test_limits_are_refused_where_they_are_passed() -> None:
    limits = Limits(octets=200, depth=3, elements=5, attributes=2)
    safe_xml.read(b"<a><b><c/></b></a>", limits)
    told = refused(b"<a>\n<b><c><d/></c></b></a>", limits)
    assert (told.problem, told.line, told.column, told.detail) == ("too_deep", 2, 7, 3)
    safe_xml.read(b"<a><b/><b/><b/><b/></a>", limits)
    assert refused(b"<a><b/><b/><b/><b/><b/></a>", limits).problem == "too_many_elements"
    safe_xml.read(b'<a b="1" c="2"/>', limits)
    assert refused(b'<a b="1" c="2" xmlns:d="3"/>', limits).problem == "too_many_attributes"
    safe_xml.read(b"<a>%s</a>" % (b"x" * 193), limits)
    assert refused(b"<a>%s</a>" % (b"x" * 194), limits).problem == "too_long"


def test_a_deep_document_is_refused_long_before_its_end() -> None:
    assert refused(b"<a>" * 1_000_000).problem == "too_deep"


def test_a_flood_of_attributes_or_elements_takes_no_memory_to_speak_of() -> None:
    attributes = b"<a " + b" ".join(b'a%d="1"' % n for n in range(200_000)) + b"/>"
    elements = b"<a>" + b"<b/>" * 900_000 + b"</a>"
    tracemalloc.start()
    try:
        assert refused(attributes).problem == "too_many_attributes"
        assert refused(elements).problem == "too_many_elements"
        assert tracemalloc.get_traced_memory()[1] < 100 * 1024 * 1024
    finally:
        tracemalloc.stop()


def test_comments_cut_no_text_in_two() -> None:
    text = b"<?x y?><a>admin<!-- -->.evil<?p?>.org<b/></a>"
    assert safe_xml.read(text).text == "admin.evil.org"
    assert safe_xml.read(text, whole=True).text == "admin"


def test_what_is_written_is_read() -> None:
    root = safe_xml.read(PLAIN.encode())
    assert safe_xml.write(root).startswith(b"<?xml version='1.0' encoding='UTF-8'?>\n<a")
    assert safe_xml.read(safe_xml.write(root)).findtext("{urn:x}c") == "暴雨"


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with suppress(BrokenXml):
        safe_xml.read(data)


@given(
    st.lists(st.tuples(st.integers(0, 120), st.binary(max_size=3)), max_size=6),
    st.sampled_from(["utf-8", "gbk"]),
)
def test_any_damage_is_read_or_refused(damage: list[tuple[int, bytes]], encoding: str) -> None:
    data = f'<?xml version="1.0" encoding="{encoding}"?>{PLAIN}'.encode(encoding)
    for at, put in damage:
        data = data[:at] + put + data[at + 1 :]
    with suppress(BrokenXml):
        safe_xml.read(data)
