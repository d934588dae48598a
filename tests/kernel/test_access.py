"""Grants and roles: who may give what to whom, and what is written down."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING

import pytest
from django.db import IntegrityError, connection, transaction
from psycopg import sql

from anlan.kernel import access, roles, scope, seeds, users
from anlan.kernel.clock import real_now
from anlan.kernel.errors import DomainError, NotAllowed, NotFound, StateConflict
from anlan.kernel.models import Entry, Grant, PrivateNote, Role, User
from anlan.kernel.terms import RESERVED, GrantState
from tests.cast import World, acting, make_user, make_world

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from anlan.kernel.context import Context

READ = "organisation.unit.read"
HOUR = timedelta(hours=1)


def role(code: str) -> Role:
    return Role.objects.get(code=code)


@pytest.fixture
def security(world: World) -> Context:
    """The city's security administrator, acting."""
    return acting(world.person("security", "security_administrator", world.city))


@pytest.fixture
def newcomer(world: World) -> User:
    return make_user("newcomer", "新人")


def refused(code: str) -> pytest.RaisesExc[DomainError]:
    return pytest.RaisesExc(DomainError, check=lambda error: error.code == code and bool(str(error)))


# --- granting ----------------------------------------------------------------------------------------------------


def test_a_granted_role_works_from_now_on_and_is_journalled_by_codes(
    world: World, security: Context, newcomer: User
) -> None:
    grant = access.grant_role(security, newcomer, role("duty_officer"), world.district)
    assert scope.can(acting(newcomer), READ, world.town)
    entry = Entry.objects.get(event="kernel.grant.given", subject=str(grant.pk))
    assert (entry.actor, entry.unit_id) == (security.actor, world.district.pk)
    assert entry.data["role"] == "duty_officer"
    assert newcomer.display_name not in json.dumps(entry.data, ensure_ascii=False)


def test_who_may_grant_next_door_only_finds_no_such_unit(world: World, newcomer: User) -> None:
    neighbour = acting(world.person("other", "security_administrator", world.neighbour_district))
    with pytest.raises(NotFound):
        access.grant_role(neighbour, newcomer, role("clerk"), world.town)
    assert access.grant_role(neighbour, newcomer, role("clerk"), world.neighbour_town)


def test_who_may_not_grant_at_all_is_refused(world: World, newcomer: User) -> None:
    with pytest.raises(NotAllowed):
        access.grant_role(acting(world.administrator), newcomer, role("clerk"), world.town)


def test_nobody_grants_himself_nor_ends_nor_prolongs_his_own(world: World, security: Context) -> None:
    own = Grant.objects.get(user=security.actor)
    with refused("own_grant"):
        access.grant_role(security, security.actor, role("clerk"), world.town)
    with refused("own_grant"):
        access.end_grant(security, own.pk, "x")
    with refused("own_grant"):
        access.change_grant_end(security, own.pk, real_now() + HOUR, reason="x")


def test_a_user_who_is_inactive_is_granted_nothing(world: World, security: Context, newcomer: User) -> None:
    User.objects.filter(pk=newcomer.pk).update(is_active=False)
    with refused("user_inactive"):
        access.grant_role(security, newcomer, role("clerk"), world.town)


@pytest.mark.parametrize(
    ("span", "code"),
    [
        ({"from_at": -HOUR}, "begins_in_past"),
        ({"until_at": -HOUR}, "ends_in_past"),
        ({"from_at": 3 * HOUR, "until_at": 2 * HOUR}, "ends_before_begin"),
    ],
)
def test_times_that_make_no_sense_are_refused(
    world: World, security: Context, newcomer: User, span: dict[str, timedelta], code: str
) -> None:
    now = real_now()
    with refused(code):
        access.grant_role(
            security, newcomer, role("clerk"), world.town, **{end: now + apart for end, apart in span.items()}
        )


def test_a_grant_to_come_does_not_count_yet(world: World, security: Context, newcomer: User) -> None:
    grant = access.grant_role(security, newcomer, role("clerk"), world.town, from_at=real_now() + HOUR)
    assert not scope.can(acting(newcomer), READ)
    assert grant.state_at(real_now()) == GrantState.TO_COME


def test_the_same_is_not_granted_twice_at_a_time(world: World, security: Context, newcomer: User) -> None:
    until = real_now() + HOUR
    first = access.grant_role(security, newcomer, role("clerk"), world.town, until_at=until)
    with refused("already_granted"):
        access.grant_role(security, newcomer, role("clerk"), world.town)
    access.grant_role(security, newcomer, role("clerk"), world.town, from_at=until)  # one after the other
    with refused("already_granted"):
        access.change_grant_end(security, first.pk, None, reason="x")


def test_the_database_refuses_two_of_the_same_at_a_time(world: World, newcomer: User) -> None:
    now = real_now()
    same = {"user": newcomer, "role": role("clerk"), "scope_root": world.town}
    Grant.objects.create(**same, from_at=now, until_at=now + HOUR)
    with pytest.raises(IntegrityError), transaction.atomic():
        Grant.objects.create(**same, from_at=now)
    Grant.objects.create(**same, from_at=now + HOUR)


# --- the three administrators ------------------------------------------------------------------------------------


def test_one_person_is_not_two_administrators(world: World, security: Context) -> None:
    with refused("second_administrator"):
        access.grant_role(security, world.auditor, role("system_administrator"), world.town)
    assert access.grant_role(security, world.auditor, role("audit_administrator"), world.town)
    assert access.grant_role(security, world.auditor, role("duty_officer"), world.town)


def test_one_administrator_s_office_may_follow_another_s(
    world: World, security: Context, newcomer: User
) -> None:
    until = real_now() + HOUR
    grant = access.grant_role(security, newcomer, role("audit_administrator"), world.city, until_at=until)
    with refused("second_administrator"):
        access.grant_role(security, newcomer, role("system_administrator"), world.city)
    access.grant_role(security, newcomer, role("system_administrator"), world.city, from_at=until)
    with refused("second_administrator"):
        access.change_grant_end(security, grant.pk, until + HOUR, reason="x")


@pytest.mark.django_db(transaction=True)
def test_two_granters_at_once_do_not_make_one_person_two_administrators() -> None:
    world = make_world()
    newcomer = make_user("newcomer", "新人")
    granters = [world.person(f"security{n}", "security_administrator", world.city) for n in (1, 2)]
    asked = ("system_administrator", "audit_administrator")
    outcomes = at_once(
        [
            lambda who=who, code=code: access.grant_role(acting(who), newcomer, role(code), world.city)
            for who, code in zip(granters, asked, strict=True)
        ]
    )
    assert sorted(outcomes) == ["done", "second_administrator"]
    assert Grant.objects.filter(user=newcomer).count() == 1


# --- ending ------------------------------------------------------------------------------------------------------


def test_an_ended_grant_stops_at_once_stays_as_history_and_may_be_given_again(
    world: World, security: Context
) -> None:
    grant = Grant.objects.get(user=world.officer)
    access.end_grant(security, grant.pk, "调离岗位")
    assert not scope.can(acting(world.officer), READ)
    ended = Grant.objects.get(pk=grant.pk)
    assert ended.state_at(real_now()) == GrantState.ENDED
    entry = Entry.objects.get(event="kernel.grant.ended")
    assert "调离" not in json.dumps(entry.data, ensure_ascii=False)
    assert PrivateNote.objects.get(entry=entry).text == "调离岗位"
    access.grant_role(security, world.officer, role("duty_officer"), world.district)
    assert scope.can(acting(world.officer), READ, world.town)


def test_a_grant_is_ended_once(world: World, security: Context) -> None:
    grant = Grant.objects.get(user=world.officer)
    access.end_grant(security, grant.pk, "x")
    with pytest.raises(StateConflict):
        access.end_grant(security, grant.pk, "x")
    with pytest.raises(StateConflict):
        access.change_grant_end(security, grant.pk, None, reason="x")


def test_a_grant_to_come_that_is_taken_back_never_counts(
    world: World, security: Context, newcomer: User
) -> None:
    begin = real_now() + HOUR
    grant = access.grant_role(security, newcomer, role("clerk"), world.town, from_at=begin)
    access.end_grant(security, grant.pk, "x")
    with pytest.raises(StateConflict):
        access.end_grant(security, grant.pk, "x")
    assert not Grant.objects.filter(access.in_force_at(real_now()), user=newcomer).exists()
    assert access.grant_role(security, newcomer, role("clerk"), world.town)


def test_a_grant_next_door_is_not_found(world: World) -> None:
    granter = acting(world.person("s", "security_administrator", world.neighbour_district))
    mine = Grant.objects.get(user=world.neighbour)
    theirs = Grant.objects.get(user=world.officer)
    with pytest.raises(NotFound):
        access.end_grant(granter, theirs.pk, "x")
    assert access.end_grant(granter, mine.pk, "x")


def test_an_end_is_moved_and_both_ends_are_kept(world: World, security: Context) -> None:
    grant = Grant.objects.get(user=world.officer)
    until = real_now() + HOUR
    access.change_grant_end(security, grant.pk, until, reason="轮岗")
    entry = Entry.objects.get(event="kernel.grant.end_changed")
    assert (entry.data["before"], entry.data["after"]) == (None, json.loads(as_json(until)))
    with refused("ends_in_past"):
        access.change_grant_end(security, grant.pk, real_now() - HOUR, reason="x")
    assert access.change_grant_end(security, grant.pk, None, reason="x").until_at is None


def as_json(moment: datetime) -> str:
    from django.core.serializers.json import DjangoJSONEncoder  # noqa: PLC0415 - one use

    return json.dumps(moment, cls=DjangoJSONEncoder)


# --- the last one who can grant ----------------------------------------------------------------------------------


def test_a_passing_security_administrator_cannot_end_the_lasting_one(world: World, newcomer: User) -> None:
    lasting = world.person("lasting", "security_administrator", world.city)
    passing = acting(newcomer)
    Grant.objects.create(
        user=newcomer,
        role=role("security_administrator"),
        scope_root=world.city,
        until_at=real_now() + HOUR,
    )
    grant = Grant.objects.get(user=lasting)
    with refused("last_security_administrator"):
        access.end_grant(passing, grant.pk, "x")
    with refused("last_security_administrator"):
        access.change_grant_end(passing, grant.pk, real_now() + HOUR, reason="x")
    world.person("second", "security_administrator", world.city)
    assert access.end_grant(passing, grant.pk, "x")


@pytest.mark.django_db(transaction=True)
def test_two_security_administrators_cannot_end_each_other_at_once() -> None:
    world = make_world()
    two = [world.person(f"security{n}", "security_administrator", world.city) for n in (1, 2)]
    grants = [Grant.objects.get(user=user).pk for user in two]
    outcomes = at_once(
        [
            lambda who=who, pk=pk: access.end_grant(acting(who), pk, "x")
            for who, pk in zip(two, reversed(grants), strict=True)
        ]
    )
    assert outcomes.count("done") == 1
    assert Grant.objects.filter(access.in_force_at(real_now()), pk__in=grants).count() == 1


def at_once(acts: list[Callable[[], object]]) -> list[str]:
    """Run acts on connections of their own, each past its guards' start before any commits; how each came out."""
    together = threading.Barrier(len(acts), timeout=20)
    outcomes: list[str] = []

    def run(act: Callable[[], object]) -> None:
        try:
            together.wait()
            act()
            outcomes.append("done")
        except DomainError as refusal:
            outcomes.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return outcomes


# --- the first ---------------------------------------------------------------------------------------------------


@pytest.fixture
def system(world: World) -> Context:
    return acting(world.administrator)


def test_the_system_administrator_appoints_the_first_security_administrator_and_no_second(
    world: World, system: Context, newcomer: User
) -> None:
    access.appoint_security_administrator(system, newcomer)
    assert scope.can(acting(newcomer), access.GRANT, world.city)
    with refused("security_administrator_exists"):
        access.appoint_security_administrator(system, world.officer)


def test_the_system_administrator_appoints_neither_himself_nor_another_administrator(
    world: World, system: Context
) -> None:
    with refused("own_grant"):
        access.appoint_security_administrator(system, world.administrator)
    with refused("second_administrator"):
        access.appoint_security_administrator(system, world.auditor)


def test_a_new_node_is_brought_to_three_separate_administrators(db: None) -> None:
    seeds.load_roles()
    first = acting(seeds.load_first_administrator("first", "a-long-password"))
    assert Entry.objects.filter(event="kernel.grant.given", actor=None).exists()
    second, _ = users.create_user(first, username="second", display_name="乙")
    third, _ = users.create_user(first, username="third", display_name="丙")
    [grant] = access.appoint_security_administrator(first, second)
    access.grant_role(acting(second), third, role("audit_administrator"), grant.scope_root)
    assert scope.can(acting(third), "kernel.journal.read", grant.scope_root)


def test_a_user_is_added_with_a_password_that_he_must_change(system: Context) -> None:
    user, password = users.create_user(system, username="zhang", display_name="张某")
    assert user.check_password(password)
    assert user.password_is_initial
    entry = Entry.objects.get(event="kernel.user.created", subject=str(user.pk))
    assert entry.data == {"is_machine": False}
    with refused("username_taken"):
        users.create_user(system, username="zhang", display_name="另一人")


# --- roles -------------------------------------------------------------------------------------------------------


def edit(ctx: Context, which: Role, capabilities: list[str], **options: object) -> Role:
    given = {"name": which.name, "seen_at": which.edited_at, **options}
    return roles.edit_role(ctx, which.pk, capabilities=capabilities, **given)


def test_a_role_edited_works_at_once_for_who_holds_it_and_tells_what_changed(
    world: World, security: Context
) -> None:
    which = role("duty_officer")
    assert world.officer
    wanted = [code for code in which.capabilities if code != READ] + ["kernel.rule.edit"]
    edited = edit(security, which, wanted)
    assert edited.edited_at is not None
    assert not scope.can(acting(world.officer), READ)
    assert scope.can(acting(world.officer), "kernel.rule.edit")
    entry = Entry.objects.get(event="kernel.role.edited")
    assert (entry.data["added"], entry.data["removed"]) == (["kernel.rule.edit"], [READ])
    assert entry.data["holders"] == 1


def test_nobody_edits_a_role_that_he_holds(world: World, security: Context) -> None:
    with refused("own_role"):
        edit(security, role("security_administrator"), [access.READ])


def test_a_role_held_outside_the_editor_s_scope_is_not_his_to_edit(world: World) -> None:
    assert world.officer
    here = acting(world.person("here", "security_administrator", world.district))
    edit(here, role("duty_officer"), [READ])
    assert world.neighbour
    with refused("role_held_elsewhere"):
        edit(here, role("duty_officer"), ["kernel.node.read"])


def test_who_may_not_edit_roles_is_refused(world: World) -> None:
    with pytest.raises(NotAllowed):
        edit(acting(world.administrator), role("clerk"), [READ])


def test_an_unknown_capability_is_refused(security: Context) -> None:
    with refused("unknown_capability"):
        edit(security, role("clerk"), [READ, "kernel.everything.do"])
    with refused("unknown_capability"):
        roles.create_role(security, name="新", capabilities=["kernel.everything.do"])


@pytest.mark.parametrize("capability", RESERVED)
def test_what_belongs_to_one_administrator_enters_no_other_role(security: Context, capability: str) -> None:
    with refused("reserved_capability"):
        roles.create_role(security, name="万能", capabilities=[READ, capability])
    with refused("reserved_capability"):
        edit(security, role("audit_administrator"), [READ, capability])


def test_a_role_that_somebody_else_has_edited_meanwhile_is_not_overwritten(security: Context) -> None:
    seen = role("clerk")
    edit(security, seen, [READ])
    with pytest.raises(StateConflict):
        edit(security, seen, ["kernel.node.read"])


def test_an_edit_that_changes_nothing_is_none(security: Context) -> None:
    which = role("clerk")
    assert edit(security, which, list(reversed(which.capabilities))).edited_at is None
    assert not Entry.objects.filter(event="kernel.role.edited").exists()


def test_a_new_role_makes_no_administrator(security: Context) -> None:
    made = roles.create_role(security, name="水务专员", capabilities=[READ])
    assert made.administrator == ""
    assert Entry.objects.get(event="kernel.role.created").data["capabilities"] == [READ]
    with pytest.raises(DomainError, match="同名"):
        roles.create_role(security, name="水务专员", capabilities=[READ])


# --- upgrades ----------------------------------------------------------------------------------------------------


@pytest.fixture
def next_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    """What the next version brings: one role changed, one new."""
    rows = json.loads(seeds.ROLES.read_text())
    next(row for row in rows if row["code"] == "clerk").update(name="灾害信息员", capabilities=[READ])
    rows.append({"code": "brand_new", "name": "新角色", "capabilities": [READ]})
    file = tmp_path / "roles.json"
    file.write_text(json.dumps(rows))
    monkeypatch.setattr(seeds, "ROLES", file)


def test_an_upgrade_renews_a_role_that_nobody_edited_and_says_so(next_version: None) -> None:
    seeds.load_roles()
    clerk = role("clerk")
    assert (clerk.name, clerk.capabilities) == ("灾害信息员", [READ])
    assert clerk.edited_at is None
    assert role("brand_new")
    entry = Entry.objects.get(event="kernel.role.edited")
    assert (entry.actor, entry.subject) == (None, str(clerk.pk))
    seeds.load_roles()
    assert Entry.objects.filter(event="kernel.role.edited").count() == 1


def test_an_upgrade_leaves_a_role_alone_that_an_administrator_edited(
    security: Context, next_version: None
) -> None:
    edit(security, role("clerk"), ["kernel.obligation.read"])
    seeds.load_roles()
    assert (role("clerk").name, role("clerk").capabilities) == ("信息员", ["kernel.obligation.read"])
    assert role("brand_new")


def test_a_new_role_of_an_upgrade_gives_way_to_the_node_s_own_of_that_name(
    security: Context, next_version: None
) -> None:
    own = roles.create_role(security, name="新角色", capabilities=[READ])
    seeds.load_roles()
    seeds.load_roles()
    own.refresh_from_db()
    assert (own.name, role("brand_new").name) == ("新角色", "新角色 (brand_new)")
    assert not Entry.objects.filter(event="kernel.role.edited", subject=str(role("brand_new").pk)).exists()


def test_the_migration_tells_roles_of_one_name_apart(world: World) -> None:
    kernel = import_module("anlan.kernel.migrations.0012_readable_moments_unique_roles")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'kernel_role'::regclass AND contype = 'u'"
            " AND conname LIKE 'kernel_role_name%'"
        )
        name = sql.Identifier(cursor.fetchone()[0])
        cursor.execute(sql.SQL("ALTER TABLE kernel_role DROP CONSTRAINT {}").format(name))
        Role.objects.create(code="own-1", name="信息员")
        Role.objects.create(code="own-2", name="信息员")
        cursor.execute(kernel.RENAMED)
    assert {role(code).name for code in ("clerk", "own-1", "own-2")} == {
        "信息员",
        "信息员 (own-1)",
        "信息员 (own-2)",
    }


# --- reads -------------------------------------------------------------------------------------------------------


def test_grants_next_door_are_not_shown(world: World) -> None:
    reader = acting(world.holder(access.READ))
    assert world.officer
    assert world.neighbour
    seen = {grant.user for grant in access.list_grants(reader)}
    assert world.officer in seen
    assert world.neighbour not in seen
    listed = {user: user.grants_in_force for user in access.list_users(reader)}
    assert listed[world.neighbour] == []
    assert len(listed[world.officer]) == 1


def test_users_are_found_by_part_of_the_name_or_by_role(world: World) -> None:
    reader = acting(world.holder(access.READ))
    assert world.officer
    assert list(access.list_users(reader, words="offi")) == [world.officer]
    assert list(access.list_users(reader, role_id=role("duty_officer").pk)) == [world.officer]
    assert not access.list_users(reader, role_id=role("leader").pk)


def test_names_sort_by_pinyin(world: World) -> None:
    reader = acting(world.holder(access.READ))
    for name in ("张三", "阿明", "李四"):
        make_user(name, name)
    names = [user.display_name for user in access.list_users(reader)]
    assert [name for name in names if name in {"张三", "阿明", "李四"}] == ["阿明", "李四", "张三"]


def test_holders_of_a_role_are_counted_within_scope(world: World) -> None:
    reader = acting(world.holder(access.READ))
    assert world.officer
    assert world.neighbour

    def holders(unit_reader: Context) -> int:
        return roles.list_roles(unit_reader).get(code="duty_officer").holders

    assert holders(reader) == 1
    assert holders(acting(world.auditor)) == 2
