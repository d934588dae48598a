from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from house import check, rules
from house.finding import Finding, show
from house.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def given_rules(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def give(*given: Rule) -> None:
        monkeypatch.setattr(rules, "every", lambda: list(given))

    return give


def _good(_tree: object) -> list[Finding]:
    return []


def _bad(_tree: object) -> list[Finding]:
    return [
        Finding("a.py", 3, "wrong", "it hurts", "mend it"),
        Finding("b.py", 1, "wrong too", "it hurts", "mend it"),
    ]


def _broken(_tree: object) -> list[Finding]:
    raise ValueError("no such file")


def test_all_well_ends_with_nought(
    given_rules: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    given_rules(Rule("one", "", _good), Rule("two", "", _good, program=True))
    assert check.main([]) == 0
    assert "2 rules, 0 broken" in capsys.readouterr().out


def test_a_finding_is_shown_with_place_reason_and_mend_and_ends_with_one(
    given_rules: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    given_rules(Rule("one", "", _good), Rule("two", "", _bad))
    assert check.main([]) == 1
    said = capsys.readouterr().out
    assert "a.py:3: wrong" in said
    assert said.count("it hurts") == said.count("mend it") == 1


def test_a_rule_that_cannot_run_is_broken_and_the_others_go_on(
    given_rules: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    given_rules(Rule("one", "", _broken), Rule("two", "", _good))
    assert check.main([]) == 1
    assert "could not run: ValueError: no such file" in capsys.readouterr().out


def test_only_the_named_rules_run(given_rules: Callable[..., None]) -> None:
    given_rules(Rule("one", "", _good), Rule("two", "", _bad))
    assert check.main(["one"]) == 0


def test_an_unknown_name_is_refused(
    given_rules: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    given_rules(Rule("one", "", _good))
    assert check.main(["one", "three"]) == 2
    assert "three" in capsys.readouterr().err


def test_renew_writes_what_the_named_rules_compare_with(given_rules: Callable[..., None]) -> None:
    renewed = []
    given_rules(Rule("one", "", _bad, renewed.append), Rule("two", "", _bad, renewed.append))
    assert check.main(["two", "--renew"]) == 0
    assert len(renewed) == 1


def test_the_list_names_every_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert check.main(["--list"]) == 0
    said = capsys.readouterr().out
    assert all(rule.name in said for rule in rules.every())


def test_every_rule_has_a_name_of_its_own_and_a_sentence() -> None:
    names = [rule.name for rule in rules.every()]
    assert len(names) == len(set(names)) >= 20
    assert all(rule.about for rule in rules.every())


def test_reasons_are_shown_once_per_kind() -> None:
    assert len(list(show(_bad(None)))) == 4
