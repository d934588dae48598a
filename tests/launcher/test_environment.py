"""Settings: every wrong one is told at once, before anything starts."""

import pytest

from anlan import environment


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
