"""Receipts: what a centre answers."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.protocols.cn12379 import Unreadable
from anlan.protocols.cn12379.receipts import Receipt, read_receipt, write_receipt
from tests.protocols.cn12379.samples import NAMES, TEXTS

REFUSED = """<?xml version="1.0" encoding="UTF-8"?>
<msg><head/><data><rows><status> 1 </status><error_code>E103</error_code><note>发布单位编码错误</note></rows></data></msg>"""


def test_a_message_was_accepted_where_the_status_is_nought() -> None:
    receipt = read_receipt(b"<msg><data><rows><status>0</status><error_code/><note/></rows></data></msg>")
    assert receipt == Receipt("0")
    assert receipt.is_accepted


def test_a_refusal_says_why() -> None:
    receipt = read_receipt(REFUSED.encode())
    assert receipt == Receipt("1", "E103", "发布单位编码错误")
    assert not receipt.is_accepted


def test_a_receipt_in_gbk_is_read() -> None:
    assert read_receipt(REFUSED.replace("UTF-8", "GBK").encode("gbk")).note == "发布单位编码错误"


@given(st.builds(Receipt, NAMES, TEXTS, TEXTS))
def test_what_was_written_is_read_as_it_was(receipt: Receipt) -> None:
    assert read_receipt(write_receipt(receipt)) == receipt


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "xml"),
        (b"<msg/>", "not_receipt"),
        (b"<alert/>", "not_receipt"),
        (b"<msg><data><rows><note>x</note></rows></data></msg>", "no_status"),
        (b"<msg><data><rows><status> </status></rows></data></msg>", "no_status"),
    ],
)
def test_what_is_no_receipt_is_refused(data: bytes, problem: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read_receipt(data)
    assert refused.value.problem == problem


def test_mutated_receipts_raise_only_our_error() -> None:
    chance, whole = random.Random(12379), REFUSED.encode()  # noqa: S311 - the same bytes at every run
    for _ in range(2000):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 5)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            read_receipt(bytes(data))
        except Unreadable as error:
            assert error.problem  # noqa: PT017 - either outcome is right
