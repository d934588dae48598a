"""Sessions: they end without use, by age, by number, by hand; the device list shows them; log-ins are journalled."""

from __future__ import annotations

import time
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from anlan.kernel import access, audit, sessions
from anlan.kernel.clock import real_now
from anlan.kernel.models import Entry, PrivateNote, User
from anlan.site import live_streams
from anlan.site.session_store import SessionStore
from tests.cast import PASSWORD, World, acting, enter

if TYPE_CHECKING:
    from collections.abc import Callable

AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"


@pytest.fixture
def browser(db: None) -> Callable[[User], Client]:
    """A further browser in which somebody has logged in through the form."""

    def log_in(user: User) -> Client:
        made = Client(headers={"User-Agent": AGENT})
        made.defaults |= {"wsgi.url_scheme": "https", "HTTP_X_FORWARDED_FOR": "127.0.0.9"}
        answer = made.post("/account/login/", {"login": user.username, "password": PASSWORD})
        assert answer.headers["Location"] == "/"
        return made

    return log_in


def is_in(one: Client) -> bool:
    return one.get("/").status_code == 200


def age(user: User, by: timedelta) -> None:
    """Let the user's sessions be so much nearer to their end."""
    for session in Session.objects.filter(
        session_key__in=UserSession.objects.filter(user=user).values("session_key")
    ):
        session.expire_date -= by
        session.save()


# --- ends --------------------------------------------------------------------------------------------------------


def test_a_session_that_is_used_goes_on_and_one_that_is_not_ends(
    world: World, browser: Callable[[User], Client]
) -> None:
    one = browser(world.officer)
    age(world.officer, timedelta(minutes=59))
    assert is_in(one)
    age(world.officer, timedelta(minutes=59))
    assert is_in(one)  # the use before was written down
    age(world.officer, timedelta(minutes=61))
    answer = one.get("/")
    assert answer.status_code == 302
    assert "ended=1" in answer.headers["Location"]
    assert "长时间没有操作" in one.get(answer.headers["Location"]).content.decode()


def test_what_a_page_fetches_by_itself_is_no_use(world: World, browser: Callable[[User], Client]) -> None:
    one = browser(world.officer)
    age(world.officer, timedelta(minutes=50))
    ends = Session.objects.get().expire_date
    one.get("/", headers={"HX-Request": "true"})
    one.get("/api/v1/me")
    assert Session.objects.get().expire_date == ends
    one.get("/")
    assert Session.objects.get().expire_date > ends


def test_no_use_carries_a_session_beyond_its_age(world: World, browser: Callable[[User], Client]) -> None:
    one = browser(world.officer)
    store = SessionStore(one.session.session_key)
    store["began_at"] = (real_now() - timedelta(hours=11, minutes=50)).timestamp()
    store.save()
    assert is_in(one)
    assert Session.objects.get().expire_date <= real_now() + timedelta(minutes=10)


def test_a_duty_post_that_watches_is_not_thrown_out_and_others_are(
    world: World, browser: Callable[[User], Client]
) -> None:
    watching = [
        live_streams.admit(str(browser(user).session.session_key)) for user in (world.officer, world.clerk)
    ]
    age(world.officer, timedelta(minutes=50))
    age(world.clerk, timedelta(minutes=50))
    live_streams.keep_open([stream for stream in watching if stream])
    left = {
        opened.user_id: Session.objects.get(session_key=opened.session_key).expire_date - real_now()
        for opened in UserSession.objects.all()
    }
    assert left[world.officer.pk] > timedelta(minutes=55)
    assert left[world.clerk.pk] < timedelta(minutes=15)


def test_watching_ends_with_the_age_of_the_session(world: World, browser: Callable[[User], Client]) -> None:
    key = str(browser(world.officer).session.session_key)
    UserSession.objects.update(created_at=real_now() - timedelta(hours=11, minutes=55))
    age(world.officer, timedelta(minutes=58))
    sessions.move_on([key])
    assert Session.objects.get().expire_date <= real_now() + timedelta(minutes=5)


def test_one_session_too_many_ends_the_oldest_and_is_journalled(
    world: World, browser: Callable[[User], Client]
) -> None:
    first, *others = [browser(world.officer) for _ in range(settings.ANLAN.sessions + 1)]
    assert not is_in(first)
    assert all(is_in(one) for one in others)
    entry = Entry.objects.get(event="kernel.session.ended")
    assert entry.data == {"count": 1, "cause": "limit"}


def test_over_sessions_and_their_addresses_are_forgotten(
    world: World, browser: Callable[[User], Client]
) -> None:
    browser(world.officer)
    kept = browser(world.clerk)
    age(world.officer, timedelta(hours=2))
    sessions.sweep()
    assert list(UserSession.objects.values_list("user", flat=True)) == [world.clerk.pk]
    assert is_in(kept)


# --- the device list ---------------------------------------------------------------------------------------------


def test_the_list_shows_where_one_is_logged_in_and_ends_it(
    world: World, browser: Callable[[User], Client]
) -> None:
    here, there = browser(world.officer), browser(world.officer)
    page = here.get(reverse("devices")).content.decode()
    assert page.count("Chrome · Linux") >= 2
    assert "127.0.0.9" in page
    other = UserSession.objects.get(session_key=there.session.session_key)
    here.post(reverse("device_end", args=[other.pk]))
    assert not is_in(there)
    assert is_in(here)


def test_all_others_are_ended_at_once(world: World, browser: Callable[[User], Client]) -> None:
    here, *there = [browser(world.officer) for _ in range(3)]
    here.post(reverse("devices_end_others"))
    assert is_in(here)
    assert not any(is_in(one) for one in there)
    assert Entry.objects.get(event="kernel.session.ended").data == {"count": 2, "cause": "own"}


def test_another_s_session_is_not_there(world: World, browser: Callable[[User], Client]) -> None:
    mine, theirs = browser(world.officer), browser(world.clerk)
    their = UserSession.objects.get(user=world.clerk)
    assert mine.post(reverse("device_end", args=[their.pk])).status_code == 404
    assert is_in(theirs)


def test_a_new_password_ends_the_other_sessions(world: World, browser: Callable[[User], Client]) -> None:
    here, there = browser(world.officer), browser(world.officer)
    own = "Kq7#vzmwht"
    form = {"oldpassword": PASSWORD, "password1": own, "password2": own}
    assert here.post("/account/password/", form).status_code == 302
    assert is_in(here)
    assert not is_in(there)
    assert Entry.objects.filter(event="kernel.user.password_changed", actor=world.officer).exists()
    assert [opened.session_key for opened in sessions.list_of(world.officer)] == [here.session.session_key]


def test_an_old_password_is_changed_at_log_in(
    world: World, browser: Callable[[User], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work = browser(world.officer)
    User.objects.filter(pk=world.officer.pk).update(password_set_at=real_now() - timedelta(days=91))
    assert is_in(at_work)
    monkeypatch.setattr(settings.ANLAN, "password_days", 90)
    sent = browser(world.officer).get("/")
    assert sent.headers["Location"].startswith("/account/password/")


# --- the journal of log-ins --------------------------------------------------------------------------------------


def events_about(user: User) -> list[str]:
    about = Entry.objects.filter(subject_kind="kernel.user", subject=str(user.pk)).order_by("id")
    return [name.removeprefix("kernel.user.") for name in about.values_list("event", flat=True)]


def test_log_ins_failures_and_log_outs_are_journalled(
    world: World, door: Client, browser: Callable[[User], Client]
) -> None:
    door.post("/account/login/", {"login": world.officer.username, "password": "wrong"})
    one = browser(world.officer)
    one.post("/account/logout/")
    assert events_about(world.officer) == ["log_in_failed", "logged_in", "logged_out"]
    failed = Entry.objects.get(event="kernel.user.log_in_failed")
    assert failed.actor is None  # it is not known that it was he
    into = Entry.objects.get(event="kernel.user.logged_in")
    assert into.data["methods"] == ["password"]
    assert "127.0.0.9" not in str(into.data)
    assert PrivateNote.objects.get(entry=into).text == "127.0.0.9 · Chrome · Linux"


def test_a_lock_out_is_journalled_once(world: World, door: Client) -> None:
    for _ in range(8):
        door.post("/account/login/", {"login": world.officer.username, "password": "wrong"})
    assert events_about(world.officer) == ["log_in_failed"] * 5 + ["locked_out"]


def test_an_unknown_name_is_kept_apart_from_the_entry(world: World, door: Client) -> None:
    assert world
    door.post("/account/login/", {"login": "hunter2-typed-as-name", "password": "x"})
    entry = Entry.objects.get(event="kernel.user.unknown")
    assert "hunter2" not in str(entry.data)
    assert PrivateNote.objects.filter(entry=entry, field="name", text="hunter2-typed-as-name").exists()


def test_one_sees_one_s_own_log_ins_and_the_auditor_finds_all_by_user(
    world: World, door: Client, browser: Callable[[User], Client]
) -> None:
    door.post("/account/login/", {"login": world.officer.username, "password": "wrong"})
    page = browser(world.officer).get(reverse("devices")).content.decode()
    assert "登录失败" in page
    assert "127.0.0.9" in page
    found = audit.list_entries(acting(world.auditor), audit.Search(actor=world.officer.username))
    assert {"kernel.user.logged_in", "kernel.user.log_in_failed"} <= set(
        found.values_list("event", flat=True)
    )
    door.force_login(world.auditor)
    shown = door.get(reverse("journal_search"), {"actor": world.officer.username}).content.decode()
    assert "登录失败" in shown


def test_coming_and_going_does_not_crowd_the_history_of_grants(
    world: World, browser: Callable[[User], Client]
) -> None:
    browser(world.officer)
    assert not access.list_history(acting(world.auditor), world.officer).exists()


# --- the second factor -------------------------------------------------------------------------------------------


def code_of(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


@pytest.fixture
def security(world: World) -> User:
    return world.person("security", "security_administrator", world.city)


def test_a_marked_page_leads_to_the_second_factor_and_back(
    world: World, security: User, browser: Callable[[User], Client]
) -> None:
    one = browser(security)
    secret = generate_totp_secret()
    TOTP.activate(security, secret)
    page = reverse("access_grant", args=[world.stranger.pk])
    answer = one.get(page)
    assert answer.status_code == 403
    way = answer.context["way"].url
    assert f'href="{way}"' in answer.content.decode()
    asked = one.get(way).headers["Location"]
    assert asked.startswith(reverse("mfa_reauthenticate"))
    assert "换一种方式" not in one.get(asked).content.decode()
    done = one.post(asked, {"code": code_of(secret), "next": reverse("second_factor")})
    assert done.headers["Location"] == reverse("second_factor")
    assert one.get(reverse("second_factor")).headers["Location"] == page
    assert one.get(page).status_code == 200


def test_who_has_none_is_led_to_set_one_up_and_goes_on_from_there(
    world: World, security: User, browser: Callable[[User], Client], transactional_db: None
) -> None:
    one = browser(security)
    page = reverse("access_role_create")
    way = one.get(page).context["way"].url
    assert reverse("mfa_activate_totp") in one.get(way).content.decode()
    set_up = reverse("mfa_activate_totp")
    one.post(f"{reverse('account_reauthenticate')}?next={set_up}", {"password": PASSWORD, "next": set_up})
    secret = one.get(set_up).context["form"].secret
    codes = one.post(set_up, {"code": code_of(secret)})
    assert "继续办理" in one.get(codes.headers["Location"]).content.decode()
    assert one.get(reverse("second_factor")).headers["Location"] == page
    assert one.get(page).status_code == 200
    assert "second_factor_set" in events_about(security)


def test_who_logs_in_with_it_is_not_asked_again(world: World, security: User, door: Client) -> None:
    assert world
    secret = generate_totp_secret()
    TOTP.activate(security, secret)
    door.post("/account/login/", {"login": security.username, "password": PASSWORD})
    door.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    assert door.get(reverse("access_role_create")).status_code == 200
    entry = Entry.objects.get(event="kernel.user.logged_in")
    assert entry.data["methods"] == ["password", "totp"]


def test_after_a_form_the_way_leads_back_to_it_and_never_to_another_site(
    world: World, security: User, door: Client
) -> None:
    assert world
    door.force_login(security)
    for referer, back in (
        ("https://testserver/access/roles/", "%2Faccess%2Froles%2F"),
        ("https://evil.example/", "%2F"),
    ):
        answer = door.post(reverse("access_role_create"), {"name": "x"}, headers={"Referer": referer})
        assert answer.context["way"].url.endswith(f"next={back}")
    enter(door, security)
    for elsewhere in (
        "https://evil.example/",
        "https://testserver//evil.example/",  # of which taking our name away leaves //evil.example/
        "https://testserver///evil.example/",
        "//evil.example/",
        "/\\evil.example/",
    ):
        assert door.get(reverse("second_factor"), {"next": elsewhere}).headers["Location"] == "/"


def test_wrong_codes_are_counted_and_journalled(world: World, security: User, door: Client) -> None:
    assert world
    secret = generate_totp_secret()
    TOTP.activate(security, secret)
    door.post("/account/login/", {"login": security.username, "password": PASSWORD})
    for _ in range(6):
        door.post(reverse("mfa_authenticate"), {"code": "000000"})
    late = door.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    assert late.status_code == 200  # the right one comes too late as well
    assert door.get("/").status_code == 302
    assert events_about(security) == ["log_in_failed"] * 5


def test_without_the_last_second_factor_no_session_counts_as_opened_by_one(
    world: World, security: User, browser: Callable[[User], Client]
) -> None:
    one, other = browser(security), browser(security)
    secret = generate_totp_secret()
    TOTP.activate(security, secret)
    step = reverse("second_factor")
    one.post(f"{reverse('mfa_reauthenticate')}?next={step}", {"code": code_of(secret), "next": step})
    assert one.get(reverse("access_role_create")).status_code == 200
    one.post(reverse("mfa_deactivate_totp"))
    assert not Authenticator.objects.filter(user=security).exists()
    assert one.get(reverse("access_role_create")).status_code == 403
    assert not is_in(other)
    assert "second_factor_removed" in events_about(security)


def test_the_demo_asks_for_none_unless_it_is_told_to(
    world: World, door: Client, security: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert world
    monkeypatch.setattr(settings.ANLAN, "mode", "demo")
    page = door.get("/account/login/").content.decode()
    assert "演示不要求两步验证" in page
    door.force_login(security)
    assert door.get(reverse("access_role_create")).status_code == 200
    monkeypatch.setattr(
        settings, "ANLAN", SimpleNamespace(**vars(settings.ANLAN) | {"second_factor": "required"})
    )
    assert door.get(reverse("access_role_create")).status_code == 403


def test_the_api_says_it_as_a_problem(
    world: World, door: Client, security: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert world
    door.force_login(security)
    monkeypatch.setattr(
        "anlan.kernel.rooms.with_second_factor", lambda: frozenset({"organisation.unit.read"})
    )
    answer = door.get("/api/v1/units")
    assert answer.status_code == 403
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "second_factor_needed"
