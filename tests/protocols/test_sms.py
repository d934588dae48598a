"""How texts are cut into parts, and what replies say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.protocols import sms


@pytest.mark.parametrize(
    ("text", "alphabet", "parts"),
    [
        ("", "gsm7", 1),
        ("a" * 160, "gsm7", 1),
        ("a" * 161, "gsm7", 2),
        ("a" * 306, "gsm7", 2),
        ("a" * 307, "gsm7", 3),
        ("€" * 80, "gsm7", 1),
        ("€" * 81, "gsm7", 2),
        ("雨" * 70, "ucs2", 1),
        ("雨" * 71, "ucs2", 2),
        ("雨" * 134, "ucs2", 2),
        ("雨" * 135, "ucs2", 3),
        ("a" * 69 + "雨", "ucs2", 1),
        ("a" * 70 + "雨", "ucs2", 2),
        ("⚠" * 70, "ucs2", 1),
        ("🌊" * 35, "ucs2", 1),
        ("🌊" * 36, "ucs2", 2),
        ("ê", "ucs2", 1),
    ],
)
def test_parts_begin_where_the_standard_says(text: str, alphabet: str, parts: int) -> None:
    cut = sms.cut(text)
    assert (cut.alphabet, len(cut.parts)) == (alphabet, parts)


def test_an_emoji_at_the_border_goes_whole_into_the_next_part() -> None:
    cut = sms.cut("雨" * 66 + "🌊" + "雨" * 10)
    assert [len(part) for part in cut.parts] == [66, 11]


def test_a_bracket_of_two_units_is_not_torn_apart() -> None:
    cut = sms.cut("a" * 152 + "[" + "b" * 20)
    assert [len(part) for part in cut.parts] == [152, 21]


@given(st.text(max_size=400))
def test_parts_hold_the_whole_text_and_none_is_too_long(text: str) -> None:
    cut = sms.cut(text)
    assert "".join(cut.parts) == text
    for part in cut.parts:
        if cut.alphabet == "ucs2":
            units = len(part.encode("utf-16-be", "surrogatepass")) // 2
        else:
            units = sum(2 if character in sms.EXTENDED else 1 for character in part)
        assert units <= (sms.ALONE if len(cut.parts) == 1 else sms.PART)[cut.alphabet]


@pytest.mark.parametrize(
    ("text", "digit"),
    [("1", 1), ("２", 2), (" 3 。", 3), ("回复12", 12), ("1收到", 1), ("收到1", 1), ("2号", 2), ("①", 1)],
)
def test_a_digit_is_understood_in_any_dress(text: str, digit: int) -> None:
    assert sms.read_reply(text) == sms.Understood(digit)


@pytest.mark.parametrize("text", ["收到", "已收到!", "好的", "Ok", "是", "收到。"])
def test_assent_without_a_digit_is_understood(text: str) -> None:
    assert sms.read_reply(text) == sms.Understood(None)


@pytest.mark.parametrize("text", ["", "  ", "1人受伤", "没收到", "不是", "1 2", "收到了吗", "1234", "T"])
def test_news_and_doubts_are_no_answers(text: str) -> None:
    assert sms.read_reply(text) is None
