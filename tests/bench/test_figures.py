"""What a benchmark says of its readings: medians, ratios, bars, and the order in which they are taken."""

from __future__ import annotations

import pytest
from bench.figures import Bar, Figure, Options, Spread, product_at_most, ratio_at_least, take_turns


def test_spread_is_the_median_and_the_extremes() -> None:
    assert Spread.of([5.0, 1.0, 100.0]) == Spread(5.0, 1.0, 100.0, 3)
    assert Spread.of([1.0, 2.0, 3.0, 10.0]).median == 2.5


def test_ratio_is_median_to_median() -> None:
    assert Figure("pages", "1/s", [70.0, 80.0, 900.0], [100.0, 1.0, 160.0]).ratio == 0.8


def test_figure_without_limit_has_no_ratio() -> None:
    assert Figure("start", "s", [1.0]).ratio is None


@pytest.mark.parametrize(("number", "holds"), [(9.99, True), (10.0, True), (10.01, False)])
def test_a_ceiling_holds_up_to_its_value(number: float, holds: bool) -> None:  # noqa: FBT001 - pytest's own form
    assert Figure("start", "s", [number], bar=product_at_most(10)).holds is holds


@pytest.mark.parametrize(("number", "holds"), [(69.0, False), (70.0, True), (71.0, True)])
def test_a_floor_under_the_ratio_holds_from_its_value(number: float, holds: bool) -> None:  # noqa: FBT001 - as above
    assert Figure("pages", "1/s", [number], [100.0], ratio_at_least(0.7)).holds is holds


def test_a_bar_on_the_ratio_without_a_limit_is_a_mistake_of_the_benchmark() -> None:
    with pytest.raises(ValueError, match="needs a limit"):
        _ = Figure("pages", "1/s", [1.0], bar=ratio_at_least(0.7)).holds


def test_figure_without_bar_always_holds() -> None:
    assert Figure("idle-used", "MB", [10_000.0]).holds


def test_bar_says_what_it_is_of() -> None:
    assert str(product_at_most(700)) == "product ≤ 700"
    assert str(Bar("ratio", "at least", 0.7)) == "ratio ≥ 0.7"


def test_product_and_limit_take_turns_after_a_warm_up_that_is_not_counted() -> None:
    taken: list[str] = []
    numbers = iter(range(100))

    def quantity(name: str) -> float:
        taken.append(name)
        return float(next(numbers))

    readings = take_turns(2, {"product": lambda: quantity("product"), "limit": lambda: quantity("limit")})

    assert taken == ["product", "limit"] * 3
    assert readings == {"product": [2.0, 4.0], "limit": [3.0, 5.0]}


def test_without_warm_up_the_first_turn_counts() -> None:
    assert take_turns(1, {"memory": lambda: 7.0}, warm_up=False) == {"memory": [7.0]}


def test_rounds_are_at_least_five_unless_asked_otherwise() -> None:
    assert Options().rounds() == 5
    assert Options(runs=2).rounds() == 2
