"""The bureau's list: what is read from it, where each division hangs, what it is, and what is refused."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.protocols import divisions
from anlan.protocols.divisions import BrokenList, Kind, Level
from tests.organisation.division import LISTS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="module")
def listed() -> dict[str, divisions.Division]:
    return {division.code: division for division in divisions.read(LISTS)}


@pytest.mark.parametrize(
    ("code", "parent"),
    [
        ("120114000000", "120000000000"),  # 武清区: a municipality's district
        ("500229000000", "500000000000"),  # 城口县: a municipality's county
        ("419001000000", "410000000000"),  # 济源市: right under the province
        ("469001000000", "460000000000"),
        ("659012000000", "650000000000"),
        ("441900003000", "441900000000"),  # 东莞: a city without counties
        ("442000001000", "442000000000"),  # 中山
        ("460400103000", "460400000000"),  # 儋州
        ("620201001000", "620200000000"),  # 嘉峪关: its one county bears the city's name
        ("460321451000", "460321000000"),  # 三沙
        ("330383198001", "330383000000"),  # 龙港市: villages right under the county
        ("469001198006", "469001000000"),
        ("120114101204", "120114101000"),
        ("120000000000", ""),
    ],
)
def test_a_division_hangs_below_the_body_above_it(
    listed: dict[str, divisions.Division], code: str, parent: str
) -> None:
    assert listed[code].parent == parent


@pytest.mark.parametrize(
    "code", ["110100000000", "500200000000", "419000000000", "659000000000", "620201000000", "330383198000"]
)
def test_what_only_sums_up_is_no_division(listed: dict[str, divisions.Division], code: str) -> None:
    assert code not in listed


def test_a_body_that_is_listed_at_several_levels_is_there_once() -> None:
    codes = [division.code for division in divisions.read(LISTS)]
    assert codes.count("441900000000") == codes.count("350527000000") == 1  # 东莞市, 金门县
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("120000000000", Kind.PROVINCE),
        ("152500000000", Kind.CITY),  # 锡林郭勒盟
        ("120114000000", Kind.DISTRICT),
        ("419001000000", Kind.COUNTY),  # 济源市
        ("429021000000", Kind.COUNTY),  # 神农架林区 is no city's district
        ("152522000000", Kind.COUNTY),  # 阿巴嘎旗
        ("130273000000", Kind.PARK),  # 唐山高新技术产业开发区
        ("120114001000", Kind.STREET),
        ("130273401000", Kind.STREET),  # 庆北办事处, with an enterprise's number
        ("120114101000", Kind.TOWNSHIP),
        ("152522200000", Kind.TOWNSHIP),  # 那仁宝拉格苏木
        ("120114407000", Kind.PARK),  # 京津高村科技创新园
        ("659012505000", Kind.PARK),  # 一六五团
        ("120114101001", Kind.COMMUNITY),
        ("120114101204", Kind.VILLAGE),
        ("120114101401", Kind.COMMUNITY),  # 福源经济区社区
        ("120114407498", Kind.COMMUNITY),
        ("152522200201", Kind.VILLAGE),  # 阿拉坦陶高图嘎查
        ("419001001002", Kind.COMMUNITY),  # 西留村居民委员会
        ("659012505501", Kind.VILLAGE),  # 一连生活区: like a village
        ("330383198400", Kind.COMMUNITY),  # 新城建设中心管理区: like a community
    ],
)
def test_kind_goes_by_level_number_and_name(
    listed: dict[str, divisions.Division], code: str, kind: Kind
) -> None:
    assert listed[code].kind == kind


def test_a_name_that_says_plainly_what_it_is_overrules_the_number() -> None:
    assert divisions.kind_of(Level.VILLAGE, "371327105101", "前村村民委员会") == Kind.VILLAGE
    assert divisions.kind_of(Level.VILLAGE, "371327105201", "新城社区") == Kind.COMMUNITY
    assert divisions.kind_of(Level.TOWNSHIP, "350582401", "五里街道") == Kind.STREET


def test_parents_come_before_children_and_each_has_its_own() -> None:
    seen = {""}
    for division in divisions.read(LISTS):
        assert division.parent in seen
        seen.add(division.code)


def test_a_part_begins_with_what_was_asked_for_and_holds_nothing_else() -> None:
    codes = [division.code for division in divisions.read(LISTS, "120114000000")]
    assert codes[0] == "120114000000"
    assert len(codes) == 11
    assert all(code.startswith("120114") for code in codes)
    assert [d.code for d in divisions.read(LISTS, "120114101204")] == ["120114101204"]
    assert [d.level for d in divisions.read(LISTS, "120000000000", deepest=Level.COUNTY)] == [1, 3]


@pytest.mark.parametrize("code", ["120100000000", "620201000000", "999999000000", "120114999000"])
def test_what_is_no_division_of_the_list_is_told(code: str) -> None:
    with pytest.raises(BrokenList) as broken:
        list(divisions.read(LISTS, code))
    assert broken.value.problem == "not_listed"


@pytest.mark.parametrize("text", ["1", "123", "12011", "1201140", "12011A", "１２", "1201140000000"])
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=text):
        divisions.full_code(text)


@given(st.integers(11 * 10**10, 10**12 - 1), st.sampled_from((0, 3, 6, 8, 10)))
def test_parents_of_a_code_are_its_beginnings(number: int, zeros: int) -> None:
    code = str(number // 10**zeros * 10**zeros)
    for parent in divisions.parents_of(code):
        assert code.startswith(divisions.prefix_of(parent))
        assert divisions.level_of(parent) < divisions.level_of(code)


def villages(change: Callable[[str], str]) -> Callable[[Path], None]:
    """Rewrite the villages' file."""

    def spoil(folder: Path) -> None:
        file = folder / "villages.csv"
        file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8")

    return spoil


LINE = '120114101204,"郭罗庄村委会",120114101,12,1201,120114\n'
BROKEN = {
    "missing": lambda folder: (folder / "streets.csv").unlink(),
    "not_utf8": lambda folder: (folder / "villages.csv").write_bytes(
        (folder / "villages.csv").read_text(encoding="utf-8").encode("gb18030")
    ),
    "columns": villages(lambda text: text.replace("streetCode", "street_code", 1)),
    "columns ": villages(lambda _: ""),
    "cut": villages(lambda text: text[: text.index(LINE) + 20]),  # within a name
    "cut ": villages(lambda text: text[: text.index(LINE) + 30]),  # within the codes
    "mismatch": villages(lambda text: text[: text.index(LINE) + len(LINE) - 3]),  # within the last code
    "mismatch ": villages(lambda text: text.replace(LINE, LINE.replace(",120114101,", ",120114102,"))),
    "hollow": villages(lambda text: text[: text.index('120114407498,"')]),  # at the end of a line
    "twice": villages(lambda text: text + LINE),
    "orphan": villages(lambda text: text + LINE.replace("120114101", "120114108")),
    "code": villages(lambda text: text.replace(LINE, LINE.replace("120114101204", "12011410120A"))),
    "name": villages(lambda text: text.replace("郭罗庄村委会", " ")),
}


@pytest.mark.parametrize("problem", BROKEN)
def test_a_broken_list_is_refused_for_what_is_wrong_with_it(problem: str, tmp_path: Path) -> None:
    shutil.copytree(LISTS, tmp_path, dirs_exist_ok=True)
    assert list(divisions.read(tmp_path, "120114000000"))
    BROKEN[problem](tmp_path)
    with pytest.raises(BrokenList) as broken:
        list(divisions.read(tmp_path))
    assert broken.value.problem == problem.strip()


def test_a_list_from_a_spreadsheet_is_read_as_well(tmp_path: Path) -> None:
    shutil.copytree(LISTS, tmp_path, dirs_exist_ok=True)
    file = tmp_path / "villages.csv"
    text = file.read_text(encoding="utf-8").replace('"', "").replace("\n", "\r\n")
    file.write_text("\ufeff" + text, encoding="utf-8", newline="")
    assert list(divisions.read(tmp_path)) == list(divisions.read(LISTS))
