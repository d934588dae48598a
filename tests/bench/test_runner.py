"""The command: list, run, JSON, exit code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from bench import calibration, runner
from bench.calibration import Calibration
from bench.figures import Benchmark, Figure, Options, product_at_most, ratio_at_least

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ASKED = {"name", "unit", "product", "limit", "ratio", "bar", "holds"}
BESIDE = {
    "product_min",
    "product_max",
    "limit_min",
    "limit_max",
    "runs",
    "machine",
    "commit",
    "dirty",
    "calibration",
}


def made_up(name: str, figure: Figure) -> Benchmark:
    def measure(_: Options) -> Sequence[Figure]:
        return [figure]

    return Benchmark(name, ("虚构", "made up"), figure.unit, figure.bar, measure)


@pytest.fixture(autouse=True)
def invented_benchmarks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Three benchmarks that cost nothing, and a calibration that costs nothing."""
    known = {
        "good": made_up(
            "good", Figure("good", "1/s", [80.0, 90.0, 100.0], [100.0, 100.0, 110.0], ratio_at_least(0.7))
        ),
        "bad": made_up("bad", Figure("bad", "s", [10.0, 11.0, 12.0], bar=product_at_most(10))),
        "plain": made_up("plain", Figure("plain", "MB", [1.0])),
    }
    monkeypatch.setattr(runner, "registry", lambda: known)
    monkeypatch.setattr(calibration, "read", lambda _: Calibration((0.1,), (5000.0,), 0.5))
    monkeypatch.setenv("ANLAN_VAR", str(tmp_path))


def test_without_a_name_it_lists_benchmarks_with_their_bars(capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["good", "bad", "plain"]
    assert "ratio ≥ 0.7" in lines[0]


def test_unknown_name_is_refused_with_the_names_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.main(["nonsense"]) == 2
    assert "good, bad, plain" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("names", "code"), [(["good"], 0), (["plain"], 0), (["bad"], 1), (["bad", "good"], 1)]
)
def test_exit_code_tells_whether_every_bar_holds(names: list[str], code: int) -> None:
    assert runner.main(names) == code


def test_json_is_a_list_of_objects_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    runner.main(["good", "bad", "--json"])
    good, bad = json.loads(capsys.readouterr().out)
    assert good.keys() >= ASKED | BESIDE
    assert {name: good[name] for name in ASKED} == {
        "name": "good",
        "unit": "1/s",
        "product": 90.0,
        "limit": 100.0,
        "ratio": 0.9,
        "bar": 0.7,
        "holds": True,
    }
    assert (good["product_min"], good["product_max"], good["runs"]) == (80.0, 100.0, 3)
    assert (bad["limit"], bad["ratio"], bad["holds"]) == (None, None, False)


def test_calibration_of_both_moments_stands_beside_the_figure(capsys: pytest.CaptureFixture[str]) -> None:
    runner.main(["plain", "--json"])
    (row,) = json.loads(capsys.readouterr().out)
    assert row["calibration"]["python_loop_s"]["median"] == 0.1
    assert row["calibration"]["fdatasync_per_s"]["median"] == 5000.0
    assert row["machine"]["cores"] >= 1


def test_people_are_told_median_spread_and_whether_the_bar_holds(capsys: pytest.CaptureFixture[str]) -> None:
    runner.main(["bad"])
    said = capsys.readouterr().out
    assert "11 (10–12), 3 runs" in said
    assert "product ≤ 10" in said
    assert "calibration" in said


def test_a_missing_program_is_named_before_anything_is_measured() -> None:
    needy = Benchmark(
        "needy", ("", ""), "s", None, lambda _: pytest.fail("measured"), programs=("no-such-program",)
    )
    with pytest.raises(SystemExit, match="no-such-program"):
        runner.run(needy, Options())
