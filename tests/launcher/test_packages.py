"""What the machine lacks is named exactly; without apt or rights the launcher stops there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from anlan.launcher import packages
from anlan.launcher.packages import Need


def need(name: str, *, there: bool) -> Need:
    return Need(name, lambda: there, (f"{name} 的用途", f"what {name} is for"))


NEEDS = (need("first", there=False), need("second", there=True), need("third", there=False))


def test_only_what_is_missing_is_named() -> None:
    assert [one.package for one in packages.missing(NEEDS)] == ["first", "third"]


def test_nothing_missing_touches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    packages.install([need("second", there=True)])


def test_what_is_optional_keeps_nobody_from_starting_and_is_named_with_the_rest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    nice = replace(need("nice", there=False), optional=True)
    packages.install([nice])
    with pytest.raises(SystemExit):
        packages.install([*NEEDS, nice])
    assert "first third nice" in capsys.readouterr().err


def test_without_apt_it_stops_and_names_every_package(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SystemExit) as caught:
        packages.install(NEEDS)
    assert caught.value.code == 1
    said = capsys.readouterr().err
    assert "apt-get install --no-install-recommends first third" in said
    assert "first 的用途" in said
    assert "second" not in said


def test_without_rights_it_stops_and_names_every_package(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("bin")
    (folder / "apt-get").write_text("#!/bin/sh\nexit 99\n")
    (folder / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(packages, "is_root", lambda: False)
    with pytest.raises(SystemExit):
        packages.install(NEEDS)
    assert "first third" in capsys.readouterr().err


def test_english_locale_gets_english(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    with pytest.raises(SystemExit):
        packages.install(NEEDS)
    assert "what third is for" in capsys.readouterr().err


def test_postgis_follows_the_server_that_is_there() -> None:
    found = packages._resolve(packages.POSTGRES)
    assert found == packages.POSTGRES or found.endswith("-postgis-3")
    assert packages._resolve("gettext") == "gettext"
