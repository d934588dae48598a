"""Row history: every change of a record's row, set-wise, with the act that made it; secrets never."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.translation import gettext_lazy as _

from anlan.kernel import history
from anlan.kernel.act import part_acts
from anlan.kernel.errors import NotAllowed
from anlan.kernel.events import event
from anlan.kernel.handlers import subscribe
from anlan.kernel.models import Entry, Grant, Role, RowChange, Unit, User
from anlan.kernel.relays import Relay
from tests.cast import World, acting

READ = "organisation.unit.read"


@event("test.unit.renamed", _("更名"))
@dataclass(frozen=True)
class UnitRenamed:
    pass


@event("test.unit.counted", _("清点"))
@dataclass(frozen=True)
class UnitCounted:
    pass


@subscribe("test.unit.counted", handler="test.history.first")
def rename_first(_ctx: object, entry: Entry) -> None:
    Unit.unscoped.filter(pk=entry.subject).update(name="头一个改的")


@subscribe("test.unit.counted", handler="test.history.second")
def rename_second(_ctx: object, entry: Entry) -> None:
    Unit.unscoped.filter(pk=entry.subject).update(kind="village")


def changes_of(record: object) -> list[RowChange]:
    table = record._meta.db_table  # type: ignore[attr-defined]  # a model's
    return list(RowChange.objects.filter(table=table, row=str(record.pk)).order_by("id"))  # type: ignore[attr-defined]


def test_only_the_columns_that_differ_are_kept_before_and_after(world: World) -> None:
    Unit.unscoped.filter(pk=world.town.pk).update(name="甲一新镇")
    change = changes_of(world.town)[-1]
    assert (change.before, change.after) == ({"name": "甲一镇"}, {"name": "甲一新镇"})


def test_an_update_that_changes_nothing_leaves_nothing(world: World) -> None:
    Unit.unscoped.filter(pk=world.town.pk).update(name=world.town.name)
    assert changes_of(world.town) == []


def test_a_new_row_leaves_nothing(world: World) -> None:
    assert not RowChange.objects.exists()


def test_a_deleted_row_is_kept_whole(world: World) -> None:
    grant = Grant.objects.get(user=world.officer)
    Grant.objects.filter(pk=grant.pk).delete()
    change = changes_of(grant)[-1]
    assert change.after is None
    assert (change.before["user_id"], change.before["role_id"]) == (grant.user_id, grant.role_id)


def test_a_changed_key_is_kept_like_a_deletion(world: World) -> None:
    role = Role.objects.create(code="moved", name="将移", capabilities=[])
    Role.objects.filter(pk=role.pk).update(id=role.pk + 1000)
    change = changes_of(role)[-1]
    assert change.after is None
    assert change.before["code"] == "moved"


def test_a_password_is_never_recorded(world: World) -> None:
    User.objects.filter(pk=world.officer.pk).update(password="secret-hash", display_name="改名人")
    change = changes_of(world.officer)[-1]
    assert change.before.keys() == {"display_name"}
    User.objects.filter(pk=world.officer.pk).update(password="another-hash")
    assert changes_of(world.officer) == [change]
    gone = User.objects.create(username="gone", display_name="离任", password="kept-nowhere")
    key = gone.pk
    gone.delete()
    assert "password" not in RowChange.objects.get(table="kernel_user", row=str(key)).before


def test_a_bulk_update_is_recorded_by_one_statement(world: World) -> None:
    Unit.unscoped.bulk_create(
        Unit(path=f"{world.town.path}{number}.", name=f"村{number}", kind="village", parent=world.town)
        for number in range(10_000)
    )
    with CaptureQueriesContext(connection) as queries:
        Unit.unscoped.filter(kind="village").update(kind="hamlet")
    assert len(queries) == 1
    changes = RowChange.objects.filter(table="kernel_unit", after={"kind": "hamlet"})
    assert changes.count() == 10_000
    assert changes.values("act").distinct().count() == 1


def test_a_change_carries_the_number_of_its_act(world: World) -> None:
    with transaction.atomic():
        Unit.unscoped.filter(pk=world.town.pk).update(name="甲一新镇")
        entry = acting(world.officer).journal(UnitRenamed(), world.town)
    assert changes_of(world.town)[-1].act == entry.act


def test_handlers_of_one_round_have_acts_of_their_own(world: World) -> None:
    acting(world.officer).journal(UnitCounted(), world.town)
    relay = Relay()
    relay.carry(relay.waiting(relay.lease()))
    first, second = changes_of(world.town)
    assert (first.after, second.after) == ({"name": "头一个改的"}, {"kind": "village"})
    assert first.act != second.act


def test_every_record_of_every_room_has_its_triggers(world: World) -> None:
    with connection.cursor() as cursor:
        there = history._installed(cursor) or {}
    for model in history.tracked():
        assert {(model._meta.db_table, "history_updated"), (model._meta.db_table, "history_deleted")} <= set(
            there
        )


def test_putting_up_the_triggers_again_changes_nothing(world: World) -> None:
    with CaptureQueriesContext(connection) as queries:
        history.install()
    assert not [one for one in queries if "TRIGGER" in one["sql"]]


def test_a_trigger_that_was_lost_is_put_up_again(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER history_updated ON kernel_unit")
    history.install()
    Unit.unscoped.filter(pk=world.town.pk).update(name="甲一新镇")
    assert changes_of(world.town)


def test_changes_are_listed_newest_first_with_their_acts_in_words(world: World) -> None:
    Unit.unscoped.filter(pk=world.town.pk).update(name="无人留痕")
    ctx = acting(world.officer)
    part_acts()
    Unit.unscoped.filter(pk=world.town.pk).update(parent=world.neighbour_district)
    ctx.journal(UnitCounted(), world.district)
    entry = ctx.journal(UnitRenamed(), world.town)
    latest, earlier = history.list_changes(ctx, world.town, READ).changes
    assert latest.entry == entry
    assert [(cell.name, cell.before, cell.after) for cell in latest.cells] == [("上级单位", "甲区", "乙区")]
    assert earlier.entry is None


def test_a_change_by_a_bulk_act_names_that_act(world: World) -> None:
    ctx = acting(world.officer)
    Unit.unscoped.filter(pk__in=(world.town.pk, world.district.pk)).update(kind="street")
    entry = ctx.journal_bulk(UnitRenamed(), [world.town, world.district])
    assert history.list_changes(ctx, world.town, READ).changes[0].entry == entry


def test_history_is_paged(world: World) -> None:
    for number in range(history.PAGE + 3):
        Unit.unscoped.filter(pk=world.town.pk).update(name=f"第{number}名")
    ctx = acting(world.officer)
    first = history.list_changes(ctx, world.town, READ)
    rest = history.list_changes(ctx, world.town, READ, before=first.older)
    assert (len(first.changes), len(rest.changes), rest.older) == (history.PAGE, 3, None)
    assert first.changes[-1].id > rest.changes[0].id


def test_a_neighbour_may_not_read_it(world: World) -> None:
    Unit.unscoped.filter(pk=world.town.pk).update(name="甲一新镇")
    assert history.list_changes(acting(world.officer), world.town, READ).changes
    with pytest.raises(NotAllowed):
        history.list_changes(acting(world.neighbour), world.town, READ)
