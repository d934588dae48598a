"""Search: what finds a text and what does not."""

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from anlan.kernel.models import Unit
from anlan.kernel.search import MOST_WORDS, document, question
from tests.cast import World


def found(words: str) -> list[str]:
    return list(
        Unit.unscoped.filter(search__holds=question(words)).order_by("name").values_list("name", flat=True)
    )


@pytest.fixture
def units(world: World) -> None:
    world.town.name, world.town.code = "武清区黄花店镇", "120114114000"
    world.town.save(update_fields=("name", "code"))
    world.neighbour_town.name = "重庆道街道"
    world.neighbour_town.save()


@pytest.mark.parametrize(
    "words",
    [
        "武清",
        "黄花店",
        "武",
        "镇",
        "wq",
        "WQ",
        "hhd",
        "wuqing",
        "huanghuadian",
        "120114",
        "武清 镇",
        "武清hhd",
    ],
)
def test_a_unit_is_found_by_characters_pinyin_initials_and_code(units: None, words: str) -> None:
    assert found(words) == ["武清区黄花店镇"]


@pytest.mark.parametrize("words", ["清武", "黄店", "uqing", "114114", "武清 街道", "wqx"])
def test_it_is_not_found_by_what_it_does_not_hold(units: None, words: str) -> None:
    assert found(words) == []


@pytest.mark.parametrize("words", ["cqd", "zqd", "chongqing", "zhongqing"])
def test_a_character_with_two_readings_is_found_by_both(units: None, words: str) -> None:
    assert found(words) == ["重庆道街道"]


def test_a_code_with_hyphens_is_one_word(world: World) -> None:
    assert found("t-1-1-1") == [world.town.name]
    assert world.neighbour_town.name not in found("T-1-1")


def test_a_question_without_words_is_none() -> None:
    assert question(" ，。%&|!():*'\\ ") == ""


def test_names_are_sorted_by_pinyin(world: World) -> None:
    for unit, name in ((world.city, "周庄"), (world.district, "安定"), (world.town, "北坡")):
        unit.name = name
        unit.save()
    names = Unit.unscoped.filter(pk__in=[world.city.pk, world.district.pk, world.town.pk]).order_by("name")
    assert [unit.name for unit in names] == ["安定", "北坡", "周庄"]


@pytest.mark.django_db
@given(st.text(max_size=300))
def test_the_database_reads_whatever_is_typed(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::tsvector", [document(text, text[::-1])])
        if asked := question(text):
            cursor.execute("SELECT %s::tsquery", [asked])


def test_a_long_text_is_bounded() -> None:
    assert document("重" * 5000 + " " + "乐 " * 5000).count(" ") < MOST_WORDS
