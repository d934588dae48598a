"""Uploads: one message in a ZIP; anything else is refused before it does harm."""

from __future__ import annotations

import random
import zipfile
from io import BytesIO

import pytest

from anlan.protocols.cn12379 import Unreadable, parse, write
from anlan.protocols.cn12379.files import message_name
from anlan.protocols.cn12379.uploads import MOST, pack, unpack
from tests.protocols.cn12379.samples import RAIN

NAME = message_name(RAIN)
assert NAME


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return target.getvalue()


def refusal(upload: bytes) -> str:
    with pytest.raises(Unreadable) as refused:
        unpack(upload)
    return refused.value.problem


def test_a_message_is_packed_alone_and_found_again() -> None:
    upload = pack(NAME, write(RAIN))
    name, content = unpack(upload)
    assert name == NAME.file
    assert parse(content)[0] == RAIN
    assert upload == pack(NAME, write(RAIN))


def test_a_bomb_is_refused() -> None:
    assert refusal(zipped(("a.xml", b" " * (MOST + 1)))) == "too_large"


def test_a_bomb_that_says_it_is_small_is_refused() -> None:
    upload = bytearray(zipped(("a.xml", b" " * (MOST + 100))))
    size = (MOST + 100).to_bytes(4, "little")
    assert upload.count(size) == 2
    assert refusal(bytes(upload).replace(size, (1000).to_bytes(4, "little"))) in {"not_zip", "too_large"}


@pytest.mark.parametrize(
    "name",
    ["../a.xml", "/etc/a.xml", "d/a.xml", "..\\a.xml", "c:a.xml", "a.exe", "a.xml/", ".xml", "a\nb.xml"],
)
def test_a_path_or_what_is_no_xml_is_refused(name: str) -> None:
    assert refusal(zipped((name, b"<alert/>"))) == "name"


def test_several_members_are_refused() -> None:
    assert refusal(zipped(("a.xml", b"a"), ("b.xml", b"b"))) == "several"
    assert refusal(zipped(*((f"{at}.xml", b"") for at in range(2000)))) == "several"


def test_an_empty_archive_is_refused() -> None:
    assert refusal(zipped()) == "empty"


def test_an_encrypted_member_is_refused() -> None:
    upload = bytearray(zipped(("a.xml", b"<alert/>")))
    at = upload.index(b"PK\x01\x02")
    upload[at + 8] |= 1
    assert refusal(bytes(upload)) == "encrypted"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_compression_is_refused(method: int) -> None:
    assert refusal(zipped(("a.xml", b"<alert/>"), method=method)) == "method"


@pytest.mark.parametrize(("upload", "problem"), [(b"", "not_zip"), (b"<alert/>", "not_zip"), (b"a" * (MOST + 1), "too_long")])  # fmt: skip
def test_what_is_no_zip_is_refused(upload: bytes, problem: str) -> None:
    assert refusal(upload) == problem


def test_mutated_uploads_raise_only_our_error() -> None:
    chance, whole = random.Random(12379), pack(NAME, write(RAIN))  # noqa: S311 - the same bytes at every run
    refused = 0
    for _ in range(2000):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            unpack(bytes(data[: chance.choice((len(data), chance.randrange(len(data))))]))
        except Unreadable:
            refused += 1
    assert refused > 1000
