"""The journal: written with the change, read as a timeline, private texts apart."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.utils.translation import gettext_lazy as _

from anlan.kernel import journal, node
from anlan.kernel.context import Context
from anlan.kernel.errors import NotAllowed
from anlan.kernel.events import PrivateText, event
from anlan.kernel.models import Entry, NodeState, PrivateNote
from tests.cast import World, acting

READ = "organisation.unit.read"


@event("test.unit.visited", _("走访"))
@dataclass(frozen=True)
class UnitVisited:
    doors: int
    note: PrivateText


@dataclass(frozen=True)
class Undeclared:
    pass


def visited(ctx: Context, world: World, note: str = "张三家无人应门") -> Entry:
    return ctx.journal(UnitVisited(3, PrivateText(note)), world.town)


def test_an_entry_says_who_what_where_and_when(world: World) -> None:
    entry = visited(acting(world.officer), world)
    assert (entry.event, entry.version, entry.actor) == ("test.unit.visited", 1, world.officer)
    assert (entry.subject_kind, entry.subject, entry.unit_id) == (
        "kernel.unit",
        str(world.town.pk),
        world.town.pk,
    )
    assert entry.data["doors"] == 3
    assert entry.at <= entry.recorded_at


def test_a_private_text_stands_apart_and_the_entry_can_prove_it(world: World) -> None:
    entry = visited(acting(world.officer), world)
    note = PrivateNote.objects.get(entry=entry)
    assert "张三" not in str(Entry.objects.filter(pk=entry.pk).values())
    assert entry.data["note"] == {"sha256": journal.hash_of(bytes(note.salt), note.text)}


def test_the_same_private_text_leaves_another_hash_each_time(world: World) -> None:
    ctx = acting(world.officer)
    assert visited(ctx, world).data["note"] != visited(ctx, world).data["note"]


def test_a_private_text_can_be_destroyed_and_the_entry_stays(world: World) -> None:
    entry = visited(acting(world.officer), world)
    PrivateNote.objects.filter(entry=entry).delete()
    assert Entry.objects.filter(pk=entry.pk).exists()


def test_an_event_that_was_not_declared_is_refused(world: World) -> None:
    with pytest.raises(KeyError):
        acting(world.officer).journal(Undeclared(), world.town)


def test_two_events_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match=r"test\.unit\.visited"):
        event("test.unit.visited", _("走访"))(Undeclared)


@pytest.mark.django_db(transaction=True)
def test_an_entry_outside_a_transaction_is_refused() -> None:
    with pytest.raises(journal.OutsideTransaction):
        Context(actor=None).journal(UnitVisited(1, PrivateText("")), NodeState(pk=1))  # type: ignore[arg-type]  # refused before it is read


def test_a_timeline_is_read_with_the_record_s_own_capability_and_scope(world: World) -> None:
    first = visited(acting(world.officer), world)
    second = visited(acting(world.clerk), world)
    assert list(journal.list_timeline(acting(world.officer), world.town, READ)) == [second, first]
    with pytest.raises(NotAllowed):
        journal.list_timeline(acting(world.neighbour), world.town, READ)


def test_acts_of_the_node_are_journalled_with_what_they_did(world: World) -> None:
    node.start_self_check(acting(world.officer))
    node.hold_node()
    since = node.held_since()
    assert node.release_node(acting(world.administrator))
    assert not node.release_node(acting(world.administrator))
    happened = list(Entry.objects.order_by("id").values_list("event", "actor__username"))
    assert happened == [("kernel.self_check.asked", "officer"), ("kernel.node.released", "administrator")]
    assert since is not None
    assert Entry.objects.get(event="kernel.node.released").data["held_since"][:19] == since.isoformat()[:19]
