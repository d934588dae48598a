"""How numbers are written: each usual way gives the same value, what is none says how to write it."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from anlan.kernel.reach import ReachKind, normalised

RIGHT = [
    ("mobile", "138 0000 0000", "13800000000"),
    ("mobile", "+86-138-0000-0000", "13800000000"),
    ("mobile", "１３８００００００００", "13800000000"),
    ("mobile", "10000001234", "10000001234"),
    ("land_line", "（022）2345 6789", "022-23456789"),
    ("land_line", "0317-2345678转8", "0317-2345678转8"),
    ("land_line", "022-23456789-8001", "022-23456789转8001"),
    ("land_line", "02223456789 ext. 12", "022-23456789转12"),
    ("land_line", "+86 22 2345 6789", "022-23456789"),
    ("land_line", "000-10000001", "000-10000001"),
    ("service", "12345", "12345"),
    ("service", "400-100-0000", "4001000000"),
    ("satellite", "1740 000 0000", "17400000000"),
    ("satellite", "+881 600 000 000", "+881600000000"),
    ("radio", "  应急1台   4频道 ", "应急1台 4频道"),
    ("email", "Zhiban@Example.cn", "zhiban@example.cn"),
    ("chat", "wx_100", "wx_100"),
]
WRONG = [
    ("mobile", "1380000000"),
    ("mobile", "12000000000"),
    ("mobile", "022-23456789"),
    ("land_line", "23456789"),
    ("land_line", "022-03456789"),
    ("service", "1"),
    ("satellite", "13800000000"),
    ("radio", "。"),
    ("email", "zhiban"),
    ("chat", "a b"),
]


@pytest.mark.parametrize(("kind", "written", "kept"), RIGHT)
def test_each_way_of_writing_it_gives_the_same_value(kind: str, written: str, kept: str) -> None:
    assert normalised(kind, written) == kept
    assert normalised(kind, kept) == kept


@pytest.mark.parametrize(("kind", "written"), WRONG)
def test_what_is_none_is_told_how_to_write_it(kind: str, written: str) -> None:
    with pytest.raises(ValidationError, match=r"例如|应为"):
        normalised(kind, written)


@given(st.sampled_from(ReachKind.values), st.text(max_size=40))
def test_whatever_is_kept_stays_as_it_is(kind: str, written: str) -> None:
    try:
        kept = normalised(kind, written)
    except ValidationError:
        return
    assert normalised(kind, kept) == kept
