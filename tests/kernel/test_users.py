"""Stopping and helping users: who may, within what reach, and what ends with it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.management import CommandError, call_command

from anlan.kernel import users
from anlan.kernel.clock import real_now
from anlan.kernel.errors import DomainError, NotAllowed, NotFound
from anlan.kernel.models import Entry, Grant, PrivateNote, Role
from tests.cast import PASSWORD, World, acting, make_machine

if TYPE_CHECKING:
    from django.test import Client

    from anlan.kernel.context import Context

WHY = "怀疑密码泄露"


@pytest.fixture
def security(world: World) -> Context:
    """The district's security administrator."""
    return acting(world.person("security", "security_administrator", world.district))


@pytest.fixture
def system(world: World) -> Context:
    return acting(world.administrator)


def code_of(refused: pytest.ExceptionInfo[DomainError]) -> str:
    return refused.value.code


def test_a_disabled_user_is_thrown_out_until_he_is_enabled(
    world: World, door: Client, security: Context
) -> None:
    log_in(door, world.officer.username)
    users.disable_user(security, world.officer.pk, WHY)
    assert door.get("/").status_code == 302
    assert log_in(door, world.officer.username) != "/"
    users.enable_user(security, world.officer.pk, "已换密码")
    assert log_in(door, world.officer.username) == "/"
    entry = Entry.objects.get(event="kernel.user.disabled")
    assert entry.data["sessions"] == 1
    assert PrivateNote.objects.get(entry=entry).text == WHY


def test_who_is_thrown_out_may_come_back(world: World, door: Client, security: Context) -> None:
    log_in(door, world.officer.username)
    assert users.throw_out_user(security, world.officer.pk, WHY) == 1
    assert door.get("/").status_code == 302
    assert log_in(door, world.officer.username) == "/"


def test_nobody_is_managed_from_outside_his_reach(world: World, security: Context) -> None:
    with pytest.raises(NotFound):
        users.disable_user(security, world.neighbour.pk, WHY)
    clerk = Role.objects.get(code="clerk")
    Grant.objects.create(user=world.officer, role=clerk, scope_root=world.neighbour_town)
    with pytest.raises(NotFound):  # partly outside is outside
        users.disable_user(security, world.officer.pk, WHY)
    with pytest.raises(NotFound):
        users.disable_user(security, 987_654_321, WHY)


def test_nobody_disables_himself(security: Context) -> None:
    assert security.actor
    with pytest.raises(DomainError) as refused:
        users.disable_user(security, security.actor.pk, WHY)
    assert code_of(refused) == "own_account"


def test_the_last_who_can_grant_somewhere_is_not_disabled(world: World, security: Context) -> None:
    """Who is above can still grant there, unless his own right ends some day."""
    assert security.actor
    above = acting(world.person("above", "security_administrator", world.city))
    held_above = Grant.objects.filter(user=above.actor)
    held_above.update(until_at=real_now() + timedelta(days=30))
    with pytest.raises(DomainError) as refused:
        users.disable_user(acting(above.actor), security.actor.pk, WHY)  # type: ignore[arg-type]  # he is there
    assert code_of(refused) == "last_security_administrator"
    held_above.update(until_at=None)
    users.disable_user(above, security.actor.pk, WHY)


def test_a_reset_password_is_initial_and_keeps_the_second_factor(
    world: World, door: Client, system: Context
) -> None:
    TOTP.activate(world.officer, generate_totp_secret())
    _, password = users.reset_password(system, world.officer.pk, "遗忘密码")
    world.officer.refresh_from_db()
    assert world.officer.check_password(password)
    assert not world.officer.check_password(PASSWORD)
    assert world.officer.password_is_initial
    assert Authenticator.objects.filter(user=world.officer).exists()
    assert password not in str(Entry.objects.get(event="kernel.user.password_reset").data)


def test_a_lost_second_factor_is_lifted_once(world: World, system: Context) -> None:
    TOTP.activate(world.officer, generate_totp_secret())
    users.lift_second_factor(system, world.officer.pk, "手机丢失")
    assert not users.has_second_factor(world.officer)
    assert Entry.objects.get(event="kernel.user.second_factor_lifted").data["kinds"] == ["totp"]
    with pytest.raises(DomainError) as refused:
        users.lift_second_factor(system, world.officer.pk, "手机丢失")
    assert code_of(refused) == "no_second_factor"


def test_a_machine_has_nothing_to_reset(system: Context) -> None:
    machine = make_machine("gauges")
    with pytest.raises(DomainError) as refused:
        users.reset_password(system, machine.pk, WHY)
    assert code_of(refused) == "machine_account"


def test_the_two_administrators_do_not_do_each_other_s_work(
    world: World, security: Context, system: Context
) -> None:
    with pytest.raises(NotAllowed):
        users.reset_password(security, world.officer.pk, WHY)
    with pytest.raises(NotAllowed):
        users.disable_user(system, world.officer.pk, WHY)


def log_in(door: Client, name: str, password: str = PASSWORD) -> str:
    """Where the log-in form leads."""
    answer = door.post("/account/login/", {"login": name, "password": password})
    return str(answer.headers.get("Location", ""))


def test_who_can_be_helped_by_nobody_is_let_in_from_the_machine(
    world: World, door: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    TOTP.activate(world.administrator, generate_totp_secret())
    call_command("let_in", world.administrator.username)
    password = capsys.readouterr().out.strip().rpartition("：")[2]
    assert log_in(door, world.administrator.username, password) == "/"
    written = Entry.objects.filter(subject=str(world.administrator.pk), actor=None).values_list(
        "event", flat=True
    )
    assert {"kernel.user.password_reset", "kernel.user.second_factor_lifted"} <= set(written)
    with pytest.raises(CommandError):
        call_command("let_in", "nobody-of-that-name")
