"""Machines at the API: let in by token, told why not, never let in anywhere else."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.test import RequestFactory
from ninja.errors import HttpError

from anlan.kernel import tokens
from anlan.kernel.clock import real_now
from anlan.kernel.models import Grant, Role
from anlan.site.api import api
from tests.cast import World, acting, make_machine

if TYPE_CHECKING:
    from django.http import HttpResponse
    from django.test import Client

ME = "/api/v1/me"


@pytest.fixture
def secret(world: World) -> str:
    machine = make_machine("gauges")
    Grant.objects.create(user=machine, role=Role.objects.get(code="clerk"), scope_root=world.town)
    until = real_now() + timedelta(days=1)
    scopes = ["organisation.unit.read"]
    system = acting(world.administrator)
    return tokens.issue_token(system, machine.pk, name="t", scopes=scopes, expires_at=until)[1]


def ask(door: Client, token: str, address: str = ME) -> HttpResponse:
    return door.get(address, headers={"Authorization": f"Bearer {token}"})


def test_a_token_opens_the_api_with_its_scopes_alone(secret: str, door: Client) -> None:
    told = ask(door, secret).json()
    assert told["username"] == "gauges"
    assert [held["capabilities"] for held in told["holdings"]] == [["organisation.unit.read"]]
    assert [unit["name"] for unit in ask(door, secret, "/api/v1/units").json()] == ["甲一镇"]


def test_a_wrong_token_is_told_so_even_beside_a_session(world: World, secret: str, door: Client) -> None:
    door.force_login(world.officer)
    assert door.get(ME).status_code == 200
    answer = ask(door, f"{secret}x")
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json()["code"] == "wrong_token"


def test_many_wrong_tokens_are_told_to_wait_and_a_right_one_is_let_in(secret: str, door: Client) -> None:
    answers = [ask(door, "anlan_wrong").status_code for _ in range(21)]
    assert answers == [401] * 20 + [429]
    assert ask(door, "anlan_wrong").json()["code"] == "too_many_wrong_tokens"
    assert ask(door, secret).status_code == 200
    elsewhere = door.get(
        ME, headers={"Authorization": "Bearer anlan_wrong"}, HTTP_X_FORWARDED_FOR="127.0.0.8"
    )
    assert elsewhere.status_code == 401


def test_what_is_not_there_is_told_as_a_problem(secret: str, door: Client) -> None:
    for address in ("/api/v1/units/987654321", "/api/v1/nothing"):
        answer = ask(door, secret, address)
        assert answer.status_code == 404
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == "not_found"


def test_a_token_opens_no_page(secret: str, door: Client) -> None:
    assert ask(door, secret, "/").status_code == 302


def test_a_machine_can_t_log_in(world: World, secret: str, door: Client) -> None:
    assert world
    answer = door.post("/account/login/", {"login": "gauges", "password": secret})
    assert answer.status_code == 200
    assert door.get("/").status_code == 302


def test_a_form_of_another_site_is_refused_for_a_session_and_is_no_matter_for_a_token(world: World) -> None:
    by_token, by_session = api.auth
    foreign = RequestFactory().post("/api/v1/x", headers={"Authorization": "Bearer x"})
    foreign.user = world.officer
    with pytest.raises(HttpError) as refused:
        by_session(foreign)
    assert refused.value.status_code == 403
    assert by_token(foreign) is None  # what is shown counts only where it was found to be right
    foreign.token = object()
    assert by_token(foreign) == world.officer
