"""Log-in through the form: the right password, wrong ones, the lock-out, a second factor."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.urls import reverse

from tests.cast import PASSWORD, World

if TYPE_CHECKING:
    from django.http import HttpResponse
    from django.test import Client

    from anlan.kernel.models import User

LOG_IN = "/account/login/"


def try_log_in(door: Client, user: User, password: str = PASSWORD) -> HttpResponse:
    return door.post(LOG_IN, {"login": user.username, "password": password})


def test_the_right_password_opens_the_home_page(world: World, door: Client) -> None:
    assert try_log_in(door, world.officer).headers["Location"] == "/"
    assert door.get("/").status_code == 200


def test_a_wrong_password_opens_nothing_and_keeps_the_name(world: World, door: Client) -> None:
    answer = try_log_in(door, world.officer, "wrong")
    assert answer.status_code == 200
    assert 'value="officer"' in answer.content.decode()
    assert door.get("/").status_code == 302


def test_passwords_are_kept_by_argon2(world: World) -> None:
    assert world.officer.password.startswith("argon2")


def test_five_wrong_passwords_lock_the_name_out_even_for_the_right_one(world: World, door: Client) -> None:
    for _ in range(5):
        last = try_log_in(door, world.officer, "wrong")
    assert last.status_code == 429
    locked = try_log_in(door, world.officer)
    assert locked.status_code == 429
    assert "15 分钟" in locked.content.decode()
    assert try_log_in(door, world.approver).status_code == 302


def test_a_second_factor_is_asked_for_and_checked(world: World, door: Client) -> None:
    secret = generate_totp_secret()
    TOTP.activate(world.approver, secret)
    assert try_log_in(door, world.approver).headers["Location"] == reverse("mfa_authenticate")
    assert door.get("/").status_code == 302
    assert door.post(reverse("mfa_authenticate"), {"code": "000000"}).status_code == 200
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    assert door.post(reverse("mfa_authenticate"), {"code": code}).status_code == 302
    assert door.get("/").status_code == 200
    assert Authenticator.objects.filter(user=world.approver).exists()


def test_nobody_signs_himself_up(door: Client, world: World) -> None:
    del world
    assert door.get("/account/signup/").status_code == 404
    assert door.post("/account/signup/", {"username": "intruder", "password1": PASSWORD}).status_code == 404


def test_an_inactive_user_stays_outside(world: World, door: Client) -> None:
    world.officer.is_active = False
    world.officer.save()
    try_log_in(door, world.officer)
    assert door.get("/").status_code == 302


def test_guessing_the_present_password_in_its_form_is_told_to_wait(world: World, door: Client) -> None:
    door.force_login(world.officer)
    form = {"oldpassword": "wrong", "password1": "x", "password2": "x"}
    answers = [door.post("/account/password/", form) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert "请等一分钟再试" in answers[-1].content.decode()
