"""Tokens of machines: issued within bounds, shown once, good for what they say, as long as they say."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import IntegrityError, transaction

from anlan.kernel import access, tokens
from anlan.kernel.clock import real_now
from anlan.kernel.context import Context
from anlan.kernel.errors import DomainError, NotFound, SecondFactorNeeded, StateConflict
from anlan.kernel.models import Entry, Grant, MachineToken, Role, User
from anlan.kernel.scope import can, require
from tests.cast import World, acting, make_machine

if TYPE_CHECKING:
    from collections.abc import Iterable

UNITS = "organisation.unit.read"
ADDRESS = "192.0.2.7"


@pytest.fixture
def machine(world: World) -> User:
    """A rain gauge network, clerk of the township."""
    made = make_machine("gauges")
    Grant.objects.create(user=made, role=Role.objects.get(code="clerk"), scope_root=world.town)
    return made


@pytest.fixture
def system(world: World) -> Context:
    return acting(world.administrator)


def issue(
    ctx: Context, user: User, scopes: Iterable[str] = (UNITS,), days: float = 30
) -> tuple[MachineToken, str]:
    until = real_now() + timedelta(days=days)
    return tokens.issue_token(ctx, user.pk, name="雨量站", scopes=scopes, expires_at=until)


def test_a_token_lets_in_and_its_secret_is_kept_nowhere(machine: User, system: Context) -> None:
    token, secret = issue(system, machine)
    assert secret.startswith("anlan_")
    assert len(secret) >= 49
    found = tokens.find_current(secret, ADDRESS)
    assert found == token
    assert secret not in str(MachineToken.objects.values().get())
    assert secret not in str(Entry.objects.get(event="kernel.token.issued").data)


def test_it_is_good_for_its_scopes_within_its_user_s_grants(
    world: World, machine: User, system: Context
) -> None:
    token, _ = issue(system, machine)
    ctx = Context(machine, token=token)
    assert can(ctx, UNITS, world.town)
    assert not can(ctx, UNITS, world.neighbour_town)
    assert not can(ctx, "kernel.obligation.read")  # its user holds it, the token doesn't say it
    Grant.objects.filter(user=machine).update(until_at=real_now())
    assert not can(Context(machine, token=token), UNITS)


def test_what_asks_for_a_second_factor_is_not_for_machines(
    world: World, machine: User, system: Context
) -> None:
    role = Role.objects.create(code="own-mend", name="x", capabilities=["kernel.journal.mend"])
    Grant.objects.create(user=machine, role=role, scope_root=world.town)
    with pytest.raises(DomainError) as refused:
        issue(system, machine, ["kernel.journal.mend"])
    assert refused.value.code == "token_scopes"
    by_hand = MachineToken(scopes=["kernel.journal.mend"])
    with pytest.raises(SecondFactorNeeded) as told:
        require(Context(machine, token=by_hand, second_factor=True), "kernel.journal.mend")
    assert told.value.code == "not_for_machines"


@pytest.mark.parametrize(("days", "code"), [(-1, "ends_in_past"), (367, "token_too_long")])
def test_it_ends_within_a_year(machine: User, system: Context, days: float, code: str) -> None:
    with pytest.raises(DomainError) as refused:
        issue(system, machine, days=days)
    assert refused.value.code == code
    issue(system, machine, days=365.9)


def test_the_database_keeps_the_year_as_well(machine: User, system: Context) -> None:
    token, _ = issue(system, machine)
    with pytest.raises(IntegrityError), transaction.atomic():
        MachineToken.objects.filter(pk=token.pk).update(expires_at=real_now() + timedelta(days=400))


def test_a_machine_has_no_password_whoever_writes_it(machine: User) -> None:
    machine.set_password("Kq7#vzmwht")
    with pytest.raises(IntegrityError), transaction.atomic():
        machine.save()


def test_scopes_beyond_the_grants_are_refused(machine: User, system: Context) -> None:
    with pytest.raises(DomainError) as refused:
        issue(system, machine, [UNITS, "kernel.journal.read"])
    assert refused.value.code == "token_scopes"
    assert not MachineToken.objects.exists()


def test_people_get_none(world: World, system: Context) -> None:
    with pytest.raises(DomainError) as refused:
        issue(system, world.clerk)
    assert refused.value.code == "not_a_machine"


def test_an_ended_one_lets_nobody_in_and_ends_once(machine: User, system: Context) -> None:
    token, secret = issue(system, machine)
    tokens.end_token(system, token.pk, "对接下线")
    assert tokens.find_current(secret, ADDRESS) is None
    with pytest.raises(StateConflict):
        tokens.end_token(system, token.pk, "对接下线")


@pytest.mark.parametrize("what", ["expired", "inactive"])
def test_an_expired_one_and_that_of_a_stopped_user_let_nobody_in(
    machine: User, system: Context, what: str
) -> None:
    token, secret = issue(system, machine)
    assert tokens.find_current(secret, ADDRESS)
    if what == "expired":
        before = real_now() - timedelta(days=31)
        MachineToken.objects.filter(pk=token.pk).update(
            issued_at=before, expires_at=before + timedelta(days=30)
        )
    else:
        User.objects.filter(pk=machine.pk).update(is_active=False)
    assert tokens.find_current(secret, ADDRESS) is None


def test_its_use_is_written_down_once_a_minute(machine: User, system: Context) -> None:
    token, secret = issue(system, machine)
    tokens.find_current(secret, ADDRESS)
    tokens.find_current(secret, "192.0.2.8")
    token.refresh_from_db()
    assert token.used_from == ADDRESS
    MachineToken.objects.filter(pk=token.pk).update(used_at=real_now() - timedelta(minutes=2))
    tokens.find_current(secret, "192.0.2.8")
    token.refresh_from_db()
    assert token.used_from == "192.0.2.8"


def test_a_machine_out_of_reach_is_not_there(world: World, machine: User) -> None:
    next_door = acting(world.person("next", "system_administrator", world.neighbour_district))
    with pytest.raises(NotFound):
        issue(next_door, machine)
    token, _ = issue(acting(world.administrator), machine)
    with pytest.raises(NotFound):
        tokens.get_token(next_door, token.pk)
    assert not tokens.list_tokens(next_door, machine).exists()
    assert list(tokens.list_tokens(acting(world.auditor), machine)) == [token]  # to look at, in his scope


def test_a_machine_is_no_administrator(world: World, machine: User) -> None:
    security = acting(world.person("security", "security_administrator", world.city))
    with pytest.raises(DomainError) as refused:
        access.grant_role(security, machine, Role.objects.get(administrator="audit"), world.town)
    assert refused.value.code == "machine_administrator"


def test_what_is_done_by_token_says_so_in_the_journal(world: World, machine: User, system: Context) -> None:
    token, _ = issue(system, machine)
    with transaction.atomic():
        entry = Context(machine, token=token).journal(tokens.TokenIssued(1, [], real_now()), token)
    assert (entry.actor, entry.data["by_token"]) == (machine, token.pk)
