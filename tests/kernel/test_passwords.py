"""What a password must be."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from anlan.kernel import passwords
from anlan.kernel.clock import real_now
from anlan.kernel.models import User


def why_not(password: str, user: User | None = None) -> list[str]:
    try:
        validate_password(password, user)
    except ValidationError as refused:
        return [str(error.code) for error in refused.error_list]
    return []


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("Kq7#vz", "password_too_short"),
        ("kqvzmwhtrd", "password_too_plain"),
        ("kqvz83mwht", "password_too_plain"),
        ("Huawei@12345", "password_too_common"),
        ("P@ssw0rd123", "password_too_common"),
    ],
)
def test_a_weak_password_is_refused(password: str, code: str) -> None:
    assert code in why_not(password)


@pytest.mark.parametrize("password", ["Kq7#vzmwht", "kq-vz-83-mw", "four quiet grey herons", "安澜Kq7vzmwh"])
def test_a_mixed_or_a_long_password_is_taken(password: str) -> None:
    assert why_not(password) == []


def test_a_password_like_the_name_is_refused() -> None:
    assert why_not("Zhangweimin1!", User(username="zhangweimin", display_name="x")) == [
        "password_too_similar"
    ]


def test_the_latest_five_are_refused_and_older_ones_taken(db: None) -> None:
    names = [f"Kq7#vzmwht-{number}" for number in range(6)]
    user = User.objects.create_user("zhang", names[0], display_name="某")
    for name in names[1:]:
        user.set_password(name)
        user.save()
    assert [why_not(name, user) for name in names] == [[], *[["password_used_before"]] * 5]
    assert user.former_passwords.count() == settings.ANLAN.password_history
    assert all(kept.hashed.startswith("argon2") for kept in user.former_passwords.all())


def test_a_password_from_before_they_were_kept_is_refused_as_well(db: None) -> None:
    user = User.objects.create_user("zhang", "Kq7#vzmwht", display_name="某")
    user.former_passwords.all().delete()
    assert why_not("Kq7#vzmwht", user) == ["password_used_before"]


def test_a_password_grows_old_only_where_the_node_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    now = real_now()
    user = User(password_set_at=now - timedelta(days=91))
    assert not passwords.is_expired(user, now)
    monkeypatch.setattr(settings.ANLAN, "password_days", 90)
    assert passwords.is_expired(user, now)
    assert not passwords.is_expired(
        user, now - timedelta(days=2)
    )  # logged in before: not in the middle of it
    assert passwords.is_expired(User(created_at=now - timedelta(days=91)), now)
