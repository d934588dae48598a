"""The first start asks for an administrator until it has one, or says how to name him."""

from __future__ import annotations

import getpass
import sys

import pytest
from django.core.management import CommandError

from anlan.site.management.commands import prepare

GOOD = "Calm-water-9610"


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What somebody types, in this order; names and passwords alike."""
    typed: list[str] = []
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _asked: typed.pop(0))
    monkeypatch.setattr(getpass, "getpass", lambda _asked: typed.pop(0))
    return typed


@pytest.mark.django_db
def test_what_does_not_do_is_said_and_asked_again(
    terminal: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    terminal += ["名 字", "admin", "short", "admin", GOOD, "another", "admin", GOOD, GOOD]
    assert prepare._administrator() == ("admin", GOOD)
    said = capsys.readouterr().err
    assert "至少 10 位" in said
    assert "不一致" in said
    assert terminal == []


def test_without_a_terminal_it_is_told_which_settings_to_make(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    with pytest.raises(CommandError, match="ANLAN_ADMIN_NAME"):
        prepare._administrator()
