"""Settings: every wrong one is told at once, before anything starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anlan import environment
from anlan.launcher import cli

if TYPE_CHECKING:
    from pathlib import Path


def problems(**source: str) -> list[str]:
    with pytest.raises(environment.SettingsError) as caught:
        environment.load(source)
    return caught.value.problems


def test_defaults_are_enough() -> None:
    found = environment.load({})
    assert found.port == 8443
    assert found.time_zone.key == "Asia/Shanghai"
    assert found.hosts == ()


def test_every_wrong_setting_is_told_at_once() -> None:
    told = problems(
        ANLAN_PORT="99999", ANLAN_TIME_ZONE="Mars/Base", ANLAN_LOG_LEVEL="loud", ANLAN_WEB_THREADS="many"
    )
    assert len(told) == 4
    for name in ("ANLAN_PORT", "ANLAN_TIME_ZONE", "ANLAN_LOG_LEVEL", "ANLAN_WEB_THREADS"):
        assert any(name in line for line in told)


def test_a_misspelt_name_is_an_error_not_ignored() -> None:
    (told,) = problems(ANLAN_PROT="8443")
    assert "ANLAN_PROT" in told


def test_other_programs_variables_are_not_ours() -> None:
    assert environment.load({"PATH": "/bin", "ANLANDIA": "x"}).port == 8443


@pytest.mark.parametrize(
    ("one", "other"),
    [("ANLAN_CERTIFICATE", "ANLAN_CERTIFICATE_KEY"), ("ANLAN_ADMIN_NAME", "ANLAN_ADMIN_PASSWORD")],
)
def test_half_of_a_pair_is_refused_and_names_both(one: str, other: str) -> None:
    (told,) = problems(**{one: "/dev/null"})
    assert one in told
    assert other in told
    assert environment.load({one: "/dev/null", other: "/dev/null"})


def test_a_wrong_secret_is_not_shown() -> None:
    (told,) = problems(ANLAN_DATABASE_URL="mysql://me:hunter2@host/db")
    assert "hunter2" not in told
    assert "postgresql" in told


def test_a_file_that_is_not_there_is_told() -> None:
    (told,) = problems(ANLAN_POSTGRES_BIN="/nowhere/bin")
    assert "/nowhere/bin" in told


def test_hosts_are_split_and_blanks_dropped() -> None:
    assert environment.load({"ANLAN_HOSTS": " a.example, ,b.example "}).hosts == ("a.example", "b.example")


def test_every_setting_stands_on_the_operators_page() -> None:
    page = environment.as_markdown()
    assert all(f"`{setting.name}`" in page for setting in environment.SETTINGS)


def test_a_folder_without_rooms_is_told(tmp_path: Path) -> None:
    (told,) = problems(ANLAN_ROOMS=str(tmp_path / "nowhere"))
    assert "no such" in told
    (told,) = problems(ANLAN_ROOMS=str(tmp_path))
    assert "WING/ROOM/apps.py" in told
    (tmp_path / "respond/siren").mkdir(parents=True)
    (tmp_path / "respond/siren/apps.py").touch()
    assert environment.load({"ANLAN_ROOMS": str(tmp_path)}).rooms == tmp_path
    (tmp_path / "respond").rename(tmp_path / "respnd")
    (told,) = problems(ANLAN_ROOMS=str(tmp_path))
    assert "no such wing: respnd" in told


def test_rooms_that_the_services_cannot_read_are_told_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "respond/siren").mkdir(parents=True)
    (tmp_path / "respond/siren/apps.py").touch()
    monkeypatch.delenv("ANLAN_DATABASE_URL")  # the tests' own is only half of a pair
    monkeypatch.setenv("ANLAN_ROOMS", str(tmp_path))
    monkeypatch.setattr(cli, "is_root", lambda: True)
    monkeypatch.setattr(cli, "closed_parent", lambda folder: folder.parent)
    with pytest.raises(SystemExit):
        cli.settings()
    assert str(tmp_path.parent) in capsys.readouterr().err
    monkeypatch.setattr(cli, "closed_parent", lambda _folder: None)
    assert cli.settings().rooms == tmp_path
