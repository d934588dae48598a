from __future__ import annotations

from typing import TYPE_CHECKING

from house.rules import capabilities_csv, terms

if TYPE_CHECKING:
    from tests.house.conftest import TreeOf

HEAD = "code,中文,standard,not_to_be_confused_with\n"
MODELS = """
    from django.db import models
    from anlan.kernel.models import Record

    class Base(Record):
        class Meta:
            abstract = True

    class Rain(Base): ...

    class Depth(models.IntegerField): ...
"""


def test_a_model_without_term_is_found_and_with_it_passes(tree_of: TreeOf) -> None:
    files = {"src/anlan/watch/rain/models.py": MODELS, "docs/terms.csv": HEAD}
    assert ["Rain" in finding.what for finding in terms.check(tree_of(files))] == [True]
    assert not list(terms.check(tree_of({"docs/terms.csv": f"{HEAD}Rain,雨情,,Observation\n"})))


def test_terms_without_chinese_twice_or_with_missing_cells_are_found(tree_of: TreeOf) -> None:
    rows = "Rain,雨情,,\nRain,降雨,,\nSnow,雪\nWind,,,\n"
    found = list(terms.check(tree_of({"docs/terms.csv": HEAD + rows})))
    assert sorted(finding.line for finding in found) == [3, 4, 5]


def test_a_missing_table_is_found(tree_of: TreeOf) -> None:
    assert [finding.what for finding in terms.check(tree_of({}))] == ["missing"]


def _capabilities(**given: tuple[str, str]) -> str:
    rows = [
        f"{chapter}{number},{','.join(given.get(f'{chapter}{number}', ('open', '')))},x"
        for chapter, count in capabilities_csv.CHAPTERS.items()
        for number in range(1, count + 1)
    ]
    return "\n".join(["row,state,tests,note", *rows, ""])


TESTS = """
    import pytest

    def test_good(): ...

    @pytest.mark.skip
    def test_skipped(): ...

    class TestMore:
        @pytest.mark.parametrize("x", [1])
        def test_inside(self, x): ...
"""


def test_rows_that_name_running_tests_pass(tree_of: TreeOf) -> None:
    table = _capabilities(O1=("done", "tests/a/test_a.py::test_good"), Q1=("part", "tests/a/test_a.py::TestMore::test_inside[1]"))  # fmt: skip
    assert not list(
        capabilities_csv.check(tree_of({"docs/capabilities.csv": table, "tests/a/test_a.py": TESTS}))
    )


def test_rows_that_name_no_running_test_are_found(tree_of: TreeOf) -> None:
    table = _capabilities(
        O1=("done", "tests/a/test_a.py::test_skipped"),
        O2=("done", ""),
        O3=("part", "tests/a/test_a.py::test_gone"),
        O4=("done", "tests/a/test_gone.py::test_good"),
        O5=("ready", ""),
    )
    tree = tree_of({"docs/capabilities.csv": table, "tests/a/test_a.py": TESTS})
    assert {finding.line for finding in capabilities_csv.check(tree)} == {2, 3, 4, 5, 6}


def test_a_file_skipped_as_a_whole_is_found(tree_of: TreeOf) -> None:
    table = _capabilities(O1=("done", "tests/a/test_a.py::test_good"))
    tests = "import pytest\npytestmark = pytest.mark.skip\ndef test_good(): ...\n"
    tree = tree_of({"docs/capabilities.csv": table, "tests/a/test_a.py": tests})
    assert len(list(capabilities_csv.check(tree))) == 1


def test_requirements_left_out_or_invented_are_found(tree_of: TreeOf) -> None:
    table = _capabilities().replace("O3,open,,x\n", "").replace("O4,", "Y4,")
    found = [finding.what for finding in capabilities_csv.check(tree_of({"docs/capabilities.csv": table}))]
    assert sorted(found) == ["O3 has no row", "O4 has no row", "Y4 is no requirement"]
