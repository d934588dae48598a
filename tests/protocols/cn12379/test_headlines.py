"""Headlines: built by the rule, read in the forms they are met in."""

from __future__ import annotations

import pytest

from anlan.protocols.cn12379 import Headline, Severity, build_headline, read_headline

RED, ORANGE, YELLOW, BLUE = list(Severity)[:4]


@pytest.mark.parametrize(
    ("arguments", "headline"),
    [
        (("浙江省气象局", "Alert", "台风", "Yellow"), "浙江省气象局发布台风黄色预警[III级/较大]"),
        (("浙江省气象局", "Update", "台风", "Red"), "浙江省气象局发布台风红色预警[I级/特别重大]"),
        (("浙江省气象局", "Cancel", "台风", "Orange"), "浙江省气象局解除台风橙色预警[II级/重大]"),
        (("河南省气象局", "Alert", "大风", "Blue"), "河南省气象局发布大风蓝色预警[IV级/一般]"),
        (("河南省气象局", "Alert", "测试", "Unknown"), "河南省气象局发布测试预警"),
    ],
)
def test_a_headline_says_who_does_what_about_which_warning(arguments: tuple[str, ...], headline: str) -> None:
    sender, msg_type, event, severity = arguments
    assert build_headline(sender, msg_type, event, severity) == headline
    bare = build_headline(sender, msg_type, event, severity, with_grade=False)
    assert bare == headline.partition("[")[0]


@pytest.mark.parametrize(
    ("text", "headline"),
    [
        (
            "湖州市气象台发布霾黄色预警[III级/较大]",
            Headline("湖州市气象台", False, "霾", YELLOW, YELLOW, True),
        ),
        (
            "甲县气象局发布暴雨橙色预警[II级/严重]",
            Headline("甲县气象局", False, "暴雨", ORANGE, ORANGE, False),
        ),
        (
            "甲县气象局发布暴雨黄色预警[III级/较重]",
            Headline("甲县气象局", False, "暴雨", YELLOW, YELLOW, False),
        ),
        ("甲县水利局发布暴雨红色[Ⅰ级/特别重大]预警", Headline("甲县水利局", False, "暴雨", RED, RED, False)),
        ("甲县气象局解除大风蓝色预警信号", Headline("甲县气象局", True, "大风", BLUE, None, True)),
        ("甲县气象台继续发布大雾橙色预警", Headline("甲县气象台", False, "大雾", ORANGE, None, True)),
        ("甲县气象局发布大风蓝色预警【IV级/一般】", Headline("甲县气象局", False, "大风", BLUE, BLUE, True)),
        ("甲县气象局发布大风蓝色预警[请注意]", Headline("甲县气象局", False, "大风", BLUE, None, False)),
    ],
)
def test_headlines_are_read_as_they_are_met(text: str, headline: Headline) -> None:
    assert read_headline(text) == headline


@pytest.mark.parametrize("text", ["", "预警", "大风预警", "甲县气象局发布大风紫色预警", "发" * 100_000])
def test_other_headlines_are_not_understood(text: str) -> None:
    assert read_headline(text) is None


@pytest.mark.parametrize("severity", [RED, ORANGE, YELLOW, BLUE])
def test_what_is_built_is_read(severity: Severity) -> None:
    built = build_headline("甲县应急管理局", "Cancel", "地质灾害气象风险", severity)
    assert read_headline(built) == Headline(
        "甲县应急管理局", True, "地质灾害气象风险", severity, severity, True
    )
