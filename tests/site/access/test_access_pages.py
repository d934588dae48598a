"""Pages on access: what they show and do. Who may open them stands in matrix.py."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from anlan.kernel import access
from anlan.kernel.clock import real_now
from anlan.kernel.models import Grant, MachineToken, Role, User
from tests.cast import PASSWORD, World, enter, make_user

if TYPE_CHECKING:
    from django.test import Client

CHANGE = "/account/password/"


@pytest.fixture
def security(world: World, door: Client) -> User:
    """The city's security administrator, logged in."""
    user = world.person("security", "security_administrator", world.city)
    enter(door, user)
    return user


def role(code: str) -> Role:
    return Role.objects.get(code=code)


def page_of(door: Client, name: str, *arguments: object) -> str:
    answer = door.get(reverse(name, args=arguments))
    assert answer.status_code == 200
    return answer.content.decode()


# --- grants ------------------------------------------------------------------------------------------------------


def test_the_form_grants_and_the_person_s_page_shows_it_with_its_history(
    world: World, door: Client, security: User
) -> None:
    form = {"role": role("clerk").pk, "unit": world.town.pk}
    answer = door.post(reverse("access_grant", args=[world.stranger.pk]), form)
    assert answer.headers["Location"] == reverse("access_user", args=[world.stranger.pk])
    page = page_of(door, "access_user", world.stranger.pk)
    assert page.count("甲一镇") >= 2  # in the table and in the history
    assert "授予角色" in page


def test_a_grant_may_be_narrowed_to_a_business_line(world: World, door: Client, security: User) -> None:
    form = {"role": role("clerk").pk, "unit": world.district.pk, "line": "water"}
    page = door.post(reverse("access_grant", args=[world.stranger.pk]), form, follow=True).content.decode()
    assert "甲区 · 水务" in page
    assert "还没有该条线的单位" in page
    refused = form | {"role": role("audit_administrator").pk}
    answer = door.post(reverse("access_grant", args=[world.auditor.pk]), refused)
    assert answer.context["form"].errors.keys() == {"line"}


def test_a_refusal_is_shown_at_the_form_and_keeps_what_was_typed(
    world: World, door: Client, security: User
) -> None:
    form = {"role": role("system_administrator").pk, "unit": world.town.pk}
    answer = door.post(reverse("access_grant", args=[world.auditor.pk]), form)
    page = answer.content.decode()
    assert "须由不同的人担任" in page
    assert re.search(rf'value="{world.town.pk}"\s+checked', page)
    assert not Grant.objects.filter(role=role("system_administrator")).exists()


def test_two_roles_never_have_one_name(world: World, door: Client, security: User) -> None:
    clerk = role("clerk")
    form = {"name": clerk.name, "capabilities": clerk.capabilities}
    answer = door.post(reverse("access_role_create"), form)
    assert answer.context["form"].errors.keys() == {"name"}
    answer = door.post(reverse("access_role_edit", args=[role("unit_head").pk]), form)
    assert answer.context["form"].errors.keys() == {"name"}
    answer = door.post(reverse("access_role_create"), form | {"name": "水务专员"})
    assert answer.headers["Location"] == reverse("access_role", args=[Role.objects.get(name="水务专员").pk])


def test_a_number_that_no_role_has_counts_as_not_asked(world: World, door: Client, security: User) -> None:
    assert door.get(reverse("access_users"), {"role": "9" * 5000}).status_code == 200


def test_words_to_search_for_hold_no_character_that_no_text_holds(
    world: World, door: Client, security: User
) -> None:
    form = {"role": role("clerk").pk, "unit_words": "甲\0一镇"}
    answer = door.post(reverse("access_grant", args=[world.stranger.pk]), form)
    assert answer.context["form"].errors.keys() == {"unit"}
    assert 'value="甲一镇"' in answer.content.decode()


def test_an_end_in_the_past_is_told_at_its_field(world: World, door: Client, security: User) -> None:
    form = {"role": role("clerk").pk, "unit": world.town.pk, "until_at": "2001-01-01T00:00"}
    answer = door.post(reverse("access_grant", args=[world.stranger.pk]), form)
    assert answer.context["form"].errors.keys() == {"until_at"}


@pytest.mark.parametrize("moment", ["9999-12-31T23:59", "0001-01-01T00:00"])
@pytest.mark.parametrize("field", ["from_at", "until_at"])
def test_a_moment_that_nobody_can_reckon_with_is_told_at_its_field(
    world: World, door: Client, security: User, field: str, moment: str
) -> None:
    form = {"role": role("clerk").pk, "unit": world.town.pk, field: moment}
    answer = door.post(reverse("access_grant", args=[world.stranger.pk]), form)
    assert answer.context["form"].errors.keys() == {field}


def test_a_unit_outside_the_granter_s_scope_can_be_neither_found_nor_chosen(
    world: World, door: Client
) -> None:
    enter(door, world.person("here", "security_administrator", world.district))
    address = reverse("unit_choices", args=["kernel.access.grant", "unit"])
    found = door.get(address, {"unit_words": "镇"}).content.decode()
    assert "甲一镇" in found
    assert "乙一镇" not in found
    form = {"role": role("clerk").pk, "unit": world.neighbour_town.pk}
    answer = door.post(reverse("access_grant", args=[world.stranger.pk]), form)
    assert answer.context["form"].errors.keys() == {"unit"}


def test_without_script_the_search_keeps_the_form_and_grants_nothing(
    world: World, door: Client, security: User
) -> None:
    form = {"role": role("clerk").pk, "unit_words": "乙", "find": "unit", "until_at": "2040-01-01T00:00"}
    page = door.post(reverse("access_grant", args=[world.stranger.pk]), form).content.decode()
    assert "乙一镇" in page
    assert "甲一镇" not in page
    assert "2040-01-01T00:00" in page
    assert 'aria-invalid="true"' not in page
    assert not world.stranger.grants.exists()


def test_a_grant_is_taken_back_with_a_reason_that_the_history_tells(
    world: World, door: Client, security: User
) -> None:
    grant = Grant.objects.get(user=world.officer)
    refused = door.post(reverse("access_grant_end", args=[grant.pk]), {"reason": ""})
    assert refused.context["form"].errors.keys() == {"reason"}
    door.post(reverse("access_grant_end", args=[grant.pk]), {"reason": "调离岗位"})
    page = page_of(door, "access_user", world.officer.pk)
    assert "调离岗位" in page
    assert "已失效的授权" in page
    assert reverse("access_grant_end", args=[grant.pk]) not in page


def test_an_end_is_changed_on_its_page(world: World, door: Client, security: User) -> None:
    grant = Grant.objects.get(user=world.officer)
    form = {"until_at": "2040-05-01T08:00", "reason": "轮岗"}
    door.post(reverse("access_grant_until", args=[grant.pk]), form)
    grant.refresh_from_db()
    assert grant.until_at is not None
    assert grant.until_at.year == 2040
    assert "至 2040年5月1日" in page_of(door, "access_user", world.officer.pk)


def test_one_s_own_page_offers_no_act_and_says_why(world: World, door: Client, security: User) -> None:
    page = page_of(door, "access_user", security.pk)
    assert "任何人不能给自己授权" in page
    assert reverse("access_grant", args=[security.pk]) not in page
    assert "收回</" not in page


def test_a_reader_is_offered_no_act(world: World, door: Client) -> None:
    enter(door, world.auditor)
    page = page_of(door, "access_user", world.officer.pk)
    assert "值班员" in page
    assert reverse("access_grant", args=[world.officer.pk]) not in page
    assert reverse("access_grant_end", args=[Grant.objects.get(user=world.officer).pk]) not in page


def test_the_list_takes_the_same_queries_for_three_users_and_for_thirty(
    world: World, door: Client, security: User
) -> None:
    assert world.officer

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            page_of(door, "access_users")
        return len(asked)

    few = queries()
    for number in range(30):
        world.person(f"p{number}", "clerk", world.town)
    assert queries() == few


# --- roles -------------------------------------------------------------------------------------------------------


def test_a_role_is_edited_only_after_its_change_was_looked_at(
    world: World, door: Client, security: User
) -> None:
    assert world.clerk
    which = role("clerk")
    taken = {"kernel.obligation.read", "kernel.obligation.fulfil"}
    wanted = sorted({*which.capabilities, "kernel.node.read"} - taken)
    form = {"name": which.name, "capabilities": wanted, "seen_at": ""}
    preview = door.post(reverse("access_role_edit", args=[which.pk]), form)
    assert preview.context["added"] == ["查看节点运行状态"]
    assert preview.context["removed"] == ["查看履责事项", "登记履责"]
    assert preview.context["holders"] == 1
    assert role("clerk").edited_at is None
    door.post(reverse("access_role_edit", args=[which.pk]), {**form, "confirm": "1"})
    assert role("clerk").capabilities == wanted
    assert "去掉：查看履责事项、登记履责" in page_of(door, "access_role", which.pk)


def test_going_back_from_the_preview_keeps_what_was_ticked(door: Client, security: User) -> None:
    which = role("clerk")
    form = {"name": "改名", "capabilities": ["kernel.node.read"], "seen_at": "", "back": "1"}
    page = door.post(reverse("access_role_edit", args=[which.pk]), form)
    assert page.context["chosen"] == {"kernel.node.read"}
    assert 'value="改名"' in page.content.decode()


def test_a_preview_that_somebody_overtook_is_not_done(door: Client, security: User) -> None:
    address = reverse("access_role_edit", args=[role("clerk").pk])
    form = {"name": "信息员", "capabilities": ["kernel.node.read"], "seen_at": "", "confirm": "1"}
    assert door.post(address, form).status_code == 302
    late = door.post(address, {**form, "capabilities": ["organisation.unit.read"]})
    assert late.status_code == 409
    assert role("clerk").capabilities == ["kernel.node.read"]
    shown = late.content.decode()
    assert "刚刚有了变更" in shown
    assert "他有而您没有勾选的：查看节点运行状态" in shown
    assert late.context["chosen"] == {"organisation.unit.read"}
    seen = re.search(r'name="seen_at" value="([^"]+)"', shown)
    assert seen
    assert (
        door.post(
            address, {**form, "capabilities": ["organisation.unit.read"], "seen_at": seen[1]}
        ).status_code
        == 302
    )


def test_a_second_edit_goes_on_from_the_first(door: Client, security: User) -> None:
    address = reverse("access_role_edit", args=[role("clerk").pk])
    form = {"name": "信息员", "capabilities": ["kernel.node.read"], "seen_at": "", "confirm": "1"}
    door.post(address, form)
    hidden = re.search(r'name="seen_at" value="([^"]+)"', door.get(address).content.decode())
    assert hidden
    again = {**form, "capabilities": ["organisation.unit.read"], "seen_at": hidden[1]}
    assert door.post(address, again).status_code == 302
    assert role("clerk").capabilities == ["organisation.unit.read"]


def test_one_s_own_role_says_why_it_cannot_be_edited(door: Client, security: User) -> None:
    page = page_of(door, "access_role", role("security_administrator").pk)
    assert "不能修改自己持有的角色" in page
    assert door.get(reverse("access_role_edit", args=[role("security_administrator").pk])).status_code == 409


def test_what_is_reserved_to_an_administrator_is_not_offered_for_a_new_role(
    door: Client, security: User
) -> None:
    assert access.GRANT not in page_of(door, "access_role_create")
    form = {"name": "水务专员", "capabilities": ["organisation.unit.read"]}
    answer = door.post(reverse("access_role_create"), form)
    made = Role.objects.get(name="水务专员")
    assert answer.headers["Location"] == reverse("access_role", args=[made.pk])


# --- users and the first security administrator ------------------------------------------------------------------


def test_a_node_without_security_administrator_says_so_and_leads_to_one(world: World, door: Client) -> None:
    enter(door, world.administrator)
    assert "还没有安全管理员" in page_of(door, "access_users")
    appoint = reverse("access_appoint", args=[world.stranger.pk])
    assert appoint in page_of(door, "access_user", world.stranger.pk)
    door.post(appoint)
    assert "还没有安全管理员" not in page_of(door, "access_users")
    assert appoint not in page_of(door, "access_user", world.officer.pk)
    again = door.post(reverse("access_appoint", args=[world.officer.pk]), follow=True)
    assert "已有安全管理员" in again.content.decode()


def test_a_new_user_changes_the_password_that_was_shown_once_before_anything_else(
    world: World, door: Client
) -> None:
    enter(door, world.administrator)
    form = {"username": "zhang", "display_name": "张某"}
    shown = door.post(reverse("access_user_create"), form)
    password = shown.context["password"]
    assert password in shown.content.decode()
    assert "no-store" in shown.headers["Cache-Control"]
    door.logout()
    door.post("/account/login/", {"login": "zhang", "password": password})
    sent = door.get("/")
    assert sent.status_code == 302
    assert sent.headers["Location"].startswith(CHANGE)
    assert door.get("/api/v1/me").json()["code"] == "own_password_first"
    assert "初始密码" in door.get(CHANGE).content.decode()
    same = {"oldpassword": password, "password1": password, "password2": password}
    assert door.post(CHANGE, same).status_code == 200
    own = {"oldpassword": password, "password1": PASSWORD, "password2": PASSWORD}
    assert door.post(f"{CHANGE}?next=/", {**own, "next": "/"}).headers["Location"] == "/"
    assert door.get("/").status_code == 200


def test_a_log_in_name_that_is_taken_is_told_at_its_field(world: World, door: Client) -> None:
    make_user("taken", "已有")
    enter(door, world.administrator)
    answer = door.post(reverse("access_user_create"), {"username": "taken", "display_name": "乙"})
    assert answer.context["form"].errors.keys() == {"username"}
    assert "password" not in answer.context


# --- stopping and helping users, tokens --------------------------------------------------------------------------


def test_a_user_is_disabled_with_a_reason_and_enabled_again(
    world: World, door: Client, security: User
) -> None:
    address = reverse("access_user_deed", args=[world.officer.pk, "disable"])
    assert address in page_of(door, "access_user", world.officer.pk)
    assert door.post(address, {"reason": ""}).context["form"].errors.keys() == {"reason"}
    door.post(address, {"reason": "怀疑密码泄露"})
    page = page_of(door, "access_user", world.officer.pk)
    assert "停用用户" in page
    assert "怀疑密码泄露" in page
    assert reverse("access_user_deed", args=[world.officer.pk, "enable"]) in page
    assert reverse("access_grant", args=[world.officer.pk]) not in page
    assert "没有停用" not in page
    again = door.post(address, {"reason": "再来"})
    assert "再来" in again.content.decode()  # refused at the form, and what was typed stays
    assert not User.objects.get(pk=world.officer.pk).is_active


def test_a_deed_that_is_none_is_not_found(world: World, door: Client, security: User) -> None:
    assert door.get(reverse("access_user_deed", args=[world.officer.pk, "delete"])).status_code == 404


def test_who_reaches_beyond_the_scope_is_offered_no_deed_and_it_is_said_why(
    world: World, door: Client
) -> None:
    enter(door, world.person("here", "security_administrator", world.district))
    page = page_of(door, "access_user", world.neighbour.pk)
    assert "超出您的管理范围" in page
    assert reverse("access_user_deed", args=[world.neighbour.pk, "disable"]) not in page


def test_a_reset_password_is_shown_once(world: World, door: Client) -> None:
    enter(door, world.administrator)
    answer = door.post(reverse("access_user_reset", args=[world.officer.pk]), {"reason": "遗忘"})
    password = answer.context["password"]
    assert password in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    assert password not in page_of(door, "access_user", world.officer.pk)


def test_a_machine_is_added_and_given_a_token_that_is_shown_once(world: World, door: Client) -> None:
    enter(door, world.administrator)
    form = {"username": "gauges", "display_name": "雨量站接口", "is_machine": "on"}
    made = door.post(reverse("access_user_create"), form)
    machine = User.objects.get(username="gauges")
    assert made.headers["Location"] == reverse("access_user", args=[machine.pk])
    address = reverse("access_token_issue", args=[machine.pk])
    assert "没有可写进令牌的权限" in door.get(address).content.decode()
    Grant.objects.create(user=machine, role=role("clerk"), scope_root=world.town)
    late = {"name": "雨量", "scopes": ["organisation.unit.read"], "expires_at": "2090-01-01T00:00"}
    refused = door.post(address, late)
    assert refused.context["form"].errors.keys() == {"expires_at"}
    assert 'value="雨量"' in refused.content.decode()
    until = timezone.localtime(real_now()) + timedelta(days=30)
    shown = door.post(address, {**late, "expires_at": f"{until:%Y-%m-%dT%H:%M}"})
    secret = shown.context["secret"]
    assert secret in shown.content.decode()
    token = MachineToken.objects.get()
    page = page_of(door, "access_user", machine.pk)
    assert secret not in page
    end = reverse("access_token_end", args=[token.pk])
    assert end in page
    door.post(end, {"reason": "对接下线"})
    assert end not in page_of(door, "access_user", machine.pk)
